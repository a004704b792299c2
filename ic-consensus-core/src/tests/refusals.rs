//! What a node does not fall for, and whom it blames.

use super::*;
use crate::artifact::{BlsSignature, NodeSignature};
use crate::step::BadBlock;

const SECOND: Duration = Duration::from_secs(1);

fn ready(n: u32) -> Fixture {
    let mut node = Fixture::with_rank(n, 99);
    node.tick();
    node.now = node.now.saturating_add(SECOND);
    node
}

fn refused(outputs: &[Output]) -> Option<&BadBlock> {
    match faults(outputs)[..] {
        [(_, Fault::BadBlock { reason, .. })] => Some(reason),
        _ => None,
    }
}

#[test]
fn a_block_of_a_maker_without_the_rank() {
    let mut node = ready(4);
    let maker = node.maker(1, 1).expect("a peer");
    let proposal = node.sign(maker, node.block(1, 0, Vec::new()));
    assert_eq!(refused(&node.hear(proposal)), Some(&BadBlock::Rank));
}

#[test]
fn a_block_with_a_wrong_signature() {
    let mut node = ready(4);
    let mut proposal = node.proposal(1, 0);
    proposal.signature = NodeSignature([7; 64]);
    let outputs = node.hear(proposal);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::BadSignature {
                kind: Kind::Proposal,
                ..
            }
        )]
    ));
}

#[test]
fn blocks_that_take_something_back_or_are_from_the_future() {
    let mut node = ready(4);
    node.advance(1);
    let maker = node
        .maker(2, 0)
        .or_else(|| node.maker(2, 1))
        .expect("a peer");
    let rank = node.committee(2).rank(&maker.node()).expect("a maker");
    let good = node.block(2, rank.get(), Vec::new());
    let with = |context| {
        Block::new(
            good.parent(),
            good.height(),
            rank,
            context,
            good.body().clone(),
        )
    };
    let parent = node.parent(2);
    let [stale, backward, future] = [
        with(Context {
            time: parent.context().time,
            ..*good.context()
        }),
        with(Context {
            registry: RegistryVersion::new(0),
            ..*good.context()
        }),
        with(Context {
            time: node.now.saturating_add(5 * SECOND),
            ..*good.context()
        }),
    ]
    .map(|block| node.sign(maker, block));
    node.now = node.now.saturating_add(20 * SECOND);
    assert_eq!(refused(&node.hear(stale)), Some(&BadBlock::Context));
    assert_eq!(refused(&node.hear(backward)), Some(&BadBlock::Context));
    node.now = future
        .block
        .context()
        .time
        .checked_sub(5 * SECOND)
        .expect("later than 1970");
    // The delays of the round have passed or not: a block from the future is put off, never refused.
    let hash = future.block.hash();
    let height = future.block.height();
    assert_eq!(faults(&node.hear(future)), []);
    node.wait(4 * SECOND);
    assert!(node.engine.pool().block(height, hash).is_none());
    node.wait(30 * SECOND);
    assert!(
        node.engine.pool().block(height, hash).is_some(),
        "its time has come"
    );
}

#[test]
fn blocks_with_an_unacceptable_payload_and_blocks_that_cannot_be_judged_yet() {
    let mut node = ready(4);
    let maker = node.maker(1, 0).expect("a peer");
    let [bad, later] =
        [13, 14].map(|canister| node.sign(maker, node.block(1, 0, vec![call_to(canister)])));
    let outputs = node.hear(bad);
    assert_eq!(
        refused(&outputs),
        Some(&BadBlock::Payload(PayloadFault::Other(
            "thirteen".to_owned()
        )))
    );
    let (height, hash) = (later.block.height(), later.block.hash());
    assert_eq!(
        faults(&node.hear(later.clone())),
        [],
        "not yet is not invalid"
    );
    assert!(node.engine.pool().block(height, hash).is_none());
    // A quorum could judge it: that is enough.
    let notarization = node.notarization(&later.block);
    node.hear(notarization);
    assert!(node.engine.pool().is_notarized(height, hash));
}

