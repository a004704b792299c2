// What an agent written by others makes of our subnet: it verifies every certificate under the root key and every
// query answer under the node keys, and refuses what does not hold.
//
// usage: node round-trip.mjs URL [ROOT-KEY]     ROOT-KEY: hexadecimal DER; without it, asked of the node itself
// Exit code 0 if everything held, 1 if not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  Actor,
  CanisterStatus,
  Certificate,
  HttpAgent,
  IC_ROOT_KEY,
  ProtocolError,
  RejectError,
  TrustError,
  pollForResponse,
} from '@icp-sdk/core/agent';
import { IDL } from '@icp-sdk/core/candid';
import { DelegationChain, DelegationIdentity, ECDSAKeyIdentity, Ed25519KeyIdentity } from '@icp-sdk/core/identity';
import { Secp256k1KeyIdentity } from '@icp-sdk/core/identity/secp256k1';
import { Principal } from '@icp-sdk/core/principal';

import * as interfaces from './interfaces.mjs';

const REJECTED_BY_CANISTER = 4;
const CANISTER_ERROR = 5;

const [host, rootKeyText] = process.argv.slice(2);
if (host === undefined) {
  console.error('usage: node round-trip.mjs URL [ROOT-KEY]');
  process.exit(2);
}

const rootKey = rootKeyText && Uint8Array.from(Buffer.from(rootKeyText, 'hex'));
const identity = Ed25519KeyIdentity.generate();
const agentOf = (other, more) =>
  HttpAgent.create({ host, identity: other, ...(rootKey ? { rootKey } : { shouldFetchRootKey: true }), ...more });
const agent = await agentOf(identity);
const management = Actor.createActor(interfaces.management, { agent, canisterId: 'aaaaa-aa' });

let passed = 0;
let failed = 0;

async function check(what, act) {
  try {
    await act();
    passed += 1;
    console.log(`ok    ${what}`);
  } catch (error) {
    failed += 1;
    // The agent appends all that it knows of the call, over many lines.
    console.log(`FAIL  ${what}\n      ${String(error.stack ?? error).replace(/Call context:.*?\n    at /s, '    at ')}`);
  }
}

/** What the canister rejected with; anything but a reject is an error. */
async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RejectError) return error.code;
    throw error;
  }
  throw new Error('a reply instead of a reject');
}

const moduleOf = (path) => new Uint8Array(readFileSync(new URL(`../../canisters/${path}`, import.meta.url)));
const hashOf = (module) => createHash('sha256').update(module).digest('hex');

async function create() {
  const { canister_id } = await management.provisional_create_canister_with_cycles({ amount: [], settings: [] });
  return canister_id;
}

/** Calls of the management canister go to the address of the canister that they are about. */
const manage = (method, canisterId, more = {}) =>
  management[method].withOptions({ effectiveCanisterId: canisterId })({ canister_id: canisterId, ...more });

const install = (canisterId, module, mode = { install: null }) =>
  manage('install_code', canisterId, { mode, wasm_module: module, arg: IDL.encode([], []) });

async function newCanister(path, interfaceFactory) {
  const canisterId = await create();
  await install(canisterId, moduleOf(path));
  return Actor.createActor(interfaceFactory, { agent, canisterId });
}

const byOther = (actor, interfaceFactory, other) =>
  Actor.createActor(interfaceFactory, { agent: other, canisterId: Actor.canisterIdOf(actor) });

// --- The Rust canister ---

let greeter;
await check('a canister is created and ic-cdk code installed in it', async () => {
  greeter = await newCanister('rust/greeter.wasm', interfaces.greeter);
});
if (greeter === undefined) process.exit(1);
const greeterId = Actor.canisterIdOf(greeter);

await check('a query is answered and its signature holds', async () => {
  assert.equal(await greeter.greet('world'), 'Hello, world!');
});

await check('updates are certified and seen by later queries', async () => {
  assert.equal(await greeter.increment(), 1n);
  assert.equal(await greeter.increment(), 2n);
  await greeter.set_greeting('Good day');
  assert.equal(await greeter.greet('world'), 'Good day, world!');
  assert.equal(await greeter.count(), 2n);
});

await check('every kind of key is the caller that it should be', async () => {
  const session = Ed25519KeyIdentity.generate();
  const inAnHour = new Date(Date.now() + 3_600_000);
  const chain = await DelegationChain.create(identity, session.getPublicKey(), inAnHour, { targets: [greeterId] });
  const callers = [
    identity,
    await ECDSAKeyIdentity.generate(),
    Secp256k1KeyIdentity.generate(),
    DelegationIdentity.fromDelegation(session, chain),
  ];
  for (const caller of callers) {
    const answer = await byOther(greeter, interfaces.greeter, await agentOf(caller)).whoami();
    assert.equal(answer.toText(), caller.getPrincipal().toText());
  }
  const anonymous = await byOther(greeter, interfaces.greeter, await agentOf(undefined)).whoami();
  assert.ok(anonymous.isAnonymous());
});

