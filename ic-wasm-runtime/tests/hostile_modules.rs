//! Modules that somebody broke: refused, or run as what they are. What validation lets through, the engine compiles.
#![cfg(feature = "wasmtime")]
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod support;

use std::sync::Arc;

use ic_types::Instructions;
use ic_wasm_runtime::engine::{EngineSandbox, WasmEngine, WasmtimeEngine};
use ic_wasm_runtime::memory::ExecutionState;
use ic_wasm_runtime::sandbox::Sandbox;
use ic_wasm_runtime::system_api::{Entry, Trap};
use support::{Canister, example, instrument, update, user};

#[test]
fn bytes_of_a_module_changed() {
    let engine = Arc::new(WasmtimeEngine::new().unwrap());
    let wasm = example("counter/counter.wasm");
    let mut host = Canister::new(Arc::clone(&engine), &wasm);
    host.limits.instructions = Instructions::new(100_000);
    let mut valid = 0;
    for position in (0..wasm.len()).step_by(5) {
        let mut changed = wasm.clone();
        changed[position] ^= 1 << (position % 8);
        let Ok(module) = instrument(&changed) else {
            continue;
        };
        valid += 1;
        engine
            .compile(&module)
            .unwrap_or_else(|error| panic!("byte {position}: {error}"));
        // Whatever it does now, it ends, and within its limit.
        let state = ExecutionState::new(module);
        for entry in [
            Entry::Init {
                caller: user(),
                argument: vec![],
            },
            update("increment", b"DIDL\0\0"),
        ] {
            let output = EngineSandbox::new(Arc::clone(&engine)).execute(&state, host.input(entry));
            assert!(output.instructions.get() <= 100_000, "byte {position}");
            assert!(
                !matches!(output.outcome, Err(Trap::Engine { .. })),
                "byte {position}: {:?}",
                output.outcome
            );
        }
    }
    // Most of the module is data, metadata and constants.
    assert!(valid > 20, "{valid} of {} variants are valid", wasm.len());
}

#[test]
fn every_beginning_of_a_module() {
    let wasm = example("counter/counter.wasm");
    for length in 0..wasm.len() {
        // Only cuts between two sections are modules, and then without the code that others need.
        let _: Result<_, _> = instrument(&wasm[..length]);
    }
    assert!(instrument(&wasm).is_ok());
}
