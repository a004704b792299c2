//! What holds for every input.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that panics has found something"
)]

use std::collections::BTreeMap;

use ic_types::codec::{Reader, Value, Wire, leb128};
use ic_types::{
    AsyncCallAnswer, Call, CanisterId, CanisterRange, CanisterRanges, Content, Delegation,
    DelegationChain, DerPublicKey, Envelope, HashValue, Label, NodeId, NodeSignature, Nonce, Path,
    Permissions, Principal, Query, QueryOutcome, QueryResponse, ReadState, ReadStateAnswer, Reject,
    RejectCode, SenderInfo, SenderProof, SignedDelegation, Status, SyncCallAnswer, Time, UserId,
    hash_of_map,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

fn principal() -> impl Strategy<Value = Principal> {
    bytes(Principal::MAX_LENGTH).prop_map(|bytes| Principal::try_from_slice(&bytes).unwrap())
}

fn time() -> impl Strategy<Value = Time> {
    any::<u64>().prop_map(Time::from_nanos)
}

fn nonce() -> impl Strategy<Value = Nonce> {
    bytes(Nonce::MAX_LENGTH).prop_map(|bytes| Nonce::try_from_slice(&bytes).unwrap())
}

fn canister() -> impl Strategy<Value = CanisterId> {
    principal().prop_map(CanisterId::new)
}

fn sender_info() -> impl Strategy<Value = SenderInfo> {
    (bytes(40), canister(), bytes(40)).prop_map(|(info, signer, signature)| SenderInfo {
        info,
        signer,
        signature,
    })
}

fn call() -> impl Strategy<Value = Call> {
    let sender = principal().prop_map(UserId::new);
    let fields = (
        sender,
        time(),
        option::of(nonce()),
        canister(),
        any::<String>(),
        bytes(300),
        option::of(sender_info()),
    );
    fields.prop_map(
        |(sender, expiry, nonce, canister, method, argument, sender_info)| Call {
            sender,
            expiry,
            nonce,
            canister,
            method,
            argument,
            sender_info,
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    call().prop_map(|call| {
        let Call {
            sender,
            expiry,
            nonce,
            canister,
            method,
            argument,
            sender_info,
        } = call;
        Query {
            sender,
            expiry,
            nonce,
            canister,
            method,
            argument,
            sender_info,
        }
    })
}

fn read_state() -> impl Strategy<Value = ReadState> {
    let path = vec(bytes(20).prop_map(Label::new), 0..6).prop_map(Path::from);
    let sender = principal().prop_map(UserId::new);
    (sender, time(), option::of(nonce()), vec(path, 0..6)).prop_map(
        |(sender, expiry, nonce, paths)| ReadState {
            sender,
            expiry,
            nonce,
            paths,
        },
    )
}

fn delegation() -> impl Strategy<Value = SignedDelegation> {
    let permissions = prop_oneof![
        Just(Permissions::All),
        Just(Permissions::Queries),
        "[a-z]{4,6}x".prop_map(Permissions::Unknown)
    ];
    let targets = option::of(vec(canister(), 0..5));
    (
        bytes(60),
        time(),
        targets,
        option::of(permissions),
        bytes(80),
    )
        .prop_map(
            |(key, expiration, targets, permissions, signature)| SignedDelegation {
                delegation: Delegation {
                    key: DerPublicKey::new(key),
                    expiration,
                    targets,
                    permissions,
                },
                signature,
            },
        )
}

fn proof() -> impl Strategy<Value = SenderProof> {
    let signed = (bytes(100), bytes(100), vec(delegation(), 0..5)).prop_map(
        |(key, signature, delegations)| {
            let delegations = DelegationChain::try_from(delegations).unwrap();
            SenderProof::Signed {
                key: DerPublicKey::new(key),
                signature,
                delegations,
            }
        },
    );
    prop_oneof![Just(SenderProof::Anonymous), signed]
}

fn reject() -> impl Strategy<Value = Reject> {
    (
        0..RejectCode::ALL.len(),
        any::<String>(),
        option::of(any::<String>()),
    )
        .prop_map(|(code, message, error_code)| Reject {
            code: RejectCode::ALL[code],
            message,
            error_code,
        })
}

fn query_response() -> impl Strategy<Value = QueryResponse> {
    let outcome = prop_oneof![
        bytes(100).prop_map(|argument| QueryOutcome::Replied { argument }),
        reject().prop_map(QueryOutcome::Rejected)
    ];
    let signature =
        (time(), bytes(64), principal()).prop_map(|(timestamp, signature, identity)| {
            NodeSignature {
                timestamp,
                signature,
                identity: NodeId::new(identity),
            }
        });
    (outcome, vec(signature, 0..3)).prop_map(|(outcome, signatures)| QueryResponse {
        outcome,
        signatures,
    })
}

/// Values as they come back: natural numbers have one form.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u128>().prop_map(Value::Nat),
        any::<u64>().prop_map(|number| Value::Nat(number.into())),
        any::<u64>().prop_map(Value::Negative),
        bytes(30).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(inner.clone(), inner.clone(), 0..6)
                .prop_map(|map| Value::Map(map.into_iter().collect())),
            (10_u64..20, inner).prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
        ]
    })
}