await check('a delegation for other canisters is refused', async () => {
  const session = Ed25519KeyIdentity.generate();
  const inAnHour = new Date(Date.now() + 3_600_000);
  const targets = [Principal.managementCanister()];
  const chain = await DelegationChain.create(identity, session.getPublicKey(), inAnHour, { targets });
  const caller = await agentOf(DelegationIdentity.fromDelegation(session, chain), { retryTimes: 0 });
  await assert.rejects(byOther(greeter, interfaces.greeter, caller).whoami(), ProtocolError);
  await assert.rejects(byOther(greeter, interfaces.greeter, caller).increment(), ProtocolError);
});

await check('an update by the older call endpoint is polled for', async () => {
  const call = { methodName: 'increment', arg: IDL.encode([], []), callSync: false };
  const { requestId, response } = await agent.call(greeterId, call);
  assert.equal(response.status, 202);
  const { reply } = await pollForResponse(agent, { canisterId: greeterId }, requestId);
  assert.deepEqual(IDL.decode([IDL.Nat64], reply), [3n]);
});

await check('a trap is a certified reject and undoes what was done', async () => {
  const { name, rejectCode, rejectMessage } = await rejection(greeter.trap('enough'));
  assert.equal(name, 'CertifiedRejectErrorCode');
  assert.equal(rejectCode, CANISTER_ERROR);
  assert.match(rejectMessage, /enough/);
  assert.equal(await greeter.count(), 3n);
});

await check('a reject by the canister is certified and undoes nothing', async () => {
  const { name, rejectCode, rejectMessage } = await rejection(greeter.refuse('not today'));
  assert.equal(name, 'CertifiedRejectErrorCode');
  assert.equal(rejectCode, REJECTED_BY_CANISTER);
  assert.equal(rejectMessage, 'not today');
  assert.equal(await greeter.count(), 4n);
});

await check('a query of an unknown method is a signed reject', async () => {
  const { name, rejectCode, signatures } = await rejection(greeter.no_such_method());
  assert.equal(name, 'UncertifiedRejectErrorCode');
  assert.equal(rejectCode, CANISTER_ERROR);
  assert.ok(signatures.length > 0);
});

await check('the canister calls itself, and the management canister for randomness', async () => {
  assert.equal(await greeter.increment_by_calls(), 6n);
  const first = await greeter.random();
  assert.equal(first.length, 32);
  assert.notDeepEqual(first, await greeter.random());
});

await check('a timer fires', async () => {
  await greeter.tick_after(200n);
  for (let tries = 0; (await greeter.ticks()) === 0n; tries += 1) {
    assert.ok(tries < 100, 'no tick within ten seconds');
    await sleep(100);
  }
  assert.equal(await greeter.ticks(), 1n);
});

await check('the state tree holds time, controllers, module hash and interface', async () => {
  const status = await CanisterStatus.request({
    canisterId: greeterId,
    agent,
    paths: ['time', 'controllers', 'module_hash', 'candid', 'subnet'],
  });
  assert.ok(Math.abs(status.get('time') - Date.now()) < 60_000);
  assert.deepEqual(status.get('controllers').map(String), [identity.getPrincipal().toText()]);
  assert.equal(status.get('module_hash'), hashOf(moduleOf('rust/greeter.wasm')));
  assert.match(status.get('candid'), /increment_by_calls/);
  assert.ok(status.get('subnet').nodeKeys.size > 0);
});

await check('the count is certified data', async () => {
  const [count, [certificate]] = await greeter.count_certified();
  const verified = await Certificate.create({
    certificate: new Uint8Array(certificate),
    rootKey: agent.rootKey,
    principal: { canisterId: greeterId },
  });
  const { value } = verified.lookup_path(['canister', greeterId.toUint8Array(), 'certified_data']);
  assert.equal(Buffer.from(value).readBigUInt64LE(), count);
});

await check('an upgrade keeps what the canister wrote to stable memory', async () => {
  await install(greeterId, moduleOf('rust/greeter.wasm'), { upgrade: [] });
  assert.equal(await greeter.count(), 6n);
  assert.equal(await greeter.greet('world'), 'Good day, world!');
});

await check('time can be asked of an address where no canister is', () => agent.syncTime());

// --- Calls between canisters ---

