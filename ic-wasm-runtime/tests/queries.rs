//! Queries and composite queries.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use ic_types::CanisterId;
use ic_wasm_runtime::ErrorCode;
use subnet::*;

/// Composite queries: `ask` calls the query method named in the argument (as `forward` of `canister.wat` does) and
/// answers what came back; `twice` does so two times and answers both; the heap counts callbacks.
const COMPOSITE: &str = r#"(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param i32 i32 i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param i32 i32)))
  (import "ic0" "msg_reject_code" (func $reject_code (result i32)))
  (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "ic0" "call_data_append" (func $call_append (param i32 i32)))
  (import "ic0" "call_perform" (func $call_perform (result i32)))
  (import "ic0" "in_replicated_execution" (func $replicated (result i32)))
  (memory 1)
  (table funcref (elem $on_reply $on_reject $on_one))
  (func $call (param $on_reply i32)
    (local $callee i32) (local $method i32) (local $payload i32)
    (call $arg_copy (i32.const 1024) (i32.const 0) (call $arg_size))
    (local.set $callee (i32.load8_u (i32.const 1024)))
    (local.set $method (i32.add (i32.const 1025) (local.get $callee)))
    (local.set $payload (i32.add (i32.add (local.get $method) (i32.const 10)) (i32.load8_u (local.get $method))))
    (call $call_new
      (i32.const 1025) (local.get $callee)
      (i32.add (local.get $method) (i32.const 1)) (i32.load8_u (local.get $method))
      (local.get $on_reply) (i32.const 0) (i32.const 1) (i32.const 0))
    (call $call_append (local.get $payload) (i32.sub (i32.add (i32.const 1024) (call $arg_size)) (local.get $payload)))
    (drop (call $call_perform)))
  (func (export "canister_composite_query ask") (call $call (i32.const 0)))
  (func (export "canister_composite_query twice") (call $call (i32.const 2)) (call $call (i32.const 2)))
  (func (export "canister_composite_query quiet"))
  (func (export "canister_query calls") (call $call (i32.const 0)))
  (func (export "canister_query count") (call $append (i32.const 0) (i32.const 1)) (call $reply))
  (func $on_reply (param i32)
    (call $arg_copy (i32.const 1024) (i32.const 0) (call $arg_size))
    (call $append (i32.const 1024) (call $arg_size))
    (call $reply))
  (func $on_reject (param i32)
    (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (call $reject_code)))
    (call $reject (i32.const 1024) (i32.const 1)))
  ;; The second reply is the answer: the memory of the first callback is still there (ABS-240).
  (func $on_one (param i32)
    (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 2))
      (then (call $append (i32.const 0) (i32.const 1)) (call $reply)))))"#;

fn composite(subnet: &mut TestSubnet) -> CanisterId {
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &wat(COMPOSITE), b"")
        .unwrap();
    canister
}

#[test]
fn abs_234_composite_queries_call_queries_of_other_canisters() {
    let mut subnet = TestSubnet::default();
    let (asking, asked) = (composite(&mut subnet), subnet.universal());
    subnet.request(asked, "inc", b"").unwrap();
    let ask =
        |callee: CanisterId, method: &str, payload: &[u8]| forward(callee, method, 0, 0, payload);
    assert_eq!(
        number(
            &subnet
                .query(asking, "ask", &ask(asked, "get", b""))
                .unwrap()
        ),
        1
    );
    // What the callee's query does is not kept.
    assert_eq!(
        number(
            &subnet
                .query(asking, "ask", &ask(asked, "bump", b""))
                .unwrap()
        ),
        2
    );
    assert_eq!(subnet.counter(asked), 1);
    // Through another composite query.
    let inner = ask(asked, "get", b"");
    assert_eq!(
        number(
            &subnet
                .query(asking, "ask", &ask(asking, "ask", &inner))
                .unwrap()
        ),
        1
    );
    assert_eq!(
        subnet
            .query(asking, "twice", &ask(asked, "get", b""))
            .unwrap(),
        [2]
    );
    assert_eq!(subnet.query(asking, "count", b"").unwrap(), [0]);
    // A reject goes to the reject callback: 5 for a method that is missing or no query, 3 for a canister.
    for (callee, method, code) in [
        (asked, "missing", "5"),
        (asked, "inc", "5"),
        (CanisterId::from_u64(9), "get", "3"),
    ] {
        let refusal = subnet
            .query(asking, "ask", &ask(callee, method, b""))
            .unwrap_err();
        assert_eq!(
            (refusal.error, refusal.message.as_str()),
            (ErrorCode::CanisterReject, code)
        );
    }
    let refusal = subnet.query(asking, "quiet", b"").unwrap_err();
    assert_eq!(refusal.error, ErrorCode::DidNotReply);
}

/// HTTP-156: the depth of calls.
#[test]
fn abs_235_236_where_composite_queries_may_not_go() {
    let mut subnet = TestSubnet::default();
    let (asking, asked) = (composite(&mut subnet), subnet.universal());
    let mut argument = forward(asked, "get", 0, 0, b"");
    for _ in 0..5 {
        argument = forward(asking, "ask", 0, 0, &argument);
    }
    assert!(subnet.query(asking, "ask", &argument).is_ok());
    let deeper = forward(asking, "ask", 0, 0, &argument);
    assert_eq!(
        subnet.query(asking, "ask", &deeper).unwrap_err().error,
        ErrorCode::CallDepth
    );
    // Canisters of other subnets are out of reach, and no callback is told (ABS-236).
    let elsewhere = forward(CanisterId::from_u64(1 << 50), "get", 0, 0, b"");
    assert_eq!(
        subnet.query(asking, "ask", &elsewhere).unwrap_err().error,
        ErrorCode::CanisterNotFound
    );
    // Plain queries make no calls (ABS-394).
    assert_eq!(
        subnet.query(asking, "calls", &argument).unwrap_err().error,
        ErrorCode::ContractViolation
    );
    // In replicated execution there are no composite queries (ABS-121).
    let refusal = subnet.request(asking, "ask", &argument).unwrap_err();
    assert_eq!(refusal.error, ErrorCode::CompositeQueryReplicated);
    // The management canister answers about what the caller may see (ABS-250).
    let status = forward(
        CanisterId::MANAGEMENT,
        "canister_status",
        0,
        0,
        &about(asking),
    );
    assert!(subnet.query(asking, "ask", &status).is_ok());
    let status = forward(
        CanisterId::MANAGEMENT,
        "canister_status",
        0,
        0,
        &about(asked),
    );
    assert_eq!(
        subnet.query(asking, "ask", &status).unwrap_err().message,
        "5"
    );
}

/// HTTP-156: the instructions. How long a query may take by the clock is for the embedder.
#[test]
fn lim_016_a_query_ends_at_its_limit() {
    let limits = ic_wasm_runtime::ExecutionLimits {
        query: ic_types::Instructions::new(60_000_000),
        ..Default::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (asking, asked) = (composite(&mut subnet), subnet.universal());
    assert!(
        subnet
            .query(asking, "ask", &forward(asked, "get", 0, 0, b""))
            .is_ok()
    );
    // Two downstream calls take a hundred million (LIM-090).
    let refusal = subnet
        .query(asking, "twice", &forward(asked, "get", 0, 0, b""))
        .unwrap_err();
    assert_eq!(refusal.error, ErrorCode::InstructionLimit);
}
