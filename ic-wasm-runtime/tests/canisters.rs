//! Modules from real compilers, through the sandbox alone: installed, updated, queried, upgraded.
#![cfg(feature = "wasmtime")]
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use ic_wasm_runtime::engine::WasmtimeEngine;
use ic_wasm_runtime::system_api::{Entry, Response, Trap};
use support::{Canister, example, instrument, update, user};

/// Candid: nothing.
const NOTHING: &[u8] = b"DIDL\0\0";

fn engine() -> WasmtimeEngine {
    WasmtimeEngine::new().unwrap()
}

/// Candid: one nat64.
fn nat64(number: u64) -> Vec<u8> {
    [b"DIDL\0\x01\x78".as_slice(), &number.to_le_bytes()].concat()
}

/// Candid: one nat below 128.
fn nat(number: u8) -> Vec<u8> {
    [b"DIDL\0\x01\x7d".as_slice(), &[number]].concat()
}

/// Candid: one text of less than 128 bytes.
fn text(text: &str) -> Vec<u8> {
    [
        b"DIDL\0\x01\x71".as_slice(),
        &[u8::try_from(text.len()).unwrap()],
        text.as_bytes(),
    ]
    .concat()
}

#[test]
fn counter_in_text() {
    let mut canister = Canister::new(engine(), &example("counter/counter.wasm"));
    canister.install(NOTHING);
    assert_eq!(canister.update("increment", NOTHING), nat64(1));
    assert_eq!(canister.update("increment", NOTHING), nat64(2));
    assert_eq!(canister.query("read", NOTHING), nat64(2));
    let trapped = canister.try_run(update("trap", NOTHING));
    assert_eq!(
        trapped.outcome.unwrap_err(),
        Trap::Explicit {
            message: "counter: trapped on request".to_owned()
        }
    );
    assert_eq!(trapped.log, [b"[TRAP]: counter: trapped on request"]);
    assert_eq!(canister.query("read", NOTHING), nat64(2));
    let refused = canister.run(update("refuse", NOTHING));
    assert_eq!(
        refused.effects.response,
        Some(Response::Reject("counter: refused on request".to_owned()))
    );
    assert_eq!(
        refused.effects.certified_data,
        Some(3_u64.to_le_bytes().to_vec())
    );
    assert_eq!(canister.query("read", NOTHING), nat64(3));
}

#[test]
fn greeter_in_rust() {
    let mut canister = Canister::new(engine(), &example("rust/greeter.wasm"));
    canister.install(NOTHING);
    assert_eq!(
        canister.query("greet", &text("World")),
        text("Hello, World!")
    );
    canister.update("set_greeting", &text("Good day"));
    assert_eq!(canister.update("increment", NOTHING), nat64(1));
    assert!(matches!(
        canister.try_run(update("trap", &text("no"))).outcome,
        Err(Trap::Explicit { .. })
    ));
    assert_eq!(canister.query("count", NOTHING), nat64(1));

    canister.run(Entry::PreUpgrade { caller: user() });
    canister.state = canister
        .state
        .upgrade(instrument(&example("rust/greeter.wasm")).unwrap(), false);
    canister.run(Entry::Start);
    canister.run(Entry::PostUpgrade {
        caller: user(),
        argument: NOTHING.to_vec(),
    });
    assert_eq!(
        canister.query("greet", &text("World")),
        text("Good day, World!")
    );
    assert_eq!(canister.query("count", NOTHING), nat64(1));
}

#[test]
fn a_call_is_made_and_its_callback_runs() {
    let mut canister = Canister::new(engine(), &example("rust/greeter.wasm"));
    canister.install(NOTHING);
    let completed = canister.run(update("increment_by_calls", NOTHING));
    assert_eq!(completed.effects.response, None);
    let [call] = completed.effects.calls.as_slice() else {
        panic!("one call")
    };
    assert_eq!(
        (call.callee, call.method.as_str()),
        (canister.environment.canister.principal(), "increment")
    );
    let callback = |closure| Entry::Reply {
        composite: false,
        closure,
        argument: nat64(1),
        refunded: ic_types::Cycles::ZERO,
        call: ic_wasm_runtime::system_api::CallContext::from_caller(user()),
    };
    let again = canister.run(callback(call.on_reply));
    let [second] = again.effects.calls.as_slice() else {
        panic!("a second call")
    };
    let last = canister.run(callback(second.on_reply));
    assert_eq!(support::reply(&last), nat64(1));
}

#[test]
fn motoko_keeps_its_state_through_an_upgrade() {
    for (first, second, keep) in [
        (
            "motoko/classical_v1.wasm",
            "motoko/classical_v2.wasm",
            false,
        ),
        ("motoko/enhanced_v1.wasm", "motoko/enhanced_v2.wasm", true),
    ] {
        let mut canister = Canister::new(engine(), &example(first));
        canister.install(NOTHING);
        assert_eq!(canister.update("increment", NOTHING), nat(1));
        canister.run(Entry::PreUpgrade { caller: user() });
        canister.state = canister
            .state
            .upgrade(instrument(&example(second)).unwrap(), keep);
        canister.run(Entry::Start);
        canister.run(Entry::PostUpgrade {
            caller: user(),
            argument: NOTHING.to_vec(),
        });
        assert_eq!(canister.query("read", NOTHING), nat(1));
        assert_eq!(canister.update("increment", NOTHING), nat(2));
    }
}
