"""What a Python agent written by others makes of our subnet.

usage: round_trip.py URL [ROOT-KEY]     ROOT-KEY: hexadecimal DER; without it, asked of the node itself
Exit code 0 if everything held, 1 if not.
"""

import hashlib
import pathlib
import sys
import traceback

import cbor2
from icp_candid.candid import Types, decode, encode
from icp_certificate.certificate import Certificate
from icp_core import Agent, Canister, Client, Identity, Principal
from icp_core.errors import CertificateVerificationError, QuerySignatureVerificationFailed, ReplicaReject

CANISTERS = pathlib.Path(__file__).resolve().parents[2] / "canisters"
MANAGEMENT = "aaaaa-aa"
REJECTED_BY_CANISTER = 4
CANISTER_ERROR = 5

if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
URL = sys.argv[1]
ROOT_KEY = bytes.fromhex(sys.argv[2]) if len(sys.argv) == 3 else cbor2.loads(Client(url=URL).status())["root_key"]

# The agent takes a root key, but verifies certificates under the one that is built in.
Certificate.read_root_key = lambda self: ROOT_KEY

TARGET = Types.Record({"canister_id": Types.Principal})
SETTINGS = Types.Record({"controllers": Types.Opt(Types.Vec(Types.Principal))})
CREATION = Types.Record({"amount": Types.Opt(Types.Nat), "settings": Types.Opt(SETTINGS)})
PERSISTENCE = Types.Variant({"keep": Types.Null, "replace": Types.Null})
UPGRADE = Types.Record({"skip_pre_upgrade": Types.Opt(Types.Bool), "wasm_memory_persistence": Types.Opt(PERSISTENCE)})
INSTALLATION = Types.Record({
    "mode": Types.Variant({"install": Types.Null, "reinstall": Types.Null, "upgrade": Types.Opt(UPGRADE)}),
    "canister_id": Types.Principal,
    "wasm_module": Types.Vec(Types.Nat8),
    "arg": Types.Vec(Types.Nat8),
})


def agent_of(identity):
    return Agent(identity, Client(url=URL), root_key=ROOT_KEY, verify_query_signatures=True)


identity = Identity()
agent = agent_of(identity)


def create():
    argument = encode([{"type": CREATION, "value": {"amount": [], "settings": []}}])
    answer = agent.update(MANAGEMENT, "provisional_create_canister_with_cycles", argument, return_type=[TARGET])
    return str(answer[0]["value"]["canister_id"])


def install(canister_id, path, mode):
    value = {
        "mode": mode,
        "canister_id": canister_id,
        "wasm_module": module(path),
        "arg": encode([]),
    }
    argument = encode([{"type": INSTALLATION, "value": value}])
    agent.update(MANAGEMENT, "install_code", argument, effective_canister_id=canister_id)


def module(path):
    return (CANISTERS / path).read_bytes()


def canister(canister_id, interface, by=agent):
    return Canister(by, canister_id, (CANISTERS / interface).read_text())


def new_canister(path, interface):
    canister_id = create()
    install(canister_id, path, {"install": None})
    return canister(canister_id, interface)


def value(answer):
    return answer[0]["value"]


def rejection(act):
    """What the node rejected with; anything but a reject is an error."""
    try:
        act()
    except ReplicaReject as reject:
        return reject
    raise AssertionError("a reply instead of a reject")


def refused(act, error):
    try:
        act()
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


passed = failed = 0


def check(what, act):
    global passed, failed
    try:
        act()
        passed += 1
        print(f"ok    {what}", flush=True)
    except Exception:
        failed += 1
        print(f"FAIL  {what}\n{traceback.format_exc()}", flush=True)


greeter = None


def installs():
    global greeter
    greeter = new_canister("rust/greeter.wasm", "rust/greeter.did")


def updates():
    same(value(greeter.increment()), 1)
    same(value(greeter.increment()), 2)
    greeter.set_greeting("Good day")
    same(value(greeter.greet("world")), "Good day, world!")
    same(value(greeter.count()), 2)


def callers():
    for caller in (identity, Identity(type="secp256k1"), Identity(type="p256"), Identity(anonymous=True)):
        answer = canister(greeter.canister_id, "rust/greeter.did", agent_of(caller)).whoami()
        same(str(value(answer)), str(caller.sender()))


def traps():
    reject = rejection(lambda: greeter.trap("enough"))
    same(reject.reject_code, CANISTER_ERROR)
    assert "enough" in reject.reject_message, reject.reject_message
    same(value(greeter.count()), 2)