#[test]
fn data_in_the_place_of_a_summary_and_another_summary() {
    // A node that does not make the block at height 5 itself.
    let nodes = [0, 1, 99].into_iter().map(|rank| {
        let mut node = Fixture::with_rank(4, rank);
        node.tick();
        node.advance(4);
        node
    });
    let mut nodes = nodes.filter(|node| node.committee(5).rank(&node.me).is_none());
    let mut node = nodes.next().expect("two of four make no block at a height");
    let maker = node
        .maker(5, 0)
        .or_else(|| node.maker(5, 1))
        .expect("a peer");
    let rank = node.committee(5).rank(&maker.node()).expect("a maker");
    let good = node.block(5, rank.get(), Vec::new());
    let wrong = Summary {
        registry: RegistryVersion::new(1),
        interval: 4,
        next_interval: 5,
    };
    let [data, other] = [Body::Data(Payload::default()), Body::Summary(wrong)].map(|body| {
        node.sign(
            maker,
            Block::new(good.parent(), good.height(), rank, *good.context(), body),
        )
    });
    let good = node.sign(maker, good);
    node.now = node.now.saturating_add(20 * SECOND);
    node.tick();
    assert_eq!(refused(&node.hear(data)), Some(&BadBlock::Interval));
    assert_eq!(refused(&node.hear(other)), Some(&BadBlock::Summary));
    assert_eq!(faults(&node.hear(good)), []);
}

#[test]
fn a_notarization_of_too_few_of_strangers_or_of_nobody() {
    let mut node = ready(6);
    let proposal = node.proposal(1, 0);
    let content = NotarizationContent {
        height: Height::new(1),
        block: proposal.block.hash(),
    };
    node.hear(proposal);
    let committee = node.committee(1);
    let sum = |node: &Fixture, signers: &dyn Fn(&NodeId) -> bool| {
        let votes = node.peers.iter().filter(|keys| signers(&keys.node()));
        let votes: Vec<_> = votes
            .filter_map(|keys| keys.vote(&node.record, content))
            .collect();
        let votes: Vec<_> = votes
            .iter()
            .map(|vote| (vote.signer, vote.signature))
            .collect();
        node.record
            .combine_votes(content, &votes, 1)
            .expect("honest votes")
    };
    // Of six members four are notaries, and three of them a quorum.
    let everybody = sum(&node, &|_| true);
    let outputs = node.hear(everybody);
    assert!(matches!(
        faults(&outputs)[..],
        [(_, Fault::NotEligible { .. })]
    ));
    let notaries: Vec<NodeId> = node
        .peers
        .iter()
        .map(NodeKeys::node)
        .filter(|peer| committee.is_notary(peer))
        .collect();
    let two = sum(&node, &|signer| {
        notaries.iter().take(2).any(|notary| notary == signer)
    });
    let outputs = node.hear(two.clone());
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::TooFewSigners {
                needed: 3,
                found: 2,
                ..
            }
        )]
    ));
    let mut claimed = sum(&node, &|signer| {
        notaries.iter().take(3).any(|notary| notary == signer)
    });
    claimed.signature = two.signature;
    let outputs = node.hear(claimed);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::BadSignature {
                kind: Kind::Notarization,
                ..
            }
        )]
    ));
    assert_eq!(node.engine.position().notarized, Height::GENESIS);
}

#[test]
fn a_beacon_on_another_chain_or_with_another_signature() {
    let mut node = ready(4);
    let stray = node.group(
        Level::Low,
        BeaconContent {
            height: Height::new(1),
            parent: Digest::of(b"elsewhere"),
        },
    );
    let outputs = node.hear(stray);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::Contradiction {
                kind: Kind::Beacon,
                ..
            }
        )]
    ));
    let mut forged = node.beacon(1);
    forged.signature = stray.signature;
    let outputs = node.hear(forged);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::BadSignature {
                kind: Kind::Beacon,
                ..
            }
        )]
    ));
    let good = node.beacon(1);
    assert_eq!(faults(&node.hear(good)), []);
}

