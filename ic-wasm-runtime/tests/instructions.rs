//! What executions cost, to the instruction. These numbers are part of the protocol: changing one is a change of
//! the protocol, to be written down.
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

use ic_types::Instructions;
use ic_wasm_runtime::engine::WasmtimeEngine;
use ic_wasm_runtime::system_api::{Import, Trap, permitted::Kind};
use support::{Canister, update};

fn count_with(limit: u64, wide: bool, declarations: &str, body: &str) -> (u64, Result<(), Trap>) {
    let memory = if wide { "(memory i64 1)" } else { "(memory 1)" };
    let text =
        format!("(module {declarations} {memory} (func (export \"canister_update m\") {body}))");
    let mut canister = Canister::wat(WasmtimeEngine::new().unwrap(), &text);
    canister.limits.instructions = Instructions::new(limit);
    let output = canister.try_run(update("m", &[]));
    (output.instructions.get(), output.outcome.map(|_| ()))
}

fn count(body: &str) -> u64 {
    let (instructions, outcome) = count_with(1_000_000, false, "(func $nothing)", body);
    outcome.unwrap_or_else(|trap| panic!("{body}: {trap}"));
    instructions
}

#[test]
fn code_costs_what_the_table_says() {
    // One for entering the function, and the operators. `end` is free.
    for (body, expected) in [
        ("", 1),
        ("nop", 2),
        ("(drop (i32.const 1))", 3),
        (
            "(drop (i32.add (i32.const 1) (i32.const 2)))",
            1 + 2 + 1 + 1,
        ),
        (
            "(drop (i64.div_u (i64.const 1) (i64.const 2)))",
            1 + 2 + 10 + 1,
        ),
        ("(drop (f64.sqrt (f64.const 2)))", 1 + 1 + 8 + 1),
        (
            "(drop (f32.max (f32.const 2) (f32.const 3)))",
            1 + 2 + 18 + 1,
        ),
        ("(drop (i32.load (i32.const 0)))", 1 + 1 + 1 + 1),
        ("(i32.store (i32.const 0) (i32.const 0))", 1 + 2 + 1),
        // A page of the heap that has changed.
        ("(i32.store (i32.const 0) (i32.const 1))", 1 + 2 + 1 + 1_000),
        (
            "(i64.store (i32.const 4092) (i64.const -1))",
            1 + 2 + 1 + 2_000,
        ),
        ("(drop (memory.size))", 1 + 20 + 1),
        ("(drop (memory.grow (i32.const 1)))", 1 + 1 + 300 + 1),
        ("(call $nothing)", 1 + 5 + 1),
        ("(block (br 0))", 1 + 2),
        ("(block (br_if 0 (i32.const 1)) nop)", 1 + 1 + 2),
        ("(block (br_if 0 (i32.const 0)) nop)", 1 + 1 + 2 + 1),
        (
            "(if (i32.const 1) (then nop nop) (else nop))",
            1 + 1 + 2 + 2,
        ),
        (
            "(if (i32.const 0) (then nop nop) (else nop))",
            1 + 1 + 2 + 1,
        ),
        (
            "(memory.fill (i32.const 0) (i32.const 0) (i32.const 77))",
            1 + 3 + 100 + 77,
        ),
        (
            "(memory.copy (i32.const 0) (i32.const 0) (i32.const 78))",
            1 + 3 + 100 + 78,
        ),
        ("return", 1 + 1),
        ("return nop nop", 1 + 1),
        // Ten rounds of local.get, const, sub, tee, br_if.
        (
            "(local $i i32) (local.set $i (i32.const 10))
          (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))",
            1 + 2 + 10 * 6,
        ),
    ] {
        assert_eq!(count(body), expected, "{body}");
    }
}

#[test]
fn memory_accesses_cost_twice_with_wide_pointers() {
    let body = "(i64.store (i64.const 0) (i64.load (i64.const 0)))
        (memory.fill (i64.const 0) (i32.const 0) (i64.const 9))";
    assert_eq!(
        count_with(1_000, true, "", body),
        (1 + 2 + 2 + 2 + 3 + 100 + 9, Ok(()))
    );
}

