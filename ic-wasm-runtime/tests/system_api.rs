//! The System API: every cell of the specification's table, and what the functions do (SYS-001..164).
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

use ic_types::{ByteCount, Cycles, Instructions, Principal, Time};
use ic_wasm_runtime::engine::WasmtimeEngine;
use ic_wasm_runtime::system_api::{
    CallContext, CallPrice, CallerInfo, Closure, Context, Entry, Import, Response, Trap,
};
use support::{Canister, query, reply, update, user};

fn engine() -> WasmtimeEngine {
    WasmtimeEngine::new().unwrap()
}

/// The columns of the table under the specification's letters, with an execution of each.
fn entries() -> Vec<(&'static str, Context, Entry)> {
    let call = || CallContext::from_caller(user());
    let (argument, method) = (vec![1, 2, 3], "m".to_owned());
    let closure = Closure {
        function: 0,
        environment: 0,
    };
    let reply = |composite| Entry::Reply {
        composite,
        closure,
        argument: vec![1, 2, 3],
        refunded: Cycles::new(5),
        call: call(),
    };
    let reject = |composite| Entry::Reject {
        composite,
        closure,
        code: 4,
        message: "no".to_owned(),
        refunded: Cycles::new(5),
        call: call(),
    };
    let cleanup = |composite| Entry::Cleanup {
        composite,
        closure,
        code: 0,
        call: call(),
    };
    let (certificate, caller) = (Some(vec![7; 4]), user());
    vec![
        (
            "I",
            Context::I,
            Entry::Init {
                caller,
                argument: argument.clone(),
            },
        ),
        ("G", Context::G, Entry::PreUpgrade { caller }),
        (
            "I",
            Context::I,
            Entry::PostUpgrade {
                caller,
                argument: argument.clone(),
            },
        ),
        (
            "U",
            Context::U,
            Entry::Update {
                method: method.clone(),
                argument: argument.clone(),
                call: call(),
            },
        ),
        (
            "RQ",
            Context::RQ,
            Entry::ReplicatedQuery {
                method: "q".to_owned(),
                argument: argument.clone(),
                call: call(),
            },
        ),
        (
            "NRQ",
            Context::NRQ,
            Entry::Query {
                method: "q".to_owned(),
                argument: argument.clone(),
                call: call(),
                certificate: certificate.clone(),
            },
        ),
        (
            "TQ",
            Context::TQ,
            Entry::Transform {
                method: "q".to_owned(),
                argument: argument.clone(),
            },
        ),
        (
            "CQ",
            Context::CQ,
            Entry::CompositeQuery {
                method: "c".to_owned(),
                argument: argument.clone(),
                call: call(),
                certificate,
            },
        ),
        ("Ry", Context::RY, reply(false)),
        ("Rt", Context::RT, reject(false)),
        ("CRy", Context::CRY, reply(true)),
        ("CRt", Context::CRT, reject(true)),
        ("C", Context::C, cleanup(false)),
        ("CC", Context::CC, cleanup(true)),
        (
            "F",
            Context::F,
            Entry::InspectMessage {
                caller,
                caller_info: None,
                method,
                argument,
            },
        ),
        ("T", Context::T, Entry::Heartbeat),
        ("T", Context::T, Entry::GlobalTimer),
        ("T", Context::T, Entry::OnLowWasmMemory),
        ("s", Context::S, Entry::Start),
    ]
}

/// A module whose entry points all do `body`.
fn everywhere(wide: bool, declarations: &str, body: &str) -> String {
    let width = if wide { "i64" } else { "i32" };
    let exports: String = [
        "canister_init",
        "canister_pre_upgrade",
        "canister_post_upgrade",
        "canister_inspect_message",
        "canister_heartbeat",
        "canister_global_timer",
        "canister_on_low_wasm_memory",
        "canister_update m",
        "canister_query q",
        "canister_composite_query c",
    ]
    .iter()
    .map(|name| format!("(export \"{name}\" (func $run))\n"))
    .collect();
    let memory = if wide { "(memory i64 1)" } else { "(memory 1)" };
    format!(
        "(module {declarations} {memory} (table funcref (elem $callback)) (start $run) {exports}
           (func $run {body}) (func $callback (param {width}) (call $run)))"
    )
}

