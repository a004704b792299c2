//! What others computed: the interface specification and published implementations.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has found something"
)]

use std::fs;
use std::path::PathBuf;

use ic_types::codec::{DecodeError, Value, Wire};
use ic_types::{
    Call, CanisterId, Content, Delegation, DerPublicKey, Domain, Envelope, HashValue, Nonce, Path,
    Permissions, Principal, PrincipalError, Query, QueryOutcome, ReadState, Reject, RejectCode,
    RequestId, SenderInfo, SenderProof, Status, Time, UserId, hash_of_map,
};

fn vectors(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "vectors", name]
        .iter()
        .collect()
}

/// The rows of a file, split into columns.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(vectors(name)).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    if text == "-" {
        Vec::new()
    } else {
        hex::decode(text).unwrap()
    }
}

#[test]
fn id_050_to_065_principals() {
    let mut seen = [0; 4];
    for row in rows("principals.txt") {
        match row[0].as_str() {
            "valid" => {
                seen[0] += 1;
                let principal = Principal::try_from_slice(&unhex(&row[1])).unwrap();
                assert_eq!(principal.to_string(), row[2], "{row:?}");
                assert_eq!(row[2].parse(), Ok(principal), "{row:?}");
                assert_eq!(
                    row[2].to_uppercase().parse(),
                    Ok(principal),
                    "ID-023: {row:?}"
                );
            }
            "key" => {
                seen[1] += 1;
                let principal = Principal::self_authenticating(&DerPublicKey::new(unhex(&row[1])));
                assert_eq!(principal.to_string(), row[2], "ID-012: {row:?}");
                assert!(principal.is_self_authenticating());
            }
            "derived" => {
                seen[2] += 1;
                let registering = Principal::try_from_slice(&unhex(&row[1])).unwrap();
                let derived = Principal::derived(registering, &unhex(&row[2]));
                assert_eq!(hex::encode(derived), row[3], "ID-013: {row:?}");
            }
            other => {
                assert_eq!(other, "malformed");
                seen[3] += 1;
                let text = String::from_utf8(unhex(&row[1])).unwrap();
                assert!(text.parse::<Principal>().is_err(), "{text:?}");
            }
        }
    }
    assert!(
        seen[0] > 80 && seen[1] == 3 && seen[2] == 1 && seen[3] == 17,
        "{seen:?}"
    );
}

#[test]
fn id_065_checksum_is_the_reason() {
    let text = "pzp6e-ekpqk-3c5x7-2h6so-njoeq-mt45d-h3h6c-q3mxf-vpeez-fez7a-iae";
    let error = PrincipalError::Checksum {
        stated: 0x7e5f_e211,
        computed: 0xeae0_bd72,
    };
    assert_eq!(text.parse::<Principal>(), Err(error));
}