#[test]
fn a_wrong_share_is_found_when_shares_are_combined_and_its_signer_gets_no_second_try() {
    let mut node = ready(7);
    let parent = node.genesis.beacon.hash();
    let content = BeaconContent {
        height: Height::new(1),
        parent,
    };
    let honest = |node: &Fixture, place: usize| {
        node.peers[place]
            .share(&node.record, Level::Low, content)
            .expect("a member")
    };
    let mut wrong = honest(&node, 0);
    wrong.signature = honest(&node, 1).signature;
    let culprit = wrong.signer;
    assert_eq!(
        faults(&node.receive(culprit, wrong)),
        [],
        "its own word is taken at first"
    );
    let good = honest(&node, 1);
    let outputs = node.receive(good.signer, good);
    assert!(
        matches!(faults(&outputs)[..], [(peer, Fault::BadSignature { .. })] if peer == culprit)
    );
    let second_try = honest(&node, 0);
    node.receive(culprit, second_try);
    assert_eq!(
        node.engine.position().beacon,
        Height::GENESIS,
        "two of seven shares are not enough"
    );
    let another = honest(&node, 2);
    node.receive(another.signer, another);
    assert_eq!(node.engine.position().beacon, Height::new(1), "three are");
}

#[test]
fn what_is_passed_on_in_anothers_name_is_checked_first() {
    let mut node = ready(4);
    let content = BeaconContent {
        height: Height::new(1),
        parent: node.genesis.beacon.hash(),
    };
    let mut forged = node.peers[1]
        .share(&node.record, Level::Low, content)
        .expect("a member");
    let honest = forged;
    forged.signature = BlsSignature([0; 48]);
    let liar = node.peers[0].node();
    let outputs = node.receive(liar, forged);
    assert!(
        matches!(faults(&outputs)[..], [(peer, Fault::BadSignature { .. })] if peer == liar),
        "the liar is blamed"
    );
    node.receive(liar, honest);
    assert_eq!(
        node.engine.position().beacon,
        Height::new(1),
        "the honest share has its place"
    );
}

#[test]
fn an_equivocation_proof_must_hold() {
    let mut node = ready(4);
    let maker = node.maker(1, 0).expect("a peer");
    let (culprit, innocent) = (maker.node(), node.maker(1, 1).expect("a peer").node());
    let [one, other] =
        [1, 2].map(|canister| node.sign(maker, node.block(1, 0, vec![call_to(canister)])));
    let mut blocks = [
        (one.block.hash(), one.signature),
        (other.block.hash(), other.signature),
    ];
    blocks.sort();
    let proof = |maker, height| crate::artifact::EquivocationProof {
        maker,
        height: Height::new(height),
        subnet: node.record.subnet(),
        blocks,
    };
    let [framed, good] = [proof(innocent, 1), proof(culprit, 1)];
    let outputs = node.hear(framed);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::BadSignature {
                kind: Kind::Equivocation,
                ..
            }
        )]
    ));
    let outputs = node.hear(good);
    assert!(
        matches!(faults(&outputs)[..], [(peer, Fault::Equivocation { .. })] if peer == culprit)
    );
    node.hear(one);
    assert_eq!(
        supported(&node.wait(60 * SECOND)),
        [],
        "its blocks are not supported any more"
    );
}

#[test]
fn strangers_are_not_heard() {
    let mut node = ready(4);
    let stranger = NodeId::new(ic_types::Principal::ANONYMOUS);
    let proposal = node.proposal(1, 0);
    node.receive(stranger, proposal);
    assert_eq!(node.engine.pool_size().1, 0);
    assert_eq!(
        node.wait(SECOND)
            .iter()
            .filter(|output| matches!(output, Output::Progress(_)))
            .count(),
        0
    );
}

