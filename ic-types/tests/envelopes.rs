//! What makes an envelope one, field by field (HTTP-020 to HTTP-046).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that panics has found something"
)]

use ic_types::codec::{DecodeError, Value, Wire};
use ic_types::{Call, Content as _, Envelope, Query, ReadState, SenderProof};

fn call() -> Vec<(&'static str, Value)> {
    vec![
        ("request_type", Value::Text("call".into())),
        ("sender", Value::Bytes(vec![4])),
        ("ingress_expiry", Value::Nat(1)),
        ("canister_id", Value::Bytes(vec![1])),
        ("method_name", Value::Text("m".into())),
        ("arg", Value::Bytes(vec![])),
    ]
}

fn envelope(fields: Vec<(&'static str, Value)>) -> Vec<u8> {
    Value::map([("content", Value::map(call()))].into_iter().chain(fields)).encode()
}

fn of_content(fields: Vec<(&'static str, Value)>) -> Vec<u8> {
    Value::map([("content", Value::map(fields))]).encode()
}

#[test]
fn http_020_the_tag_is_optional_and_no_other_tag_is_taken() {
    let bare = envelope(vec![]);
    let tagged = |tag| Value::Tag(tag, Box::new(Value::decode(&bare).unwrap())).encode();
    let decoded = Envelope::<Call>::decode(&bare).unwrap();
    assert_eq!(Envelope::decode(&tagged(55799)), Ok(decoded.clone()));
    assert!(decoded.encode().starts_with(&[0xd9, 0xd9, 0xf7]));
    assert!(matches!(
        Envelope::<Call>::decode(&tagged(55798)),
        Err(DecodeError::UnexpectedNumber {
            position: 0,
            found: 55798,
            ..
        })
    ));
}

/// HTTP-014, HTTP-021: an envelope is a map with a map in it, its fields of the types that they have; nothing else is one.
#[test]
fn http_014_and_021_a_body_is_an_envelope() {
    let is_one = |body: &[u8]| Envelope::<Call>::decode(body).is_ok();
    assert!(is_one(&envelope(vec![])));
    for body in [
        br#"{"content":{"request_type":"call"}}"#.to_vec(),
        Value::map(call()).encode(),
        Value::Array(vec![Value::map(call())]).encode(),
        Value::map([("content", Value::Bytes(Value::map(call()).encode()))]).encode(),
        Value::map([("content", Value::Array(vec![]))]).encode(),
    ] {
        assert!(!is_one(&body));
    }
    // Text and blobs are two types, whatever is in them.
    for (field, other) in [
        ("request_type", Value::Bytes(b"call".to_vec())),
        ("method_name", Value::Bytes(b"m".to_vec())),
        ("canister_id", Value::Text("a".into())),
        ("sender", Value::Text("2vxsx-fae".into())),
        ("arg", Value::Text(String::new())),
        ("arg", Value::Array(vec![])),
    ] {
        let mut fields = call();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, other));
        assert!(
            matches!(
                Envelope::<Call>::decode(&of_content(fields)),
                Err(DecodeError::Unexpected { .. })
            ),
            "{field}"
        );
    }
}

/// HTTP-044: of the sender's information all three parts, or none.
#[test]
fn http_044_sender_info_is_complete() {
    let parts = || {
        vec![
            ("info", Value::Bytes(vec![1])),
            ("signer", Value::Bytes(vec![2])),
            ("sig", Value::Bytes(vec![3])),
        ]
    };
    let with = |parts: Vec<(&'static str, Value)>| {
        let mut fields = call();
        fields.push(("sender_info", Value::map(parts)));
        Envelope::<Call>::decode(&of_content(fields)).map(|envelope| envelope.content.sender_info)
    };
    let info = with(parts()).unwrap().unwrap();
    assert_eq!(
        (info.info, info.signer.as_slice(), info.signature),
        (vec![1], &[2][..], vec![3])
    );
    for missing in ["info", "signer", "sig"] {
        let mut rest = parts();
        rest.retain(|(name, _)| *name != missing);
        assert_eq!(
            with(rest),
            Err(DecodeError::MissingField { field: missing })
        );
    }
    // A read of the state has none (HTTP-043).
    let read = vec![
        ("request_type", Value::Text("read_state".into())),
        ("sender", Value::Bytes(vec![4])),
        ("ingress_expiry", Value::Nat(1)),
        ("paths", Value::Array(vec![])),
    ];
    assert!(Envelope::<ReadState>::decode(&of_content(read.clone())).is_ok());
    let mut more = read;
    more.push(("sender_info", Value::map(parts())));
    assert!(matches!(
        Envelope::<ReadState>::decode(&of_content(more)),
        Err(DecodeError::UnknownField { .. })
    ));
}

#[test]
fn http_023_duplicate_fields_are_refused() {
    let mut content = vec![0xa2];
    for _ in 0..2 {
        content.extend([0x66]);
        content.extend(b"sender");
        content.extend([0x41, 4]);
    }
    let envelope = [&[0xa1, 0x67][..], b"content", &content].concat();
    assert_eq!(
        Envelope::<Call>::decode(&envelope),
        Err(DecodeError::DuplicateKey { position: 19 })
    );
}

