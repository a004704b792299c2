//! Blocks, and proofs against those who make two.

use ic_types::{Height, Time};

use super::aggregates::check_votes;
use super::{bad_signature, waiting};
use crate::artifact::{
    Artifact, Block, BlockMetadata, Body, EquivocationProof, Kind, PROTOCOL_VERSION, Proposal,
};
use crate::payload::{ProposalContext, Verdict};
use crate::pool::{Change, Key, View, after, heights};
use crate::rules::block_maker::{Place, summary_at};
use crate::step::{BadBlock, Fault};

/// Blocks above the finalized height, up to the one after the notarized height.
pub(super) fn proposals(view: &View<'_>) -> Vec<Change> {
    let mut wakes = Vec::new();
    for height in heights(
        after(view.pool.finalized_height()),
        after(view.pool.notarized_height()),
    ) {
        for (key, _, proposal) in waiting!(view, Proposal, height, height) {
            let changes = judge(view, height, key, proposal);
            // One at a time: a block that is accepted changes what is to be said of the others.
            if changes
                .iter()
                .any(|change| !matches!(change, Change::WakeAfter(_)))
            {
                return changes;
            }
            wakes.extend(changes);
        }
    }
    wakes
}

fn judge(view: &View<'_>, height: Height, key: &Key, proposal: &Proposal) -> Vec<Change> {
    let all = &view.pool.validated;
    let (block, hash, rank) = (
        &proposal.block,
        proposal.block.hash(),
        proposal.block.rank(),
    );
    if all.blocks.get(height, &hash).is_some() || block.header().version != PROTOCOL_VERSION {
        return vec![Change::Discard(*key)];
    }
    let Some(committee) = view.committee(height) else {
        return Vec::new();
    };
    if committee.rank(&proposal.maker) != Some(rank) {
        return vec![Change::Refuse(
            *key,
            Fault::BadBlock {
                height,
                reason: BadBlock::Rank,
            },
        )];
    }
    let signed = || {
        let metadata = BlockMetadata {
            block: hash,
            height,
            subnet: view.subnet,
        };
        committee
            .record
            .verifies_block(&proposal.maker, &metadata, &proposal.signature)
    };

    // Another block of the same maker, who may make one.
    let twin = || {
        let mut proposals = all.proposals.at(height).map(|(_, proposal)| proposal);
        proposals.find(|other| other.maker == proposal.maker)
    };

    // A quorum found it valid: then it is, whatever this node could say. A parent that is not notarized here comes
    // the same way.
    let mut notarizations = waiting!(view, Notarization, height, height)
        .filter(|(_, _, other)| other.content.block == hash);
    if let Some((notarization_key, _, notarization)) = notarizations.next() {
        if !parent_is_notarized(view, block) {
            return Vec::new();
        }
        if let Some(refusal) = check_votes(committee, notarization_key, notarization) {
            return vec![refusal];
        }
        if !signed() {
            return vec![bad_signature(key)];
        }
        let mut changes = vec![Change::Accept(*key), Change::Accept(*notarization_key)];
        if !view.is_disqualified(height, &proposal.maker) {
            changes.extend(twin().map(|twin| Change::Add(prove(view, twin, proposal).into())));
        }
        return changes;
    }

    let mut rivals = all
        .proposals
        .at(height)
        .filter(|(_, rival)| !view.is_disqualified(height, &rival.maker));
    if rivals.any(|(_, rival)| rival.block.rank() < rank)
        || view.is_disqualified(height, &proposal.maker)
    {
        return Vec::new();
    }
    let Some(age) = view.round_age(height) else {
        return Vec::new();
    };
    let delay = committee
        .record
        .config()
        .unit_delay
        .saturating_mul(rank.get());
    if let Some(remaining) = delay
        .checked_sub(age)
        .filter(|remaining| !remaining.is_zero())
    {
        return vec![Change::WakeAfter(remaining)];
    }
    if let Some(twin) = twin() {
        return if signed() {
            vec![Change::Add(prove(view, twin, proposal).into())]
        } else {
            vec![bad_signature(key)]
        };
    }
    // What is cheap comes first, because it is asked again; the calls come last, because they cost the most.
    let invalid = |reason| vec![Change::Refuse(*key, Fault::BadBlock { height, reason })];
    match check_context(view, block) {
        Check::Valid => {}
        Check::NotYet => return Vec::new(),
        Check::NotBefore(remaining) => return vec![Change::WakeAfter(remaining)],
        Check::Invalid(reason) => return invalid(reason),
    }
    if !signed() {
        return vec![bad_signature(key)];
    }
    match check_body(view, block) {
        Check::Valid => vec![Change::Accept(*key)],
        Check::NotYet => Vec::new(),
        Check::NotBefore(remaining) => vec![Change::WakeAfter(remaining)],
        Check::Invalid(reason) => invalid(reason),
    }
}