fn ranges() -> impl Strategy<Value = CanisterRanges> {
    btree_set(principal(), 0..12).prop_map(|ends| {
        let ends: Vec<_> = ends.into_iter().collect();
        let pairs = ends.as_chunks::<2>().0.iter();
        CanisterRanges::new(
            pairs
                .map(|[start, end]| CanisterRange::new(*start, *end).unwrap())
                .collect(),
        )
        .unwrap()
    })
}

fn status() -> impl Strategy<Value = Status> {
    let text = || option::of(any::<String>());
    let others = btree_map("x[a-z]{1,5}", value(), 0..3);
    (
        option::of(bytes(133)),
        text(),
        text(),
        text(),
        text(),
        option::of(any::<u64>()),
        others,
    )
        .prop_map(
            |(
                key,
                ic_api_version,
                impl_version,
                impl_hash,
                replica_health_status,
                certified_height,
                others,
            )| Status {
                root_key: key.map(DerPublicKey::new),
                ic_api_version,
                impl_version,
                impl_hash,
                replica_health_status,
                certified_height,
                others,
            },
        )
}

/// Decodes `bytes` as everything there is. What decodes has one encoding, which decodes to the same.
fn decode_as_everything(bytes: &[u8]) {
    fn attempt<T: Wire + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
        if let Ok(value) = T::decode(bytes) {
            let encoded = value.encode();
            assert_eq!(T::decode(&encoded).as_ref(), Ok(&value));
            // No `Vec` or map of ours remembers more than there was.
            assert!(
                encoded.len() <= bytes.len() * 3 + 64,
                "{} from {}",
                encoded.len(),
                bytes.len()
            );
        }
    }
    attempt::<Value>(bytes);
    attempt::<Envelope<Call>>(bytes);
    attempt::<Envelope<Query>>(bytes);
    attempt::<Envelope<ReadState>>(bytes);
    attempt::<Call>(bytes);
    attempt::<QueryResponse>(bytes);
    attempt::<ReadStateAnswer>(bytes);
    attempt::<Reject>(bytes);
    attempt::<Status>(bytes);
    attempt::<CanisterRanges>(bytes);
    let _ = AsyncCallAnswer::decode(200, bytes);
    let _ = SyncCallAnswer::decode(200, bytes);
    let skipped = Reader::new(bytes).raw();
    // What is read as a value can be skipped, and the other way round but for duplicate keys, bignums and size.
    if Value::decode(bytes).is_ok() {
        assert_eq!(skipped, Ok(bytes));
    }
}

fn same<T: Wire + PartialEq + std::fmt::Debug>(value: &T) {
    assert_eq!(T::decode(&value.encode()).as_ref(), Ok(value));
}