#[test]
fn a_flood_stays_within_the_bounds_of_its_peer_and_does_not_wash_others_away() {
    let parameters = Parameters {
        peer_artifacts: 100,
        ..parameters()
    };
    let mut node = Fixture::with(4, 99, parameters);
    node.tick();
    let flooder = node.peers[0].node();
    for number in 0..1_000u64 {
        let content = NotarizationContent {
            height: Height::new(1 + number % 10),
            block: BlockHash::new(Digest::of(&number.to_be_bytes())),
        };
        let notarization = Notarization {
            content,
            signers: vec![flooder],
            signature: BlsSignature([0; 48]),
        };
        node.receive(flooder, notarization);
    }
    assert_eq!(node.engine.pool_size().1, 100);
    let honest = node.peers[1].node();
    let proposal = node.proposal(1, 0);
    let block = proposal.block.clone();
    let notarization = node.notarization(&block);
    node.receive(honest, proposal);
    node.receive(honest, notarization);
    assert_eq!(node.engine.position().notarized, Height::new(1));
}

#[test]
fn a_peer_that_lies_about_its_position_gets_one_bounded_answer() {
    let mut node = ready(4);
    node.advance(6);
    let peer = node.peers[0].node();
    let extremes = [0, 1, 5, u64::MAX - 1, u64::MAX].map(Height::new);
    let mut longest = 0;
    // Every pair of extremes in every two places, the other places at each extreme.
    for rest in extremes {
        for (one, other) in extremes
            .into_iter()
            .flat_map(|one| extremes.map(|other| (one, other)))
        {
            for places in 0..15usize {
                let mut heights = [rest; 6];
                heights[places % 6] = one;
                heights[(places % 6 + 1 + places / 6) % 6] = other;
                let [beacon, notarized, finalized, delivered, certified, catch_up] = heights;
                let position = crate::artifact::Position {
                    beacon,
                    notarized,
                    finalized,
                    delivered,
                    certified,
                    catch_up,
                };
                node.now = node.now.saturating_add(SECOND);
                let outputs = node.receive(peer, position);
                longest = longest.max(
                    outputs
                        .iter()
                        .filter(|output| matches!(output, Output::Send { .. }))
                        .count(),
                );
            }
        }
    }
    assert!((20..100).contains(&longest), "{longest}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Whatever members send, in whatever order: no panic, bounded memory, and honest work still counts.
    #[test]
    fn rubbish_does_no_harm(
        pieces in proptest::collection::vec((0usize..14, 0usize..3, proptest::prelude::any::<(usize, u8, usize, u8)>()), 1..60),
    ) {
        let mut node = ready(4);
        let proposal = node.proposal(1, 0);
        let block = proposal.block.clone();
        let (height, round) = (Height::new(1), node.beacon(1));
        let notarized = NotarizationContent { height, block: block.hash() };
        let finalized = FinalizationContent { height, block: block.hash() };
        let state = CertifiedState { height, root: root(1) };
        let peer = &node.peers[1];
        let samples: Vec<Artifact> = vec![
            proposal.clone().into(),
            node.notarization(&block).into(),
            node.finalization(&block).into(),
            round.into(),
            node.tape(1).into(),
            node.group(Level::High, state).into(),
            node.genesis.clone().into(),
            peer.vote(&node.record, notarized).expect("a member").into(),
            peer.vote(&node.record, finalized).expect("a member").into(),
            peer.share(&node.record, Level::Low, round.content).expect("a member").into(),
            peer.share(&node.record, Level::Low, TapeContent { height }).expect("a member").into(),
            peer.share(&node.record, Level::High, state).expect("a member").into(),
            peer.share(&node.record, Level::High, node.genesis.content()).expect("a member").into(),
            crate::artifact::Position::default().into(),
        ];
        for (which, from, (first, one, second, other)) in pieces {
            let mut bytes = samples[which].encode();
            for (position, byte) in [(first, one), (second, other)] {
                let position = position % bytes.len();
                bytes[position] ^= byte;
            }
            let from = node.peers[from].node();
            node.now = node.now.saturating_add(Duration::from_millis(50));
            if let Ok(artifact) = Artifact::decode(&bytes) {
                node.receive(from, artifact);
            }
            proptest::prop_assert!(node.engine.pool_size().1 <= 60);
        }
        let chain = [proposal.into(), Artifact::from(node.notarization(&block)), node.finalization(&block).into()];
        for artifact in chain {
            node.hear(artifact);
        }
        proptest::prop_assert_eq!(node.engine.position().finalized, height);
    }
}
