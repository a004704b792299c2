//! The bytes of artifacts: golden, canonical, and safe to decode whatever they are.
#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use ic_consensus_core::artifact::{
    Artifact, Beacon, BeaconContent, Block, BlockHash, BlsSignature, Body, CatchUpContent,
    CatchUpPackage, CertifiedState, Context, EquivocationProof, FinalizationContent, GroupSigned,
    MAX_BODY_BYTES, MAX_SIGNERS, MalformedArtifact, MultiSigned, NodeSignature,
    NotarizationContent, Payload, Position, Proposal, Share, Summary, TapeContent,
};
use ic_types::{
    Call, CanisterId, Digest, Envelope, Height, NodeId, Principal, Rank, RegistryVersion,
    SenderProof, SignedBytes, StateRoot, SubnetId, Time, UserId,
};
use proptest::prelude::*;

fn node(name: u8) -> NodeId {
    NodeId::new(Principal::try_from_slice(&[name; 29]).expect("29 bytes"))
}

fn hash(name: u8) -> BlockHash {
    BlockHash::new(Digest::new([name; 32]))
}

fn root(name: u8) -> StateRoot {
    StateRoot::new(Digest::new([name; 32]))
}

fn call(argument: &[u8]) -> Envelope<Call> {
    let content = Call {
        sender: UserId::ANONYMOUS,
        expiry: Time::from_nanos(1_700_000_000_000_000_000),
        nonce: None,
        canister: CanisterId::from_u64(5),
        method: "increment".to_owned(),
        argument: argument.to_vec(),
        sender_info: None,
    };
    Envelope {
        content,
        proof: SenderProof::Anonymous,
    }
}

fn context() -> Context {
    Context {
        registry: RegistryVersion::new(3),
        certified: Height::new(8),
        time: Time::from_nanos(1_700_000_000_000_000_000),
    }
}

fn data(calls: Vec<Envelope<Call>>) -> Block {
    Block::new(
        hash(1),
        Height::new(9),
        Rank::new(1),
        context(),
        Body::Data(Payload { calls }),
    )
}

fn summary() -> Block {
    let summary = Summary {
        registry: RegistryVersion::new(2),
        interval: 199,
        next_interval: 99,
    };
    Block::new(
        hash(1),
        Height::new(9),
        Rank::LEADER,
        context(),
        Body::Summary(summary),
    )
}

fn share<C>(content: C) -> Share<C> {
    Share {
        content,
        signer: node(4),
        signature: BlsSignature([5; 48]),
    }
}

fn multi<C>(content: C) -> MultiSigned<C> {
    MultiSigned {
        content,
        signers: vec![node(4), node(6)],
        signature: BlsSignature([5; 48]),
    }
}

fn group<C>(content: C) -> GroupSigned<C> {
    GroupSigned {
        content,
        signature: BlsSignature([5; 48]),
    }
}

fn beacon() -> Beacon {
    group(BeaconContent {
        height: Height::new(9),
        parent: Digest::new([2; 32]),
    })
}

/// One artifact of each kind and form, and the first bytes of the hash of its encoding.
fn golden() -> Vec<(Artifact, &'static str)> {
    let height = Height::new(9);
    let notarized = NotarizationContent {
        height,
        block: hash(3),
    };
    let finalized = FinalizationContent {
        height,
        block: hash(3),
    };
    let certified = CertifiedState {
        height,
        root: root(7),
    };
    let package = CatchUpPackage {
        block: summary(),
        beacon: beacon(),
        root: root(7),
        signature: BlsSignature([5; 48]),
    };
    let proposal = |block| Proposal {
        block,
        maker: node(4),
        signature: NodeSignature([8; 64]),
    };
    let position = Position {
        beacon: height,
        notarized: height,
        finalized: Height::new(8),
        ..Position::default()
    };
    vec![
        (beacon().into(), "f81a5e8dd2a7fd06"),
        (share(beacon().content).into(), "2ea9e1c26014faae"),
        (group(TapeContent { height }).into(), "90effabcd6ac9644"),
        (share(TapeContent { height }).into(), "75eb9e47b41636b4"),
        (proposal(data(Vec::new())).into(), "41529ff12574e3c1"),
        (
            proposal(data(vec![call(b""), call(b"1")])).into(),
            "1abe6b527fcb2530",
        ),
        (proposal(summary()).into(), "7cc463d8f36c1a5a"),
        (multi(notarized).into(), "f3fdb26f8e417c70"),
        (share(notarized).into(), "9eea7e69a01aee6f"),
        (multi(finalized).into(), "4c50ed00205af9cc"),
        (share(finalized).into(), "2591865cd930496f"),
        (group(certified).into(), "be58e291af4118ad"),
        (share(certified).into(), "ac588bccd6c3ddce"),
        (package.clone().into(), "e2983ab46ac1185a"),
        (share(package.content()).into(), "898ddf616b83ff59"),
        (
            EquivocationProof {
                maker: node(4),
                height,
                subnet: SubnetId::new(Principal::MANAGEMENT),
                blocks: [
                    (hash(1), NodeSignature([8; 64])),
                    (hash(2), NodeSignature([9; 64])),
                ],
            }
            .into(),
            "39d5e5197cb05f6e",
        ),
        (position.into(), "0e201342c07b5fc9"),
    ]
}

