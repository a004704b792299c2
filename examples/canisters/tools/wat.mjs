// Translates text modules; the Candid interface beside each goes into it. usage: node wat.mjs FILE.wat...

import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';
import { withInterface } from './metadata.mjs';

for (const source of process.argv.slice(2)) {
  // A fresh translator for each file: a used one reads what the last file left behind the end of this one.
  const tools = await wabt();
  const name = source.replace(/\.wat$/, '');
  const parsed = tools.parseWat(source, readFileSync(source, 'utf8'));
  parsed.validate();
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  writeFileSync(`${name}.wasm`, withInterface(Buffer.from(buffer), readFileSync(`${name}.did`)));
}