def rejects():
    reject = rejection(lambda: greeter.refuse("not today"))
    same((reject.reject_code, reject.reject_message), (REJECTED_BY_CANISTER, "not today"))
    same(value(greeter.count()), 3)


def calls():
    same(value(greeter.increment_by_calls()), 5)
    same(len(value(greeter.random())), 32)


def state():
    self = Principal.from_str(greeter.canister_id).bytes
    controllers = [b"canister", self, b"controllers"]
    module_hash = [b"canister", self, b"module_hash"]
    interface = [b"canister", self, b"metadata", b"candid:service"]
    certificate = agent.read_state_raw(greeter.canister_id, [controllers, module_hash, interface])
    same([bytes(controller) for controller in cbor2.loads(certificate.lookup(controllers))], [identity.sender().bytes])
    same(certificate.lookup(module_hash), hashlib.sha256(module("rust/greeter.wasm")).digest())
    same(certificate.lookup(interface).decode(), (CANISTERS / "rust/greeter.did").read_text())


def subnet():
    subnet_id = Principal.self_authenticating(ROOT_KEY)
    path = [b"subnet", subnet_id.bytes, b"public_key"]
    same(agent.read_state_subnet_raw(str(subnet_id), [path]).lookup(path), ROOT_KEY)


def upgrades():
    install(greeter.canister_id, "rust/greeter.wasm", {"upgrade": []})
    same(value(greeter.count()), 5)
    same(value(greeter.greet("world")), "Good day, world!")


def between_canisters():
    callee = new_canister("calls/callee.wasm", "calls/callee.did")
    number = encode([{"type": Types.Nat64, "value": 21}])
    forward = lambda method: value(greeter.forward(callee.canister_id, method, number))
    same(value(decode(bytes(forward("double")["Ok"]))), 42)
    same(forward("refuse")["Err"], {"code": REJECTED_BY_CANISTER, "message": "callee: refused on request"})
    same(forward("trap")["Err"]["code"], CANISTER_ERROR)


def motoko(persistence, options):
    book = new_canister(f"motoko/{persistence}_v1.wasm", "motoko/v1.did")
    same(value(book.version()), 1)
    same(value(book.increment()), 1)
    same(value(book.visit("Ada")), 1)
    same(rejection(book.trap).reject_code, CANISTER_ERROR)
    install(book.canister_id, f"motoko/{persistence}_v2.wasm", {"upgrade": options})
    book = canister(book.canister_id, "motoko/v2.did")
    same(value(book.version()), 2)
    same(value(book.read()), 1)
    same(value(book.visitsOf("Ada")), [1])


def other_root_key():
    key = bytearray(ROOT_KEY)
    key[-1] ^= 1
    trusted = Certificate.read_root_key
    Certificate.read_root_key = lambda self: bytes(key)
    try:
        refused(greeter.increment, CertificateVerificationError)
    finally:
        Certificate.read_root_key = trusted


def changed_answer():
    class Changing(Client):
        def query(self, *arguments, **options):
            answer = super().query(*arguments, **options)
            assert b"Good day" in answer
            return answer.replace(b"Good day", b"Bad  day")

    by = Agent(identity, Changing(url=URL), root_key=ROOT_KEY, verify_query_signatures=True)
    refused(lambda: canister(greeter.canister_id, "rust/greeter.did", by).greet("world"), QuerySignatureVerificationFailed)


check("a canister is created and ic-cdk code installed in it", installs)
if greeter is None:
    sys.exit(1)
check("a query is answered and its signature holds", lambda: same(value(greeter.greet("world")), "Hello, world!"))
check("updates are certified and seen by later queries", updates)
check("every kind of key is the caller that it should be", callers)
check("a trap is a certified reject and undoes what was done", traps)
check("a reject by the canister is certified and undoes nothing", rejects)
check("the canister calls itself, and the management canister for randomness", calls)
check("the state tree holds controllers, module hash and interface", state)
check("the subnet's part of the state tree holds its key", subnet)
check("an upgrade keeps what the canister wrote to stable memory", upgrades)
check("one canister calls another: reply, reject, trap", between_canisters)
keeping_memory = [{"skip_pre_upgrade": [], "wasm_memory_persistence": [{"keep": None}]}]
check("Motoko, enhanced: state survives an upgrade", lambda: motoko("enhanced", keeping_memory))
check("Motoko, classical: state survives an upgrade", lambda: motoko("classical", []))
check("an agent with another root key believes nothing", other_root_key)
check("an agent notices a query answer that was changed on its way", changed_answer)

print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 else 1)
