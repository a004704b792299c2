//! What becomes of users' requests: where they may come in, when they begin, how long they are known.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use std::time::Duration;

use candid::{CandidType, Encode};
use ic_types::{Call, CanisterId, Content, Instructions, Query, RejectCode, SenderInfo};
use ic_wasm_runtime::executor::{Effective, effective_canister};
use ic_wasm_runtime::state::RequestStatus;
use ic_wasm_runtime::{ErrorCode, ExecutionLimits};
use subnet::*;

/// A subnet that executes one message a round.
fn slow() -> TestSubnet {
    TestSubnet::new(ExecutionLimits {
        round: Instructions::new(1),
        ..ExecutionLimits::default()
    })
}

/// HTTP-113, HTTP-189: what has not begun when it expires never begins, and the system says so.
#[test]
fn http_113_requests_expire_before_they_begin() {
    let mut subnet = slow();
    let canister = subnet.universal();
    let calls: Vec<_> = (0..3).map(|_| subnet.call(canister, "inc", b"")).collect();
    let ids: Vec<_> = calls.iter().map(Content::id).collect();
    let expiry = calls[0].expiry;
    subnet.batch(calls);
    let of = |subnet: &TestSubnet| -> Vec<_> { ids.iter().map(|id| subnet.status(id)).collect() };
    // HTTP-185, HTTP-186: in the state, not begun.
    let waiting = of(&subnet)
        .iter()
        .filter(|status| **status == Some(RequestStatus::Received))
        .count();
    assert_eq!(waiting, 2);
    assert_eq!(subnet.counter(canister), 1);

    // At the expiry itself there is still time.
    subnet.step = expiry.since(subnet.state.time()).unwrap();
    subnet.batch(Vec::new());
    assert_eq!(subnet.state.time(), expiry);
    assert_eq!(subnet.counter(canister), 2);

    subnet.step = Duration::from_nanos(1);
    subnet.batch(Vec::new());
    let rejected: Vec<_> = of(&subnet)
        .into_iter()
        .filter_map(|status| match status {
            Some(RequestStatus::Rejected(refusal)) => Some(refusal),
            _ => None,
        })
        .collect();
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].error, ErrorCode::IngressExpired);
    assert_eq!(rejected[0].error.reject_code(), RejectCode::SysTransient);
    for _ in 0..3 {
        subnet.batch(Vec::new());
    }
    assert_eq!(subnet.counter(canister), 2);
}

/// HTTP-185, HTTP-186, HTTP-187: received, processing, replied, and forgotten when it has expired and five minutes have
/// passed, not before.
/// HTTP-115, CERT-142: what was forgotten does not come back.
#[test]
fn http_185_the_life_of_a_request() {
    let mut subnet = slow();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let other = subnet.call(callee, "inc", b"");
    let call = subnet.call(caller, "forward", &forward(callee, "inc", 0, 0, b""));
    let id = call.id();
    let in_tree = |subnet: &TestSubnet| {
        let place = [&b"request_status"[..], id.as_bytes(), b"status"];
        subnet.state.to_tree().value(place).map(<[u8]>::to_vec)
    };
    assert_eq!((subnet.status(&id), in_tree(&subnet)), (None, None));
    subnet.batch(vec![other, call.clone()]);
    let mut steps = vec![in_tree(&subnet).unwrap()];
    for _ in 0..10 {
        subnet.batch(Vec::new());
        let found = in_tree(&subnet).unwrap();
        if steps.last() != Some(&found) {
            steps.push(found);
        }
    }
    let steps: Vec<&str> = steps
        .iter()
        .map(|step| std::str::from_utf8(step).unwrap())
        .collect();
    assert!(steps.ends_with(&["processing", "replied"]), "{steps:?}");

    subnet.step = call.expiry.since(subnet.state.time()).unwrap();
    subnet.batch(Vec::new());
    assert_eq!(in_tree(&subnet), Some(b"replied".to_vec()));
    let counted = subnet.counter(callee);
    subnet.step = Duration::from_secs(301);
    subnet.batch(Vec::new());
    assert_eq!(in_tree(&subnet), None);
    // The very same request again.
    assert_eq!(subnet.batch(vec![call]).skipped, 1);
    assert_eq!(in_tree(&subnet), None);
    assert_eq!(subnet.counter(callee), counted);
}

#[derive(CandidType)]
struct Named {
    canister_id: candid::Principal,
}

#[derive(CandidType)]
struct Target {
    target_canister: candid::Principal,
}

#[derive(CandidType)]
struct Neither {
    amount: u8,
}