/// The definition of the request id, as the specification writes it.
fn naive_id(call: &Call, request_type: &str) -> String {
    let info = call.sender_info.as_ref().map(|info| {
        [
            ("info", HashValue::Blob(&info.info)),
            ("signer", HashValue::Blob(info.signer.as_slice())),
            ("sig", HashValue::Blob(&info.signature)),
        ]
    });
    let mut fields = vec![
        ("request_type", HashValue::Text(request_type)),
        ("sender", HashValue::Blob(call.sender.as_slice())),
        (
            "ingress_expiry",
            HashValue::Nat(call.expiry.as_nanos().into()),
        ),
        ("canister_id", HashValue::Blob(call.canister.as_slice())),
        ("method_name", HashValue::Text(&call.method)),
        ("arg", HashValue::Blob(&call.argument)),
    ];
    fields.extend(
        call.nonce
            .as_ref()
            .map(|nonce| ("nonce", HashValue::Blob(nonce.as_slice()))),
    );
    fields.extend(
        info.as_ref()
            .map(|info| ("sender_info", HashValue::Map(info))),
    );
    format!("0x{}", hash_of_map(&fields))
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in bytes(200)) {
        decode_as_everything(&bytes);
    }

    #[test]
    fn damaged_requests_never_panic(
        content in call(),
        proof in proof(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Envelope { content, proof }.encode();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        decode_as_everything(&bytes);
        decode_as_everything(&bytes[..length.index(bytes.len())]);
    }

    #[test]
    fn http_030_envelopes_come_back(call in call(), query in query(), read in read_state(), proof in proof()) {
        same(&call);
        same(&query);
        same(&read);
        same(&Envelope { content: call, proof: proof.clone() });
        same(&Envelope { content: query, proof: proof.clone() });
        same(&Envelope { content: read, proof });
    }

    /// HTTP-141 to HTTP-145, HTTP-149, HTTP-150, HTTP-190: answers of every kind.
    #[test]
    fn answers_come_back(
        reject in reject(),
        response in query_response(),
        certificate in bytes(100),
        status in status(),
        ranges in ranges(),
    ) {
        same(&response);
        same(&status);
        same(&ranges);
        same(&ReadStateAnswer { certificate: certificate.clone() });
        for answer in [AsyncCallAnswer::Accepted, AsyncCallAnswer::Rejected(reject.clone())] {
            prop_assert_eq!(AsyncCallAnswer::decode(answer.http_status(), &answer.encode()), Ok(answer));
        }
        let answers = [SyncCallAnswer::Accepted, SyncCallAnswer::Certified { certificate }, SyncCallAnswer::Rejected(reject)];
        for answer in answers {
            prop_assert_eq!(SyncCallAnswer::decode(answer.http_status(), &answer.encode()), Ok(answer));
        }
    }

    #[test]
    fn http_120_ids_are_those_of_the_definition(call in call(), query in query()) {
        prop_assert_eq!(call.id().to_string(), naive_id(&call, "call"));
        let Query { sender, expiry, nonce, canister, method, argument, sender_info } = query.clone();
        let call = Call { sender, expiry, nonce, canister, method, argument, sender_info };
        prop_assert_eq!(query.id().to_string(), naive_id(&call, "query"));
    }

    #[test]
    fn http_036_ids_do_not_depend_on_the_proof(call in call(), one in proof(), other in proof()) {
        let decoded = |proof| Envelope::<Call>::decode(&Envelope { content: call.clone(), proof }.encode()).unwrap();
        prop_assert_eq!(decoded(one).content.id(), decoded(other).content.id());
    }

    #[test]
    fn id_020_texts_come_back(principal in principal()) {
        let text = principal.to_string();
        prop_assert_eq!(text.parse(), Ok(principal));
        prop_assert_eq!(text.to_uppercase().parse(), Ok(principal));
        prop_assert_eq!(&*principal.text(), text.as_str());
    }

    #[test]
    fn id_022_only_canonical_texts_are_read(text in "[a-z2-7-]{0,66}", principal in principal(), at in any::<prop::sample::Index>(), to in any::<char>()) {
        let mut damaged: Vec<char> = principal.to_string().chars().collect();
        let place = at.index(damaged.len());
        damaged[place] = to;
        for text in [text, damaged.into_iter().collect()] {
            if let Ok(principal) = text.parse::<Principal>() {
                prop_assert_eq!(principal.to_string(), text.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn id_003_order_is_that_of_the_bytes(a in principal(), b in principal()) {
        prop_assert_eq!(a.cmp(&b), a.as_slice().cmp(b.as_slice()));
        prop_assert_eq!(a == b, a.as_slice() == b.as_slice());
    }

    #[test]
    fn id_032_membership_is_that_of_any_range(ranges in ranges(), principal in principal()) {
        let naive = ranges.as_slice().iter().any(|range| {
            range.start().as_slice() <= principal.as_slice() && principal.as_slice() <= range.end().as_slice()
        });
        prop_assert_eq!(ranges.contains(CanisterId::new(principal)), naive);
    }

    #[test]
    fn http_122_leb128_is_that_of_the_peer(number in any::<u64>(), integer in any::<i64>(), input in bytes(12)) {
        let mut expected = Vec::new();
        ::leb128::write::unsigned(&mut expected, number).unwrap();
        prop_assert_eq!(leb128::unsigned(number.into()).as_slice().to_vec(), expected);
        let mut expected = Vec::new();
        ::leb128::write::signed(&mut expected, integer).unwrap();
        prop_assert_eq!(leb128::signed(integer.into()).as_slice().to_vec(), expected);

        let (mut ours, mut theirs) = (input.as_slice(), input.as_slice());
        let read = leb128::read_unsigned_padded(&mut ours);
        if let Ok(number) = read {
            prop_assert_eq!(::leb128::read::unsigned(&mut theirs).ok(), Some(number));
            prop_assert_eq!(ours, theirs);
            let shortest = leb128::unsigned(number.into());
            let strict = leb128::read_unsigned(&mut input.as_slice());
            prop_assert_eq!(strict.is_ok(), shortest.as_slice().len() == input.len() - ours.len());
        }
    }

    #[test]
    fn http_020_values_are_those_of_the_peer(value in value(), noise in bytes(40)) {
        same(&value);
        let encoded = value.encode();
        if let Some(theirs) = to_peer(&value) {
            let read: serde_cbor::Value = serde_cbor::from_slice(&encoded).unwrap();
            prop_assert_eq!(&read, &theirs);
        }
        // What we accept of noise, they accept, and both mean the same.
        if let Ok(ours) = Value::decode(&noise)
            && let Some(ours) = to_peer(&ours)
        {
            let theirs: serde_cbor::Value = serde_cbor::from_slice(&noise).unwrap();
            prop_assert_eq!(ours, theirs);
        }
    }
}

/// The same value as the peer has it; `None` if it has none: it knows no bignums.
fn to_peer(value: &Value) -> Option<serde_cbor::Value> {
    use serde_cbor::Value as Peer;
    Some(match value {
        Value::Nat(number) => Peer::Integer(u64::try_from(*number).ok()?.into()),
        Value::Negative(number) => Peer::Integer(-1 - i128::from(*number)),
        Value::Bytes(bytes) => Peer::Bytes(bytes.clone()),
        Value::Text(text) => Peer::Text(text.clone()),
        Value::Array(elements) => Peer::Array(elements.iter().map(to_peer).collect::<Option<_>>()?),
        Value::Map(fields) => {
            let pair = |(key, value)| Some((to_peer(key)?, to_peer(value)?));
            Peer::Map(
                fields
                    .iter()
                    .map(pair)
                    .collect::<Option<BTreeMap<_, _>>>()?,
            )
        }
        // The peer drops tags.
        Value::Tag(_, value) => to_peer(value)?,
        Value::Bool(value) => Peer::Bool(*value),
        Value::Null => Peer::Null,
        other => panic!("a kind of value that is new: {other:?}"),
    })
}
