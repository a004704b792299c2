//! Canisters from creation to deletion: what users see of the management canister and of executions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use std::time::Duration;

use candid::Encode;
use ic_types::{CanisterId, Content, RejectCode, Time};
use ic_wasm_runtime::state::RequestStatus;
use ic_wasm_runtime::{ErrorCode, ExecutionLimits, OutOfOrder};
use subnet::*;

fn error<T: std::fmt::Debug>(result: Result<T, ic_wasm_runtime::Refusal>) -> ErrorCode {
    result.unwrap_err().error
}

#[test]
fn a_canister_is_created_installed_called_and_queried() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    assert_eq!(number(&subnet.request(canister, "inc", b"").unwrap()), 1);
    assert_eq!(number(&subnet.request(canister, "inc", b"").unwrap()), 2);
    assert_eq!(subnet.counter(canister), 2);
    assert_eq!(
        subnet.request(canister, "echo", b"hello").unwrap(),
        b"hello"
    );
}

#[test]
fn sys_007_a_trap_is_a_reject_and_leaves_nothing_behind() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let before = subnet.balance(canister);
    let refusal = subnet.request(canister, "trap", b"").unwrap_err();
    assert_eq!(
        (refusal.code, refusal.error),
        (RejectCode::CanisterError, ErrorCode::CalledTrap)
    );
    assert!(
        refusal.message.contains("asked to trap"),
        "{}",
        refusal.message
    );
    assert_eq!(
        error(subnet.request(canister, "unreachable", b"")),
        ErrorCode::Trapped
    );
    assert_eq!(subnet.counter(canister), 0);
    assert!(
        subnet.balance(canister) < before,
        "instructions are paid for"
    );
}

#[test]
fn abs_095_abs_114_methods_that_are_not_there_or_do_not_answer() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    assert_eq!(
        error(subnet.request(canister, "nothing", b"")),
        ErrorCode::MethodNotFound
    );
    assert_eq!(
        error(subnet.query(canister, "inc", b"")),
        ErrorCode::MethodNotFound
    );
    assert_eq!(
        error(subnet.request(canister, "silent", b"")),
        ErrorCode::DidNotReply
    );
    // The state is kept even though a reject was made up (ABS-128).
    assert_eq!(subnet.counter(canister), 1);
    let refusal = subnet.request(canister, "refuse", b"no").unwrap_err();
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (RejectCode::CanisterReject, "no")
    );
}

#[test]
fn http_148_a_query_called_as_an_update_keeps_nothing() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    assert_eq!(number(&subnet.request(canister, "bump", b"").unwrap()), 1);
    assert_eq!(number(&subnet.query(canister, "bump", b"").unwrap()), 1);
    assert_eq!(subnet.counter(canister), 0);
}

#[test]
fn an_empty_or_missing_canister_refuses() {
    let mut subnet = TestSubnet::default();
    let empty = subnet.create();
    assert_eq!(
        error(subnet.request(empty, "inc", b"")),
        ErrorCode::NoModule
    );
    let missing = CanisterId::from_u64(77);
    let refusal = subnet.request(missing, "inc", b"").unwrap_err();
    assert_eq!(refusal.code, RejectCode::DestinationInvalid);
    assert_eq!(
        error(subnet.query(missing, "get", b"")),
        ErrorCode::CanisterNotFound
    );
}

#[test]
fn sys_240_an_upgrade_keeps_stable_memory_and_a_failed_one_keeps_everything() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.request(canister, "inc", b"").unwrap();
    subnet.request(canister, "inc", b"").unwrap();
    let module = wat(UNIVERSAL);
    let hash = |subnet: &TestSubnet| {
        subnet
            .state
            .canister(&canister)
            .unwrap()
            .code
            .as_ref()
            .unwrap()
            .module_hash
    };
    let version = |subnet: &TestSubnet| subnet.state.canister(&canister).unwrap().version;
    let (before, before_version) = (hash(&subnet), version(&subnet));

    // An argument of four bytes makes post_upgrade trap (SYS-241).
    let mut other = module.clone();
    other.extend_from_slice(&[0, 5, 1, b'x', 1, 2, 3]);
    assert_eq!(
        error(subnet.install(canister, Mode::upgrade(None), &other, b"fail")),
        ErrorCode::CalledTrap
    );
    assert_eq!((hash(&subnet), version(&subnet)), (before, before_version));
    assert_eq!(subnet.counter(canister), 2);

    subnet
        .install(canister, Mode::upgrade(None), &other, b"")
        .unwrap();
    assert_ne!(hash(&subnet), before);
    assert_eq!(version(&subnet), before_version + 1);
    assert_eq!(subnet.counter(canister), 2);

    // Without pre_upgrade the counter is what stable memory remembers.
    subnet.request(canister, "inc", b"").unwrap();
    let skip = Upgrade {
        skip_pre_upgrade: Some(true),
        wasm_memory_persistence: None,
    };
    subnet
        .install(canister, Mode::upgrade(Some(skip)), &module, b"")
        .unwrap();
    assert_eq!(subnet.counter(canister), 2);

    subnet
        .install(canister, Mode::reinstall, &module, b"")
        .unwrap();
    assert_eq!(subnet.counter(canister), 0);
    assert_eq!(
        error(subnet.install(canister, Mode::install, &module, b"")),
        ErrorCode::CanisterNotEmpty
    );
}