#[test]
fn every_cell_of_the_table() {
    // SYS-001, SYS-002, SYS-003, SYS-010..118
    let rows: Vec<Vec<&str>> = include_str!("vectors/imports.txt")
        .lines()
        .filter(|line| !line.starts_with(';'))
        .map(|line| line.split(" | ").collect())
        .collect();
    let mut cells = 0;
    let engine = std::sync::Arc::new(engine());
    for row in &rows {
        let [id, name, parameters, result, contexts] = row[..] else {
            panic!("five columns: {row:?}")
        };
        let only_narrow = id >= "SYS-110";
        for wide in [false, true] {
            let ty = |text: &str| match (text, wide) {
                ("I", true) => "i64",
                ("I", false) => "i32",
                ("i32", _) => "i32",
                ("i64", _) => "i64",
                _ => panic!("{id}: type {text}"),
            };
            let words = |text: &str| -> Vec<&str> {
                text.split(' ')
                    .filter(|word| *word != "-")
                    .map(ty)
                    .collect()
            };
            let (parameters, results) = (words(parameters), words(result));
            let signature = |keyword: &str, types: &[&str]| match types {
                [] => String::new(),
                types => format!("({keyword} {})", types.join(" ")),
            };
            let declaration = format!(
                "(import \"ic0\" \"{name}\" (func $f {} {}))",
                signature("param", &parameters),
                signature("result", &results)
            );
            let zeros: String = parameters
                .iter()
                .map(|ty| format!("({ty}.const 0) "))
                .collect();
            let drop = if results.is_empty() { "" } else { "(drop)" };
            let text = everywhere(wide, &declaration, &format!("(call $f {zeros}) {drop}"));
            if only_narrow && wide {
                assert!(
                    support::instrument(&support::wat(&text)).is_err(),
                    "{id} {name} with a 64-bit memory"
                );
                continue;
            }
            let canister = Canister::wat(std::sync::Arc::clone(&engine), &text);
            for (letter, context, entry) in entries() {
                let permitted = contexts
                    .split(' ')
                    .any(|word| word == letter || word == "*" && letter != "s");
                let import = Import::from_name(name).unwrap();
                let outcome = canister.try_run(entry).outcome;
                let refused =
                    matches!(&outcome, Err(Trap::WrongContext { import: at, .. }) if *at == import);
                assert_eq!(
                    !refused, permitted,
                    "{id} {name} in {letter}, wide {wide}: {outcome:?}"
                );
                assert_eq!(
                    import.permitted(context),
                    permitted,
                    "{id} {name} in {letter}"
                );
                cells += 1;
            }
        }
    }
    assert_eq!((rows.len(), cells), (74, (65 * 2 + 9) * 19));
}

#[test]
fn other_imports_make_a_module_invalid() {
    // SYS-001, SYS-202
    for import in [
        r#"(import "ic0" "no_such_thing" (func))"#,
        r#"(import "ic" "time" (func (result i64)))"#,
        r#"(import "ic0" "time" (func (result i32)))"#,
        r#"(import "ic0" "time" (func (param i32) (result i64)))"#,
        r#"(import "ic0" "msg_reply" (global i32))"#,
    ] {
        assert!(
            support::instrument(&support::wat(&format!("(module {import})"))).is_err(),
            "{import}"
        );
    }
}

/// A canister with some imports, and a method `m` that runs `body`. The memory begins with bytes 0, 1, 2, ...
fn method(imports: &[&str], body: &str) -> Canister<WasmtimeEngine> {
    Canister::wat(engine(), &module(imports, body))
}

fn module(imports: &[&str], body: &str) -> String {
    let functions: String = imports
        .iter()
        .map(|name| {
            let import = Import::from_name(name).unwrap();
            let ty = |kind: &ic_wasm_runtime::system_api::permitted::Kind| match kind {
                ic_wasm_runtime::system_api::permitted::Kind::W64 => "i64 ",
                _ => "i32 ",
            };
            let parameters: String = import.parameters().iter().map(ty).collect();
            let result: String = import.result().iter().map(ty).collect();
            let result = if result.is_empty() {
                String::new()
            } else {
                format!("(result {result})")
            };
            format!("(import \"ic0\" \"{name}\" (func ${name} (param {parameters}) {result}))\n")
        })
        .collect();
    let bytes: String = (0..=255).map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        "(module {functions} (memory 1) (data (i32.const 0) \"{bytes}\") (table funcref (elem $callback))
           (export \"canister_update m\" (func $run)) (export \"canister_query q\" (func $run))
           (export \"canister_heartbeat\" (func $run)) (export \"canister_inspect_message\" (func $run))
           (func $run {body}) (func $callback (param i32) (call $run)))"
    )
}

/// Appends `size` bytes from `at` and replies.
const REPLY: &str =
    "(call $msg_reply_data_append (i32.const 512) (i32.const 16)) (call $msg_reply)";

