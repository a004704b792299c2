//! What an execution leaves behind: everything if it returns, nothing but its count if it traps (SYS-007).
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

use std::sync::Arc;

use ic_types::{ByteCount, Cycles, Instructions};
use ic_wasm_runtime::engine::WasmtimeEngine;
use ic_wasm_runtime::memory::{ExecutionState, GlobalValue};
use ic_wasm_runtime::sandbox::Sandbox;
use ic_wasm_runtime::system_api::{Entry, Trap};
use support::{Canister, query, reply, update, user};

fn engine() -> WasmtimeEngine {
    WasmtimeEngine::new().unwrap()
}

/// Counts in a global, in the heap and in stable memory, and traps on demand.
const COUNTERS: &str = r#"(module
  (import "ic0" "stable64_grow" (func $stable_grow (param i64) (result i64)))
  (import "ic0" "stable64_write" (func $stable_write (param i64 i64 i64)))
  (import "ic0" "stable64_read" (func $stable_read (param i64 i64 i64)))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "certified_data_set" (func $certify (param i32 i32)))
  (import "ic0" "debug_print" (func $print (param i32 i32)))
  (memory 1)
  (data (i32.const 100) "\07")
  (global $g (mut i64) (i64.const 5))
  (func (export "canister_init") (drop (call $stable_grow (i64.const 1))))
  (func $count
    (global.set $g (i64.add (global.get $g) (i64.const 1)))
    (i32.store (i32.const 40000) (i32.add (i32.load (i32.const 40000)) (i32.const 1)))
    (call $stable_read (i64.const 0) (i64.const 0) (i64.const 4))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (call $stable_write (i64.const 0) (i64.const 0) (i64.const 4))
    (call $certify (i32.const 0) (i32.const 4))
    (call $print (i32.const 100) (i32.const 1)))
  (func (export "canister_update count") (call $count))
  (func (export "canister_update trap") (call $count) (drop (memory.grow (i32.const 1))) unreachable)
  (func (export "canister_update loop") (call $count) (loop $l (br $l)))
  (func (export "canister_update grow") (drop (memory.grow (i32.const 3))))
  (func (export "canister_query count_in_vain") (call $print (i32.const 100) (i32.const 1))
    (global.set $g (i64.const 99)) (i32.store (i32.const 40000) (i32.const 99)) (call $stable_read (i64.const 0) (i64.const 0) (i64.const 4)))
  (func $read
    (i64.store (i32.const 8) (global.get $g))
    (i32.store (i32.const 16) (i32.load (i32.const 40000)))
    (call $stable_read (i64.const 20) (i64.const 0) (i64.const 4))
    (i32.store (i32.const 24) (memory.size))
    (call $append (i32.const 8) (i32.const 20)) (call $reply))
  (func (export "canister_query read") (call $read))
)"#;

fn counters(canister: &Canister<WasmtimeEngine>) -> (u64, u32, u32, u32) {
    let bytes = canister.query("read", &[]);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    (
        u64::from_le_bytes(bytes[..8].try_into().unwrap()),
        word(8),
        word(12),
        word(16),
    )
}

#[test]
fn a_trap_leaves_nothing_behind() {
    let mut canister = Canister::wat(engine(), COUNTERS);
    canister.install(&[]);
    canister.run(update("count", &[]));
    assert_eq!(counters(&canister), (6, 1, 1, 1));
    let before = canister.state.clone();
    for (method, trap) in [
        ("trap", Trap::Unreachable),
        ("loop", Trap::InstructionLimit { limit: 1_000_000 }),
    ] {
        canister.limits.instructions = Instructions::new(1_000_000);
        let output = canister.try_run(update(method, &[]));
        assert_eq!(output.outcome.unwrap_err(), trap);
        assert_eq!(output.log.len(), 2, "the log is kept");
        assert_eq!(output.log[0], [7]);
        assert_eq!(canister.state.heap, before.heap);
        assert_eq!(counters(&canister), (6, 1, 1, 1));
    }
    // The same canister goes on as if nothing had been.
    canister.run(update("count", &[]));
    assert_eq!(counters(&canister), (7, 2, 2, 1));
}

