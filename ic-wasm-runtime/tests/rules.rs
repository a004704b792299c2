//! Rules of the specification's abstract behavior that no other test shows, one test for each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use candid::{CandidType, Deserialize, Encode};
use ic_types::{CanisterId, Content, Principal, RejectCode};
use ic_wasm_runtime::state::{RequestStatus, Status};
use ic_wasm_runtime::{ErrorCode, ExecutionLimits, Refusal, SubnetType};
use subnet::*;

fn error<T: std::fmt::Debug>(result: Result<T, Refusal>) -> ErrorCode {
    result.unwrap_err().error
}

#[derive(CandidType, Default)]
struct Wanted {
    minimum_incoming_canister_call_cycles: Option<u128>,
    wasm_memory_limit: Option<u128>,
    wasm_memory_threshold: Option<u128>,
    controllers: Option<Vec<candid::Principal>>,
}

#[derive(CandidType)]
struct Update {
    canister_id: candid::Principal,
    settings: Wanted,
}

fn set(subnet: &mut TestSubnet, canister: CanisterId, settings: Wanted) {
    let argument = Encode!(&Update {
        canister_id: wire(canister),
        settings
    })
    .unwrap();
    subnet.manage("update_settings", &argument).unwrap();
}

fn version(subnet: &TestSubnet, canister: CanisterId) -> u64 {
    subnet.state.canister(&canister).unwrap().version
}

#[test]
fn abs_093_calls_must_bring_what_the_callee_wants() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let minimum = Some(1_000);
    set(
        &mut subnet,
        callee,
        Wanted {
            minimum_incoming_canister_call_cycles: minimum,
            ..Wanted::default()
        },
    );
    let short = subnet
        .request(caller, "forward", &forward(callee, "inc", 0, 999, b""))
        .unwrap_err();
    assert!(
        short.message.starts_with('5') && short.message.contains("1000"),
        "{}",
        short.message
    );
    subnet
        .request(caller, "forward", &forward(callee, "inc", 0, 1_000, b""))
        .unwrap();
    // Not for users, and not for calls to oneself.
    subnet.request(callee, "inc", b"").unwrap();
    subnet
        .request(callee, "forward", &forward(callee, "inc", 0, 0, b""))
        .unwrap();
    assert_eq!(subnet.counter(callee), 3);
}

/// A canister whose hook for low memory counts in the first byte, and which grows by a page for each call.
const HOOK: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (memory 1)
    (func (export "canister_update grow") (drop (memory.grow (i32.const 1))) (call $reply))
    (func (export "canister_on_low_wasm_memory")
        (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1))))
    (func (export "canister_query hooks") (call $append (i32.const 0) (i32.const 1)) (call $reply)))"#;

#[test]
fn abs_113_the_hook_runs_once_when_memory_becomes_low() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &wat(HOOK), b"")
        .unwrap();
    // SYS-261: below five pages with two to spare, that is from four pages on.
    let (limit, threshold) = (Some(5 * 65_536), Some(2 * 65_536));
    set(
        &mut subnet,
        canister,
        Wanted {
            wasm_memory_limit: limit,
            wasm_memory_threshold: threshold,
            ..Wanted::default()
        },
    );
    for expected in [0, 0, 1, 1] {
        subnet.request(canister, "grow", b"").unwrap();
        subnet.batch(Vec::new());
        assert_eq!(subnet.query(canister, "hooks", b"").unwrap(), [expected]);
    }
    // SYS-260: and the limit holds.
    assert_eq!(
        error(subnet.request(canister, "grow", b"")),
        ErrorCode::WasmMemoryLimit
    );
    // Once there was enough, it may run again (ABS-116).
    set(
        &mut subnet,
        canister,
        Wanted {
            wasm_memory_threshold: Some(0),
            ..Wanted::default()
        },
    );
    set(
        &mut subnet,
        canister,
        Wanted {
            wasm_memory_threshold: threshold,
            ..Wanted::default()
        },
    );
    subnet.batch(Vec::new());
    assert_eq!(subnet.query(canister, "hooks", b"").unwrap(), [2]);
}

