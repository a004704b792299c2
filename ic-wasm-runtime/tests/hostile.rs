//! Arguments of management calls that nobody honest sends: each ends in a refusal, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use ic_types::{CanisterId, Content};
use ic_wasm_runtime::executor::effective_canister;
use ic_wasm_runtime::state::RequestStatus;
use ic_wasm_runtime::{ErrorCode, ReplicatedState};
use proptest::prelude::*;
use subnet::*;

const METHODS: &[&str] = &[
    "create_canister",
    "update_settings",
    "upload_chunk",
    "clear_chunk_store",
    "stored_chunks",
    "install_code",
    "install_chunked_code",
    "uninstall_code",
    "start_canister",
    "stop_canister",
    "canister_status",
    "canister_metrics",
    "delete_canister",
    "deposit_cycles",
    "raw_rand",
    "canister_info",
    "canister_metadata",
    "subnet_info",
    "fetch_canister_logs",
    "list_canisters",
    "take_canister_snapshot",
    "load_canister_snapshot",
    "list_canister_snapshots",
    "delete_canister_snapshot",
    "read_canister_snapshot_metadata",
    "read_canister_snapshot_data",
    "upload_canister_snapshot_metadata",
    "upload_canister_snapshot_data",
    "provisional_create_canister_with_cycles",
    "provisional_top_up_canister",
    "http_request",
];

fn bombs() -> Vec<(Vec<u8>, &'static str)> {
    include_str!("vectors/candid_bombs.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (digits, name) = line.split_once(' ').unwrap();
            let bytes = (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
            (bytes.collect(), name)
        })
        .collect()
}

/// By every road: before consensus, in a batch from a user and from a canister, as a query.
fn throw(
    subnet: &mut TestSubnet,
    through: CanisterId,
    method: &str,
    argument: &[u8],
) -> RequestStatus {
    let _ = effective_canister(&CanisterId::MANAGEMENT, method, argument);
    let call = subnet.call(CanisterId::MANAGEMENT, method, argument);
    let _ = subnet.executor.inspect(&subnet.state, &call);
    let _ = subnet.query(CanisterId::MANAGEMENT, method, argument);
    let id = call.id();
    let by_canister = subnet.call(
        through,
        "forward",
        &forward(CanisterId::MANAGEMENT, method, 0, 7, argument),
    );
    subnet.batch(vec![call, by_canister]);
    subnet.batch(Vec::new());
    subnet.status(&id).unwrap()
}

#[test]
fn mgmt_002_bombs_do_not_go_off() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let bombs = bombs();
    assert!(bombs.len() >= 6);
    for (bomb, name) in bombs {
        for method in METHODS {
            // Methods whose argument is an option, or that users may not call, refuse for other reasons or take none.
            let status = throw(&mut subnet, canister, method, &bomb);
            let fine = match &status {
                RequestStatus::Rejected(refusal) => matches!(
                    refusal.error,
                    ErrorCode::InvalidArgument
                        | ErrorCode::UnknownManagementMethod
                        | ErrorCode::NotImplemented
                ),
                RequestStatus::Received
                | RequestStatus::Processing
                | RequestStatus::Replied(_)
                | RequestStatus::Done => false,
            };
            assert!(fine, "{name} to {method}: {status:?}");
        }
    }
}

/// Valid arguments to begin with.
fn arguments(canister: CanisterId) -> Vec<(&'static str, Vec<u8>)> {
    let install = candid::encode_one(Install {
        mode: Mode::upgrade(Some(Upgrade {
            skip_pre_upgrade: Some(true),
            wasm_memory_persistence: None,
        })),
        canister_id: wire(canister),
        wasm_module: b"\0asm\x01\0\0\0".to_vec().into(),
        arg: Vec::new().into(),
        sender_canister_version: Some(1),
    })
    .unwrap();
    let mut all: Vec<_> = METHODS
        .iter()
        .map(|method| (*method, about(canister)))
        .collect();
    all.push(("install_code", install));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn changed_arguments_lose_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<Option<prop::sample::Index>>(),
        which in any::<prop::sample::Index>(),
    ) {
        let mut subnet = TestSubnet::default();
        let canister = subnet.universal();
        let all = arguments(canister);
        let (method, argument) = which.get(&all);
        let mut argument = argument.clone();
        for (place, byte) in changes {
            let place = place.index(argument.len());
            argument[place] ^= byte;
        }
        if let Some(cut) = cut {
            argument.truncate(cut.index(argument.len() + 1));
        }
        // The ledger is checked after each batch.
        throw(&mut subnet, canister, method, &argument);
        prop_assert!(subnet.state.canister_count() >= 1 || *method == "delete_canister");
    }
}

/// States and executors may be shared between threads: queries are answered while a batch is executed.
#[test]
fn a_state_can_be_sent_to_another_thread() {
    fn shared<T: Send + Sync>(_: &T) {}
    let subnet = TestSubnet::default();
    shared(&subnet.executor);
    shared::<ReplicatedState>(&subnet.state);
}
