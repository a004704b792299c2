//! Snapshots: to go back to, to carry to another canister.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use candid::{CandidType, Deserialize, Encode};
use ic_types::{CanisterId, Digest};
use ic_wasm_runtime::state::{Details, SnapshotId};
use ic_wasm_runtime::{ErrorCode, Refusal};
use serde_bytes::ByteBuf;
use subnet::*;

#[derive(CandidType)]
struct Take {
    canister_id: candid::Principal,
    replace_snapshot: Option<ByteBuf>,
    uninstall_code: Option<bool>,
}

#[derive(CandidType)]
struct Name {
    canister_id: candid::Principal,
    snapshot_id: ByteBuf,
}

#[derive(CandidType, Deserialize, Debug)]
struct Taken {
    id: ByteBuf,
    taken_at_timestamp: u64,
    total_size: u64,
}

#[derive(CandidType, Deserialize, Clone)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum Global {
    i32(i32),
    i64(i64),
    f32(f32),
    f64(f64),
    v128(u128),
}

#[derive(CandidType, Deserialize, Clone)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum Timer {
    inactive,
    active(u64),
}

#[derive(CandidType, Deserialize)]
struct Metadata {
    taken_at_timestamp: u64,
    wasm_module_size: u64,
    globals: Vec<Global>,
    wasm_memory_size: u64,
    stable_memory_size: u64,
    canister_version: u64,
    certified_data: ByteBuf,
    global_timer: Option<Timer>,
}

#[derive(CandidType)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum Read {
    wasm_module { offset: u64, size: u64 },
    wasm_memory { offset: u64, size: u64 },
    stable_memory { offset: u64, size: u64 },
}

#[derive(CandidType)]
struct ReadData {
    canister_id: candid::Principal,
    snapshot_id: ByteBuf,
    kind: Read,
}

#[derive(CandidType, Deserialize)]
struct Data {
    chunk: ByteBuf,
}

#[derive(CandidType, Clone)]
struct Upload {
    canister_id: candid::Principal,
    replace_snapshot: Option<ByteBuf>,
    wasm_module_size: u64,
    globals: Vec<Global>,
    wasm_memory_size: u64,
    stable_memory_size: u64,
    certified_data: ByteBuf,
    global_timer: Option<Timer>,
}

#[derive(CandidType, Deserialize)]
struct Uploaded {
    snapshot_id: ByteBuf,
}

#[derive(CandidType)]
#[allow(non_camel_case_types, reason = "as on the wire")]
enum Write {
    wasm_module { offset: u64 },
    wasm_memory { offset: u64 },
}

#[derive(CandidType)]
struct WriteData {
    canister_id: candid::Principal,
    snapshot_id: ByteBuf,
    kind: Write,
    chunk: ByteBuf,
}

fn take(
    subnet: &mut TestSubnet,
    canister: CanisterId,
    replace: Option<&Taken>,
) -> Result<Taken, Refusal> {
    let argument = Take {
        canister_id: wire(canister),
        replace_snapshot: replace.map(|taken| taken.id.clone()),
        uninstall_code: None,
    };
    let reply = subnet.manage("take_canister_snapshot", &Encode!(&argument).unwrap())?;
    Ok(candid::decode_one(&reply).unwrap())
}

fn named(
    subnet: &mut TestSubnet,
    method: &str,
    canister: CanisterId,
    id: &ByteBuf,
) -> Result<Vec<u8>, Refusal> {
    let argument = Name {
        canister_id: wire(canister),
        snapshot_id: id.clone(),
    };
    subnet.manage(method, &Encode!(&argument).unwrap())
}

fn error<T: std::fmt::Debug>(result: Result<T, Refusal>) -> ErrorCode {
    result.unwrap_err().error
}

#[test]
fn mgmt_171_172_a_snapshot_is_a_way_back() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.request(canister, "inc", b"").unwrap();
    subnet.request(canister, "certify", b"then").unwrap();
    let taken = take(&mut subnet, canister, None).unwrap();
    assert!(taken.total_size > 4 * 65_536);
    assert_eq!(taken.taken_at_timestamp, subnet.state.time().as_nanos());
    subnet.request(canister, "inc", b"").unwrap();
    subnet.request(canister, "certify", b"now").unwrap();
    subnet
        .install(canister, Mode::reinstall, &wat("(module)"), b"")
        .unwrap();
    let version = subnet.state.canister(&canister).unwrap().version;

    named(&mut subnet, "load_canister_snapshot", canister, &taken.id).unwrap();
    assert_eq!(subnet.counter(canister), 1);
    let loaded = subnet.state.canister(&canister).unwrap();
    assert_eq!(
        (loaded.certified_data.as_slice(), loaded.version),
        (&b"then"[..], version + 1)
    );
    assert_eq!(
        loaded.code.as_ref().unwrap().module_hash,
        Digest::of(&wat(UNIVERSAL))
    );
    let last = loaded.history.latest(1).next().unwrap();
    assert!(
        matches!(last.details, Details::LoadSnapshot { .. }),
        "{last:?}"
    );
    assert_eq!(number(&subnet.request(canister, "inc", b"").unwrap()), 2);
    // The snapshot is as it was.
    named(&mut subnet, "load_canister_snapshot", canister, &taken.id).unwrap();
    assert_eq!(subnet.counter(canister), 1);

    named(&mut subnet, "delete_canister_snapshot", canister, &taken.id).unwrap();
    let again = named(&mut subnet, "load_canister_snapshot", canister, &taken.id);
    assert_eq!(error(again), ErrorCode::SnapshotNotFound);
    assert_eq!(
        subnet.state.canister(&canister).unwrap().snapshots.bytes(),
        0
    );
}