#[test]
fn abs_115_answers_come_before_the_hook_and_calls_after() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &wat(HOOK), b"")
        .unwrap();
    let (limit, threshold) = (Some(5 * 65_536), Some(4 * 65_536 + 1));
    let argument = Encode!(&Update {
        canister_id: wire(canister),
        settings: Wanted {
            wasm_memory_limit: limit,
            wasm_memory_threshold: threshold,
            ..Wanted::default()
        },
    })
    .unwrap();
    let set = subnet.call(CanisterId::MANAGEMENT, "update_settings", &argument);
    // Both in one batch: the settings first, so the call finds the hook waiting, and goes after it.
    let grow = subnet.call(canister, "grow", b"");
    let id = grow.id();
    subnet.batch(vec![set, grow]);
    subnet.wait(&id).unwrap();
    assert_eq!(subnet.query(canister, "hooks", b"").unwrap(), [1]);
}

#[test]
fn abs_172_to_177_each_change_of_status_counts() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let before = version(&subnet, canister);
    // Stopping and stopped: two steps (ABS-172, ABS-174).
    subnet.manage("stop_canister", &about(canister)).unwrap();
    assert_eq!(version(&subnet, canister), before + 2);
    // ABS-175
    subnet.manage("stop_canister", &about(canister)).unwrap();
    assert_eq!(version(&subnet, canister), before + 3);
    // ABS-177, also if it runs already
    subnet.manage("start_canister", &about(canister)).unwrap();
    subnet.manage("start_canister", &about(canister)).unwrap();
    assert_eq!(version(&subnet, canister), before + 5);
    // SYS-140: updates count, queries do not.
    subnet.request(canister, "inc", b"").unwrap();
    subnet.request(canister, "get", b"").unwrap();
    subnet.query(canister, "get", b"").unwrap();
    assert_eq!(version(&subnet, canister), before + 6);
    assert!(subnet.request(canister, "trap", b"").is_err());
    assert_eq!(version(&subnet, canister), before + 6);
}

fn slow() -> TestSubnet {
    TestSubnet::new(ExecutionLimits {
        round: ic_types::Instructions::new(1),
        ..ExecutionLimits::default()
    })
}

/// A caller whose call to a callee is open: one execution a round, and the callee has much to do.
fn open_call(
    subnet: &mut TestSubnet,
    method: &str,
) -> (CanisterId, CanisterId, ic_types::RequestId) {
    let (caller, callee) = (subnet.universal(), subnet.universal());
    let call = subnet.call(caller, method, &forward(callee, "inc", 0, 1_000, b""));
    let id = call.id();
    subnet.batch(vec![call]);
    assert_eq!(subnet.status(&id), Some(RequestStatus::Processing));
    (caller, callee, id)
}

#[test]
fn abs_177_starting_cancels_those_who_wait_for_it_to_stop() {
    let mut subnet = slow();
    let (caller, _, id) = open_call(&mut subnet, "forward");
    let stops =
        [(); 2].map(|()| subnet.call(CanisterId::MANAGEMENT, "stop_canister", &about(caller)));
    let stop_ids = stops.clone().map(|stop| stop.id());
    for stop in stops {
        subnet.batch(vec![stop]);
    }
    let canister = subnet.state.canister(&caller).unwrap();
    // It may have stopped if the answer came meanwhile; here it has not.
    match &canister.status {
        Status::Stopping(waiting) => assert_eq!(waiting.len(), 2),
        Status::Running | Status::Stopped => panic!("{:?}", canister.status),
    }
    let start = subnet.call(CanisterId::MANAGEMENT, "start_canister", &about(caller));
    subnet.batch(vec![start]);
    for stop in stop_ids {
        let refusal = subnet.wait(&stop).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.error),
            (RejectCode::CanisterError, ErrorCode::StopCancelled)
        );
    }
    subnet.wait(&id).unwrap();
    assert!(subnet.state.canister(&caller).unwrap().is_running());
}