/// HTTP-130 to HTTP-136, HTTP-222: each method has its address; what names no canister has none.
#[test]
fn http_130_to_136_effective_canisters() {
    let canister = CanisterId::from_u64(3);
    let id = wire(canister);
    let of = |method: &str, argument: &[u8]| {
        effective_canister(&CanisterId::MANAGEMENT, method, argument)
    };
    assert_eq!(
        effective_canister(&canister, "stop_canister", b"").unwrap(),
        Effective::Canister(canister)
    );
    let named = Encode!(&Named { canister_id: id }).unwrap();
    let target = Encode!(&Target {
        target_canister: id
    })
    .unwrap();
    let neither = Encode!(&Neither { amount: 1 }).unwrap();
    for method in [
        "create_canister",
        "provisional_create_canister_with_cycles",
        "list_canisters",
    ] {
        for argument in [&named, &neither] {
            assert_eq!(of(method, argument).unwrap(), Effective::Any, "{method}");
        }
    }
    for method in [
        "stop_canister",
        "canister_status",
        "delete_canister",
        "fetch_canister_logs",
    ] {
        assert_eq!(
            of(method, &named).unwrap(),
            Effective::Canister(canister),
            "{method}"
        );
        for argument in [&target, &neither, &b"DIDL".to_vec(), &vec![]] {
            assert!(of(method, argument).is_err(), "{method}");
        }
    }
    // The canister that is installed, not the one that keeps the chunks.
    assert_eq!(
        of("install_chunked_code", &target).unwrap(),
        Effective::Canister(canister)
    );
    assert!(of("install_chunked_code", &named).is_err());
    for method in ["raw_rand", "no_such_method"] {
        assert!(of(method, &neither).is_err(), "{method}");
    }
}

/// CERT-110: certified data is empty at first and after each new beginning, and an upgrade keeps it.
#[test]
fn cert_110_certified_data() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let data = |subnet: &TestSubnet| {
        let canister = subnet.state.canister(&canister).unwrap();
        canister.certified_data.clone()
    };
    assert_eq!(data(&subnet), b"");
    let longest = [7; 32];
    subnet.request(canister, "certify", &longest).unwrap();
    assert_eq!(data(&subnet), longest);
    let refusal = subnet.request(canister, "certify", &[7; 33]).unwrap_err();
    assert_eq!(refusal.error.reject_code(), RejectCode::CanisterError);
    assert_eq!(data(&subnet), longest);
    let module = wat(UNIVERSAL);
    subnet
        .install(canister, Mode::upgrade(None), &module, b"")
        .unwrap();
    assert_eq!(data(&subnet), longest);
    subnet
        .install(canister, Mode::reinstall, &module, b"")
        .unwrap();
    assert_eq!(data(&subnet), b"");
    subnet.request(canister, "certify", b"a").unwrap();
    subnet.manage("uninstall_code", &about(canister)).unwrap();
    assert_eq!(data(&subnet), b"");
}

/// Answers who asks, and what is known of them; sends three notes to the canister that it is told, and keeps notes.
const NOTES: &str = r#"(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param i32 i32 i32)))
  (import "ic0" "msg_caller_info_data_size" (func $info_size (result i32)))
  (import "ic0" "msg_caller_info_data_copy" (func $info_copy (param i32 i32 i32)))
  (import "ic0" "msg_caller_info_signer_size" (func $signer_size (result i32)))
  (import "ic0" "msg_caller_info_signer_copy" (func $signer_copy (param i32 i32 i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "ic0" "call_data_append" (func $call_append (param i32 i32)))
  (import "ic0" "call_perform" (func $call_perform (result i32)))
  (memory 1)
  (data (i32.const 0) "note123")
  (global $notes (mut i32) (i32.const 0))
  (table funcref (elem $nothing))
  (func $nothing (param i32))
  (func $who
    (call $info_copy (i32.const 1024) (i32.const 0) (call $info_size))
    (call $append (i32.const 1024) (call $info_size))
    (call $signer_copy (i32.const 1024) (i32.const 0) (call $signer_size))
    (call $append (i32.const 1024) (call $signer_size))
    (call $reply))
  (func (export "canister_update who") (call $who))
  (func (export "canister_query asks") (call $who))
  (func $send (param $note i32)
    (call $call_new (i32.const 1024) (call $arg_size) (i32.const 0) (i32.const 4)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $call_append (local.get $note) (i32.const 1))
    (drop (call $call_perform)))
  (func (export "canister_update send")
    (call $arg_copy (i32.const 1024) (i32.const 0) (call $arg_size))
    (call $send (i32.const 4)) (call $send (i32.const 5)) (call $send (i32.const 6))
    (call $reply))
  (func (export "canister_update note")
    (call $arg_copy (i32.add (i32.const 2048) (global.get $notes)) (i32.const 0) (i32.const 1))
    (global.set $notes (i32.add (global.get $notes) (i32.const 1)))
    (call $reply))
  (func (export "canister_query notes")
    (call $append (i32.const 2048) (global.get $notes)) (call $reply)))"#;

fn notes(subnet: &mut TestSubnet) -> CanisterId {
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &wat(NOTES), b"")
        .unwrap();
    canister
}

