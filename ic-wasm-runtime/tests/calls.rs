//! Calls between canisters: each is answered exactly once, and no cycle is lost on the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use std::time::Duration;

use candid::Encode;
use ic_types::{CanisterId, Content, RejectCode};
use ic_wasm_runtime::state::{RequestStatus, Status};
use ic_wasm_runtime::{ErrorCode, ExecutionLimits};
use subnet::*;

#[test]
fn abs_160_a_reply_runs_the_callback_and_a_reject_the_other() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let reply = subnet
        .request(caller, "forward", &forward(callee, "inc", 0, 0, b""))
        .unwrap();
    assert_eq!(number(&reply), 1);
    assert_eq!(subnet.counter(callee), 1);

    // The reject code comes first, as a digit.
    for (method, expected) in [
        ("trap", "5"),
        ("silent", "5"),
        ("refuse", "4no"),
        ("missing", "5"),
    ] {
        let refusal = subnet
            .request(caller, "forward", &forward(callee, method, 0, 0, b"no"))
            .unwrap_err();
        assert!(
            refusal.message.starts_with(expected),
            "{method}: {}",
            refusal.message
        );
        assert_eq!(refusal.error, ErrorCode::CanisterReject);
    }
    let nobody = CanisterId::from_u64(3);
    let refusal = subnet
        .request(caller, "forward", &forward(nobody, "inc", 0, 0, b""))
        .unwrap_err();
    assert!(refusal.message.starts_with('3'), "{}", refusal.message);
}

#[test]
fn sys_132_a_callback_that_traps_is_rolled_back_and_cleaned_up_after() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let refusal = subnet
        .request(caller, "forward", &forward(callee, "inc", 1, 0, b""))
        .unwrap_err();
    assert_eq!(refusal.error, ErrorCode::Trapped);
    assert_eq!(
        subnet.counter(caller),
        0,
        "the callback counted before it trapped"
    );
    assert_eq!(
        subnet.counter(callee),
        1,
        "the callee's execution stands (ABS-353)"
    );
    assert_eq!(number(&subnet.query(caller, "cleanups", b"").unwrap()), 1);
}

#[test]
fn abs_356_attached_cycles_are_accepted_or_come_back() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let attached: u64 = 1_000_000_000_000;
    for (method, amount) in [
        ("take", attached / 4),
        ("take", 2 * attached),
        ("trap", 0),
        ("silent", 0),
    ] {
        let before = (subnet.balance(caller), subnet.balance(callee));
        let argument = forward(callee, method, 0, attached, &amount.to_le_bytes());
        let _ = subnet.request(caller, "forward", &argument);
        let taken = u128::from(amount.min(attached));
        let paid = before.0 - subnet.balance(caller);
        // Executions and messages cost a few millions, far less than what is moved.
        assert!(
            (taken..taken + 1_000_000_000).contains(&paid),
            "{method}: {paid}"
        );
        let gained =
            i128::try_from(subnet.balance(callee)).unwrap() - i128::try_from(before.1).unwrap();
        assert!(
            (gained - i128::try_from(taken).unwrap()).abs() < 1_000_000_000,
            "{method}: {gained}"
        );
    }
}

#[test]
fn abs_357_queues_are_bounded_and_every_call_is_answered() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let made = number(&subnet.request(caller, "flood", callee.as_slice()).unwrap());
    assert_eq!(made, 500);
    subnet.batch(Vec::new());
    assert_eq!(subnet.counter(callee), 500);
    let canister = subnet.state.canister(&caller).unwrap();
    assert!(canister.calls.is_empty() && canister.queues.is_empty());
    // All room is free again.
    assert_eq!(
        number(&subnet.request(caller, "flood", callee.as_slice()).unwrap()),
        500
    );
}

