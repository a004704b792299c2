//! The same batches on two engines: the same state at every height, to the root.
//!
//! Needs both engines: `cargo test -p ic-wasm-runtime --features wasmi --test engine_roots`.
#![cfg(all(feature = "wasmi", feature = "wasmtime"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use candid::Encode;
use ic_types::{CanisterId, Time};
use ic_wasm_runtime::engine::{EngineSandbox, WasmiEngine};
use ic_wasm_runtime::{ExecutionLimits, Executor, ReplicatedState};
use subnet::*;

/// Executes on wasmi what `subnet` has executed on wasmtime.
fn replay(subnet: &TestSubnet, limits: ExecutionLimits) {
    let executor = Executor::new(EngineSandbox::new(WasmiEngine::new().unwrap()), limits);
    let mut state = ReplicatedState::genesis(genesis(), Time::from_nanos(START));
    let mut instructions = 0;
    for batch in &subnet.batches {
        instructions += executor.execute(&mut state, batch).unwrap().instructions;
    }
    assert!(instructions > 0);
    assert_eq!(state.root(), subnet.state.root());
    // Balances are not certified, and they depend on every instruction.
    assert_eq!(state.ledger(), subnet.state.ledger());
    for (ours, theirs) in state.canisters().zip(subnet.state.canisters()) {
        assert_eq!(
            (ours.id, ours.balance, ours.version),
            (theirs.id, theirs.balance, theirs.version)
        );
    }
}

#[test]
fn calls_traps_and_stable_memory() {
    let limits = ExecutionLimits {
        update: ic_types::Instructions::new(30_000_000),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (a, b) = (subnet.universal(), subnet.universal());
    for (method, mode) in [
        ("inc", 0),
        ("trap", 0),
        ("unreachable", 0),
        ("silent", 0),
        ("take", 0),
        ("inc", 1),
        ("spin", 0),
    ] {
        let argument = forward(b, method, mode, 1_000_000, &[255, 0, 0, 0, 0, 0, 0, 0]);
        let _ = subnet.request(a, "forward", &argument);
        let _ = subnet.request(b, method, &7u64.to_le_bytes());
    }
    subnet
        .install(a, Mode::upgrade(None), &wat(UNIVERSAL), b"")
        .unwrap();
    subnet.request(a, "flood", b.as_slice()).unwrap();
    subnet.batch(Vec::new());
    replay(&subnet, limits);
}

fn example(path: &str) -> Vec<u8> {
    let path = format!(
        "{}/../examples/canisters/{path}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn installed(subnet: &mut TestSubnet, module: &str) -> CanisterId {
    let canister = subnet.create();
    subnet
        .install(
            canister,
            Mode::install,
            &example(module),
            &Encode!().unwrap(),
        )
        .unwrap();
    canister
}

#[test]
fn modules_of_real_compilers() {
    let mut subnet = TestSubnet::default();
    let nothing = Encode!().unwrap();
    let rust = installed(&mut subnet, "rust/greeter.wasm");
    let motoko = installed(&mut subnet, "motoko/classical_v1.wasm");
    for _ in 0..3 {
        subnet.request(rust, "increment", &nothing).unwrap();
        subnet
            .request(motoko, "incrementByCalls", &nothing)
            .unwrap();
        assert!(subnet.request(motoko, "trap", &nothing).is_err());
        assert!(
            subnet
                .request(rust, "trap", &Encode!(&"now").unwrap())
                .is_err()
        );
    }
    subnet
        .install(
            motoko,
            Mode::upgrade(None),
            &example("motoko/classical_v2.wasm"),
            &nothing,
        )
        .unwrap();
    subnet
        .install(
            rust,
            Mode::upgrade(None),
            &example("rust/greeter.wasm"),
            &nothing,
        )
        .unwrap();
    subnet.request(motoko, "increment", &nothing).unwrap();
    replay(&subnet, ExecutionLimits::default());
}