/// HTTP-103: the callee sees what came with the sender, in calls and in queries, and nothing if nothing came.
#[test]
fn http_103_information_about_the_sender() {
    let mut subnet = TestSubnet::default();
    let canister = notes(&mut subnet);
    let provider = CanisterId::from_u64(9);
    for sender_info in [
        None,
        Some(SenderInfo {
            info: b"who I am".to_vec(),
            signer: provider,
            signature: b"checked before".to_vec(),
        }),
    ] {
        let expected = sender_info.as_ref().map_or_else(Vec::new, |info| {
            [info.info.as_slice(), provider.as_slice()].concat()
        });
        let call = Call {
            sender_info: sender_info.clone(),
            ..subnet.call(canister, "who", b"")
        };
        let query = Query {
            sender: call.sender,
            expiry: call.expiry,
            nonce: None,
            canister,
            method: "asks".into(),
            argument: vec![],
            sender_info,
        };
        let id = call.id();
        subnet.batch(vec![call]);
        assert_eq!(subnet.wait(&id).unwrap(), expected);
        let answer = subnet.executor.query(&subnet.state, &query, None);
        assert_eq!(answer.unwrap(), expected);
    }
}

/// HTTP-210: calls from one canister to another begin in the order in which they were made.
#[test]
fn http_210_calls_arrive_in_order() {
    for mut subnet in [TestSubnet::default(), slow()] {
        let (one, other) = (notes(&mut subnet), notes(&mut subnet));
        for _ in 0..2 {
            subnet.request(one, "send", other.as_slice()).unwrap();
        }
        for _ in 0..10 {
            subnet.batch(Vec::new());
        }
        assert_eq!(subnet.query(other, "notes", b"").unwrap(), b"123123");
    }
}

#[derive(CandidType)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum Visibility {
    public,
}

#[derive(CandidType)]
struct Settings {
    snapshot_visibility: Option<Visibility>,
}

#[derive(CandidType)]
struct Update {
    canister_id: candid::Principal,
    settings: Settings,
}

#[derive(CandidType)]
struct TopUp {
    canister_id: candid::Principal,
    amount: u128,
}

/// HTTP-220: snapshots are listed to whoever may see them, and made by controllers only.
#[test]
fn http_220_who_may_see_snapshots() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let (owner, stranger) = (subnet.sender, user(9));
    let method = "list_canister_snapshots";
    let list = |subnet: &mut TestSubnet| {
        let call = subnet.call(CanisterId::MANAGEMENT, method, &about(canister));
        let accepted = subnet.executor.inspect(&subnet.state, &call).is_ok();
        assert_eq!(
            accepted,
            subnet.manage(method, &about(canister)).is_ok(),
            "accepted and executed alike"
        );
        accepted
    };
    assert!(list(&mut subnet));
    subnet.sender = stranger;
    assert!(!list(&mut subnet));
    subnet.sender = owner;
    let update = Update {
        canister_id: wire(canister),
        settings: Settings {
            snapshot_visibility: Some(Visibility::public),
        },
    };
    subnet
        .manage("update_settings", &Encode!(&update).unwrap())
        .unwrap();
    subnet.sender = stranger;
    assert!(list(&mut subnet));
    let taken = subnet.manage("take_canister_snapshot", &about(canister));
    assert_eq!(taken.unwrap_err().error, ErrorCode::NotController);
}

/// HTTP-221: where cycles may be made up, anybody may give them.
#[test]
fn http_221_anybody_tops_up() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.sender = user(9);
    let before = subnet.balance(canister);
    let amount = 1_000_000_000_000;
    let top_up = TopUp {
        canister_id: wire(canister),
        amount,
    };
    subnet
        .manage("provisional_top_up_canister", &Encode!(&top_up).unwrap())
        .unwrap();
    let after = subnet.balance(canister);
    assert!(after > before + amount / 2, "{before} {after}");
}
