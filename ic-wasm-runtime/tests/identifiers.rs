//! What the subnet names: canisters, versions, modules, snapshots, chunks, records of logs, methods.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use std::collections::BTreeSet;
use std::io::Write as _;

use candid::{CandidType, Deserialize, Encode};
use ic_types::{CanisterId, Digest, Principal, PrincipalClass};
use ic_wasm_runtime::ErrorCode;
use serde_bytes::ByteBuf;
use subnet::*;

/// ID-016, ID-011: an id that the system gives is an opaque principal, with a counter.
/// ID-034: it is never given again, though the canister be deleted.
#[test]
fn id_016_and_034_fresh_canister_ids() {
    let mut subnet = TestSubnet::default();
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let canister = subnet.create();
        assert!(seen.insert(canister), "{canister}");
        let principal: Principal = canister.principal();
        assert_eq!(principal.class(), PrincipalClass::Opaque);
        assert!(canister.to_u64().is_some());
        subnet.manage("stop_canister", &about(canister)).unwrap();
        subnet.manage("delete_canister", &about(canister)).unwrap();
        assert!(subnet.state.canister(&canister).is_none());
    }
    // Nor by name.
    #[derive(CandidType)]
    struct Wanted {
        amount: Option<u128>,
        specified_id: Option<candid::Principal>,
    }
    for id in seen {
        let wanted = Wanted {
            amount: None,
            specified_id: Some(wire(id)),
        };
        let refused = subnet.manage(
            "provisional_create_canister_with_cycles",
            &Encode!(&wanted).unwrap(),
        );
        assert_eq!(refused.unwrap_err().error, ErrorCode::IdNotAvailable);
    }
}

/// ID-041.
#[test]
fn id_041_versions_count_from_zero() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    let version = |subnet: &TestSubnet| subnet.state.canister(&canister).unwrap().version;
    assert_eq!(version(&subnet), 0);
    subnet
        .install(canister, Mode::install, &wat(UNIVERSAL), b"")
        .unwrap();
    let installed = version(&subnet);
    assert!(installed > 0);
    subnet.request(canister, "inc", b"").unwrap();
    assert!(version(&subnet) > installed);
}

/// ID-044: the hash is that of the bytes that were uploaded, packed or not.
#[test]
fn id_044_module_hashes_are_of_what_was_uploaded() {
    let mut subnet = TestSubnet::default();
    let plain = wat(UNIVERSAL);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&plain).unwrap();
    let packed = packer.finish().unwrap();
    assert_ne!(packed, plain);
    for module in [plain, packed] {
        let canister = subnet.create();
        subnet
            .install(canister, Mode::install, &module, b"")
            .unwrap();
        let hash = Digest::of(&module);
        let code = subnet.state.canister(&canister).unwrap().code.clone();
        assert_eq!(code.unwrap().module_hash, hash);
        let tree = subnet.state.to_tree();
        let place = [&b"canister"[..], canister.as_slice(), b"module_hash"];
        assert_eq!(tree.value(place), Some(hash.as_bytes().as_slice()));
        assert_eq!(subnet.counter(canister), 0, "it runs");
    }
}

/// ID-042: names of snapshots are the system's, and no two are alike.
#[test]
fn id_042_snapshots() {
    #[derive(CandidType)]
    struct Take {
        canister_id: candid::Principal,
        replace_snapshot: Option<ByteBuf>,
    }
    #[derive(CandidType, Deserialize)]
    struct Taken {
        id: ByteBuf,
    }
    let mut subnet = TestSubnet::default();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let canister = subnet.universal();
        for _ in 0..3 {
            let argument = Take {
                canister_id: wire(canister),
                replace_snapshot: None,
            };
            let reply = subnet
                .manage("take_canister_snapshot", &Encode!(&argument).unwrap())
                .unwrap();
            let taken: Taken = candid::decode_one(&reply).unwrap();
            assert!(seen.insert(taken.id.into_vec()));
        }
    }
}

/// ID-043: a chunk is named by the hash of its bytes.
#[test]
fn id_043_chunks() {
    #[derive(CandidType)]
    struct Upload {
        canister_id: candid::Principal,
        chunk: ByteBuf,
    }
    #[derive(CandidType, Deserialize)]
    struct Hash {
        hash: ByteBuf,
    }
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    for chunk in [&b"a chunk"[..], b"another", b""] {
        let argument = Upload {
            canister_id: wire(canister),
            chunk: chunk.to_vec().into(),
        };
        let reply = subnet
            .manage("upload_chunk", &Encode!(&argument).unwrap())
            .unwrap();
        let name: Hash = candid::decode_one(&reply).unwrap();
        assert_eq!(name.hash.as_slice(), Digest::of(chunk).as_bytes());
    }
}

/// ID-045: records are counted, without a gap, for each canister.
#[test]
fn id_045_records_of_logs() {
    #[derive(CandidType, Deserialize)]
    struct Logs {
        canister_log_records: Vec<Record>,
    }
    #[derive(CandidType, Deserialize)]
    struct Record {
        idx: u64,
        content: ByteBuf,
    }
    let mut subnet = TestSubnet::default();
    let canisters = [subnet.universal(), subnet.universal()];
    for text in ["one", "two", "three"] {
        for canister in canisters {
            subnet.request(canister, "say", text.as_bytes()).unwrap();
        }
    }
    for canister in canisters {
        let logs = subnet
            .query(
                CanisterId::MANAGEMENT,
                "fetch_canister_logs",
                &about(canister),
            )
            .unwrap();
        let logs: Logs = candid::decode_one(&logs).unwrap();
        let found: Vec<(u64, &[u8])> = logs
            .canister_log_records
            .iter()
            .map(|record| (record.idx, record.content.as_slice()))
            .collect();
        let first = found[0].0;
        assert_eq!(
            found,
            [
                (first, &b"one"[..]),
                (first + 1, b"two"),
                (first + 2, b"three")
            ]
        );
    }
}

/// ID-046: a method may have any text for its name.
#[test]
fn id_046_names_of_methods() {
    let mut subnet = TestSubnet::default();
    let names = ["grüße", "with a space", "\u{1f980}", "a.b/c#d", ""];
    let methods: String = names
        .iter()
        .map(|name| {
            format!(
                r#"(func (export "canister_update {name}") (call $reply)) (func (export "canister_query q{name}") (call $reply))"#
            )
        })
        .collect();
    let module = format!(r#"(module (import "ic0" "msg_reply" (func $reply)) {methods})"#);
    let canister = subnet.create();
    subnet
        .install(canister, Mode::install, &wat(&module), b"")
        .unwrap();
    for name in names {
        assert!(subnet.request(canister, name, b"").is_ok(), "{name}");
        let query = format!("q{name}");
        assert!(subnet.query(canister, &query, b"").is_ok(), "{query}");
    }
    // One code point or another, though they look alike, and no case that does not matter.
    for other in ["gru\u{308}ße", "Grüße", "with  a space"] {
        let refusal = subnet.request(canister, other, b"").unwrap_err();
        assert_eq!(refusal.error, ErrorCode::MethodNotFound, "{other}");
    }
}
