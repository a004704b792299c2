// Checks a real certificate of the public network, then a changed one: `node verify.mjs browser.wasm`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { verifier } from "./certificate.mjs";

const module = await readFile(process.argv[2]);
assert.deepEqual(WebAssembly.Module.imports(await WebAssembly.compile(module)), [], "the module asks for nothing");
const verify = await verifier(module);

// What became of a call to a canister on 23 February 2022, as a node of its subnet answered.
const vectors = new URL("../../ic-certification/tests/vectors/certificates/", import.meta.url);
const certificate = new Uint8Array(await readFile(new URL("mainnet_sample_2022.cbor", vectors)));
const request = "0xedad510eaaa08ed2acd4781324e6446269da6753ec17760f206bbe81c465ff52";
const question = {
  certificate,
  canister: "ivg37-qiaaa-aaaab-aaaga-cai",
  path: `request_status/${request}/reject_message`,
};

const { time, subnet, found } = verify(question);
const message = new TextDecoder().decode(found);
console.log(`verified: subnet ${subnet}`);
console.log(`  at ${new Date(Number(time / 1_000_000n)).toISOString()}: "${message}"`);
assert.equal(time, 1_645_601_880_652_705_378n);
assert.equal(message, "Canister ivg37-qiaaa-aaaab-aaaga-cai has no update method 'register'");
assert.equal(verify({ ...question, path: "zero" }).found, "absent");
assert.equal(verify({ ...question, path: "canister" }).found, "unknown");

// A clock of today finds it too old, the clock of that minute does not.
const refused = (what, changes) => {
  assert.throws(
    () => verify({ ...question, ...changes }),
    ({ message }) => {
      console.log(`refused (${what}): ${message}`);
      return true;
    },
  );
};
assert.equal(verify({ ...question, now: time + 60_000_000_000n }).subnet, subnet);
refused("a year later", { now: time + 31_536_000_000_000_000n });
refused("another canister", { canister: "ryjl3-tyaaa-aaaaa-aaaba-cai" });

const changed = certificate.slice();
changed[Buffer.from(certificate).indexOf("register")] ^= 1;
refused("one bit of the message changed", { certificate: changed });
refused("cut short", { certificate: certificate.subarray(0, 1000) });

const rounds = 50;
const started = performance.now();
for (let round = 0; round < rounds; round++) verify(question);
console.log(`${((performance.now() - started) / rounds).toFixed(1)} ms for each verification, delegation included`);