#[test]
fn blobs_are_copied_within_their_bounds() {
    // SYS-004, SYS-010, SYS-011
    let copy = |dst: u32, offset: u32, size: u32| {
        let text = format!(
            "(call $msg_arg_data_copy (i32.const {dst}) (i32.const {offset}) (i32.const {size})) {REPLY}"
        );
        method(
            &["msg_arg_data_copy", "msg_reply_data_append", "msg_reply"],
            &text,
        )
    };
    let argument: Vec<u8> = (100..120).collect();
    let run = |canister: Canister<WasmtimeEngine>| canister.try_run(update("m", &argument)).outcome;
    assert_eq!(reply(&run(copy(512, 4, 16)).unwrap()), argument[4..]);
    assert!(run(copy(65_536, 20, 0)).is_ok());
    for (dst, offset, size) in [(512, 4, 17), (512, 21, 0), (512, u32::MAX, 2)] {
        assert!(
            matches!(
                run(copy(dst, offset, size)),
                Err(Trap::ContractViolation { .. })
            ),
            "{dst} {offset} {size}"
        );
    }
    for (dst, offset, size) in [(65_530, 0, 7), (u32::MAX, 0, 1)] {
        assert!(
            matches!(run(copy(dst, offset, size)), Err(Trap::HeapOutOfBounds)),
            "{dst} {offset} {size}"
        );
    }
}

#[test]
fn a_call_is_answered_once() {
    // SYS-022, SYS-023, SYS-024, SYS-120
    let imports = ["msg_reply_data_append", "msg_reply", "msg_reject"];
    let run = |body: &str| method(&imports, body).try_run(update("m", &[])).outcome;
    assert_eq!(reply(&run("(call $msg_reply)").unwrap()), b"");
    let twice = "(call $msg_reply_data_append (i32.const 1) (i32.const 2))";
    assert_eq!(
        reply(&run(&format!("{twice} {twice} (call $msg_reply)")).unwrap()),
        [1, 2, 1, 2]
    );
    assert!(run("(call $msg_reply) (call $msg_reply)").is_err());
    assert!(run(&format!("(call $msg_reply) {twice}")).is_err());
    assert!(run("(call $msg_reject (i32.const 0) (i32.const 1)) (call $msg_reply)").is_err());
    let rejected = run("(call $msg_reject (i32.const 65) (i32.const 3))").unwrap();
    assert_eq!(
        rejected.effects.response,
        Some(Response::Reject("ABC".to_owned()))
    );
    assert!(
        run("(call $msg_reject (i32.const 200) (i32.const 3))").is_err(),
        "not UTF-8"
    );
    assert_eq!(run("nop").unwrap().effects.response, None);

    // Nothing is due once the call is answered, or if there is none.
    let mut answered = CallContext::from_caller(user());
    answered.responded = true;
    let late = Entry::Update {
        method: "m".to_owned(),
        argument: vec![],
        call: answered,
    };
    assert!(matches!(
        method(&imports, "(call $msg_reply)").try_run(late).outcome,
        Err(Trap::ContractViolation {
            import: Import::MsgReply,
            ..
        })
    ));
}

#[test]
fn replies_have_a_limit() {
    // SYS-022, LIM-004
    let body = "(call $msg_reply_data_append (i32.const 0) (i32.const 11)) (call $msg_reply)";
    let mut canister = method(&["msg_reply_data_append", "msg_reply"], body);
    canister.limits.response = ByteCount::new(11);
    assert!(canister.try_run(update("m", &[])).outcome.is_ok());
    canister.limits.response = ByteCount::new(10);
    assert!(matches!(
        canister.try_run(update("m", &[])).outcome,
        Err(Trap::ContractViolation { .. })
    ));
}

#[test]
fn cycles_are_accepted_up_to_what_there_is() {
    // SYS-025, SYS-027, SYS-110..112, SYS-121
    let body = format!(
        "(drop (call $msg_cycles_accept (i64.const 30)))
         (call $msg_cycles_accept128 (i64.const 1) (i64.const 0) (i32.const 512)) {REPLY}
         (if (i64.ne (call $msg_cycles_available) (i64.const 0)) (then unreachable))"
    );
    let imports = [
        "msg_cycles_accept",
        "msg_cycles_accept128",
        "msg_cycles_available",
        "msg_reply_data_append",
        "msg_reply",
    ];
    let mut call = CallContext::from_caller(user());
    call.available = Cycles::new(100);
    let entry = Entry::Update {
        method: "m".to_owned(),
        argument: vec![],
        call,
    };
    let canister = method(&imports, &body);
    let completed = canister.try_run(entry).outcome.unwrap();
    assert_eq!(reply(&completed), 70_u128.to_le_bytes());
    assert_eq!(completed.effects.accepted, Cycles::new(100));
    assert_eq!(
        completed.effects.balance,
        Cycles::new(canister.balance.get() + 100)
    );
}