#[test]
fn http_024_unknown_fields_are_refused_everywhere() {
    let unknown = |bytes: &[u8]| match Envelope::<Call>::decode(bytes) {
        Err(DecodeError::UnknownField { field, .. }) => field.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(unknown(&envelope(vec![("extra", Value::Null)])), "extra");
    let mut fields = call();
    fields.push(("more", Value::Nat(1)));
    assert_eq!(unknown(&of_content(fields)), "more");
    let mut fields = call();
    fields.push(("paths", Value::Array(vec![])));
    assert_eq!(unknown(&of_content(fields)), "paths");
}

#[test]
fn http_031_to_034_key_and_signature_come_together() {
    let blob = || Value::Bytes(vec![1]);
    let chain = || Value::Array(vec![]);
    let incomplete = [
        vec![("sender_pubkey", blob())],
        vec![("sender_sig", blob())],
        vec![("sender_delegation", chain())],
        vec![("sender_pubkey", blob()), ("sender_delegation", chain())],
        vec![("sender_sig", blob()), ("sender_delegation", chain())],
    ];
    for fields in incomplete {
        assert_eq!(
            Envelope::<Call>::decode(&envelope(fields)),
            Err(DecodeError::IncompleteProof)
        );
    }
    let decode = |fields| Envelope::<Call>::decode(&envelope(fields)).unwrap().proof;
    assert_eq!(decode(vec![]), SenderProof::Anonymous);
    // As Python agents write it.
    assert_eq!(
        decode(vec![
            ("sender_pubkey", Value::Null),
            ("sender_sig", Value::Null)
        ]),
        SenderProof::Anonymous
    );
    // HTTP-223: an empty chain is as good as none.
    let signed = vec![("sender_pubkey", blob()), ("sender_sig", blob())];
    let mut chained = signed.clone();
    chained.push(("sender_delegation", chain()));
    assert_eq!(decode(signed), decode(chained));
}

#[test]
fn http_040_every_field_has_to_be_there() {
    for missing in [
        "request_type",
        "sender",
        "ingress_expiry",
        "canister_id",
        "method_name",
        "arg",
    ] {
        let mut fields = call();
        fields.retain(|(name, _)| *name != missing);
        assert_eq!(
            Envelope::<Call>::decode(&of_content(fields)),
            Err(DecodeError::MissingField { field: missing })
        );
    }
    assert_eq!(
        Envelope::<Call>::decode(&Value::map([]).encode()),
        Err(DecodeError::MissingField { field: "content" })
    );
}

/// HTTP-126, HTTP-104: what is not there counts for nothing, what is there counts, be it empty; information about the
/// sender is a part of the content.
#[test]
fn http_104_and_126_absent_is_not_empty() {
    let id = |more: Vec<(&'static str, Value)>| {
        let fields = call().into_iter().chain(more).collect();
        let envelope = Envelope::<Call>::decode(&of_content(fields)).unwrap();
        envelope.content.id()
    };
    let info = |info: &[u8]| {
        vec![(
            "sender_info",
            Value::map([
                ("info", Value::Bytes(info.to_vec())),
                ("signer", Value::Bytes(vec![2])),
                ("sig", Value::Bytes(vec![3])),
            ]),
        )]
    };
    let absent = id(vec![]);
    // As agents write what is not there.
    assert_eq!(id(vec![("nonce", Value::Null)]), absent);
    let ids = [
        absent,
        id(vec![("nonce", Value::Bytes(vec![]))]),
        id(vec![("nonce", Value::Bytes(vec![0]))]),
        id(info(b"")),
        id(info(b"a")),
    ];
    for (position, one) in ids.iter().enumerate() {
        assert!(!ids.iter().skip(position + 1).any(|other| other == one));
    }
}

#[test]
fn http_041_to_043_each_endpoint_has_its_request_type() {
    let bytes = envelope(vec![]);
    assert!(Envelope::<Call>::decode(&bytes).is_ok());
    let Err(DecodeError::UnexpectedText {
        expected, found, ..
    }) = Envelope::<Query>::decode(&bytes)
    else {
        panic!("a call is not a query");
    };
    assert_eq!((expected, found.as_str()), ("query", "call"));
    // The fields differ too, and which error is told depends on their order; both are refused.
    assert!(Envelope::<ReadState>::decode(&bytes).is_err());
}

#[test]
fn http_022_numbers_may_be_bignums_and_must_fit() {
    let expiry = |value: Value| {
        let mut fields = call();
        fields.retain(|(name, _)| *name != "ingress_expiry");
        fields.push(("ingress_expiry", value));
        Envelope::<Call>::decode(&of_content(fields))
            .map(|envelope| envelope.content.expiry.as_nanos())
    };
    let bignum = |bytes: &[u8]| Value::Tag(2, Box::new(Value::Bytes(bytes.to_vec())));
    assert_eq!(expiry(Value::Nat(u64::MAX.into())), Ok(u64::MAX));
    assert_eq!(expiry(bignum(&[1, 0])), Ok(256));
    assert!(matches!(
        expiry(Value::Nat(u128::from(u64::MAX) + 1)),
        Err(DecodeError::NumberTooLarge { bits: 64, .. })
    ));
    assert!(matches!(
        expiry(Value::Negative(0)),
        Err(DecodeError::Unexpected { .. })
    ));
    assert!(matches!(
        expiry(Value::Text("1".into())),
        Err(DecodeError::Unexpected { .. })
    ));
}

#[test]
fn errors_show_no_control_characters() {
    let mut fields = call();
    fields.push(("a\u{1b}[31m\nb", Value::Null));
    let error = Envelope::<Call>::decode(&of_content(fields)).unwrap_err();
    assert!(
        error
            .to_string()
            .chars()
            .all(|character| !character.is_control()),
        "{error}"
    );
    assert_eq!(error.http_status(), 400);
}

#[test]
fn nothing_follows_an_envelope() {
    let mut bytes = envelope(vec![]);
    let position = bytes.len();
    bytes.push(0);
    assert_eq!(
        Envelope::<Call>::decode(&bytes),
        Err(DecodeError::TrailingBytes { position })
    );
    for length in 0..position {
        assert!(Envelope::<Call>::decode(bytes.get(..length).unwrap()).is_err());
    }
}
