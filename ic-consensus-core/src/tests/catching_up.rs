//! How a node that missed something gets it, and what it forgets.

use super::*;
use crate::artifact::Position;

const SECOND: Duration = Duration::from_secs(1);

fn sent(outputs: &[Output]) -> Vec<&Artifact> {
    let mut found = Vec::new();
    for output in outputs {
        if let Output::Send { artifact, .. } = output {
            found.push(artifact);
        }
    }
    found
}

fn asks(outputs: &[Output]) -> bool {
    broadcasts(outputs)
        .into_iter()
        .any(|artifact| artifact.kind() == Kind::Position)
}

#[test]
fn a_node_that_stands_still_says_where_it_stands() {
    let mut node = Fixture::with_rank(4, 99);
    assert!(asks(&node.tick()), "when it begins");
    assert!(!asks(&node.wait(Duration::from_millis(900))));
    assert!(
        asks(&node.wait(Duration::from_millis(200))),
        "and when nothing moved for a second"
    );
    node.advance(1);
    assert!(
        !asks(&node.wait(Duration::from_millis(100))),
        "not while it gets ahead"
    );
}

#[test]
fn an_answer_is_what_the_peer_lacks_and_it_takes_the_peer_further() {
    let mut ahead = Fixture::with_rank(4, 99);
    ahead.tick();
    ahead.advance(3);
    let mut behind = Fixture::with_rank(4, 0);
    let position = behind.engine.position();
    behind.tick();
    let answer = ahead.receive(behind.me, position);
    let artifacts: Vec<Artifact> = sent(&answer).into_iter().cloned().collect();
    assert!(artifacts.len() > 9, "{}", artifacts.len());
    for artifact in artifacts {
        behind.receive(ahead.me, artifact);
    }
    let (theirs, mine) = (ahead.engine.position(), behind.engine.position());
    assert_eq!(
        (theirs.notarized, theirs.finalized),
        (mine.notarized, mine.finalized)
    );
    assert!(mine.beacon >= theirs.beacon);
    assert_eq!(
        mine.delivered,
        Height::new(3),
        "it has what it takes to execute them"
    );
}

#[test]
fn a_peer_at_the_same_height_gets_the_votes_that_may_have_been_lost() {
    let mut node = Fixture::with_rank(4, 0);
    node.tick();
    node.wait(SECOND);
    let (peer, position) = (node.peers[0].node(), node.engine.position());
    let answer = node.receive(peer, position);
    let kinds: Vec<Kind> = sent(&answer).into_iter().map(Artifact::kind).collect();
    for kind in [
        Kind::Proposal,
        Kind::NotarizationShare,
        Kind::BeaconShare,
        Kind::TapeShare,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is not in {kinds:?}");
    }
}

#[test]
fn answers_are_rationed() {
    let mut node = Fixture::with_rank(4, 0);
    node.tick();
    let (peer, position) = (node.peers[0].node(), node.engine.position());
    assert!(!sent(&node.receive(peer, position)).is_empty());
    assert!(
        sent(&node.receive(peer, position)).is_empty(),
        "the same question"
    );
    let other = Position {
        certified: Height::new(1),
        ..position
    };
    assert!(
        sent(&node.receive(peer, other)).is_empty(),
        "another, at once"
    );
    node.now = node.now.saturating_add(Duration::from_millis(100));
    assert!(!sent(&node.receive(peer, other)).is_empty());
}

/// A catch-up package at height 5, as the peers of `node` sign it.
fn package(node: &Fixture) -> CatchUpPackage {
    let block = node
        .engine
        .pool()
        .finalized_block(Height::new(5))
        .expect("final")
        .clone();
    let beacon = *node.engine.pool().beacon(Height::new(5)).expect("known");
    let mut package = CatchUpPackage {
        block,
        beacon,
        root: root(5),
        signature: node.genesis.signature,
    };
    package.signature = node.group(Level::High, package.content()).signature;
    package
}

