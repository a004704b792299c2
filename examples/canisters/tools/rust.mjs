// Puts the interface that a Rust module exports into the module. usage: node rust.mjs BUILT.wasm NAME
// Writes NAME.did and NAME.wasm.

import { readFileSync, writeFileSync } from 'node:fs';
import { withInterface } from './metadata.mjs';

const [built, name] = process.argv.slice(2);
const bytes = readFileSync(built);

// `get_candid_pointer` calls no import, so any function will do for them.
const module = new WebAssembly.Module(bytes);
const imports = {};
for (const { module: from, name: what } of WebAssembly.Module.imports(module)) {
  imports[from] ??= {};
  imports[from][what] = () => {
    throw new Error(`${what} is called to find the interface`);
  };
}
const { memory, get_candid_pointer } = new WebAssembly.Instance(module, imports).exports;
const start = get_candid_pointer();
const text = Buffer.from(memory.buffer).subarray(start);
const candid = `${text.subarray(0, text.indexOf(0)).toString()}\n`;

writeFileSync(`${name}.did`, candid);
writeFileSync(`${name}.wasm`, withInterface(bytes, candid));