#[test]
fn imports_cost_what_the_table_says() {
    for (import, arguments, more) in [
        (Import::MsgCallerSize, "", 0),
        (Import::Time, "", 0),
        (Import::CanisterVersion, "", 0),
        (
            Import::MsgCallerCopy,
            "(i32.const 0) (i32.const 0) (i32.const 10)",
            10 + 1_000,
        ),
        (
            Import::MsgReplyDataAppend,
            "(i32.const 0) (i32.const 3)",
            150,
        ),
        (Import::MsgReject, "(i32.const 0) (i32.const 3)", 150),
        (Import::PerformanceCounter, "(i32.const 0)", 0),
        (Import::IsController, "(i32.const 0) (i32.const 4)", 4),
        (Import::DebugPrint, "(i32.const 0) (i32.const 3)", 6 + 150),
        (Import::CertifiedDataSet, "(i32.const 0) (i32.const 32)", 32),
        (Import::Stable64Size, "", 0),
        (Import::Stable64Grow, "(i64.const 1)", 0),
        (
            Import::Stable64Read,
            "(i64.const 0) (i64.const 0) (i64.const 0)",
            0,
        ),
    ] {
        let fixed = match import {
            Import::Stable64Size | Import::Stable64Read => 20,
            Import::Stable64Grow | Import::DebugPrint => 100,
            Import::PerformanceCounter => 200,
            Import::IsController => 1_000,
            _ => 500,
        };
        let ty = |kind: &Kind| {
            if *kind == Kind::W64 || import.name() == "time" {
                "i64 "
            } else {
                "i32 "
            }
        };
        let parameters: String = import.parameters().iter().map(ty).collect();
        let result: String = import.result().iter().map(ty).collect();
        let name = import.name();
        let result = if result.is_empty() {
            result
        } else {
            format!("(result {result})")
        };
        let declaration =
            format!("(import \"ic0\" \"{name}\" (func $f (param {parameters}) {result}))");
        let drop = if result.is_empty() { "" } else { "drop" };
        let own =
            1 + 5 + u64::try_from(import.parameters().len()).unwrap() + u64::from(!drop.is_empty());
        let found = count_with(
            1_000_000,
            false,
            &declaration,
            &format!("(call $f {arguments}) {drop}"),
        );
        assert_eq!(found, (own + fixed + more, Ok(())), "{name}");
    }
}

#[test]
fn stable_memory_costs_by_byte_and_by_page() {
    let declarations = "(import \"ic0\" \"stable64_grow\" (func $grow (param i64) (result i64)))
        (import \"ic0\" \"stable64_write\" (func $write (param i64 i64 i64)))
        (import \"ic0\" \"stable64_read\" (func $read (param i64 i64 i64)))";
    let write = "(call $write (i64.const 4090) (i64.const 0) (i64.const 10))";
    let read = "(call $read (i64.const 0) (i64.const 4090) (i64.const 10))";
    let body = format!("(drop (call $grow (i64.const 1))) {write} {write} {read}");
    let expected = 1 + (1 + 5 + 100 + 1) + 3 * (3 + 5 + 20 + 10) + 2 * 1_000;
    assert_eq!(
        count_with(1_000_000, false, declarations, &body),
        (expected, Ok(()))
    );
}

#[test]
fn the_limit_is_kept_to_the_instruction() {
    // ERR-010
    let body = "(local $i i32) (local.set $i (i32.const 10))
        (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))";
    assert_eq!(count_with(63, false, "", body), (63, Ok(())));
    for limit in [0, 1, 2, 3, 8, 62] {
        assert_eq!(
            count_with(limit, false, "", body),
            (limit, Err(Trap::InstructionLimit { limit }))
        );
    }
    for size in ["100000", "-1"] {
        let body = format!("(memory.fill (i32.const 0) (i32.const 0) (i32.const {size}))");
        assert_eq!(
            count_with(50_000, false, "", &body),
            (50_000, Err(Trap::InstructionLimit { limit: 50_000 }))
        );
    }
    let body = "(memory.fill (i64.const 0) (i32.const 0) (i64.const -1))";
    assert_eq!(
        count_with(50_000, true, "", body),
        (50_000, Err(Trap::InstructionLimit { limit: 50_000 }))
    );
}

#[test]
fn compiling_costs_by_operator() {
    // LIM-097
    let module = support::instrument(&support::wat(
        "(module (global i32 (i32.const 0)) (func nop nop))",
    ))
    .unwrap();
    // Paying for the stretch (4), asking whether anything is left (6), nop, nop, end; and two for the global.
    assert_eq!(module.compile_cost(), 6_000 * (4 + 6 + 3 + 2));
}
