// Compiles the Motoko canister in both persistence modes. usage: node motoko.mjs DIRECTORY

import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutSections } from './metadata.mjs';

const directory = process.argv[2];
const require = createRequire(import.meta.url);
const { default: motoko } = require('motoko');

motoko.loadPackage(require('motoko/packages/latest/core.json'));

for (const [persistence, flag] of [['enhanced', 'enhancedOP'], ['classical', 'classicOP']]) {
  for (const version of ['v1', 'v2']) {
    motoko.compiler.gcFlags(flag);
    motoko.setPublicMetadata(['candid:service']);
    motoko.write(`${version}.mo`, readFileSync(join(directory, `${version}.mo`), 'utf8'));
    const { wasm, candid } = motoko.wasm(`${version}.mo`, 'ic');
    const stripped = withoutSections(Buffer.from(wasm), (name) => name === 'name');
    writeFileSync(join(directory, `${persistence}_${version}.wasm`), stripped);
    writeFileSync(join(directory, `${version}.did`), candid);
  }
}