#[test]
fn abs_176_who_waits_too_long_for_it_to_stop_is_told() {
    let mut subnet = slow();
    let (caller, _, _) = open_call(&mut subnet, "forward");
    let stop = subnet.call(CanisterId::MANAGEMENT, "stop_canister", &about(caller));
    let id = stop.id();
    subnet.batch(vec![stop]);
    assert_eq!(subnet.status(&id), Some(RequestStatus::Processing));
    // In this batch the callee answers, but the caller does not get to execute its callback.
    subnet.step = std::time::Duration::from_secs(301);
    subnet.batch(Vec::new());
    let refusal = subnet.wait(&id).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.error),
        (RejectCode::SysTransient, ErrorCode::StopTimeout)
    );
    assert!(matches!(
        subnet.state.canister(&caller).unwrap().status,
        Status::Stopping(_)
    ));
    // It stops all the same, a little later.
    subnet.batch(Vec::new());
    assert!(subnet.state.canister(&caller).unwrap().is_stopped());
}

#[test]
fn abs_162_171_uninstalling_answers_open_calls_and_takes_late_answers_for_their_cycles() {
    let mut subnet = slow();
    let (caller, callee, id) = open_call(&mut subnet, "forward");
    let uninstall = subnet.call(CanisterId::MANAGEMENT, "uninstall_code", &about(caller));
    subnet.batch(vec![uninstall]);
    let refusal = subnet.wait(&id).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.error),
        (RejectCode::CanisterReject, ErrorCode::CodeUninstalled)
    );
    // ABS-051, ABS-053: its contexts are deleted, and gone when the answer has come.
    for _ in 0..5 {
        subnet.batch(Vec::new());
    }
    let canister = subnet.state.canister(&caller).unwrap();
    assert!(canister.calls.is_empty() && canister.queues.is_empty());
    assert_eq!(subnet.counter(callee), 1);
    // New code does not get answers to the old code's calls.
    subnet
        .install(caller, Mode::install, &wat(UNIVERSAL), b"")
        .unwrap();
    assert_eq!(subnet.counter(caller), 0);
}

#[test]
fn sys_247_open_calls_survive_an_upgrade() {
    let mut subnet = slow();
    let (caller, _, id) = open_call(&mut subnet, "forward");
    subnet
        .install(caller, Mode::upgrade(None), &wat(UNIVERSAL), b"")
        .unwrap();
    assert_eq!(number(&subnet.wait(&id).unwrap()), 1);
}

#[test]
fn abs_178_a_stopping_canister_still_gets_answers() {
    let mut subnet = slow();
    let (caller, _, id) = open_call(&mut subnet, "forward");
    let stop = subnet.call(CanisterId::MANAGEMENT, "stop_canister", &about(caller));
    let stop_id = stop.id();
    let refused = subnet.call(caller, "inc", b"");
    let refused_id = refused.id();
    subnet.batch(vec![stop, refused]);
    subnet.wait(&id).unwrap();
    subnet.wait(&stop_id).unwrap();
    // ABS-090
    let error = error(subnet.wait(&refused_id));
    assert!(
        matches!(
            error,
            ErrorCode::CanisterStopping | ErrorCode::CanisterStopped
        ),
        "{error:?}"
    );
    assert_eq!(subnet.state.canister(&caller).unwrap().calls.len(), 0);
}