#[test]
fn burning_stops_at_the_frozen_part() {
    // SYS-028, SYS-032: one page of heap keeps 1000
    let body =
        format!("(call $cycles_burn128 (i64.const 9) (i64.const 9) (i32.const 512)) {REPLY}");
    let canister = method(
        &["cycles_burn128", "msg_reply_data_append", "msg_reply"],
        &body,
    );
    let completed = canister.try_run(update("m", &[])).outcome.unwrap();
    assert_eq!(reply(&completed), 999_999_000_u128.to_le_bytes());
    assert_eq!(completed.effects.burned, Cycles::new(999_999_000));
    assert_eq!(completed.effects.balance, Cycles::new(1_000));
}

/// `call_new` to the principal 1 2 3, method "ABC", callbacks 0 and 0 with environments 11 and 12.
const CALL_NEW: &str = "(call $call_new (i32.const 1) (i32.const 3) (i32.const 65) (i32.const 3)
    (i32.const 0) (i32.const 11) (i32.const 0) (i32.const 12))";
const CALL_IMPORTS: [&str; 7] = [
    "call_new",
    "call_on_cleanup",
    "call_data_append",
    "call_with_best_effort_response",
    "call_cycles_add",
    "call_cycles_add128",
    "call_perform",
];

#[test]
fn calls_are_put_together_and_performed() {
    // SYS-040..045, SYS-130, SYS-133
    let body = format!(
        "{CALL_NEW} (call $call_cycles_add (i64.const 5))
         {CALL_NEW} (call $call_on_cleanup (i32.const 0) (i32.const 13))
         (call $call_data_append (i32.const 4) (i32.const 2)) (call $call_data_append (i32.const 7) (i32.const 1))
         (call $call_cycles_add (i64.const 40)) (call $call_cycles_add128 (i64.const 0) (i64.const 2))
         (call $call_with_best_effort_response (i32.const 1000))
         (if (call $call_perform) (then unreachable))
         {CALL_NEW} (if (call $call_perform) (then unreachable))
         {CALL_NEW} (call $call_cycles_add (i64.const 6))"
    );
    let canister = method(&CALL_IMPORTS, &body);
    let effects = canister.try_run(update("m", &[])).outcome.unwrap().effects;
    let [first, second] = effects.calls.as_slice() else {
        panic!("two calls: {:?}", effects.calls)
    };
    assert_eq!(first.callee, Principal::try_from_slice(&[1, 2, 3]).unwrap());
    assert_eq!(
        (first.method.as_str(), first.payload.as_slice()),
        ("ABC", [4, 5, 7].as_slice())
    );
    assert_eq!(first.cycles, Cycles::new(42));
    assert_eq!(
        first.on_reply,
        Closure {
            function: 0,
            environment: 11
        }
    );
    assert_eq!(
        first.on_reject,
        Closure {
            function: 0,
            environment: 12
        }
    );
    assert_eq!(
        first.on_cleanup,
        Some(Closure {
            function: 0,
            environment: 13
        })
    );
    let deadline = canister.environment.time.as_nanos() + 300_000_000_000;
    assert_eq!(first.deadline, Some(Time::from_nanos(deadline)));
    let price = CallPrice {
        request: Cycles::new(106),
        answer: Cycles::new(2_000),
        callback: Cycles::new(30_000),
    };
    assert_eq!(first.price, price);
    assert_eq!(
        (second.on_cleanup, second.deadline, second.cycles),
        (None, None, Cycles::ZERO)
    );
    // The cycles of the two calls that were not performed are back.
    let spent = 42 + 32_106 + 32_103;
    assert_eq!(effects.balance, Cycles::new(canister.balance.get() - spent));
}