#[test]
fn modules_that_may_not_run_are_refused_and_nothing_changes() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    for module in [
        &b"not wasm"[..],
        b"\0asm\x01\0\0\0\xff",
        b"\x1f\x8b\x08broken",
    ] {
        assert_eq!(
            error(subnet.install(canister, Mode::install, module, b"")),
            ErrorCode::InvalidModule
        );
    }
    let bad_import = wat(r#"(module (import "env" "f" (func)))"#);
    assert_eq!(
        error(subnet.install(canister, Mode::install, &bad_import, b"")),
        ErrorCode::InvalidModule
    );
    assert!(subnet.state.canister(&canister).unwrap().code.is_none());
    assert_eq!(
        error(subnet.install(canister, Mode::upgrade(None), &wat(UNIVERSAL), b"")),
        ErrorCode::NoModule
    );
}

#[test]
fn mgmt_135_uninstalling_answers_open_calls_and_drops_late_answers() {
    let mut subnet = TestSubnet::default();
    let (caller, callee) = (subnet.universal(), subnet.universal());
    // The callee never answers: it waits for a canister that is stopped before it can.
    let call = subnet.call(caller, "forward", &forward(callee, "inc", 0, 0, b""));
    let uninstall = subnet.call(CanisterId::MANAGEMENT, "uninstall_code", &about(caller));
    let (call_id, uninstall_id) = (call.id(), uninstall.id());
    subnet.batch(vec![uninstall, call]);
    assert_eq!(error(subnet.wait(&call_id)), ErrorCode::NoModule);
    subnet.wait(&uninstall_id).unwrap();
    let canister = subnet.state.canister(&caller).unwrap();
    assert!(canister.code.is_none() && canister.certified_data.is_empty());
}

#[test]
fn mgmt_136_to_138_stop_start_delete() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    assert_eq!(
        error(subnet.manage("delete_canister", &about(canister))),
        ErrorCode::CanisterNotStopped
    );
    subnet.manage("stop_canister", &about(canister)).unwrap();
    assert_eq!(
        error(subnet.request(canister, "inc", b"")),
        ErrorCode::CanisterStopped
    );
    assert_eq!(
        error(subnet.query(canister, "get", b"")),
        ErrorCode::CanisterStopped
    );
    subnet.manage("stop_canister", &about(canister)).unwrap();
    subnet.manage("start_canister", &about(canister)).unwrap();
    assert_eq!(number(&subnet.request(canister, "inc", b"").unwrap()), 1);
    subnet.manage("stop_canister", &about(canister)).unwrap();
    subnet.manage("delete_canister", &about(canister)).unwrap();
    assert!(subnet.state.canister(&canister).is_none());
    assert_eq!(
        error(subnet.request(canister, "inc", b"")),
        ErrorCode::CanisterNotFound
    );
    // Its id is never used again.
    assert_ne!(subnet.create(), canister);
}

#[test]
fn mgmt_009_only_controllers_control() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.sender = user(2);
    for method in [
        "stop_canister",
        "start_canister",
        "uninstall_code",
        "delete_canister",
        "canister_status",
    ] {
        assert_eq!(
            error(subnet.manage(method, &about(canister))),
            ErrorCode::NotController,
            "{method}"
        );
        let call = subnet.call(CanisterId::MANAGEMENT, method, &about(canister));
        assert_eq!(
            error(subnet.executor.inspect(&subnet.state, &call)),
            ErrorCode::NotController,
            "{method}"
        );
    }
    assert_eq!(
        error(subnet.install(canister, Mode::reinstall, &wat(UNIVERSAL), b"")),
        ErrorCode::NotController
    );
    assert_eq!(subnet.counter(canister), 0);
}