fn parent_is_notarized(view: &View<'_>, block: &Block) -> bool {
    block
        .height()
        .previous()
        .is_some_and(|below| view.pool.is_notarized(below, block.parent()))
}

/// What can be said of a block by its content.
enum Check {
    Valid,
    /// Something is not here yet.
    NotYet,
    /// It is from the future, by so much.
    NotBefore(std::time::Duration),
    Invalid(BadBlock),
}

/// The place and context of a block.
fn check_context(view: &View<'_>, block: &Block) -> Check {
    let context = block.context();
    let Some(below) = block.height().previous() else {
        return Check::Invalid(BadBlock::Context);
    };
    if !parent_is_notarized(view, block) {
        return Check::NotYet;
    }
    let Some(parent) = view.pool.validated.blocks.get(below, &block.parent()) else {
        return Check::NotYet;
    };
    if !context.follows(parent.value.context()) {
        return Check::Invalid(BadBlock::Context);
    }
    let certified = view.execution.certified;
    if view.registry.latest() < context.registry || certified < context.certified {
        return Check::NotYet;
    }
    // A node whose wall clock stands still lets the time pass that it saw pass since the parent came.
    let passed: Time = parent.value.context().time.saturating_add(view.age(parent));
    let present = view.now.wall.max(passed);
    match context.time.since(present).filter(|early| !early.is_zero()) {
        Some(early) => Check::NotBefore(early),
        None => Check::Valid,
    }
}

/// What a block carries.
fn check_body(view: &View<'_>, block: &Block) -> Check {
    let parent = block
        .height()
        .previous()
        .and_then(|below| view.pool.block(below, block.parent()));
    let Some(parent) = parent else {
        return Check::NotYet;
    };
    let payload = match (summary_at(view, parent, block.context()), block.body()) {
        (Place::Unknown, _) => return Check::NotYet,
        (Place::Summary(expected), Body::Summary(found)) if expected == *found => {
            return Check::Valid;
        }
        (Place::Summary(_), Body::Summary(_)) => return Check::Invalid(BadBlock::Summary),
        (Place::Summary(_), Body::Data(_)) | (Place::Data, Body::Summary(_)) => {
            return Check::Invalid(BadBlock::Interval);
        }
        (Place::Data, Body::Data(payload)) => payload,
    };
    let Some(record) = view.record(block.height()) else {
        return Check::NotYet;
    };
    let (config, ancestors) = (record.config(), view.undelivered_calls(parent));
    let context = ProposalContext {
        height: block.height(),
        context: *block.context(),
        ancestors: &ancestors,
        block_calls: config.block_calls,
        block_bytes: config.block_bytes,
        call_bytes: config.call_bytes,
    };
    match view.payloads.validate(payload, &context) {
        Ok(()) => Check::Valid,
        Err(Verdict::NotYet(_)) => Check::NotYet,
        Err(Verdict::Invalid(fault)) => Check::Invalid(BadBlock::Payload(fault)),
    }
}

fn prove(view: &View<'_>, one: &Proposal, other: &Proposal) -> EquivocationProof {
    let mut blocks = [
        (one.block.hash(), one.signature),
        (other.block.hash(), other.signature),
    ];
    blocks.sort();
    EquivocationProof {
        maker: one.maker,
        height: one.block.height(),
        subnet: view.subnet,
        blocks,
    }
}

/// Proofs that a maker signed two blocks at a height that is not final.
pub(super) fn equivocations(view: &View<'_>) -> Vec<Change> {
    let (first, last) = (
        after(view.pool.finalized_height()),
        after(view.pool.notarized_height()),
    );
    let mut changes = Vec::new();
    for (key, _, proof) in waiting!(view, Equivocation, first, last) {
        let Some(committee) = view.committee(key.height) else {
            continue;
        };
        if view.is_disqualified(key.height, &proof.maker) {
            changes.push(Change::Discard(*key));
            continue;
        }
        let kind = key.kind;
        let verifies = |(metadata, signature)| {
            committee
                .record
                .verifies_block(&proof.maker, &metadata, &signature)
        };
        if proof.subnet != view.subnet {
            changes.push(Change::Refuse(
                *key,
                Fault::Incoherent {
                    kind,
                    height: key.height,
                },
            ));
        } else if committee.rank(&proof.maker).is_none() {
            changes.push(Change::Refuse(
                *key,
                Fault::NotEligible {
                    kind,
                    height: key.height,
                    signer: proof.maker,
                },
            ));
        } else if proof.statements().into_iter().all(verifies) {
            changes.push(Change::Accept(*key));
            break;
        } else {
            changes.push(bad_signature(key));
        }
    }
    changes
}