#[test]
fn mgmt_138_a_canister_cannot_delete_itself_and_deletion_takes_all() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    set(
        &mut subnet,
        canister,
        Wanted {
            controllers: Some(vec![
                wire(canister),
                candid::Principal::from_slice(user(1).as_slice()),
            ]),
            ..Wanted::default()
        },
    );
    let delete = forward(
        CanisterId::MANAGEMENT,
        "delete_canister",
        0,
        0,
        &about(canister),
    );
    let refusal = subnet.request(canister, "forward", &delete).unwrap_err();
    assert!(refusal.message.starts_with('5'), "{}", refusal.message);
    let burned = subnet.state.ledger().burned;
    let held = subnet.balance(canister);
    subnet.manage("stop_canister", &about(canister)).unwrap();
    subnet.manage("delete_canister", &about(canister)).unwrap();
    assert!(subnet.state.ledger().burned.get() >= burned.get() + held - 100_000_000_000);
    assert_eq!(subnet.state.ledger().held.get(), 0);
}

#[test]
fn mgmt_141_canister_info_tells_canisters_the_history() {
    #[derive(CandidType)]
    struct Info {
        canister_id: candid::Principal,
        num_requested_changes: Option<u64>,
    }
    #[derive(CandidType, Deserialize)]
    struct Reply {
        total_num_changes: u64,
        recent_changes: Vec<candid::Reserved>,
        controllers: Vec<candid::Principal>,
    }
    let mut subnet = TestSubnet::default();
    let (asking, asked) = (subnet.universal(), subnet.universal());
    for _ in 0..30 {
        set(
            &mut subnet,
            asked,
            Wanted {
                controllers: Some(vec![candid::Principal::from_slice(user(1).as_slice())]),
                ..Wanted::default()
            },
        );
    }
    for (wanted, expected) in [(None, 0), (Some(0), 0), (Some(3), 3), (Some(u64::MAX), 20)] {
        let info = Encode!(&Info {
            canister_id: wire(asked),
            num_requested_changes: wanted
        })
        .unwrap();
        let call = forward(CanisterId::MANAGEMENT, "canister_info", 0, 0, &info);
        let reply: Reply =
            candid::decode_one(&subnet.request(asking, "forward", &call).unwrap()).unwrap();
        // Creation, installation, thirty times new controllers (ABS-192).
        assert_eq!(
            (reply.total_num_changes, reply.recent_changes.len()),
            (32, expected)
        );
        assert_eq!(reply.controllers.len(), 1);
    }
}

#[test]
fn mgmt_140_metrics_say_what_was_paid_for() {
    #[derive(CandidType, Deserialize, Clone, Debug)]
    struct Consumed {
        memory: u128,
        compute_allocation: u128,
        ingress_induction: u128,
        instructions: u128,
        request_and_response_transmission: u128,
        canister_creation: u128,
        burned_cycles: u128,
    }
    #[derive(CandidType, Deserialize)]
    struct Reply {
        cycles_consumed: Consumed,
    }
    let mut subnet = TestSubnet::default();
    let (canister, other) = (subnet.universal(), subnet.universal());
    let ask = |subnet: &TestSubnet| {
        let reply = subnet
            .query(CanisterId::MANAGEMENT, "canister_metrics", &about(canister))
            .unwrap();
        candid::decode_one::<Reply>(&reply).unwrap().cycles_consumed
    };
    let (first, balance) = (ask(&subnet), subnet.balance(canister));
    subnet
        .request(canister, "burn", &1_000u64.to_le_bytes())
        .unwrap();
    subnet
        .request(canister, "forward", &forward(other, "inc", 0, 0, b""))
        .unwrap();
    subnet.step = std::time::Duration::from_secs(3600);
    subnet.batch(Vec::new());
    let last = ask(&subnet);
    assert_eq!(last.burned_cycles, first.burned_cycles + 1_000);
    assert!(last.memory > first.memory && last.instructions > first.instructions);
    assert!(last.ingress_induction > first.ingress_induction);
    assert!(last.request_and_response_transmission > first.request_and_response_transmission);
    assert_eq!((last.canister_creation, last.compute_allocation), (0, 0));
    let sum = |consumed: &Consumed| {
        consumed.memory
            + consumed.ingress_induction
            + consumed.instructions
            + consumed.request_and_response_transmission
            + consumed.burned_cycles
    };
    assert_eq!(sum(&last) - sum(&first), balance - subnet.balance(canister));
    subnet.sender = user(7);
    let refused = subnet.query(CanisterId::MANAGEMENT, "canister_metrics", &about(canister));
    assert_eq!(error(refused), ErrorCode::NotController);
}