#[test]
fn abs_069_methods_that_users_may_not_call_and_methods_that_are_missing() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    for (method, argument, expected) in [
        (
            "raw_rand",
            b"DIDL\0\0".to_vec(),
            ErrorCode::UnknownManagementMethod,
        ),
        (
            "deposit_cycles",
            about(canister),
            ErrorCode::UnknownManagementMethod,
        ),
        (
            "canister_info",
            about(canister),
            ErrorCode::UnknownManagementMethod,
        ),
        (
            "create_canister",
            b"DIDL\0\0".to_vec(),
            ErrorCode::UnknownManagementMethod,
        ),
        (
            "take_canister_snapshot",
            about(canister),
            ErrorCode::NotImplemented,
        ),
        (
            "no_such_method",
            about(canister),
            ErrorCode::UnknownManagementMethod,
        ),
        (
            "stop_canister",
            b"garbage".to_vec(),
            ErrorCode::InvalidArgument,
        ),
    ] {
        let call = subnet.call(CanisterId::MANAGEMENT, method, &argument);
        assert_eq!(
            error(subnet.executor.inspect(&subnet.state, &call)),
            expected,
            "{method}"
        );
        assert_eq!(
            error(subnet.manage(method, &argument)),
            expected,
            "{method}"
        );
    }
}

#[test]
fn sys_124_inspect_message_decides() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let call = subnet.call(canister, "inc", b"");
    assert_eq!(subnet.executor.inspect(&subnet.state, &call), Ok(()));
    let call = subnet.call(canister, "x", b"");
    assert_eq!(
        error(subnet.executor.inspect(&subnet.state, &call)),
        ErrorCode::NotAccepted
    );
    let call = subnet.call(CanisterId::from_u64(5), "inc", b"");
    assert_eq!(
        error(subnet.executor.inspect(&subnet.state, &call)),
        ErrorCode::CanisterNotFound
    );
}

#[test]
fn http_114_a_request_is_executed_once_and_remembered_for_a_while() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let call = subnet.call(canister, "inc", b"");
    let id = call.id();
    let report = subnet.batch(vec![call.clone(), call.clone()]);
    assert_eq!((report.inducted, report.skipped), (1, 1));
    subnet.batch(vec![call.clone()]);
    assert_eq!(subnet.counter(canister), 1);
    subnet.step = Duration::from_secs(299);
    subnet.batch(Vec::new());
    assert!(matches!(
        subnet.status(&id),
        Some(RequestStatus::Replied(_))
    ));
    subnet.step = Duration::from_secs(3);
    let before = subnet.state.to_tree();
    assert!(
        before
            .get([&b"request_status"[..], id.as_bytes()])
            .is_some()
    );
    subnet.batch(vec![call.clone()]);
    assert_eq!(subnet.status(&id), None);
    assert!(
        subnet
            .state
            .to_tree()
            .get([&b"request_status"[..], id.as_bytes()])
            .is_none()
    );
    // It has expired, so it does not come back.
    assert!(call.expiry < subnet.state.time());
    assert_eq!(subnet.batch(vec![call]).skipped, 1);
    assert_eq!(subnet.counter(canister), 1);
}

#[test]
fn batches_come_in_order_and_time_does_not_go_back() {
    let mut subnet = TestSubnet::default();
    subnet.batch(Vec::new());
    let mut batch = subnet.batches[0].clone();
    let refused = subnet
        .executor
        .execute(&mut subnet.state, &batch)
        .unwrap_err();
    let (expected, found) = (subnet.height().next().unwrap(), batch.height);
    assert_eq!(refused, OutOfOrder { expected, found });
    batch.height = expected;
    batch.time = Time::from_nanos(5);
    let before = subnet.state.time();
    subnet.executor.execute(&mut subnet.state, &batch).unwrap();
    assert_eq!(subnet.state.time(), before);
}

#[test]
fn abs_112_a_timer_runs_once_when_it_is_due() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet
        .request(canister, "alarm", &3_500_000_000u64.to_le_bytes())
        .unwrap();
    for expected in [0, 0, 0, 1, 1, 1] {
        subnet.batch(Vec::new());
        assert_eq!(subnet.counter(canister), expected);
    }
}