#[test]
fn the_rules_of_putting_a_call_together() {
    // SYS-040..045, SYS-283, SYS-284, LIM-003, LIM-006
    for (name, body) in [
        (
            "append first",
            "(call $call_data_append (i32.const 0) (i32.const 0))".to_owned(),
        ),
        (
            "cleanup first",
            "(call $call_on_cleanup (i32.const 0) (i32.const 0))".to_owned(),
        ),
        ("perform first", "(drop (call $call_perform))".to_owned()),
        (
            "cycles first",
            "(call $call_cycles_add (i64.const 0))".to_owned(),
        ),
        (
            "perform twice",
            format!("{CALL_NEW} (drop (call $call_perform)) (drop (call $call_perform))"),
        ),
        (
            "cleanup twice",
            format!(
                "{CALL_NEW} {0} {0}",
                "(call $call_on_cleanup (i32.const 0) (i32.const 0))"
            ),
        ),
        (
            "timeout twice",
            format!(
                "{CALL_NEW} {0} {0}",
                "(call $call_with_best_effort_response (i32.const 1))"
            ),
        ),
        (
            "too many cycles",
            format!("{CALL_NEW} (call $call_cycles_add (i64.const 999999001))"),
        ),
        (
            "long principal",
            CALL_NEW.replace(
                "(i32.const 1) (i32.const 3)",
                "(i32.const 1) (i32.const 30)",
            ),
        ),
        (
            "not UTF-8",
            CALL_NEW.replace(
                "(i32.const 65) (i32.const 3)",
                "(i32.const 200) (i32.const 3)",
            ),
        ),
        (
            "long name",
            CALL_NEW.replace(
                "(i32.const 65) (i32.const 3)",
                "(i32.const 256) (i32.const 20001)",
            ),
        ),
        (
            "payload",
            format!("{CALL_NEW} (call $call_data_append (i32.const 0) (i32.const 98))"),
        ),
    ] {
        let mut canister = method(&CALL_IMPORTS, &body);
        canister.limits.call_payload = ByteCount::new(100);
        let outcome = canister.try_run(update("m", &[])).outcome;
        assert!(
            matches!(outcome, Err(Trap::ContractViolation { .. })),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn a_call_that_cannot_be_made_gives_everything_back() {
    // SYS-045, SYS-134
    let body = format!(
        "{CALL_NEW} (call $call_cycles_add (i64.const 7))
         (if (i32.ne (call $call_perform) (i32.const 2)) (then unreachable))"
    );
    let mut canister = method(&CALL_IMPORTS, &body);
    canister.limits.calls = 0;
    let effects = canister.try_run(update("m", &[])).outcome.unwrap().effects;
    assert_eq!(
        (effects.calls.len(), effects.balance),
        (0, canister.balance)
    );
    canister.limits.calls = 1;
    // 1000 are frozen, the call costs 32 103.
    canister.balance = Cycles::new(1_000 + 32_103 + 6);
    let effects = canister.try_run(update("m", &[])).outcome.unwrap().effects;
    assert_eq!(
        (effects.calls.len(), effects.balance),
        (0, canister.balance)
    );
    canister.balance = Cycles::new(1_000 + 32_103 + 7);
    assert!(matches!(
        canister.try_run(update("m", &[])).outcome,
        Err(Trap::Unreachable)
    ));
}

#[test]
fn callbacks_are_looked_up_in_the_table() {
    // SYS-131, ID-047
    let text = "(module (import \"ic0\" \"msg_reply\" (func $reply)) (memory 1)
        (table 3 funcref) (elem (i32.const 0) $good $bad)
        (func $good (param i32) (if (i32.eq (local.get 0) (i32.const 77)) (then (call $reply)))) (func $bad))";
    let canister = Canister::wat(engine(), text);
    let run = |function, environment| {
        let call = CallContext::from_caller(user());
        let closure = Closure {
            function,
            environment,
        };
        let entry = Entry::Reply {
            composite: false,
            closure,
            argument: vec![],
            refunded: Cycles::ZERO,
            call,
        };
        canister.try_run(entry).outcome
    };
    assert_eq!(reply(&run(0, 77).unwrap()), b"");
    assert_eq!(run(0, 78).unwrap().effects.response, None);
    for function in [1, 2, 3, u64::MAX] {
        assert_eq!(
            run(function, 0).unwrap_err(),
            Trap::BadCallback { function }
        );
    }
}

#[test]
fn stable_memory_grows_reads_and_writes() {
    // SYS-050..053, SYS-115..118, SYS-162
    let imports = [
        "stable64_grow",
        "stable64_read",
        "stable64_write",
        "stable64_size",
        "stable_size",
        "stable_read",
        "stable_write",
        "stable_grow",
        "msg_reply_data_append",
        "msg_reply",
    ];
    let body = format!(
        "(if (i64.ne (call $stable64_grow (i64.const 2)) (i64.const 0)) (then unreachable))
         (if (i32.ne (call $stable_grow (i32.const 1)) (i32.const 2)) (then unreachable))
         (call $stable64_write (i64.const 65530) (i64.const 10) (i64.const 16))
         (call $stable_read (i32.const 512) (i32.const 65528) (i32.const 16)) {REPLY}"
    );
    let mut canister = method(&imports, &body);
    let completed = canister.run(update("m", &[]));
    assert_eq!(
        reply(&completed),
        [0, 0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    );
    assert_eq!(completed.dirty_stable_pages, 2);
    assert_eq!(canister.state.stable.wasm_pages, 3);

    let outcome = |body: &str| method(&imports, body).try_run(update("m", &[])).outcome;
    assert_eq!(
        outcome("(call $stable64_read (i64.const 0) (i64.const 0) (i64.const 1))").unwrap_err(),
        Trap::StableOutOfBounds
    );
    assert_eq!(
        outcome("(call $stable64_write (i64.const -1) (i64.const 0) (i64.const 2))").unwrap_err(),
        Trap::StableOutOfBounds
    );
    let grown = "(drop (call $stable64_grow (i64.const 1)))";
    assert_eq!(
        outcome(&format!(
            "{grown} (call $stable64_read (i64.const 65535) (i64.const 0) (i64.const 2))"
        ))
        .unwrap_err(),
        Trap::HeapOutOfBounds
    );
    // More than 500 GiB, and more than 4 GiB by the 32-bit function: refused, not trapped.
    assert!(outcome("(if (i64.ne (call $stable64_grow (i64.const 8192001)) (i64.const -1)) (then unreachable))").is_ok());
    assert!(
        outcome(
            "(if (i32.ne (call $stable_grow (i32.const 65537)) (i32.const -1)) (then unreachable))"
        )
        .is_ok()
    );
    // The 32-bit functions stop working beyond 4 GiB.
    let large = "(drop (call $stable64_grow (i64.const 65537)))";
    assert!(outcome(&format!("{large} (drop (call $stable_size))")).is_err());
    assert!(
        outcome(&format!(
            "{large} (call $stable64_write (i64.const 4294967300) (i64.const 0) (i64.const 9))"
        ))
        .is_ok()
    );
}

#[test]
fn stable_memory_has_limits_for_each_message() {
    // LIM-025: in pages of 4096 bytes
    let imports = ["stable64_grow", "stable64_read", "stable64_write"];
    let body = "(drop (call $stable64_grow (i64.const 1)))
        (call $stable64_write (i64.const 4095) (i64.const 0) (i64.const 2))
        (call $stable64_write (i64.const 4095) (i64.const 0) (i64.const 2))
        (call $stable64_read (i64.const 0) (i64.const 8192) (i64.const 1))";
    let mut canister = method(&imports, body);
    (canister.limits.stable_read, canister.limits.stable_written) =
        (ByteCount::new(3 * 4096), ByteCount::new(2 * 4096));
    assert!(canister.try_run(update("m", &[])).outcome.is_ok());
    canister.limits.stable_read = ByteCount::new(2 * 4096);
    assert!(matches!(
        canister.try_run(update("m", &[])).outcome,
        Err(Trap::StableReadLimit { .. })
    ));
    canister.limits.stable_written = ByteCount::new(4096);
    assert!(matches!(
        canister.try_run(update("m", &[])).outcome,
        Err(Trap::StableWriteLimit { .. })
    ));
}

#[test]
fn the_environment_is_what_was_given() {
    // SYS-012, SYS-014..017, SYS-029..036, SYS-080, SYS-095..100
    let mut call = CallContext::from_caller(user());
    call.caller_info = Some(CallerInfo {
        info: b"information".to_vec(),
        signer: ic_types::CanisterId::from_u64(9),
    });
    call.deadline = Some(Time::from_nanos(99));
    let entry = || Entry::Update {
        method: "m".to_owned(),
        argument: vec![],
        call: call.clone(),
    };
    let number = |name: &str, ty: &str, arguments: &str| {
        let result = if ty == "i32" {
            "(i64.extend_i32_u"
        } else {
            "(i64.add (i64.const 0)"
        };
        let body =
            format!("(i64.store (i32.const 512) {result} (call ${name} {arguments}))) {REPLY}");
        let canister = method(&[name, "msg_reply_data_append", "msg_reply"], &body);
        u64::from_le_bytes(
            reply(&canister.try_run(entry()).outcome.unwrap())[..8]
                .try_into()
                .unwrap(),
        )
    };
    let blob = |name: &str, size: u32| {
        let body =
            format!("(call ${name} (i32.const 512) (i32.const 0) (i32.const {size})) {REPLY}");
        let canister = method(&[name, "msg_reply_data_append", "msg_reply"], &body);
        reply(&canister.try_run(entry()).outcome.unwrap())[..usize::try_from(size).unwrap()]
            .to_vec()
    };
    assert_eq!(number("time", "i64", ""), 1_620_328_630_000_000_001);
    assert_eq!(number("canister_status", "i32", ""), 1);
    assert_eq!(number("canister_version", "i64", ""), 3);
    assert_eq!(number("msg_deadline", "i64", ""), 99);
    assert_eq!(number("subnet_self_node_count", "i32", ""), 4);
    assert_eq!(number("env_var_count", "i32", ""), 2);
    assert_eq!(number("in_replicated_execution", "i32", ""), 1);
    assert_eq!(number("data_certificate_present", "i32", ""), 0);
    assert_eq!(number("env_var_name_size", "i32", "(i32.const 1)"), 1);
    assert_eq!(
        number("env_var_name_exists", "i32", "(i32.const 65) (i32.const 1)"),
        1
    );
    assert_eq!(
        number("env_var_name_exists", "i32", "(i32.const 67) (i32.const 1)"),
        0
    );
    assert_eq!(
        number("env_var_value_size", "i32", "(i32.const 66) (i32.const 1)"),
        3
    );
    assert_eq!(number("msg_caller_info_data_size", "i32", ""), 11);
    assert_eq!(blob("msg_caller_info_data_copy", 11), b"information");
    assert_eq!(
        blob("msg_caller_info_signer_copy", 10),
        ic_types::CanisterId::from_u64(9).as_slice()
    );
    assert_eq!(blob("msg_caller_copy", 10), user().as_slice());
    assert_eq!(
        blob("canister_self_copy", 10),
        ic_types::CanisterId::from_u64(1).as_slice()
    );
    assert_eq!(blob("subnet_self_copy", 16), [9; 16]);
    assert_eq!(blob("root_key_copy", 16), [5; 16]);
}

#[test]
fn the_timer_is_set_and_the_former_value_told() {
    // SYS-081
    let body =
        "(if (i64.ne (call $global_timer_set (i64.const 20)) (i64.const 10)) (then unreachable))
        (if (i64.ne (call $global_timer_set (i64.const 0)) (i64.const 20)) (then unreachable))";
    let mut canister = method(&["global_timer_set"], body);
    canister.environment.global_timer = Some(Time::from_nanos(10));
    assert_eq!(
        canister
            .try_run(update("m", &[]))
            .outcome
            .unwrap()
            .effects
            .global_timer,
        Some(None)
    );
}

#[test]
fn certified_data_has_a_limit() {
    // SYS-063, LIM-012
    let set = |size: u32| {
        let body = format!("(call $certified_data_set (i32.const 1) (i32.const {size}))");
        method(&["certified_data_set"], &body)
            .try_run(update("m", &[]))
            .outcome
    };
    assert_eq!(
        set(32).unwrap().effects.certified_data,
        Some((1..33).collect())
    );
    assert!(matches!(
        set(33),
        Err(Trap::ContractViolation {
            import: Import::CertifiedDataSet,
            ..
        })
    ));
}

/// ID-018, SYS-083: what is asked about has to be a principal.
#[test]
fn id_018_longer_than_a_principal() {
    let ask = |size: u32| {
        let body = format!("(drop (call $is_controller (i32.const 0) (i32.const {size})))");
        method(&["is_controller"], &body)
            .try_run(update("m", &[]))
            .outcome
    };
    assert!(ask(29).is_ok());
    assert!(ask(0).is_ok());
    assert!(matches!(
        ask(30),
        Err(Trap::ContractViolation {
            import: Import::IsController,
            ..
        })
    ));
}

#[test]
fn prices_are_told() {
    // SYS-085..090
    let price = |name: &str, arguments: &str| {
        let drop = if Import::from_name(name).unwrap().result().is_some() {
            "drop"
        } else {
            ""
        };
        let body = format!("(call ${name} {arguments} (i32.const 512)) {drop} {REPLY}");
        let canister = method(&[name, "msg_reply_data_append", "msg_reply"], &body);
        u128::from_le_bytes(
            reply(&canister.try_run(update("m", &[])).outcome.unwrap())
                .try_into()
                .unwrap(),
        )
    };
    assert_eq!(price("cost_call", "(i64.const 3) (i64.const 4)"), 32_107);
    assert_eq!(price("cost_create_canister", ""), 500);
    assert_eq!(
        price("cost_http_request", "(i64.const 3) (i64.const 4)"),
        11
    );
    // "key_1" is not in memory, so the name is unknown, and the place stays as it is.
    assert_eq!(
        price(
            "cost_sign_with_ecdsa",
            "(i32.const 65) (i32.const 5) (i32.const 0)"
        ),
        0
    );
    let code = |curve: u32, text: &str| {
        let body = format!(
            "{text} (if (i32.ne (call $cost_sign_with_ecdsa (i32.const 600) (i32.const 5) (i32.const {curve})
               (i32.const 512)) (i32.const {})) (then unreachable)) {REPLY}",
            if curve != 0 { 1 } else if text.is_empty() { 2 } else { 0 }
        );
        let canister = method(
            &["cost_sign_with_ecdsa", "msg_reply_data_append", "msg_reply"],
            &body,
        );
        u128::from_le_bytes(
            reply(&canister.try_run(update("m", &[])).outcome.unwrap())
                .try_into()
                .unwrap(),
        )
    };
    // "key_" and "1", little-endian.
    let key = "(i32.store (i32.const 600) (i32.const 0x5f79656b)) (i32.store8 (i32.const 604) (i32.const 0x31))";
    assert_eq!(code(0, key), 26);
    assert_eq!(code(1, key), 0);
    assert_eq!(code(0, ""), 0);
}