#[test]
fn a_package_lets_a_node_begin_and_the_state_is_asked_for_until_it_is_there() {
    let parameters = Parameters {
        hold_back: 2 * SECOND,
        kept_below_catch_up: 10,
        ..parameters()
    };
    let mut ahead = Fixture::with(4, 99, parameters.clone());
    ahead.tick();
    ahead.advance(6);
    let package = package(&ahead);
    let mut node = Fixture::with(4, 0, parameters);
    node.tick();
    let held = node.hear(package.clone());
    assert_eq!(
        node.engine.position().catch_up,
        Height::GENESIS,
        "it may get there block by block"
    );
    let wanted = |outputs: &[Output]| {
        let fetch = |output: &Output| matches!(output, Output::FetchState { height, .. } if *height == Height::new(5));
        outputs.iter().any(fetch)
    };
    assert!(!wanted(&held));
    let outputs = node.wait(2 * SECOND);
    assert_eq!(node.engine.position().catch_up, Height::new(5));
    assert!(wanted(&outputs));
    assert!(!wanted(&node.tick()), "not at every turn");
    assert!(wanted(&node.wait(SECOND)), "but again");
    let wrong = node.executed(5, root(6));
    assert!(
        wrong
            .iter()
            .any(|output| matches!(output, Output::Diverged { .. })),
        "only the state with its root"
    );
    node.executed(5, root(5));
    let position = node.engine.position();
    assert_eq!(
        (position.delivered, position.certified),
        (Height::new(5), Height::new(5))
    );
    assert!(!wanted(&node.wait(2 * SECOND)));
}

#[test]
fn a_package_must_be_signed_by_the_subnet_and_coherent() {
    let parameters = Parameters {
        hold_back: Duration::ZERO,
        ..parameters()
    };
    let mut ahead = Fixture::with(4, 99, parameters.clone());
    ahead.tick();
    ahead.advance(6);
    let good = package(&ahead);
    let mut node = Fixture::with(4, 0, parameters);
    node.tick();
    let mut forged = good.clone();
    forged.root = root(6);
    let outputs = node.hear(forged);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::BadSignature {
                kind: Kind::CatchUp,
                ..
            }
        )]
    ));
    let mut incoherent = good.clone();
    incoherent.beacon = node.genesis.beacon;
    let outputs = node.hear(incoherent);
    assert!(matches!(
        faults(&outputs)[..],
        [(
            _,
            Fault::Incoherent {
                kind: Kind::CatchUp,
                ..
            }
        )]
    ));
    node.hear(good);
    assert_eq!(node.engine.position().catch_up, Height::new(5));
}

#[test]
fn what_is_settled_is_forgotten_and_what_peers_may_need_is_kept() {
    let mut node = Fixture::with_rank(4, 99);
    node.tick();
    node.advance(6);
    node.certify();
    let package = package(&node);
    let outputs = node.hear(package);
    let below = outputs.iter().find_map(|output| {
        if let Output::Purged { below } = output {
            Some(*below)
        } else {
            None
        }
    });
    assert_eq!(
        below,
        Some(Height::new(3)),
        "two heights below the package at 5"
    );
    assert!(node.engine.finalized_block(Height::new(2)).is_none());
    assert!(node.engine.finalized_block(Height::new(3)).is_some());
    assert!(
        node.engine
            .artifacts()
            .iter()
            .all(|artifact| artifact.height() >= Height::new(3))
    );
    let votes = node.engine.artifacts().into_iter().filter(|artifact| {
        let vote = [Kind::NotarizationShare, Kind::FinalizationShare].contains(&artifact.kind());
        vote && artifact.height() <= Height::new(6)
    });
    assert_eq!(votes.count(), 0, "all is final up to height 6");
}

#[test]
fn tapes_below_a_package_are_still_taken_and_in_the_end_the_state_is_asked_for() {
    for comes in [true, false] {
        let mut node = Fixture::with_rank(4, 99);
        node.tick();
        // Up to height 6 without tapes: nothing is delivered.
        let tapes: Vec<_> = (1..=6).map(|height| node.tape(height)).collect();
        node.advance_with(6, false);
        assert_eq!(node.engine.position().delivered, Height::GENESIS);
        let package = package(&node);
        node.hear(package);
        assert_eq!(node.engine.position().catch_up, Height::new(5));
        assert!(
            node.engine.finalized_block(Height::new(1)).is_some(),
            "kept to be executed"
        );
        let wanted = |outputs: &[Output]| {
            outputs
                .iter()
                .any(|output| matches!(output, Output::FetchState { .. }))
        };
        if comes {
            for tape in tapes {
                node.hear(tape);
            }
            assert_eq!(node.engine.position().delivered, Height::new(6));
            node.execute_to(6);
            assert!(!wanted(&node.wait(60 * SECOND)));
        } else {
            assert!(!wanted(&node.wait(5 * SECOND)));
            assert!(wanted(&node.wait(6 * SECOND)));
        }
    }
}
