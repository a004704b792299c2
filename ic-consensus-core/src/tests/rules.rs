//! What each rule does, and when.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn block_maker_of_the_first_rank_proposes_at_once_and_once() {
    let mut node = Fixture::with_rank(4, 0);
    let first = node.tick();
    assert_eq!(proposals(&first).len(), 1);
    let block = &proposals(&first)[0].block;
    assert_eq!(
        (block.height(), block.rank(), block.parent()),
        (Height::new(1), Rank::LEADER, node.genesis.block.hash())
    );
    assert!(block.context().time > node.genesis.block.context().time);
    assert!(
        node.persisted
            .iter()
            .any(|artifact| artifact.kind() == Kind::Proposal),
        "durable before it is sent"
    );
    assert!(
        proposals(&node.wait(60 * SECOND)).is_empty(),
        "one block for each height"
    );
    node.restart();
    node.now = node.now.saturating_add(SECOND);
    assert!(proposals(&node.tick()).is_empty(), "also after a restart");
}

#[test]
fn block_maker_of_a_later_rank_waits_for_those_before_it() {
    let mut node = Fixture::with_rank(4, 1);
    assert!(proposals(&node.tick()).is_empty());
    assert!(proposals(&node.wait(9 * SECOND)).is_empty());
    assert!(
        node.engine.next_deadline() <= Some(node.now.saturating_add(SECOND)),
        "it knows when to look again"
    );
    assert_eq!(proposals(&node.wait(SECOND)).len(), 1);
}

#[test]
fn block_maker_does_not_propose_beside_a_better_block() {
    let mut node = Fixture::with_rank(4, 1);
    node.tick();
    let better = node.proposal(1, 0);
    node.hear(better);
    node.wait(SECOND);
    assert!(proposals(&node.wait(60 * SECOND)).is_empty());
}

#[test]
fn block_maker_proposes_beside_the_blocks_of_a_maker_who_made_two() {
    let mut node = Fixture::with_rank(4, 1);
    node.tick();
    let maker = node.maker(1, 0).expect("a peer");
    let [one, other] =
        [1, 2].map(|canister| node.sign(maker, node.block(1, 0, vec![call_to(canister)])));
    node.now = node.now.saturating_add(SECOND);
    node.hear(one);
    let outputs = node.hear(other);
    assert!(says(&outputs, Kind::Equivocation), "the proof goes to all");
    assert!(matches!(
        faults(&outputs)[..],
        [(_, Fault::Equivocation { .. })]
    ));
    assert_eq!(proposals(&node.wait(10 * SECOND)).len(), 1);
}

#[test]
fn block_maker_without_a_rank_does_not_propose() {
    let mut node = Fixture::with_rank(4, 99);
    let alone = node.wait(3_600 * SECOND);
    assert!(proposals(&alone).is_empty());
}

#[test]
fn block_maker_begins_an_interval_with_a_summary() {
    // Whoever this node is, some first-ranked or second-ranked peer makes each block up to the summary.
    let mut node = Fixture::with_rank(4, 0);
    node.advance(4);
    node.certify();
    let outputs = node.wait(30 * SECOND);
    if let [proposal] = proposals(&outputs)[..] {
        assert!(
            proposal.block.summary().is_some(),
            "height 5 follows an interval of 4"
        );
    } else {
        assert!(
            node.committee(5).rank(&node.me).is_none(),
            "a maker proposes"
        );
    }
}

#[test]
fn notary_waits_before_it_supports_even_the_best_block() {
    let mut node = Fixture::with_rank(4, 1);
    node.tick();
    let proposal = node.proposal(1, 0);
    let hash = proposal.block.hash();
    assert_eq!(supported(&node.hear(proposal)), []);
    assert_eq!(supported(&node.wait(Duration::from_millis(299))), []);
    assert_eq!(supported(&node.wait(Duration::from_millis(1))), [hash]);
    assert!(
        node.persisted
            .iter()
            .any(|artifact| artifact.kind() == Kind::NotarizationShare)
    );
    assert_eq!(supported(&node.wait(SECOND)), [], "once");
}

#[test]
fn notary_supports_the_lowest_rank_that_it_knows() {
    let mut node = Fixture::with_rank(7, 99);
    node.tick();
    node.now = node.now.saturating_add(Duration::from_millis(20_100));
    let [best, middle, last] = [0, 1, 2].map(|rank| node.proposal(1, rank));
    assert_eq!(
        supported(&node.hear(last.clone())),
        [],
        "rank 2 waits longer"
    );
    assert_eq!(
        supported(&node.hear(middle.clone())),
        [middle.block.hash()],
        "rank 1 has waited long enough"
    );
    assert_eq!(
        supported(&node.wait(60 * SECOND)),
        [],
        "never a higher rank after a lower"
    );
    assert_eq!(
        supported(&node.hear(best.clone())),
        [best.block.hash()],
        "a better block may still come"
    );
}

