//! Answers byte by byte, as the interface specification writes them (HTTP-141 to HTTP-150, HTTP-190, HTTP-200).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that panics has found something"
)]

use ic_types::codec::{DecodeError, Value, Wire};
use ic_types::{
    AsyncCallAnswer, CanisterId, CanisterRange, CanisterRanges, NodeId, NodeSignature, Principal,
    QueryOutcome, QueryResponse, ReadStateAnswer, Reject, RejectCode, Status, SyncCallAnswer, Time,
};

/// The bytes behind the tag "this is CBOR", which has to be there (HTTP-020).
fn untagged(bytes: &[u8]) -> Value {
    assert!(bytes.starts_with(&[0xd9, 0xd9, 0xf7]));
    Value::decode(bytes).unwrap().untagged().clone()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn reject(error_code: Option<&str>) -> Reject {
    Reject {
        code: RejectCode::CanisterReject,
        message: "no".into(),
        error_code: error_code.map(str::to_owned),
    }
}

#[test]
fn http_141_and_142_asynchronous_calls() {
    assert_eq!(
        (
            AsyncCallAnswer::Accepted.http_status(),
            AsyncCallAnswer::Accepted.encode()
        ),
        (202, vec![])
    );
    let rejected = AsyncCallAnswer::Rejected(reject(Some("X7")));
    assert_eq!(rejected.http_status(), 200);
    let fields = [
        ("reject_code", Value::Nat(4)),
        ("reject_message", text("no")),
        ("error_code", text("X7")),
    ];
    assert_eq!(
        untagged(&rejected.encode()),
        Value::map(fields),
        "there is no `status`"
    );
}

#[test]
fn http_143_to_145_synchronous_calls() {
    assert_eq!(
        (
            SyncCallAnswer::Accepted.http_status(),
            SyncCallAnswer::Accepted.encode()
        ),
        (202, vec![])
    );
    let certified = SyncCallAnswer::Certified {
        certificate: vec![1, 2],
    };
    assert_eq!(certified.http_status(), 200);
    let fields = [
        ("status", text("replied")),
        ("certificate", Value::Bytes(vec![1, 2])),
    ];
    assert_eq!(untagged(&certified.encode()), Value::map(fields));

    let rejected = SyncCallAnswer::Rejected(reject(None));
    assert_eq!(rejected.http_status(), 200);
    let fields = [
        ("status", text("non_replicated_rejection")),
        ("reject_code", Value::Nat(4)),
        ("reject_message", text("no")),
    ];
    assert_eq!(untagged(&rejected.encode()), Value::map(fields));
}

/// HTTP-146.
#[test]
fn http_247_the_body_of_202_means_nothing_and_other_statuses_are_errors() {
    assert_eq!(
        SyncCallAnswer::decode(202, b"whatever"),
        Ok(SyncCallAnswer::Accepted)
    );
    assert_eq!(
        AsyncCallAnswer::decode(202, b"whatever"),
        Ok(AsyncCallAnswer::Accepted)
    );
    for status in [201, 400, 500] {
        let expected = "HTTP status 200 or 202";
        let error = DecodeError::UnexpectedNumber {
            position: 0,
            expected,
            found: status.into(),
        };
        assert_eq!(SyncCallAnswer::decode(status, &[]), Err(error));
    }
}

#[test]
fn http_149_and_150_queries() {
    let identity = NodeId::new(Principal::try_from_slice(&[9]).unwrap());
    let signatures = vec![NodeSignature {
        timestamp: Time::from_nanos(7),
        signature: vec![8],
        identity,
    }];
    let signature = Value::map([
        ("timestamp", Value::Nat(7)),
        ("signature", Value::Bytes(vec![8])),
        ("identity", Value::Bytes(vec![9])),
    ]);
    let signed = ("signatures", Value::Array(vec![signature]));

    let outcome = QueryOutcome::Replied { argument: vec![1] };
    let replied = QueryResponse {
        outcome,
        signatures: signatures.clone(),
    };
    let reply = Value::map([("arg", Value::Bytes(vec![1]))]);
    assert_eq!(
        untagged(&replied.encode()),
        Value::map([
            ("status", text("replied")),
            ("reply", reply),
            signed.clone()
        ])
    );

    let rejected = QueryResponse {
        outcome: QueryOutcome::Rejected(reject(None)),
        signatures,
    };
    let fields = [
        ("status", text("rejected")),
        ("reject_code", Value::Nat(4)),
        ("reject_message", text("no")),
        signed,
    ];
    assert_eq!(untagged(&rejected.encode()), Value::map(fields));
}

#[test]
fn http_150_what_is_unsigned_decodes_without_signatures() {
    let reply = Value::map([("arg", Value::Bytes(vec![]))]);
    let bytes = Value::map([("status", text("replied")), ("reply", reply)]).encode();
    assert!(QueryResponse::decode(&bytes).unwrap().signatures.is_empty());
}

#[test]
fn http_200_codes_beyond_the_list_are_refused() {
    for code in [0, 7, 1 << 40] {
        let bytes = Value::map([
            ("reject_code", Value::Nat(code)),
            ("reject_message", text("no")),
        ])
        .encode();
        assert!(
            matches!(
                Reject::decode(&bytes),
                Err(DecodeError::UnexpectedNumber { .. })
            ),
            "{code}"
        );
    }
}

/// HTTP-206: messages are text, and codes are those of the protocol, whoever says them.
#[test]
fn http_206_messages_are_text() {
    let of = |message: Value| {
        let fields = [("reject_code", Value::Nat(4)), ("reject_message", message)];
        Reject::decode(&Value::map(fields).encode())
    };
    assert_eq!(of(text("no")).unwrap().code, RejectCode::CanisterReject);
    assert!(of(Value::Bytes(b"no".to_vec())).is_err());
    assert!(of(Value::Null).is_err());
    let mut bytes = Value::map([
        ("reject_code", Value::Nat(4)),
        ("reject_message", text("no")),
    ])
    .encode();
    let last = bytes.len() - 1;
    assert_eq!(bytes[last], b'o');
    bytes[last] = 0xff;
    assert!(Reject::decode(&bytes).is_err());
}

/// HTTP-026, HTTP-160: the certificate is bytes with an encoding of its own, not a map in the answer.
#[test]
fn http_026_read_state() {
    let answer = ReadStateAnswer {
        certificate: vec![1, 2],
    };
    assert_eq!(
        untagged(&answer.encode()),
        Value::map([("certificate", Value::Bytes(vec![1, 2]))])
    );
    assert_eq!(ReadStateAnswer::decode(&answer.encode()), Ok(answer));
    let inline = Value::map([("certificate", Value::map([("tree", Value::Null)]))]).encode();
    assert!(ReadStateAnswer::decode(&inline).is_err());
}

#[test]
fn http_190_and_191_status() {
    let more = Value::map([
        ("replica_health_status", text(Status::HEALTHY)),
        ("new", Value::Bool(true)),
    ])
    .encode();
    let status = Status::decode(&more).unwrap();
    assert_eq!(status.replica_health_status.as_deref(), Some("healthy"));
    assert_eq!(status.others.get("new"), Some(&Value::Bool(true)));
    assert_eq!(status.root_key, None);
    assert_eq!(untagged(&status.encode()), Value::decode(&more).unwrap());
}

#[test]
fn id_031_ranges() {
    let range = CanisterRange::new(
        CanisterId::from_u64(1).principal(),
        CanisterId::from_u64(2).principal(),
    );
    let ranges = CanisterRanges::new(range.into_iter().collect()).unwrap();
    let end = |last: u8| Value::Bytes(vec![0, 0, 0, 0, 0, 0, 0, last, 1, 1]);
    assert_eq!(
        untagged(&ranges.encode()),
        Value::Array(vec![Value::Array(vec![end(1), end(2)])])
    );
    assert_eq!(
        CanisterRanges::decode(&CanisterRanges::EMPTY.encode()),
        Ok(CanisterRanges::EMPTY)
    );
    // Three ends are none.
    let three = Value::Array(vec![Value::Array(vec![end(1), end(2), end(3)])]).encode();
    assert!(matches!(
        CanisterRanges::decode(&three),
        Err(DecodeError::Length { .. })
    ));
}
