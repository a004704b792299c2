// Checks certificates of the Internet Computer: the same in Node.js and in a browser.

/** Makes a verifier from the bytes of browser.wasm. */
export async function verifier(module) {
  const { instance } = await WebAssembly.instantiate(module, {});
  const { memory, allocate, release, verify } = instance.exports;

  // Puts bytes into the module, where `use` finds them.
  const lend = (bytes, use) => {
    const start = allocate(bytes.length);
    new Uint8Array(memory.buffer, start, bytes.length).set(bytes);
    try {
      return use(start, bytes.length);
    } finally {
      release(start, bytes.length);
    }
  };
  const text = (value) => new TextEncoder().encode(value);

  /**
   * What a certificate says of `path`, if it speaks for `canister` under the root key of the public network. Throws if
   * it does not. `now` is in nanoseconds since 1970; without it a certificate may be of any age.
   *
   * @param {{certificate: Uint8Array, canister: string, path: string, now?: bigint}} question
   * @returns {{time: bigint, subnet: string, found: string | Uint8Array}} `found` is a value, or what there is instead:
   *   "absent" (proved), "unknown" (not shown) or "subtree".
   */
  return ({ certificate, canister, path, now = 0n }) => {
    const packed = lend(certificate, (...c) =>
      lend(text(canister), (...i) => lend(text(path), (...p) => BigInt.asUintN(64, verify(...c, ...i, now, ...p)))),
    );
    const [start, length] = [Number(packed & 0xffffffffn), Number(packed >> 32n)];
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, start, length)));
    release(start, length);
    if (answer.refused !== undefined) throw new Error(answer.refused);
    const { time, subnet, found } = answer;
    return { time: BigInt(time), subnet, found: found.value === undefined ? found : fromHex(found.value) };
  };
}

const fromHex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