#[test]
fn a_query_keeps_nothing() {
    let mut canister = Canister::wat(engine(), COUNTERS);
    canister.install(&[]);
    canister.run(query("count_in_vain", &[]));
    assert_eq!(counters(&canister), (5, 0, 0, 1));
    canister.run(update("count", &[]));
    assert_eq!(counters(&canister), (6, 1, 1, 1));
}

#[test]
fn an_old_state_can_be_run_again() {
    // A node answers queries on certified states while it executes newer ones.
    let mut canister = Canister::wat(engine(), COUNTERS);
    canister.install(&[]);
    let mut states = Vec::new();
    for _ in 0..5 {
        states.push((canister.state.clone(), counters(&canister)));
        canister.run(update("count", &[]));
        canister.run(update("grow", &[]));
    }
    for (state, expected) in states.into_iter().rev() {
        canister.state = state;
        assert_eq!(counters(&canister), expected);
    }
}

#[test]
fn dirty_pages_are_those_that_changed() {
    let mut canister = Canister::wat(engine(), COUNTERS);
    canister.install(&[]);
    let completed = canister.run(update("count", &[]));
    assert_eq!(
        (completed.dirty_heap_pages, completed.dirty_stable_pages),
        (2, 1)
    );
    assert_eq!(canister.run(update("grow", &[])).dirty_heap_pages, 0);
    assert_eq!(canister.state.wasm_memory_bytes(), 4 * 65_536);
}

#[test]
fn globals_of_every_type_are_kept() {
    let text = r#"(module
      (global $a (mut i32) (i32.const -1)) (global $b (mut i64) (i64.const -2))
      (global $c (mut f32) (f32.const nan:0x200001)) (global $d (mut f64) (f64.const -0))
      (global $e (mut v128) (v128.const i64x2 1 2)) (global $f i32 (i32.const 9))
      (func (export "canister_update m") (global.set $a (i32.const 7)) (global.set $d (f64.const 1.5))))"#;
    let mut canister = Canister::wat(engine(), text);
    canister.run(update("m", &[]));
    let expected = [
        GlobalValue::I32(7),
        GlobalValue::I64(u64::MAX - 1),
        GlobalValue::F32(0x7fa0_0001),
        GlobalValue::F64(1.5_f64.to_bits()),
        GlobalValue::V128(2 << 64 | 1),
    ];
    assert_eq!(canister.state.globals.as_ref(), expected);
}

#[test]
fn dropped_segments_are_there_again_next_time() {
    let text = r#"(module (memory 1) (data $d "abc")
      (func (export "canister_update m")
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d)))"#;
    let mut canister = Canister::wat(engine(), text);
    canister.run(update("m", &[]));
    canister.run(update("m", &[]));
}

#[test]
fn memory_grows_within_limits() {
    // ERR-013, ERR-014, ERR-020, SYS-260
    let text = r#"(module (memory 1 20) (func (export "canister_update m") (drop (memory.grow (i32.const 4))))
      (func (export "canister_update too_much")
        (if (i32.ne (memory.grow (i32.const 20)) (i32.const -1)) (then unreachable))
        (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))))"#;
    let canister = || Canister::wat(engine(), text);
    assert!(canister().try_run(update("m", &[])).outcome.is_ok());
    assert!(canister().try_run(update("too_much", &[])).outcome.is_ok());
    let mut limited = canister();
    limited.limits.wasm_memory_limit = Some(ByteCount::new(5 * 65_536 - 1));
    assert!(matches!(
        limited.try_run(update("m", &[])).outcome,
        Err(Trap::WasmMemoryLimit { .. })
    ));
    limited.limits.wasm_memory_limit = Some(ByteCount::new(65_535));
    assert!(matches!(
        limited.try_run(update("too_much", &[])).outcome,
        Err(Trap::WasmMemoryLimit { .. })
    ));
    let mut full = canister();
    full.limits.growth = ByteCount::new(4 * 65_536 - 1);
    assert!(matches!(
        full.try_run(update("m", &[])).outcome,
        Err(Trap::OutOfMemory { .. })
    ));
    let mut poor = canister();
    poor.balance = Cycles::new(4_999);
    let missing = Cycles::new(1);
    let bytes = ByteCount::new(4 * 65_536);
    assert_eq!(
        poor.try_run(update("m", &[])).outcome.unwrap_err(),
        Trap::CyclesForMemory { bytes, missing }
    );
    poor.balance = Cycles::new(5_000);
    assert!(poor.try_run(update("m", &[])).outcome.is_ok());
}