#[test]
fn traps_and_prints_are_logged_in_replicated_executions_only() {
    // SYS-105, SYS-106, SYS-164
    let body = "(call $debug_print (i32.const 65) (i32.const 3)) (call $debug_print (i32.const 65536) (i32.const 9))
        (call $trap (i32.const 191) (i32.const 2))";
    let canister = method(&["debug_print", "trap"], body);
    let output = canister.try_run(update("m", &[]));
    // Bytes 191 and 192 are not UTF-8.
    assert_eq!(
        output.outcome.unwrap_err(),
        Trap::Explicit {
            message: String::new()
        }
    );
    assert_eq!(
        output.log,
        [
            b"ABC".as_slice(),
            b"(debug_print message out of memory bounds)",
            b"[TRAP]: "
        ]
    );
    assert!(canister.try_run(query("q", &[])).log.is_empty());
}

#[test]
fn the_log_of_one_execution_is_bounded() {
    // LIM-031
    let body = "(local $i i32) (loop $again
        (call $debug_print (i32.const 0) (i32.const 1000))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))";
    let output = method(&["debug_print"], body).try_run(update("m", &[]));
    assert!(output.outcome.is_ok());
    assert_eq!(output.log.len(), 4);
}

#[test]
fn inspect_message_accepts_once() {
    // SYS-124, SYS-037..039
    let inspect = Entry::InspectMessage {
        caller: user(),
        caller_info: None,
        method: "m".to_owned(),
        argument: vec![],
    };
    let run = |body: &str| {
        method(&["accept_message"], body)
            .try_run(inspect.clone())
            .outcome
    };
    assert!(!run("nop").unwrap().effects.accepted_message);
    assert!(
        run("(call $accept_message)")
            .unwrap()
            .effects
            .accepted_message
    );
    assert!(run("(call $accept_message) (call $accept_message)").is_err());
    let without = Canister::wat(engine(), "(module)");
    assert!(
        without
            .try_run(inspect)
            .outcome
            .unwrap()
            .effects
            .accepted_message
    );
}