#[test]
fn mgmt_171_ten_snapshots_and_no_more() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let first = take(&mut subnet, canister, None).unwrap();
    for _ in 1..10 {
        take(&mut subnet, canister, None).unwrap();
    }
    assert_eq!(
        error(take(&mut subnet, canister, None)),
        ErrorCode::SnapshotRefused
    );
    let replacing = take(&mut subnet, canister, Some(&first)).unwrap();
    assert_ne!(replacing.id, first.id);
    assert_eq!(
        error(take(&mut subnet, canister, Some(&first))),
        ErrorCode::SnapshotNotFound
    );
    let reply = subnet
        .manage("list_canister_snapshots", &about(canister))
        .unwrap();
    let list: Vec<Taken> = candid::decode_one(&reply).unwrap();
    assert_eq!(list.len(), 10);
    assert_eq!(list[9].id, replacing.id);
    // They are the canister's own, and go with it.
    let other = subnet.universal();
    assert_eq!(
        error(named(
            &mut subnet,
            "delete_canister_snapshot",
            other,
            &replacing.id
        )),
        ErrorCode::SnapshotNotFound
    );
    subnet.sender = user(2);
    assert_eq!(
        error(take(&mut subnet, canister, None)),
        ErrorCode::NotController
    );
    assert_eq!(
        error(subnet.manage("list_canister_snapshots", &about(canister))),
        ErrorCode::NotController
    );
}

#[test]
fn mgmt_171_taking_and_uninstalling_is_one_step() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    subnet.request(canister, "inc", b"").unwrap();
    let argument = Take {
        canister_id: wire(canister),
        replace_snapshot: None,
        uninstall_code: Some(true),
    };
    let reply = subnet
        .manage("take_canister_snapshot", &Encode!(&argument).unwrap())
        .unwrap();
    let taken: Taken = candid::decode_one(&reply).unwrap();
    assert!(subnet.state.canister(&canister).unwrap().code.is_none());
    assert_eq!(
        error(take(&mut subnet, canister, None)),
        ErrorCode::SnapshotRefused
    );
    named(&mut subnet, "load_canister_snapshot", canister, &taken.id).unwrap();
    assert_eq!(subnet.counter(canister), 1);
}