/// HTTP-138, HTTP-139: whom creation and the list are for; their addresses are for whoever speaks HTTP.
#[test]
fn abs_066_070_admins_create_list_and_look_after_canisters() {
    #[derive(CandidType, Deserialize)]
    struct Ranges {
        canisters: Vec<Range>,
    }
    #[derive(CandidType, Deserialize)]
    struct Range {
        start: candid::Principal,
        end: candid::Principal,
    }
    let admin = user(1);
    let mut described = genesis();
    described.admins.insert(admin.principal());
    let mut subnet = TestSubnet::of(described, ExecutionLimits::default());
    subnet.sender = user(2);
    let theirs = subnet.universal();
    let refused = subnet.manage("create_canister", &Encode!().unwrap());
    assert_eq!(error(refused), ErrorCode::UnknownManagementMethod);
    let list = subnet.query(
        CanisterId::MANAGEMENT,
        "list_canisters",
        &Encode!().unwrap(),
    );
    assert_eq!(error(list), ErrorCode::NotController);

    subnet.sender = admin;
    let reply = subnet
        .manage("create_canister", &Encode!().unwrap())
        .unwrap();
    let mine: Created = candid::decode_one(&reply).unwrap();
    let list = subnet
        .query(
            CanisterId::MANAGEMENT,
            "list_canisters",
            &Encode!().unwrap(),
        )
        .unwrap();
    let list: Ranges = candid::decode_one(&list).unwrap();
    assert_eq!(list.canisters.len(), 1);
    assert_eq!(
        (list.canisters[0].start, list.canisters[0].end),
        (wire(theirs), mine.canister_id)
    );
    // What is others' they may stop, not change (MGMT-016 to MGMT-022).
    subnet.manage("canister_status", &about(theirs)).unwrap();
    subnet.manage("stop_canister", &about(theirs)).unwrap();
    assert_eq!(
        error(subnet.install(theirs, Mode::reinstall, &wat(UNIVERSAL), b"")),
        ErrorCode::NotController
    );
    subnet.manage("delete_canister", &about(theirs)).unwrap();
}

#[test]
fn cost_012_on_a_system_subnet_nothing_costs_anything() {
    let mut described = genesis();
    described.kind = SubnetType::System;
    let mut subnet = TestSubnet::of(described, ExecutionLimits::default());
    let (a, b) = (subnet.universal(), subnet.universal());
    let balance = subnet.balance(a);
    subnet.request(a, "inc", b"").unwrap();
    subnet
        .request(a, "forward", &forward(b, "inc", 0, 0, b""))
        .unwrap();
    subnet.step = std::time::Duration::from_secs(100_000);
    subnet.batch(Vec::new());
    assert_eq!(subnet.balance(a), balance);
    assert_eq!(subnet.state.ledger().burned.get(), 0);
}

#[test]
fn http_140_provisional_methods_only_where_they_are_wanted() {
    let mut described = genesis();
    described.provisional = false;
    let mut subnet = TestSubnet::of(described, ExecutionLimits::default());
    let argument = b"DIDL\x01\x6c\0\x01\0";
    let method = "provisional_create_canister_with_cycles";
    let call = subnet.call(CanisterId::MANAGEMENT, method, argument);
    assert_eq!(
        error(subnet.executor.inspect(&subnet.state, &call)),
        ErrorCode::UnknownManagementMethod
    );
    assert_eq!(
        error(subnet.manage(method, argument)),
        ErrorCode::UnknownManagementMethod
    );
    assert_eq!(subnet.state.canister_count(), 0);
}

