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

/// HTTP-212: a query sees what was executed before it.
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

/// HTTP-188.
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

/// HTTP-188: the management canister.
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
        ("http_request", about(canister), ErrorCode::NotImplemented),
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

/// HTTP-188: an ordinary canister.
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

/// HTTP-115, CERT-142.
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

#[test]
fn sys_242_a_kept_heap_keeps_its_size() {
    let text = r#"(module
        (import "ic0" "msg_reply" (func $reply))
        (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
        (memory 1)
        (func (export "canister_update grow") (drop (memory.grow (i32.const 3)))
            (i32.store8 (i32.const 200000) (i32.const 7)) (call $reply))
        (func (export "canister_query size")
            (i32.store (i32.const 0) (memory.size))
            (call $append (i32.const 0) (i32.const 4))
            (call $append (i32.const 200000) (i32.const 1))
            (call $reply)))"#;
    let mut module = wat(text);
    let section = b"icp:private enhanced-orthogonal-persistence";
    module.extend_from_slice(&[
        0,
        u8::try_from(section.len() + 1).unwrap(),
        u8::try_from(section.len()).unwrap(),
    ]);
    module.extend_from_slice(section);
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &module, b"")
        .unwrap();
    subnet.request(canister, "grow", b"").unwrap();
    let upgrade = |persistence| {
        Mode::upgrade(Some(Upgrade {
            skip_pre_upgrade: None,
            wasm_memory_persistence: Some(persistence),
        }))
    };
    subnet
        .install(canister, upgrade(Persistence::keep), &module, b"")
        .unwrap();
    assert_eq!(
        subnet.query(canister, "size", b"").unwrap(),
        [4, 0, 0, 0, 7]
    );
    subnet
        .install(canister, upgrade(Persistence::replace), &module, b"")
        .unwrap();
    assert_eq!(
        error(subnet.query(canister, "size", b"")),
        ErrorCode::Trapped
    );
}

/// `canister_status` as ic-management-canister-types decodes it: each field has to be there.
#[derive(candid::CandidType, candid::Deserialize)]
struct StatusReply {
    status: StatusVariant,
    ready_for_migration: bool,
    version: u64,
    settings: SettingsReply,
    module_hash: Option<serde_bytes::ByteBuf>,
    memory_size: u128,
    memory_metrics: MetricsReply,
    cycles: u128,
    reserved_cycles: u128,
    idle_cycles_burned_per_day: u128,
    query_stats: StatisticsReply,
}

#[derive(candid::CandidType, candid::Deserialize, Debug, PartialEq)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum StatusVariant {
    running,
    stopping,
    stopped,
}

#[derive(candid::CandidType, candid::Deserialize)]
struct MetricsReply {
    wasm_memory_size: u128,
    stable_memory_size: u128,
    global_memory_size: u128,
    wasm_binary_size: u128,
    custom_sections_size: u128,
    canister_history_size: u128,
    wasm_chunk_store_size: u128,
    snapshots_size: u128,
    log_memory_store_size: u128,
}

#[derive(candid::CandidType, candid::Deserialize)]
struct StatisticsReply {
    num_calls_total: u128,
    num_instructions_total: u128,
    request_payload_bytes_total: u128,
    response_payload_bytes_total: u128,
}

#[derive(candid::CandidType, candid::Deserialize, Debug, PartialEq)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum VisibilityVariant {
    controllers,
    public,
    allowed_viewers(Vec<candid::Principal>),
}

#[derive(candid::CandidType, candid::Deserialize, Clone, Debug, PartialEq)]
struct VariableReply {
    name: String,
    value: String,
}

#[derive(candid::CandidType, candid::Deserialize)]
struct SettingsReply {
    controllers: Vec<candid::Principal>,
    compute_allocation: u128,
    memory_allocation: u128,
    freezing_threshold: u128,
    reserved_cycles_limit: u128,
    minimum_incoming_canister_call_cycles: u128,
    wasm_memory_limit: u128,
    wasm_memory_threshold: u128,
    log_visibility: VisibilityVariant,
    log_memory_limit: u128,
    snapshot_visibility: VisibilityVariant,
    status_visibility: VisibilityVariant,
    environment_variables: Vec<VariableReply>,
}