#[test]
fn mgmt_174_175_176_a_snapshot_is_carried_to_another_canister() {
    let mut subnet = TestSubnet::default();
    let (from, to) = (subnet.universal(), subnet.create());
    for _ in 0..3 {
        subnet.request(from, "inc", b"").unwrap();
    }
    subnet.request(from, "certify", b"data").unwrap();
    let taken = take(&mut subnet, from, None).unwrap();
    let reply = named(
        &mut subnet,
        "read_canister_snapshot_metadata",
        from,
        &taken.id,
    )
    .unwrap();
    let metadata: Metadata = candid::decode_one(&reply).unwrap();
    assert_eq!(metadata.taken_at_timestamp, taken.taken_at_timestamp);
    assert_eq!(
        (metadata.wasm_memory_size, metadata.stable_memory_size),
        (4 * 65_536, 0)
    );
    assert!(matches!(metadata.global_timer, Some(Timer::inactive)));
    let read = |kind, subnet: &mut TestSubnet| {
        let argument = ReadData {
            canister_id: wire(from),
            snapshot_id: taken.id.clone(),
            kind,
        };
        let reply = subnet.manage("read_canister_snapshot_data", &Encode!(&argument).unwrap())?;
        Ok::<_, Refusal>(candid::decode_one::<Data>(&reply).unwrap().chunk.into_vec())
    };
    let module = read(
        Read::wasm_module {
            offset: 0,
            size: metadata.wasm_module_size,
        },
        &mut subnet,
    )
    .unwrap();
    assert_eq!(module, wat(UNIVERSAL));
    let memory = read(
        Read::wasm_memory {
            offset: 0,
            size: 65_536,
        },
        &mut subnet,
    )
    .unwrap();
    assert_eq!(memory[0], 3);
    for beyond in [
        Read::wasm_module {
            offset: 1,
            size: metadata.wasm_module_size,
        },
        Read::wasm_memory {
            offset: u64::MAX,
            size: 2,
        },
        Read::stable_memory { offset: 0, size: 1 },
    ] {
        assert_eq!(error(read(beyond, &mut subnet)), ErrorCode::SnapshotRefused);
    }

    let upload = Upload {
        canister_id: wire(to),
        replace_snapshot: None,
        wasm_module_size: metadata.wasm_module_size,
        globals: metadata.globals.clone(),
        wasm_memory_size: metadata.wasm_memory_size,
        stable_memory_size: 0,
        certified_data: metadata.certified_data.clone(),
        global_timer: Some(Timer::active(5)),
    };
    let odd = Upload {
        wasm_memory_size: 1,
        ..upload.clone()
    };
    let refused = subnet.manage("upload_canister_snapshot_metadata", &Encode!(&odd).unwrap());
    assert_eq!(error(refused), ErrorCode::SnapshotRefused);
    let reply = subnet
        .manage(
            "upload_canister_snapshot_metadata",
            &Encode!(&upload).unwrap(),
        )
        .unwrap();
    let id = candid::decode_one::<Uploaded>(&reply).unwrap().snapshot_id;
    assert_eq!(SnapshotId::from_bytes(&id).unwrap().canister, to);
    let write = |kind, chunk: &[u8], subnet: &mut TestSubnet| {
        let chunk = chunk.to_vec().into();
        let argument = WriteData {
            canister_id: wire(to),
            snapshot_id: id.clone(),
            kind,
            chunk,
        };
        subnet.manage(
            "upload_canister_snapshot_data",
            &Encode!(&argument).unwrap(),
        )
    };
    // Half a module is none.
    let half = module.len() / 2;
    write(
        Write::wasm_module { offset: 0 },
        &module[..half],
        &mut subnet,
    )
    .unwrap();
    let early = named(&mut subnet, "load_canister_snapshot", to, &id);
    assert_eq!(error(early), ErrorCode::InvalidModule);
    let offset = u64::try_from(half).unwrap();
    assert_eq!(
        error(write(
            Write::wasm_module { offset: offset + 1 },
            &module[half..],
            &mut subnet
        )),
        ErrorCode::SnapshotRefused
    );
    write(Write::wasm_module { offset }, &module[half..], &mut subnet).unwrap();
    write(Write::wasm_memory { offset: 0 }, &memory, &mut subnet).unwrap();
    named(&mut subnet, "load_canister_snapshot", to, &id).unwrap();
    // Three, and one by the timer that came along and was due at once (MGMT-173).
    assert_eq!(subnet.counter(to), 4);
    let canister = subnet.state.canister(&to).unwrap();
    assert_eq!(canister.certified_data, b"data");

    // What was taken cannot be written to; and a snapshot of another canister can be loaded by who controls both.
    let argument = WriteData {
        canister_id: wire(from),
        snapshot_id: taken.id.clone(),
        kind: Write::wasm_memory { offset: 0 },
        chunk: ByteBuf::from(vec![9]),
    };
    let refused = subnet.manage(
        "upload_canister_snapshot_data",
        &Encode!(&argument).unwrap(),
    );
    assert_eq!(error(refused), ErrorCode::SnapshotRefused);
    named(&mut subnet, "load_canister_snapshot", to, &taken.id).unwrap();
    assert_eq!(subnet.counter(to), 3);
}

#[test]
fn mgmt_172_globals_must_be_those_of_the_module() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    let module = wat(r#"(module (global (mut i32) (i32.const 7)) (memory 1))"#);
    let upload = |globals: Vec<Global>| Upload {
        canister_id: wire(canister),
        replace_snapshot: None,
        wasm_module_size: u64::try_from(module.len()).unwrap(),
        globals,
        wasm_memory_size: 65_536,
        stable_memory_size: 0,
        certified_data: ByteBuf::new(),
        global_timer: None,
    };
    for (globals, expected) in [
        (vec![Global::i32(5)], None),
        (vec![], Some(ErrorCode::SnapshotRefused)),
        (vec![Global::i64(5)], Some(ErrorCode::SnapshotRefused)),
        (
            vec![Global::i32(5), Global::i32(6)],
            Some(ErrorCode::SnapshotRefused),
        ),
    ] {
        let reply = subnet
            .manage(
                "upload_canister_snapshot_metadata",
                &Encode!(&upload(globals)).unwrap(),
            )
            .unwrap();
        let id = candid::decode_one::<Uploaded>(&reply).unwrap().snapshot_id;
        let argument = WriteData {
            canister_id: wire(canister),
            snapshot_id: id.clone(),
            kind: Write::wasm_module { offset: 0 },
            chunk: module.clone().into(),
        };
        subnet
            .manage(
                "upload_canister_snapshot_data",
                &Encode!(&argument).unwrap(),
            )
            .unwrap();
        let loaded = named(&mut subnet, "load_canister_snapshot", canister, &id);
        assert_eq!(loaded.err().map(|refusal| refusal.error), expected);
    }
}