let calleeId;
await check('one canister calls another: reply, reject, trap, no such method', async () => {
  calleeId = await create();
  await install(calleeId, moduleOf('calls/callee.wasm'));
  const forward = (method) => greeter.forward(calleeId, method, IDL.encode([IDL.Nat64], [21n]));
  const { Ok: doubled } = await forward('double');
  assert.deepEqual(IDL.decode([IDL.Nat64], new Uint8Array(doubled)), [42n]);
  const refused = await forward('refuse');
  assert.deepEqual(refused, { Err: { code: REJECTED_BY_CANISTER, message: 'callee: refused on request' } });
  const trapped = await forward('trap');
  assert.equal(trapped.Err.code, CANISTER_ERROR);
  assert.match(trapped.Err.message, /callee: trapped on request/);
  assert.equal((await forward('nothing')).Err.code, CANISTER_ERROR);
});

// --- The Motoko canister, in both of its ways to keep state ---

const keepingMemory = [{ skip_pre_upgrade: [], wasm_memory_persistence: [{ keep: null }] }];
for (const [persistence, options] of [['enhanced', keepingMemory], ['classical', []]]) {
  await check(`Motoko, ${persistence}: state survives an upgrade to another version`, async () => {
    const book = await newCanister(`motoko/${persistence}_v1.wasm`, interfaces.guestBook);
    assert.equal(await book.version(), 1n);
    assert.equal(await book.increment(), 1n);
    assert.equal(await book.incrementByCalls(), 3n);
    assert.equal(await book.visit('Ada'), 1n);
    assert.equal(await book.visit('Ada'), 2n);
    assert.equal((await rejection(book.trap())).rejectCode, CANISTER_ERROR);
    assert.equal(await book.read(), 3n);
    assert.equal((await rejection(book.refuse())).rejectCode, REJECTED_BY_CANISTER);
    assert.equal(await book.read(), 4n);
    assert.deepEqual(await book.doubleBy(calleeId, 8n), [16n]);

    await install(Actor.canisterIdOf(book), moduleOf(`motoko/${persistence}_v2.wasm`), { upgrade: options });
    assert.equal(await book.version(), 2n);
    assert.equal(await book.read(), 4n);
    assert.deepEqual(await book.visitsOf('Ada'), [2n]);
    assert.equal(await book.leave('Ada'), 1n);
    assert.deepEqual(await book.visitsOf('Ada'), []);
  });
}

// --- The life of a canister, and what is refused ---

await check('only a controller may install code', async () => {
  const stranger = await agentOf(Ed25519KeyIdentity.generate());
  const other = Actor.createActor(interfaces.management, { agent: stranger, canisterId: 'aaaaa-aa' });
  const attempt = other.install_code.withOptions({ effectiveCanisterId: calleeId })({
    mode: { reinstall: null },
    canister_id: calleeId,
    wasm_module: moduleOf('rust/greeter.wasm'),
    arg: [],
  });
  assert.equal((await rejection(attempt)).rejectCode, CANISTER_ERROR);
});

await check('a canister is stopped, started, given to another, and deleted', async () => {
  await manage('stop_canister', calleeId);
  const stopped = await manage('canister_status', calleeId);
  assert.deepEqual(stopped.status, { stopped: null });
  assert.equal(Buffer.from(stopped.module_hash[0]).toString('hex'), hashOf(moduleOf('calls/callee.wasm')));
  await manage('start_canister', calleeId);
  const heir = Ed25519KeyIdentity.generate().getPrincipal();
  const controllers = [identity.getPrincipal(), heir];
  await manage('update_settings', calleeId, { settings: { controllers: [controllers] } });
  const status = await CanisterStatus.request({ canisterId: calleeId, agent, paths: ['controllers'] });
  assert.deepEqual(status.get('controllers').map(String).sort(), controllers.map(String).sort());
  await manage('stop_canister', calleeId);
  await manage('delete_canister', calleeId);
  const after = await CanisterStatus.request({ canisterId: calleeId, agent, paths: ['module_hash'] });
  assert.equal(after.get('module_hash'), null);
});

await check('an agent with another root key believes nothing', async () => {
  const other = await agentOf(identity, { rootKey: Uint8Array.from(Buffer.from(IC_ROOT_KEY, 'hex')) });
  const actor = byOther(greeter, interfaces.greeter, other);
  await assert.rejects(actor.increment(), TrustError);
  await assert.rejects(actor.greet('world'), TrustError);
});

await check('an agent notices a query answer that was changed on its way', async () => {
  const changing = async (...request) => {
    const answer = await fetch(...request);
    if (!String(request[0]).endsWith('/query')) return answer;
    const body = Buffer.from(await answer.arrayBuffer());
    const at = body.indexOf('Good day');
    assert.ok(at >= 0);
    body.write('Bad', at);
    return new Response(body, answer);
  };
  const actor = byOther(greeter, interfaces.greeter, await agentOf(identity, { fetch: changing }));
  await assert.rejects(actor.greet('world'), TrustError);
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