#[test]
fn notary_stops_when_certification_is_too_far_behind() {
    let parameters = Parameters {
        certification_gap: 3,
        interval: 100,
        ..parameters()
    };
    let mut node = Fixture::with(4, 99, parameters);
    node.tick();
    node.advance(3);
    let proposal = node.proposal(4, 0);
    node.hear(proposal);
    assert_eq!(
        supported(&node.wait(600 * SECOND)),
        [],
        "nothing is certified"
    );
    let outputs = node.certify();
    assert_eq!(supported(&outputs).len(), 1, "the reason to stop is gone");
}

#[test]
fn finalizer_votes_for_the_only_notarized_block_if_it_supported_no_other() {
    let mut node = Fixture::with_rank(4, 1);
    node.tick();
    let proposal = node.proposal(1, 0);
    let block = proposal.block.clone();
    node.hear(proposal);
    node.wait(SECOND);
    let notarization = node.notarization(&block);
    let outputs = node.hear(notarization);
    assert!(says(&outputs, Kind::FinalizationShare));
    assert!(!says(&node.wait(SECOND), Kind::FinalizationShare), "once");
}

#[test]
fn finalizer_does_not_vote_beside_what_it_supported_not_even_after_a_restart() {
    for restarts in [false, true] {
        let mut node = Fixture::with_rank(4, 1);
        node.tick();
        let maker = node.maker(1, 0).expect("a peer");
        let [mine, twin] =
            [1, 2].map(|canister| node.sign(maker, node.block(1, 0, vec![call_to(canister)])));
        node.hear(mine.clone());
        assert_eq!(supported(&node.wait(SECOND)), [mine.block.hash()]);
        if restarts {
            node.restart();
            node.tick();
        }
        // Its peers settle on the other block.
        node.hear(twin.clone());
        let notarization = node.notarization(&twin.block);
        let outputs = node.hear(notarization);
        assert_eq!(node.engine.position().notarized, Height::new(1));
        assert!(
            !says(&outputs, Kind::FinalizationShare),
            "restarts: {restarts}"
        );
        assert!(!says(&node.wait(60 * SECOND), Kind::FinalizationShare));
    }
}

#[test]
fn finalizer_does_not_vote_where_two_blocks_are_notarized() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    let [one, other] = [0, 1].map(|rank| node.proposal(1, rank).block);
    let signed = [0, 1].map(|rank| node.proposal(1, rank));
    // Both arrive with their notarizations before the node is asked what it votes for.
    let events = [
        Artifact::from(node.notarization(&one)),
        Artifact::from(node.notarization(&other)),
        Artifact::from(signed[1].clone()),
    ];
    for artifact in events {
        node.hear(artifact);
    }
    assert_eq!(node.engine.position().notarized, Height::new(1));
    let voted = node
        .persisted
        .iter()
        .filter(|artifact| artifact.kind() == Kind::FinalizationShare)
        .count();
    node.hear(signed[0].clone());
    let after = node
        .persisted
        .iter()
        .filter(|artifact| artifact.kind() == Kind::FinalizationShare)
        .count();
    assert_eq!(
        (voted, after),
        (1, 1),
        "the vote for the first is cast, and none for the second"
    );
}

#[test]
fn beacon_is_revealed_when_a_block_below_it_is_notarized_and_not_before() {
    let mut node = Fixture::with_rank(4, 99);
    let shares = |outputs: &[Output]| -> Vec<Height> {
        let of = broadcasts(outputs)
            .into_iter()
            .filter(|artifact| artifact.kind() == Kind::BeaconShare);
        of.map(Artifact::height).collect()
    };
    assert_eq!(
        shares(&node.tick()),
        [Height::new(1)],
        "genesis counts as notarized"
    );
    let proposal = node.proposal(1, 0);
    let notarization = node.notarization(&proposal.block);
    let beacon = node.beacon(1);
    assert_eq!(shares(&node.hear(beacon)), []);
    assert_eq!(shares(&node.hear(proposal)), []);
    assert_eq!(shares(&node.hear(notarization)), [Height::new(2)]);
}

#[test]
fn tapes_are_revealed_up_to_the_height_after_the_finalized_one() {
    let mut node = Fixture::with_rank(4, 99);
    let shares = |outputs: &[Output]| -> Vec<Height> {
        let of = broadcasts(outputs)
            .into_iter()
            .filter(|artifact| artifact.kind() == Kind::TapeShare);
        of.map(Artifact::height).collect()
    };
    assert_eq!(shares(&node.tick()), [Height::new(1)]);
    let proposal = node.proposal(1, 0);
    let (block, beacon) = (proposal.block.clone(), node.beacon(1));
    let (notarization, finalization) = (node.notarization(&block), node.finalization(&block));
    assert_eq!(shares(&node.hear(beacon)), []);
    assert_eq!(shares(&node.hear(proposal)), []);
    assert_eq!(
        shares(&node.hear(notarization)),
        [],
        "what is not final may still be chosen"
    );
    assert_eq!(shares(&node.hear(finalization)), [Height::new(2)]);
}