#[test]
fn performance_counters_count() {
    // SYS-082, SYS-160
    let body = format!(
        "(i64.store (i32.const 512) (call $performance_counter (i32.const 0)))
         (i64.store (i32.const 520) (call $performance_counter (i32.const 1))) {REPLY}"
    );
    let canister = method(
        &["performance_counter", "msg_reply_data_append", "msg_reply"],
        &body,
    );
    let mut call = CallContext::from_caller(user());
    call.instructions = Instructions::new(1_000_000);
    let entry = Entry::Update {
        method: "m".to_owned(),
        argument: vec![],
        call,
    };
    let output = canister.try_run(entry);
    let bytes = reply(&output.outcome.unwrap());
    let (this, all): (u64, u64) = (
        u64::from_le_bytes(bytes[..8].try_into().unwrap()),
        u64::from_le_bytes(bytes[8..].try_into().unwrap()),
    );
    // Between the two lies the second call alone: its stretch was paid before the first.
    assert_eq!(all - this, 1_000_000 + 200);
    assert!(this < output.instructions.get());
    let other = method(
        &["performance_counter"],
        "(drop (call $performance_counter (i32.const 2)))",
    );
    assert!(other.try_run(update("m", &[])).outcome.is_err());
}

#[test]
fn reject_code_of_a_callback() {
    // SYS-018
    let body = "(if (i32.ne (call $msg_reject_code) (i32.const 4)) (then unreachable))";
    let canister = method(&["msg_reject_code"], body);
    let (closure, call) = (
        Closure {
            function: 0,
            environment: 0,
        },
        CallContext::from_caller(user()),
    );
    let entry = |code| Entry::Cleanup {
        composite: false,
        closure,
        code,
        call: call.clone(),
    };
    assert!(canister.try_run(entry(4)).outcome.is_ok());
    assert_eq!(
        canister.try_run(entry(0)).outcome.unwrap_err(),
        Trap::Unreachable
    );
}