#[test]
fn encodings_do_not_change_by_accident() {
    let found: Vec<String> = golden()
        .iter()
        .map(|(artifact, _)| artifact.id().digest().to_string()[..16].to_owned())
        .collect();
    let expected: Vec<&str> = golden().iter().map(|(_, expected)| *expected).collect();
    assert_eq!(
        found, expected,
        "a change of protocol bytes is a decision: see docs/decisions"
    );
}

#[test]
fn what_is_signed_and_hashed_does_not_change_by_accident() {
    let height = Height::new(9);
    let of = |bytes: &SignedBytes| Digest::of(bytes.as_slice()).to_string()[..16].to_owned();
    let metadata = ic_consensus_core::artifact::BlockMetadata {
        block: hash(3),
        height,
        subnet: SubnetId::new(Principal::MANAGEMENT),
    };
    let content = CatchUpContent {
        height,
        block: hash(3),
        beacon: Digest::new([2; 32]),
        root: root(7),
    };
    let found = [
        data(vec![call(b"")]).hash().to_string()[..16].to_owned(),
        summary().hash().to_string()[..16].to_owned(),
        beacon().hash().to_string()[..16].to_owned(),
        group(TapeContent { height }).hash().to_string()[..16].to_owned(),
        of(&SignedBytes::of(&metadata)),
        of(&SignedBytes::of(&NotarizationContent {
            height,
            block: hash(3),
        })),
        of(&SignedBytes::of(&FinalizationContent {
            height,
            block: hash(3),
        })),
        of(&SignedBytes::of(&beacon().content)),
        of(&SignedBytes::of(&TapeContent { height })),
        of(&SignedBytes::of(&content)),
    ];
    assert_eq!(found, SIGNED);
    let state = CertifiedState {
        height,
        root: root(7),
    };
    assert_eq!(
        SignedBytes::of(&state),
        SignedBytes::of(&root(7)),
        "the root alone, as in every certificate (CERT)"
    );
}

const SIGNED: [&str; 10] = [
    "ded9e93c10b258f1",
    "0c20fbbb4b7627bc",
    "806a648ec9e2c16e",
    "f42249f171a85da7",
    "0a7ccdf28af2eb3b",
    "e1deb449cd5bd24e",
    "25aade6b2427be45",
    "b371696efa98cc08",
    "f1f0d72e9c901b82",
    "546b5ce8fb1141b8",
];

#[test]
fn the_layout_is_the_one_that_is_documented() {
    let spelled = |parts: &[&[u8]]| parts.concat();
    let height = 9u64.to_be_bytes();
    let tape = Artifact::from(share(TapeContent {
        height: Height::new(9),
    }));
    assert_eq!(
        tape.encode(),
        spelled(&[&[4], &height, &[29], &[4; 29], &[5; 48]])
    );
    let vote = multi(NotarizationContent {
        height: Height::new(9),
        block: hash(3),
    });
    let signers = [&[29][..], &[4; 29], &[29], &[6; 29]].concat();
    let expected = spelled(&[&[6], &height, &[3; 32], &[0, 0, 0, 2], &signers, &[5; 48]]);
    assert_eq!(Artifact::from(vote).encode(), expected);
}

#[test]
fn what_is_encoded_is_decoded() {
    for (artifact, _) in golden() {
        let bytes = artifact.encode();
        assert_eq!(Artifact::decode(&bytes), Ok(artifact));
    }
}

