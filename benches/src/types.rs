//! Principals, request ids, envelopes: `ic-types` beside `ic_principal`, `ic-transport-types` and `serde_cbor`.

use std::hint::black_box;

use ic_transport_types::{Envelope as PeerEnvelope, EnvelopeContent};
use ic_types::codec::Wire;
use ic_types::{
    Call, CanisterId, Content, DelegationChain, DerPublicKey, Envelope, Nonce, Principal,
    SenderProof, Time, UserId,
};

use crate::Group;

/// The groups of this module.
pub fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for (bytes, to, from, hash) in [
        (
            29,
            "principal to text, 29 bytes",
            "principal from text, 29 bytes",
            "principal of a key, 44 bytes",
        ),
        (
            10,
            "principal to text, 10 bytes",
            "principal from text, 10 bytes",
            "principal of a key, 88 bytes",
        ),
    ] {
        groups.push(to_text(to, bytes));
        groups.push(from_text(from, bytes));
        groups.push(of_key(hash, if bytes == 29 { 44 } else { 88 }));
    }
    groups.push(request_id(
        "request id of a call, 0 B argument",
        0,
        Some(0.60),
    ));
    groups.push(request_id(
        "request id of a call, 1 KiB argument",
        1024,
        Some(0.70),
    ));
    groups.push(request_id(
        "request id of a call, 1 MiB argument",
        1 << 20,
        None,
    ));
    groups.push(decode(
        "decode the envelope of a call, 1 KiB argument",
        1024,
    ));
    groups.push(encode(
        "encode the envelope of a call, 1 KiB argument",
        1024,
    ));
    groups
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| u8::try_from(index * 37 % 251).unwrap_or_default())
        .collect()
}

fn to_text(name: &'static str, length: usize) -> Group {
    let ours = Principal::try_from_slice(&bytes(length)).expect("short enough");
    let peer = ic_principal::Principal::from_slice(&bytes(length));
    Group::new(name, Some(0.30))
        .entry("ic_principal to_text", move || black_box(peer).to_text())
        .entry("ic-types text", move || black_box(ours).text())
        .entry("ic-types to_string", move || black_box(ours).to_string())
}

fn from_text(name: &'static str, length: usize) -> Group {
    let text = Principal::try_from_slice(&bytes(length))
        .expect("short enough")
        .to_string();
    let same = text.clone();
    Group::new(name, Some(0.25))
        .entry("ic_principal from_text", move || {
            ic_principal::Principal::from_text(black_box(text.as_str()))
        })
        .entry("ic-types parse", move || {
            black_box(same.as_str()).parse::<Principal>()
        })
}

fn of_key(name: &'static str, length: usize) -> Group {
    let (key, same) = (bytes(length), DerPublicKey::new(bytes(length)));
    Group::new(name, None)
        .entry("ic_principal self_authenticating", move || {
            ic_principal::Principal::self_authenticating(black_box(key.as_slice()))
        })
        .entry("ic-types self_authenticating", move || {
            Principal::self_authenticating(black_box(&same))
        })
}

/// A call as agents make it: signed sender, nonce of 16 bytes.
fn call(argument: usize) -> Call {
    Call {
        sender: UserId::new(Principal::try_from_slice(&bytes(29)).expect("short enough")),
        expiry: Time::from_nanos(1_685_570_400_000_000_000),
        nonce: Nonce::try_from_slice(&bytes(16)).ok(),
        canister: CanisterId::from_u64(1234),
        method: "transfer".into(),
        argument: bytes(argument),
        sender_info: None,
    }
}

fn request_id(name: &'static str, argument: usize, bar: Option<f64>) -> Group {
    let ours = call(argument);
    let peer = peer_call(&ours);
    assert_eq!(peer.to_request_id().as_slice(), ours.id().as_bytes());
    Group::new(name, bar)
        .entry("ic-transport-types to_request_id", move || {
            black_box(&peer).to_request_id()
        })
        .entry("ic-types id", move || black_box(&ours).id())
}

/// The same call as the peer has it.
pub fn peer_call(call: &Call) -> EnvelopeContent {
    EnvelopeContent::Call {
        nonce: call.nonce.map(|nonce| nonce.as_slice().to_vec()),
        ingress_expiry: call.expiry.as_nanos(),
        sender: ic_principal::Principal::from_slice(call.sender.as_slice()),
        canister_id: ic_principal::Principal::from_slice(call.canister.as_slice()),
        method_name: call.method.clone(),
        arg: call.argument.clone(),
        sender_info: None,
    }
}

fn envelope(argument: usize) -> Envelope<Call> {
    let proof = SenderProof::Signed {
        key: DerPublicKey::new(bytes(44)),
        signature: bytes(64),
        delegations: DelegationChain::EMPTY,
    };
    Envelope {
        content: call(argument),
        proof,
    }
}

fn decode(name: &'static str, argument: usize) -> Group {
    let (encoded, same) = (envelope(argument).encode(), envelope(argument).encode());
    Group::new(name, None)
        .entry("serde_cbor into ic-transport-types", move || {
            serde_cbor::from_slice::<PeerEnvelope<'static>>(black_box(&encoded)).expect("it is one")
        })
        .entry("ic-types decode", move || {
            Envelope::<Call>::decode(black_box(&same)).expect("it is one")
        })
}

fn encode(name: &'static str, argument: usize) -> Group {
    let ours = envelope(argument);
    let peer = serde_cbor::from_slice::<PeerEnvelope<'static>>(&ours.encode()).expect("it is one");
    Group::new(name, None)
        .entry("ic-transport-types encode_bytes", move || {
            black_box(&peer).encode_bytes()
        })
        .entry("ic-types encode", move || black_box(&ours).encode())
}