#[derive(candid::CandidType, Default)]
struct WantedSettings {
    controllers: Option<Vec<candid::Principal>>,
    compute_allocation: Option<u128>,
    memory_allocation: Option<u128>,
    freezing_threshold: Option<u128>,
    log_visibility: Option<VisibilityVariant>,
    status_visibility: Option<VisibilityVariant>,
    environment_variables: Option<Vec<VariableReply>>,
    wasm_memory_limit: Option<u128>,
}

#[derive(candid::CandidType)]
struct UpdateSettings {
    canister_id: candid::Principal,
    settings: WantedSettings,
}

fn change(
    subnet: &mut TestSubnet,
    canister: CanisterId,
    settings: WantedSettings,
) -> Result<(), ErrorCode> {
    let argument = Encode!(&UpdateSettings {
        canister_id: wire(canister),
        settings
    })
    .unwrap();
    subnet
        .manage("update_settings", &argument)
        .map(|_| ())
        .map_err(|refusal| refusal.error)
}

#[test]
fn mgmt_131_139_settings_are_set_and_shown() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let variable = VariableReply {
        name: "KEY".into(),
        value: "value".into(),
    };
    change(
        &mut subnet,
        canister,
        WantedSettings {
            compute_allocation: Some(5),
            freezing_threshold: Some(1_000),
            status_visibility: Some(VisibilityVariant::public),
            log_visibility: Some(VisibilityVariant::allowed_viewers(vec![wire(canister)])),
            environment_variables: Some(vec![variable.clone()]),
            ..WantedSettings::default()
        },
    )
    .unwrap();
    // Anybody may ask now, by update and by query.
    subnet.sender = user(3);
    let by_update = subnet.manage("canister_status", &about(canister)).unwrap();
    let by_query = subnet
        .query(CanisterId::MANAGEMENT, "canister_status", &about(canister))
        .unwrap();
    for reply in [by_update, by_query] {
        let reply: StatusReply = candid::decode_one(&reply).unwrap();
        assert_eq!(reply.status, StatusVariant::running);
        assert_eq!(reply.settings.compute_allocation, 5);
        assert_eq!(reply.settings.freezing_threshold, 1_000);
        assert_eq!(
            reply.settings.environment_variables,
            std::slice::from_ref(&variable)
        );
        assert_eq!(reply.settings.status_visibility, VisibilityVariant::public);
        assert_eq!(reply.settings.reserved_cycles_limit, 5_000_000_000_000);
        assert_eq!(reply.memory_metrics.wasm_memory_size, 4 * 65_536);
        assert_eq!(reply.memory_metrics.stable_memory_size, 0);
        assert!(reply.module_hash.is_some() && !reply.ready_for_migration);
        assert!(reply.idle_cycles_burned_per_day > 0 && reply.cycles > 0);
        assert_eq!(reply.version, 2);
    }
    subnet.sender = user(1);
    for (settings, expected) in [
        (
            WantedSettings {
                compute_allocation: Some(101),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
        (
            WantedSettings {
                compute_allocation: Some(100),
                ..Default::default()
            },
            ErrorCode::ComputeOversubscribed,
        ),
        (
            WantedSettings {
                memory_allocation: Some(1 << 64),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
        (
            WantedSettings {
                memory_allocation: Some(1 << 50),
                ..Default::default()
            },
            ErrorCode::MemoryOversubscribed,
        ),
        (
            WantedSettings {
                memory_allocation: Some(1 << 40),
                freezing_threshold: Some(5_000_000),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
        (
            WantedSettings {
                wasm_memory_limit: Some(1),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
        (
            WantedSettings {
                controllers: Some(vec![wire(canister); 11]),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
        (
            WantedSettings {
                environment_variables: Some(vec![variable.clone(), variable]),
                ..Default::default()
            },
            ErrorCode::InvalidSettings,
        ),
    ] {
        let before = subnet.state.canister(&canister).unwrap().settings.clone();
        assert_eq!(change(&mut subnet, canister, settings), Err(expected));
        assert_eq!(subnet.state.canister(&canister).unwrap().settings, before);
    }
}

#[test]
fn abs_091_a_frozen_canister_works_again_after_a_top_up() {
    #[derive(candid::CandidType)]
    struct TopUp {
        canister_id: candid::Principal,
        amount: u128,
    }
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    // So long a threshold that what is there does not suffice.
    let seconds = Some(u128::from(u64::MAX));
    change(
        &mut subnet,
        canister,
        WantedSettings {
            freezing_threshold: seconds,
            ..Default::default()
        },
    )
    .unwrap();
    assert_eq!(
        error(subnet.request(canister, "inc", b"")),
        ErrorCode::OutOfCycles
    );
    assert_eq!(
        error(subnet.query(canister, "get", b"")),
        ErrorCode::OutOfCycles
    );
    let call = subnet.call(canister, "inc", b"");
    assert_eq!(
        error(subnet.executor.inspect(&subnet.state, &call)),
        ErrorCode::OutOfCycles
    );
    // Cycles help, and anybody may give them here.
    subnet.sender = user(4);
    let amount = 1 << 100;
    subnet
        .manage(
            "provisional_top_up_canister",
            &Encode!(&TopUp {
                canister_id: wire(canister),
                amount
            })
            .unwrap(),
        )
        .unwrap();
    assert_eq!(number(&subnet.request(canister, "inc", b"").unwrap()), 1);
}

#[test]
fn abs_180_a_canister_that_cannot_pay_loses_its_code() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let free = Some(0);
    change(
        &mut subnet,
        canister,
        WantedSettings {
            freezing_threshold: free,
            ..Default::default()
        },
    )
    .unwrap();
    let all = u64::try_from(subnet.balance(canister)).unwrap();
    // An execution is paid for in advance, so what was set aside is left over.
    subnet
        .request(canister, "burn", &all.to_le_bytes())
        .unwrap();
    assert!(subnet.balance(canister) < 13_000_000_000);
    let history = subnet.state.canister(&canister).unwrap().history.total();
    subnet.step = Duration::from_secs(3600 * 24 * 365 * 200);
    subnet.batch(Vec::new());
    let canister = subnet.state.canister(&canister).unwrap();
    assert!(canister.code.is_none() && canister.balance.is_zero());
    assert_eq!(
        (canister.history.total(), canister.history.latest(9).count()),
        (history, 0)
    );
}

#[test]
fn mgmt_156_a_canister_with_a_wanted_id() {
    #[derive(candid::CandidType)]
    struct Wanted {
        amount: Option<u128>,
        specified_id: Option<candid::Principal>,
    }
    let mut subnet = TestSubnet::default();
    let ledger = CanisterId::from_u64(2);
    let wanted = |id| {
        Encode!(&Wanted {
            amount: Some(5),
            specified_id: Some(wire(id))
        })
        .unwrap()
    };
    let method = "provisional_create_canister_with_cycles";
    let reply = subnet.manage(method, &wanted(ledger)).unwrap();
    let created: Created = candid::decode_one(&reply).unwrap();
    assert_eq!(created.canister_id.as_slice(), ledger.as_slice());
    assert_eq!(subnet.balance(ledger), 5);
    assert_eq!(
        error(subnet.manage(method, &wanted(ledger))),
        ErrorCode::IdNotAvailable
    );
    let elsewhere = CanisterId::from_u64(1 << 40);
    assert_eq!(
        error(subnet.manage(method, &wanted(elsewhere))),
        ErrorCode::IdNotAvailable
    );
    // One that would be given out next is skipped afterwards.
    let next = CanisterId::from_u64(1 << 20);
    subnet.manage(method, &wanted(next)).unwrap();
    assert_eq!(subnet.create(), CanisterId::from_u64((1 << 20) + 1));
}
