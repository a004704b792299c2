// Custom sections of WebAssembly modules: where canisters publish their interface.

const SECTION_CUSTOM = 0;
const HEADER_SIZE = 8;

function leb128(value) {
  const bytes = [];
  while (value >= 0x80) {
    bytes.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  bytes.push(value);
  return Buffer.from(bytes);
}

function readLeb128(bytes, position) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[position++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, position];
  }
}

/** The sections of a module, each as its id, its name if it is a custom section, and all its bytes. */
export function sections(module) {
  const found = [];
  for (let start = HEADER_SIZE; start < module.length; ) {
    const id = module[start];
    const [size, body] = readLeb128(module, start + 1);
    let name;
    if (id === SECTION_CUSTOM) {
      const [length, text] = readLeb128(module, body);
      name = module.subarray(text, text + length).toString();
    }
    found.push({ id, name, bytes: module.subarray(start, body + size) });
    start = body + size;
  }
  return found;
}

/** The module without the custom sections for whose names `unwanted` holds. */
export function withoutSections(module, unwanted) {
  const kept = sections(module).filter(({ id, name }) => id !== SECTION_CUSTOM || !unwanted(name));
  return Buffer.concat([module.subarray(0, HEADER_SIZE), ...kept.map(({ bytes }) => bytes)]);
}

/** The module with one more custom section at its end. */
export function withSection(module, name, content) {
  const body = Buffer.concat([leb128(Buffer.byteLength(name)), Buffer.from(name), Buffer.from(content)]);
  return Buffer.concat([module, Buffer.from([SECTION_CUSTOM]), leb128(body.length), body]);
}

/** The module with its Candid interface where anyone may read it. */
export function withInterface(module, candid) {
  return withSection(module, 'icp:public candid:service', candid);
}