#[test]
fn delivery_is_in_order_with_the_tape_and_the_context_of_the_block() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    let proposal = {
        let maker = node.maker(1, 0).expect("a peer");
        node.sign(maker, node.block(1, 0, vec![call_to(1)]))
    };
    let block = proposal.block.clone();
    let (beacon, tape) = (node.beacon(1), node.tape(1));
    let (notarization, finalization) = (node.notarization(&block), node.finalization(&block));
    let mut outputs = Vec::new();
    outputs.extend(node.hear(beacon));
    outputs.extend(node.hear(proposal));
    outputs.extend(node.hear(notarization));
    outputs.extend(node.hear(finalization));
    let delivered = |outputs: &[Output]| -> Vec<Batch> {
        let batch = |output: &Output| {
            if let Output::Deliver(batch) = output {
                Some(batch.clone())
            } else {
                None
            }
        };
        outputs.iter().filter_map(batch).collect()
    };
    assert_eq!(delivered(&outputs), [], "its randomness is unknown");
    let expected = Batch {
        height: Height::new(1),
        time: block.context().time,
        randomness: ic_types::Randomness::new(*tape.hash().as_bytes()),
        registry: RegistryVersion::new(1),
        messages: vec![call_to(1).content],
        checkpoint: false,
    };
    assert_eq!(delivered(&node.hear(tape)), vec![expected.clone()]);
    assert_eq!(node.engine.payloads().delivered, [expected]);
}

#[test]
fn delivery_waits_for_execution() {
    let parameters = Parameters {
        batches_ahead: 2,
        interval: 100,
        ..parameters()
    };
    let mut node = Fixture::with(4, 99, parameters);
    node.tick();
    node.advance(5);
    assert_eq!(node.engine.position().delivered, Height::new(2));
    node.executed(1, root(1));
    assert_eq!(node.engine.position().delivered, Height::new(3));
}

#[test]
fn certifier_signs_the_root_that_was_computed_and_tells_when_a_quorum_did() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    node.advance(1);
    let outputs = node.executed(1, root(1));
    assert!(says(&outputs, Kind::CertificationShare));
    let state = CertifiedState {
        height: Height::new(1),
        root: root(1),
    };
    let mut certified = Vec::new();
    for place in 0..2 {
        let peer = node.peers[place].node();
        let share = node.peers[place]
            .share(&node.record, Level::High, state)
            .expect("a member");
        certified.extend(node.receive(peer, share));
    }
    let certification = certified.iter().find_map(|output| {
        if let Output::Certified(known) = output {
            Some(known)
        } else {
            None
        }
    });
    let certification = certification.expect("three of four");
    assert_eq!(certification.content, state);
    let signature = certification.signature.to_bls().expect("a point");
    assert!(
        node.record
            .high()
            .group_key()
            .verify(&root(1), &signature)
            .is_ok(),
        "the root alone is signed"
    );
}

#[test]
fn certifier_hears_when_so_many_disagree_that_it_must_be_wrong_itself() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    node.advance(1);
    node.executed(1, root(77));
    let state = CertifiedState {
        height: Height::new(1),
        root: root(1),
    };
    let mut heard = Vec::new();
    for place in 0..2 {
        let peer = node.peers[place].node();
        let share = node.peers[place]
            .share(&node.record, Level::High, state)
            .expect("a member");
        let outputs = node.receive(peer, share);
        heard.push(
            outputs
                .iter()
                .any(|output| matches!(output, Output::Diverged { .. })),
        );
    }
    assert_eq!(heard, [false, true], "one may lie, f + 1 may not all");
}

#[test]
fn catch_up_packages_wait_until_no_block_needs_what_is_below() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    node.advance(5);
    let outputs = node.certify();
    assert!(
        !says(&outputs, Kind::CatchUpShare),
        "the blocks so far were judged against older states"
    );
    node.advance(6);
    let certified = node.engine.position().certified;
    assert_eq!(certified, Height::new(5));
    // A block that was judged against the state of the summary.
    let maker = node
        .maker(7, 0)
        .or_else(|| node.maker(7, 1))
        .expect("a peer");
    let rank = node
        .committee(7)
        .rank(&maker.node())
        .expect("a maker")
        .get();
    let mut block = node.block(7, rank, Vec::new());
    let context = Context {
        certified,
        ..*block.context()
    };
    block = Block::new(
        block.parent(),
        block.height(),
        block.rank(),
        context,
        block.body().clone(),
    );
    let proposal = node.sign(maker, block.clone());
    let (notarization, finalization) = (node.notarization(&block), node.finalization(&block));
    node.hear(proposal);
    node.hear(notarization);
    let outputs = node.hear(finalization);
    assert!(says(&outputs, Kind::CatchUpShare));
}