#[test]
fn every_prefix_is_refused_and_so_is_every_extension() {
    for (artifact, _) in golden() {
        let mut bytes = artifact.encode();
        for length in 0..bytes.len() {
            assert!(
                Artifact::decode(&bytes[..length]).is_err(),
                "{:?} cut to {length}",
                artifact.kind()
            );
        }
        bytes.push(0);
        assert_eq!(
            Artifact::decode(&bytes),
            Err(MalformedArtifact::TrailingBytes { found: 1 })
        );
    }
}

#[test]
fn every_changed_byte_is_refused_or_means_something_else() {
    for (artifact, _) in golden() {
        let bytes = artifact.encode();
        for position in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[position] ^= flip;
                if let Ok(other) = Artifact::decode(&changed) {
                    assert_ne!(other.encode(), bytes);
                    assert_eq!(other.encode(), changed, "one encoding for each artifact");
                }
            }
        }
    }
}

#[test]
fn lengths_are_bounded_before_anything_is_read() {
    let mut notarization = Artifact::from(multi(NotarizationContent {
        height: Height::new(9),
        block: hash(3),
    }))
    .encode();
    let count = notarization.len() - 48 - 2 * 30 - 4;
    notarization[count..count + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let found = u32::MAX as usize;
    let over = MalformedArtifact::OverLimit {
        what: "signers",
        limit: MAX_SIGNERS,
        found,
    };
    assert_eq!(Artifact::decode(&notarization), Err(over));

    let proposal = Proposal {
        block: data(Vec::new()),
        maker: node(4),
        signature: NodeSignature([8; 64]),
    };
    let mut proposal = Artifact::from(proposal).encode();
    let count = proposal.len() - 64 - 30 - 5 - 4;
    proposal[count..count + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let over = MalformedArtifact::OverLimit {
        what: "body",
        limit: MAX_BODY_BYTES,
        found,
    };
    assert_eq!(Artifact::decode(&proposal), Err(over));
}

#[test]
fn signers_are_listed_once_and_in_order() {
    for signers in [vec![node(6), node(4)], vec![node(4), node(4)]] {
        let content = NotarizationContent {
            height: Height::new(9),
            block: hash(3),
        };
        let bytes = Artifact::from(MultiSigned {
            content,
            signers,
            signature: BlsSignature([5; 48]),
        })
        .encode();
        assert_eq!(
            Artifact::decode(&bytes),
            Err(MalformedArtifact::NotCanonical { what: "signers" })
        );
    }
}

#[test]
fn a_body_that_is_not_the_one_of_the_header_is_refused() {
    let with = |block| {
        Artifact::from(Proposal {
            block,
            maker: node(4),
            signature: NodeSignature([8; 64]),
        })
        .encode()
    };
    let (one, other) = (with(data(vec![call(b"1")])), with(data(vec![call(b"2")])));
    let difference = one
        .iter()
        .zip(&other)
        .rposition(|(one, other)| one != other)
        .expect("the argument");
    let mut mixed = one.clone();
    mixed[difference] = other[difference];
    assert_eq!(
        Artifact::decode(&mixed),
        Err(MalformedArtifact::NotCanonical { what: "body" })
    );
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(artifact) = Artifact::decode(&bytes) {
            prop_assert_eq!(artifact.encode(), bytes);
        }
    }

    #[test]
    fn decoding_what_is_almost_right_never_panics(
        which in 0usize..17,
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = golden()[which].0.encode();
        for (position, byte) in changes {
            let position = position % bytes.len();
            bytes[position] = byte;
        }
        if let Ok(artifact) = Artifact::decode(&bytes) {
            prop_assert_eq!(artifact.encode(), bytes);
        }
    }

    #[test]
    fn blocks_differ_in_name_if_they_differ_in_anything(
        one in (any::<u64>(), any::<u32>(), any::<u64>(), 0u8..3),
        other in (any::<u64>(), any::<u32>(), any::<u64>(), 0u8..3),
    ) {
        let block = |(height, rank, time, calls): (u64, u32, u64, u8)| {
            let context = Context { time: Time::from_nanos(time), ..context() };
            let calls = (0..calls).map(|number| call(&[number])).collect();
            Block::new(hash(1), Height::new(height), Rank::new(rank), context, Body::Data(Payload { calls }))
        };
        prop_assert_eq!(block(one).hash() == block(other).hash(), one == other);
    }
}