#[test]
fn lim_015_an_execution_ends_at_its_limit_and_a_round_at_its_own() {
    let limits = ExecutionLimits {
        update: ic_types::Instructions::new(1_000_000),
        round: ic_types::Instructions::new(3_000_000),
        overhead: ic_types::Instructions::new(0),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let canister = subnet.universal();
    let calls: Vec<_> = (0..7).map(|_| subnet.call(canister, "spin", b"")).collect();
    let ids: Vec<_> = calls.iter().map(Content::id).collect();
    let report = subnet.batch(calls);
    assert_eq!(report.executions, 3);
    let done = |subnet: &TestSubnet| {
        ids.iter()
            .filter(|id| matches!(subnet.status(id), Some(RequestStatus::Rejected(_))))
            .count()
    };
    assert_eq!(done(&subnet), 3);
    subnet.batch(Vec::new());
    subnet.batch(Vec::new());
    assert_eq!(done(&subnet), 7);
    assert_eq!(error(subnet.wait(&ids[6])), ErrorCode::InstructionLimit);
}

#[test]
fn lim_058_no_canister_waits_for_ever() {
    let limits = ExecutionLimits {
        update: ic_types::Instructions::new(1_000_000),
        round: ic_types::Instructions::new(1),
        ..ExecutionLimits::default()
    };
    let mut subnet = TestSubnet::new(limits);
    let canisters: Vec<CanisterId> = (0..3).map(|_| subnet.universal()).collect();
    let calls: Vec<_> = (0..60)
        .map(|number| subnet.call(canisters[number % 3], "inc", b""))
        .collect();
    subnet.batch(calls);
    for _ in 0..29 {
        subnet.batch(Vec::new());
    }
    // One execution a round: each canister had its share.
    for canister in canisters {
        assert!(
            (9..=11).contains(&subnet.counter(canister)),
            "{}",
            subnet.counter(canister)
        );
    }
}

#[test]
fn sys_164_logs_are_kept_and_shown_to_controllers() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.request(canister, "say", b"first").unwrap();
    subnet.request(canister, "say", b"second").unwrap();
    let logs = subnet
        .query(
            CanisterId::MANAGEMENT,
            "fetch_canister_logs",
            &about(canister),
        )
        .unwrap();
    let found = |text: &[u8]| logs.windows(text.len()).any(|window| window == text);
    assert!(found(b"first") && found(b"second"));
    subnet.sender = user(9);
    let refused = subnet.query(
        CanisterId::MANAGEMENT,
        "fetch_canister_logs",
        &about(canister),
    );
    assert_eq!(error(refused), ErrorCode::NotController);
}

#[test]
fn mgmt_132_134_a_module_in_chunks() {
    #[derive(candid::CandidType)]
    struct Upload {
        canister_id: candid::Principal,
        chunk: serde_bytes::ByteBuf,
    }
    #[derive(candid::CandidType)]
    struct Hash {
        hash: serde_bytes::ByteBuf,
    }
    #[derive(candid::CandidType)]
    struct Chunked {
        mode: Mode,
        target_canister: candid::Principal,
        store_canister: Option<candid::Principal>,
        chunk_hashes_list: Vec<Hash>,
        wasm_module_hash: serde_bytes::ByteBuf,
        arg: serde_bytes::ByteBuf,
    }
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    let module = wat(UNIVERSAL);
    let hash =
        |bytes: &[u8]| serde_bytes::ByteBuf::from(ic_types::Digest::of(bytes).as_bytes().to_vec());
    let halves = module.split_at(module.len() / 2);
    for half in [halves.0, halves.1] {
        let chunk = half.to_vec().into();
        subnet
            .manage(
                "upload_chunk",
                &Encode!(&Upload {
                    canister_id: wire(canister),
                    chunk
                })
                .unwrap(),
            )
            .unwrap();
    }
    let install = |order: [&[u8]; 2], subnet: &mut TestSubnet| {
        let argument = Chunked {
            mode: Mode::install,
            target_canister: wire(canister),
            store_canister: None,
            chunk_hashes_list: order.iter().map(|half| Hash { hash: hash(half) }).collect(),
            wasm_module_hash: hash(&module),
            arg: Vec::new().into(),
        };
        subnet.manage("install_chunked_code", &Encode!(&argument).unwrap())
    };
    assert_eq!(
        error(install([halves.1, halves.0], &mut subnet)),
        ErrorCode::ChunkStore
    );
    assert_eq!(
        error(install([b"other", halves.0], &mut subnet)),
        ErrorCode::ChunkStore
    );
    install([halves.0, halves.1], &mut subnet).unwrap();
    assert_eq!(subnet.counter(canister), 0);
    subnet
        .manage("clear_chunk_store", &about(canister))
        .unwrap();
    assert_eq!(subnet.state.canister(&canister).unwrap().chunks.bytes(), 0);
}