#[test]
fn mgmt_153_subnet_info_knows_its_own_subnet() {
    #[derive(CandidType)]
    struct Which {
        subnet_id: candid::Principal,
    }
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let own = subnet.state.subnet().id;
    for (id, known) in [(own.principal(), true), (Principal::ANONYMOUS, false)] {
        let argument = Encode!(&Which {
            subnet_id: candid::Principal::from_slice(id.as_slice())
        })
        .unwrap();
        let call = forward(CanisterId::MANAGEMENT, "subnet_info", 0, 0, &argument);
        assert_eq!(subnet.request(canister, "forward", &call).is_ok(), known);
    }
}

#[test]
fn abs_239_callees_see_who_calls_them() {
    let mut subnet = TestSubnet::default();
    let text = r#"(module
        (import "ic0" "msg_caller_size" (func $size (result i32)))
        (import "ic0" "msg_caller_copy" (func $copy (param i32 i32 i32)))
        (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
        (import "ic0" "msg_reply" (func $reply))
        (memory 1)
        (func $whoami (call $copy (i32.const 0) (i32.const 0) (call $size))
            (call $append (i32.const 0) (call $size)) (call $reply))
        (func (export "canister_update whoami") (call $whoami))
        (func (export "canister_query who") (call $whoami)))"#;
    let (caller, callee) = (subnet.universal(), subnet.create());
    subnet
        .install(callee, Mode::install, &wat(text), b"")
        .unwrap();
    let by_canister = subnet
        .request(caller, "forward", &forward(callee, "whoami", 0, 0, b""))
        .unwrap();
    assert_eq!(by_canister, caller.as_slice());
    assert_eq!(
        subnet.request(callee, "whoami", b"").unwrap(),
        subnet.sender.as_slice()
    );
    assert_eq!(
        subnet.query(callee, "who", b"").unwrap(),
        subnet.sender.as_slice()
    );
}

#[test]
fn lim_058_compute_allocation_is_a_share_of_rounds() {
    #[derive(CandidType)]
    struct Allocation {
        compute_allocation: Option<u128>,
        freezing_threshold: Option<u128>,
    }
    #[derive(CandidType)]
    struct Allocate {
        canister_id: candid::Principal,
        settings: Allocation,
    }
    let mut subnet = slow();
    let canisters = [(); 3].map(|()| subnet.universal());
    let allocation = Allocation {
        compute_allocation: Some(60),
        freezing_threshold: Some(0),
    };
    let argument = Encode!(&Allocate {
        canister_id: wire(canisters[2]),
        settings: allocation
    })
    .unwrap();
    subnet.manage("update_settings", &argument).unwrap();
    let calls: Vec<_> = (0..120)
        .map(|number| subnet.call(canisters[number % 3], "inc", b""))
        .collect();
    subnet.batch(calls);
    for _ in 0..29 {
        subnet.batch(Vec::new());
    }
    let counts = canisters.map(|canister| subnet.counter(canister));
    // Sixty percent, and a third of the rest.
    assert_eq!(counts.iter().sum::<u64>(), 30);
    assert!((20..=24).contains(&counts[2]), "{counts:?}");
    assert!(counts[0] >= 3 && counts[1] >= 3, "{counts:?}");
}

#[test]
fn lim_094_no_calls_when_messages_take_all_memory() {
    let limits = ExecutionLimits {
        message_memory: 0,
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let (caller, callee) = (subnet.universal(), subnet.universal());
    assert_eq!(
        number(&subnet.request(caller, "flood", callee.as_slice()).unwrap()),
        0
    );
    // Updates go on.
    assert_eq!(number(&subnet.request(callee, "inc", b"").unwrap()), 1);
}