/// HTTP-205, HTTP-248: code 6 goes to the canister that called, never to a user.
#[test]
fn abs_130_a_call_with_a_deadline_is_answered_by_the_system_if_nobody_else_does() {
    let limits = ExecutionLimits {
        round: ic_types::Instructions::new(1),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let call = subnet.call(
        caller,
        "forward_briefly",
        &forward(callee, "inc", 0, 500, b""),
    );
    let id = call.id();
    subnet.batch(vec![call]);
    assert_eq!(subnet.status(&id), Some(RequestStatus::Processing));
    subnet.step = Duration::from_secs(11);
    subnet.batch(Vec::new());
    let refusal = subnet.wait(&id).unwrap_err();
    assert!(refusal.message.starts_with('6'), "{}", refusal.message);
    assert_eq!(refusal.error.reject_code(), RejectCode::CanisterReject);
    // The callee may execute the call all the same, and its answer is dropped (ABS-131).
    subnet.step = Duration::from_secs(1);
    for _ in 0..5 {
        subnet.batch(Vec::new());
    }
    let canister = subnet.state.canister(&caller).unwrap();
    assert!(canister.calls.is_empty() && canister.queues.is_empty());
    assert_eq!(subnet.counter(callee), 1);
}

#[test]
fn mgmt_137_stopping_waits_for_answers_and_gives_up_on_callers_in_time() {
    let limits = ExecutionLimits {
        round: ic_types::Instructions::new(1),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (caller, callee) = (subnet.universal(), subnet.universal());
    // One execution a round, so that the call is still open when the canister is told to stop.
    let call = subnet.call(caller, "forward", &forward(callee, "inc", 0, 0, b""));
    let call_id = call.id();
    subnet.batch(vec![call]);
    let busy: Vec<_> = (0..30).map(|_| subnet.call(callee, "inc", b"")).collect();
    subnet.batch(busy);
    let stop = subnet.call(CanisterId::MANAGEMENT, "stop_canister", &about(caller));
    let stop_id = stop.id();
    subnet.batch(vec![stop]);
    assert!(matches!(
        subnet.state.canister(&caller).unwrap().status,
        Status::Stopping(_)
    ));
    assert_eq!(subnet.status(&stop_id), Some(RequestStatus::Processing));
    subnet.wait(&call_id).unwrap();
    subnet.wait(&stop_id).unwrap();
    assert!(subnet.state.canister(&caller).unwrap().is_stopped());
}

#[test]
fn mgmt_144_raw_rand_is_new_for_each_call_and_of_a_later_batch() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let argument = forward(CanisterId::MANAGEMENT, "raw_rand", 0, 0, b"DIDL\0\0");
    let (first, second) = (
        subnet.call(canister, "forward", &argument),
        subnet.call(canister, "forward", &argument),
    );
    let ids = [first.id(), second.id()];
    subnet.batch(vec![first, second]);
    assert_eq!(subnet.status(&ids[0]), Some(RequestStatus::Processing));
    let replies: Vec<Vec<u8>> = ids.iter().map(|id| subnet.wait(id).unwrap()).collect();
    let bytes: Vec<serde_bytes::ByteBuf> = replies
        .iter()
        .map(|reply| candid::decode_one(reply).unwrap())
        .collect();
    assert_eq!(bytes[0].len(), 32);
    assert_ne!(bytes[0], bytes[1]);
}

#[test]
fn mgmt_130_canisters_make_canisters_and_pay_for_them() {
    let mut subnet = TestSubnet::default();
    let maker = subnet.universal();
    let fee = subnet.state.prices().creation().get();
    let attached = u64::try_from(fee).unwrap() + 7_000_000_000_000;
    let argument = forward(
        CanisterId::MANAGEMENT,
        "create_canister",
        0,
        attached,
        b"DIDL\0\0",
    );
    let reply = subnet.request(maker, "forward", &argument).unwrap();
    let created: Created = candid::decode_one(&reply).unwrap();
    let id = CanisterId::new(
        ic_types::Principal::try_from_slice(created.canister_id.as_slice()).unwrap(),
    );
    assert_eq!(subnet.balance(id), 7_000_000_000_000);
    let canister = subnet.state.canister(&id).unwrap();
    assert_eq!(
        canister.settings.controllers.iter().collect::<Vec<_>>(),
        [&maker.principal()]
    );

    let too_little = forward(CanisterId::MANAGEMENT, "create_canister", 0, 1, b"DIDL\0\0");
    assert!(subnet.request(maker, "forward", &too_little).is_err());

    // And they pass cycles on.
    let deposit = forward(
        CanisterId::MANAGEMENT,
        "deposit_cycles",
        0,
        1_000_000_000,
        &about(id),
    );
    subnet.request(maker, "forward", &deposit).unwrap();
    assert_eq!(subnet.balance(id), 7_001_000_000_000);
    // Not what is not theirs to control.
    subnet
        .request(
            maker,
            "forward",
            &forward(CanisterId::MANAGEMENT, "stop_canister", 0, 0, &about(id)),
        )
        .unwrap();
    let other = subnet.create();
    let stop = forward(CanisterId::MANAGEMENT, "stop_canister", 0, 0, &about(other));
    assert!(subnet.request(maker, "forward", &stop).is_err());
}

#[test]
fn abs_123_the_version_of_the_sender_must_be_right() {
    #[derive(candid::CandidType)]
    struct Create {
        sender_canister_version: Option<u64>,
    }
    let mut subnet = TestSubnet::default();
    let maker = subnet.universal();
    let version = subnet.state.canister(&maker).unwrap().version;
    let create = |version: u64, subnet: &mut TestSubnet| {
        let argument = Encode!(&Create {
            sender_canister_version: Some(version)
        })
        .unwrap();
        let call = forward(
            CanisterId::MANAGEMENT,
            "create_canister",
            0,
            8_000_000_000_000,
            &argument,
        );
        subnet.request(maker, "forward", &call)
    };
    assert_eq!(
        create(version + 9, &mut subnet).unwrap_err().error,
        ErrorCode::SenderVersion
    );
    create(version, &mut subnet).unwrap();
}

#[test]
fn abs_357_a_full_queue_to_one_canister_leaves_room_for_another() {
    let limits = ExecutionLimits {
        round: ic_types::Instructions::new(1),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (caller, slow, other) = (subnet.universal(), subnet.universal(), subnet.universal());
    assert_eq!(
        number(&subnet.request(caller, "flood", slow.as_slice()).unwrap()),
        500
    );
    assert_eq!(
        number(&subnet.request(caller, "flood", slow.as_slice()).unwrap()),
        0
    );
    assert_eq!(
        number(&subnet.request(caller, "flood", other.as_slice()).unwrap()),
        500
    );
}