#[test]
fn separators() {
    let rows: Vec<String> = fs::read_to_string(vectors("separators.txt"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let rows: Vec<(&str, &str)> = rows
        .iter()
        .filter_map(|row| row.split_once(' '))
        .filter(|row| row.0 != "#")
        .collect();
    for domain in Domain::ALL {
        let mut prefix = Vec::new();
        domain.write_prefix(&mut prefix);
        let row = rows.iter().find(|(_, name)| *name == domain.name());
        assert_eq!(
            row.map(|(bytes, _)| *bytes),
            Some(hex::encode(prefix).as_str()),
            "{domain:?}"
        );
    }
    for (bytes, name) in rows
        .iter()
        .filter(|(bytes, _)| bytes.len() > 3 && hex::decode(bytes).is_ok())
    {
        assert!(
            Domain::ALL.iter().any(|domain| domain.name() == *name),
            "{bytes} {name}"
        );
    }
}

/// The content of an envelope by itself, as its encoding.
fn content(envelope: &[u8]) -> Vec<u8> {
    Value::decode(envelope)
        .unwrap()
        .untagged()
        .get("content")
        .unwrap()
        .encode()
}

fn checked<C: Content>(body: &[u8], id: &str) -> Envelope<C> {
    let envelope = Envelope::<C>::decode(body).unwrap();
    assert_eq!(hex::encode(envelope.content.id()), id);
    assert_eq!(Envelope::decode(&envelope.encode()).as_ref(), Ok(&envelope));
    let alone = C::decode(&content(body)).unwrap();
    assert_eq!(alone, envelope.content);
    let general = Value::decode(&content(body))
        .unwrap()
        .representation_independent_hash()
        .unwrap();
    assert_eq!(RequestId::new(general), alone.id());
    envelope
}

#[test]
fn http_127_request_ids() {
    let rows = rows("request-ids.txt");
    assert!(rows.len() > 300);
    for row in rows {
        let body = unhex(&row[2]);
        match row[0].as_str() {
            "call" => assert!(
                checked::<Call>(&body, &row[1])
                    .content
                    .sender_info
                    .is_none()
            ),
            "query" => assert!(
                checked::<Query>(&body, &row[1])
                    .content
                    .sender_info
                    .is_none()
            ),
            _ => assert!(
                !checked::<ReadState>(&body, &row[1])
                    .content
                    .paths
                    .is_empty()
            ),
        }
    }
}

fn facts<C: Content>(body: &[u8], id: &str) -> (UserId, Time, SenderProof) {
    let envelope = checked::<C>(body, id);
    (
        envelope.content.sender(),
        envelope.content.expiry(),
        envelope.proof,
    )
}

#[test]
fn http_030_envelopes_of_clients() {
    let rows = rows("client-requests/index.txt");
    assert_eq!(rows.len(), 55);
    for row in rows {
        let body = fs::read(vectors("client-requests").join(&row[0])).unwrap();
        let (sender, expiry, proof) = match row[1].as_str() {
            "call" => facts::<Call>(&body, &row[2]),
            "query" => facts::<Query>(&body, &row[2]),
            _ => facts::<ReadState>(&body, &row[2]),
        };
        assert_eq!(sender.to_string(), row[3], "{row:?}");
        assert_eq!(expiry.as_nanos().to_string(), row[4], "{row:?}");
        match proof {
            SenderProof::Anonymous => assert_eq!(
                (row[5].as_str(), row[6].as_str()),
                ("anonymous", "0"),
                "{row:?}"
            ),
            SenderProof::Signed {
                key, delegations, ..
            } => {
                assert_eq!(row[5], "signed", "{row:?}");
                assert_eq!(delegations.as_slice().len().to_string(), row[6], "{row:?}");
                assert_eq!(UserId::of_key(&key), sender, "HTTP-035: {row:?}");
            }
        }
        assert_eq!(
            body.starts_with(&[0xd9, 0xd9, 0xf7]),
            row[7] == "tagged",
            "HTTP-020: {row:?}"
        );
        let sender_sig_is_null =
            Value::decode(&body).unwrap().untagged().get("sender_sig") == Some(&Value::Null);
        assert_eq!(sender_sig_is_null, row[8] == "null", "{row:?}");
    }
}

#[test]
fn http_190_status_of_a_replica() {
    let bytes = fs::read(vectors("replica_status.cbor")).unwrap();
    // The text of `impl_hash` is a letter short, so that what follows is out of step and three bytes are left over.
    assert_eq!(
        Status::decode(&bytes),
        Err(DecodeError::TrailingBytes {
            position: bytes.len() - 3
        })
    );
    let status = Status::decode(&bytes[..bytes.len() - 3]).unwrap();
    assert_eq!(status.ic_api_version.as_deref(), Some("0.18.0"));
    assert_eq!(status.impl_version.as_deref(), Some("0.9.0"));
    assert_eq!(
        status.root_key.as_ref().map(|key| key.as_slice().len()),
        Some(133)
    );
    assert_eq!(Status::decode(&status.encode()), Ok(status));
}

#[test]
fn http_120_to_125_hashes_of_values() {
    let hash = |fields: &[(&str, HashValue<'_>)]| hash_of_map(fields).to_string();
    let (foo, bar, hello) = (
        HashValue::Text("foo"),
        HashValue::Text("bar"),
        HashValue::Text("Hello World!"),
    );
    assert_eq!(
        hash(&[
            ("name", foo),
            ("message", hello),
            ("answer", HashValue::Nat(42))
        ]),
        "b0c6f9191e37dceafdfc47fbfc7e9cc95f21c7b985c2f7ba5855015c2a8f13ac"
    );
    // No map has a key twice, but the function is defined for it, and its peers agree.
    assert_eq!(
        hash(&[("name", foo), ("name", bar), ("message", hello)]),
        "435f77c9bdeca5dba4a4b8a34e4f732b4311f1fc252ec6d4e8ee475234b170f9"
    );
    assert_eq!(
        hash(&[("bytes", HashValue::Blob(&[1, 2, 3, 4]))]),
        "546729666d96a712bd94f902a0388e33f9a19a335c35bc3d95b0221a4a574455"
    );
    let (a, b) = (HashValue::Text("a"), HashValue::Text("b"));
    assert_eq!(
        HashValue::Array(&[a]).hash().to_string(),
        "bf5d3affb73efd2ec6c36ad3112dd933efed63c4e1cbffcfa88e2759c144f2d8"
    );
    assert_eq!(
        HashValue::Array(&[a, b]).hash().to_string(),
        "e5a01fee14e0ed5c48714f22180f25ad8365b53f9779f79dc4a3d7e93963f94a"
    );
    assert_eq!(
        hash(&[(
            "reply",
            HashValue::Map(&[("arg", HashValue::Blob(b"DIDL\0\0"))])
        )]),
        "3d534ec350430fce5b6c1a49a0357efe4ba33390593af96ae111fdd1f1192ec4",
        "HTTP-231"
    );
}

const EXPIRY: Time = Time::from_nanos(1_685_570_400_000_000_000);

fn call() -> Call {
    Call {
        sender: UserId::ANONYMOUS,
        expiry: EXPIRY,
        nonce: None,
        canister: CanisterId::new(Principal::try_from_slice(&[0, 0, 0, 0, 0, 0, 4, 0xd2]).unwrap()),
        method: "hello".into(),
        argument: b"DIDL\0\xfd*".to_vec(),
        sender_info: None,
    }
}

fn query() -> Query {
    let Call {
        sender,
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
    } = call();
    Query {
        sender,
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
    }
}

#[test]
fn http_230_to_242_request_ids() {
    let id = |call: Call| hex::encode(call.id());
    assert_eq!(
        id(call()),
        "1d1091364d6bb8a6c16b203ee75467d59ead468f523eb058880ae8ec80e2b101",
        "HTTP-230"
    );
    assert_eq!(
        hex::encode(query().id()),
        "74aff80b32e98aafb7f1b6cbedc29d2f7de9227d60a55169342600099f0e4147",
        "HTTP-232"
    );
    let read = ReadState {
        sender: UserId::ANONYMOUS,
        expiry: EXPIRY,
        nonce: None,
        paths: vec![
            Path::new(["time"]),
            Path::new([b"request_status".as_slice(), &[0; 32]]),
        ],
    };
    assert_eq!(
        hex::encode(read.id()),
        "05aa60f1d28dabe57afde644619ed647592b852a43fe705fb61cab874066b687",
        "HTTP-239"
    );
    let nonce: Vec<u8> = (0..16).collect();
    let nonce = Nonce::try_from_slice(&nonce).ok();
    assert_eq!(
        id(Call { nonce, ..call() }),
        "c8688bb7a8da467659f1520390724a106440322c5eac61eeb4c9e516892bb2d1",
        "HTTP-240"
    );
    let empty = Nonce::try_from_slice(&[]).ok();
    assert_eq!(
        id(Call {
            nonce: empty,
            ..call()
        }),
        "51d18f6b357a46777e80a05e1d5682e5097b3efa47737ea2ade3ef69ade128bd",
        "HTTP-241"
    );
    let info = SenderInfo {
        info: b"i".to_vec(),
        signer: CanisterId::from_u64(0x4d2),
        signature: b"s".to_vec(),
    };
    assert_eq!(
        id(Call {
            sender_info: Some(info),
            ..call()
        }),
        "534d98ee37906e3c19c91f4c52ddce88adb4babbd36c55369e63dfd486868485",
        "HTTP-242"
    );
}

#[test]
fn http_233_to_235_what_nodes_sign() {
    let timestamp = Time::from_nanos(1_685_570_400_000_000_001);
    let hash = |outcome: QueryOutcome| outcome.hash(&query().id(), timestamp).digest().to_string();
    assert_eq!(
        hash(QueryOutcome::Replied {
            argument: b"DIDL\0\0".to_vec()
        }),
        "5680328e3c040e612b757a5d51ec750688775432f705d5d9ad7b5a6a9f8bcbf7",
        "HTTP-233"
    );
    let reject = Reject {
        code: RejectCode::CanisterError,
        message: "boom".into(),
        error_code: Some("X1".into()),
    };
    assert_eq!(
        hash(QueryOutcome::Rejected(reject.clone())),
        "d46f5e193da963d5f7d7456ba4d4ed615f26a596ba8f676be279f04ee843d1dd",
        "HTTP-234"
    );
    assert_eq!(
        hash(QueryOutcome::Rejected(Reject {
            error_code: None,
            ..reject
        })),
        "e8ea5f3237ab2ccd09974eca91b32113b8ebf4d0ad8030e4daf2e4f3b2146987",
        "HTTP-235"
    );
}

#[test]
fn http_236_to_238_delegations() {
    let mut der = unhex("302a300506032b6570032100");
    der.extend(0..32);
    let delegation = Delegation {
        key: DerPublicKey::new(der),
        expiration: EXPIRY,
        targets: None,
        permissions: None,
    };
    assert_eq!(
        delegation.hash().to_string(),
        "0a7e384aaa4b7909745e756a72415290fea666f8f162d99a6d099d47cc95afaf",
        "HTTP-236"
    );
    let targets = Some(vec![CanisterId::from_u64(0x4d2), CanisterId::MANAGEMENT]);
    assert_eq!(
        Delegation {
            targets,
            ..delegation.clone()
        }
        .hash()
        .to_string(),
        "0a17505f24e106ee8056a2b7760f76a6f2b182a37370e0bb4915a7c57dd94c39",
        "HTTP-237"
    );
    assert_eq!(
        Delegation {
            permissions: Some(Permissions::Queries),
            ..delegation
        }
        .hash()
        .to_string(),
        "10ff1fea9c3327276bb2bf0779f5fcc46f7b4eed19967a06465a6901cab6c0a0",
        "HTTP-238"
    );
}