#[test]
fn methods_are_found_by_kind_and_name() {
    // SYS-205, SYS-211, ERR-050
    let text =
        r#"(module (func (export "canister_update <a b> c")) (func (export "canister_query ")))"#;
    let canister = Canister::wat(engine(), text);
    assert!(canister.try_run(update("<a b> c", &[])).outcome.is_ok());
    assert!(canister.try_run(query("", &[])).outcome.is_ok());
    for entry in [update("", &[]), query("<a b> c", &[]), update("a", &[])] {
        assert!(matches!(
            canister.try_run(entry).outcome,
            Err(Trap::MethodNotFound { .. })
        ));
    }
    assert!(canister.try_run(Entry::Heartbeat).outcome.is_ok());
    assert_eq!(
        canister.try_run(Entry::Heartbeat).instructions,
        Instructions::ZERO
    );
}

#[test]
fn traps_are_told_apart() {
    // ERR-001
    let trap = |body: &str| {
        let text = format!(
            "(module (memory 1) (type $t (func (param i32))) (table 2 funcref) (elem (i32.const 0) $f)
               (func $f (export \"canister_update m\") {body}))"
        );
        Canister::wat(engine(), &text)
            .try_run(update("m", &[]))
            .outcome
            .unwrap_err()
    };
    assert_eq!(trap("unreachable"), Trap::Unreachable);
    assert_eq!(
        trap("(drop (i32.load (i32.const 65533)))"),
        Trap::HeapOutOfBounds
    );
    assert_eq!(
        trap("(i64.store offset=4294967295 (i32.const -1) (i64.const 0))"),
        Trap::HeapOutOfBounds
    );
    assert_eq!(
        trap("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
        Trap::DivisionByZero
    );
    assert_eq!(
        trap("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
        Trap::IntegerOverflow
    );
    assert_eq!(
        trap("(drop (i32.trunc_f32_s (f32.const nan)))"),
        Trap::IntegerOverflow
    );
    assert_eq!(trap("(call_indirect (i32.const 1))"), Trap::NullReference);
    assert_eq!(
        trap("(call_indirect (type $t) (i32.const 0) (i32.const 0))"),
        Trap::SignatureMismatch
    );
    assert_eq!(
        trap("(call_indirect (i32.const 2))"),
        Trap::TableOutOfBounds
    );
    assert_eq!(trap("(call $f)"), Trap::StackOverflow);
}

#[test]
fn nan_is_canonical() {
    // SYS-212: the payload and sign of a computed NaN do not depend on the machine.
    let text = r#"(module (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
      (import "ic0" "msg_reply" (func $reply)) (memory 1)
      (func (export "canister_query m")
        (f64.store (i32.const 0) (f64.div (f64.load (i32.const 16)) (f64.load (i32.const 16))))
        (f32.store (i32.const 8) (f32.sub (f32.const inf) (f32.const inf)))
        (f32.store (i32.const 12) (f32.add (f32.load (i32.const 24)) (f32.const 1)))
        (call $append (i32.const 0) (i32.const 16)) (call $reply))
      (data (i32.const 24) "\01\00\a0\ff"))"#;
    let canister = Canister::wat(engine(), text);
    let expected = [
        0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f,
    ];
    assert_eq!(canister.query("m", &[]), expected);
}

#[test]
fn a_module_larger_than_its_heap_allows_is_refused() {
    for (text, valid) in [
        ("(module (memory 65536))", true),
        ("(module (memory i64 98304))", true),
        ("(module (memory i64 98305))", false),
        ("(module (memory 1) (data (i32.const 65535) \"a\"))", true),
        ("(module (memory 1) (data (i32.const 65535) \"ab\"))", false),
        ("(module (memory 1) (memory 1))", false),
        ("(module (import \"env\" \"memory\" (memory 1)))", true),
        ("(module (func (export \"canister_updat m\")))", false),
        (
            "(module (func (export \"canister_init\") (param i32)))",
            false,
        ),
        (
            "(module (global (export \"canister_anything\") i32 (i32.const 0)))",
            true,
        ),
        (
            "(module (func (export \"canister_query a\")) (func (export \"canister_update a\")))",
            false,
        ),
        (
            "(module (@custom \"icp:public a\" \"1\") (@custom \"icp:private b\" \"2\"))",
            true,
        ),
        (
            "(module (@custom \"icp:public a\" \"1\") (@custom \"icp:private a\" \"2\"))",
            false,
        ),
        ("(module (@custom \"icp:secret a\" \"1\"))", false),
        ("(module (@custom \"icp\" \"1\"))", true),
        (
            "(module (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))",
            false,
        ),
        ("(module (table 1000001 funcref))", false),
        (
            "(module (func (f32x4.relaxed_madd (v128.const i64x2 0 0) (v128.const i64x2 0 0) (v128.const i64x2 0 0)) drop))",
            false,
        ),
        ("(module (memory 1 1 shared))", false),
        ("(module (func (param externref)))", false),
    ] {
        assert_eq!(
            support::instrument(&support::wat(text)).is_ok(),
            valid,
            "{text}"
        );
    }
}

#[test]
fn live_instances_cannot_be_noticed() {
    // The same executions in one sandbox, and each in a new one.
    let mut kept = Canister::wat(engine(), COUNTERS);
    kept.install(&[]);
    let mut state = kept.state.clone();
    let shared = Arc::new(engine());
    for (round, method) in ["count", "trap", "grow", "count", "loop", "count"]
        .iter()
        .cycle()
        .take(24)
        .enumerate()
    {
        kept.limits.instructions = Instructions::new(100_000);
        let input = kept.input(update(method, &round.to_le_bytes()));
        let fresh = ic_wasm_runtime::engine::EngineSandbox::new(Arc::clone(&shared));
        let there = fresh.execute(&state, input);
        let here = kept.try_run(update(method, &round.to_le_bytes()));
        assert_eq!(here.instructions, there.instructions);
        assert_eq!(here.log, there.log);
        match (here.outcome, there.outcome) {
            (Ok(here), Ok(there)) => {
                same(&here.state, &there.state);
                assert_eq!(here.effects, there.effects);
                assert_eq!(here.dirty_heap_pages, there.dirty_heap_pages);
                (kept.state, state) = (here.state, there.state);
            }
            (Err(here), Err(there)) => assert_eq!(here, there),
            (here, there) => panic!("{here:?}, {there:?}"),
        }
    }
}

fn same(here: &ExecutionState, there: &ExecutionState) {
    assert_eq!(here.heap, there.heap);
    assert_eq!(here.stable, there.stable);
    assert_eq!(here.globals, there.globals);
}

#[test]
fn init_gets_its_argument_and_caller() {
    let text = r#"(module
      (import "ic0" "msg_arg_data_copy" (func $argument (param i32 i32 i32)))
      (import "ic0" "msg_caller_copy" (func $caller (param i32 i32 i32)))
      (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
      (import "ic0" "msg_reply" (func $reply)) (memory 1)
      (func (export "canister_init")
        (call $argument (i32.const 0) (i32.const 0) (i32.const 3)) (call $caller (i32.const 3) (i32.const 0) (i32.const 10)))
      (func (export "canister_query m") (call $append (i32.const 0) (i32.const 13)) (call $reply)))"#;
    let mut canister = Canister::wat(engine(), text);
    canister.install(b"abc");
    assert_eq!(
        canister.query("m", &[]),
        [b"abc", user().as_slice()].concat()
    );
    let reply = reply(&canister.run(query("m", &[])));
    assert_eq!(reply.len(), 13);
}
