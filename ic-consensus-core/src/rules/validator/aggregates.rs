//! Artifacts that many signed.

use std::collections::BTreeSet;

use ic_types::{Height, Signable};

use super::{bad_signature, contradiction, waiting};
use crate::artifact::{Artifact, AtHeight, GroupSigned, Kind, MultiSigned};
use crate::committee::Committee;
use crate::keys::Level;
use crate::pool::{Change, Key, View, after};
use crate::rules::tape;
use crate::step::Fault;

/// Whether a quorum of the notaries of the height signed; `Some` change if it did not.
pub(super) fn check_votes<C: Signable + AtHeight>(
    committee: &Committee,
    key: &Key,
    votes: &MultiSigned<C>,
) -> Option<Change> {
    let (kind, height) = (key.kind, key.height);
    if let Some(signer) = votes
        .signers
        .iter()
        .find(|signer| !committee.is_notary(signer))
    {
        return Some(Change::Refuse(
            *key,
            Fault::NotEligible {
                kind,
                height,
                signer: *signer,
            },
        ));
    }
    let (needed, found) = (committee.quorum(), votes.signers.len());
    if found < needed {
        return Some(Change::Refuse(
            *key,
            Fault::TooFewSigners {
                kind,
                height,
                needed,
                found,
            },
        ));
    }
    (!committee.record.verifies_votes(votes, needed)).then(|| bad_signature(key))
}

/// Finalizations of notarized blocks, the highest first: it makes the ones below superfluous.
pub(super) fn finalizations(view: &View<'_>) -> Vec<Change> {
    let (first, last) = (
        after(view.pool.finalized_height()),
        view.pool.notarized_height(),
    );
    let mut changes = Vec::new();
    let found: Vec<_> = waiting!(view, Finalization, first, last).collect();
    for (key, _, finalization) in found.into_iter().rev() {
        let block = finalization.content.block;
        let Some(committee) = view.committee(key.height) else {
            continue;
        };
        if !view.pool.is_notarized(key.height, block) {
            continue;
        }
        if let Some(refusal) = check_votes(committee, key, finalization) {
            changes.push(refusal);
        } else if view.pool.continues_chain(key.height, block) {
            changes.push(Change::Accept(*key));
            break;
        } else {
            // Signed by a quorum, and on no chain with what is final: more than f members are dishonest.
            changes.push(contradiction(key));
        }
    }
    changes
}

/// Notarizations of blocks that were found valid here.
pub(super) fn notarizations(view: &View<'_>) -> Vec<Change> {
    let (first, last) = (
        after(view.pool.finalized_height()),
        after(view.pool.notarized_height()),
    );
    let mut accepted = BTreeSet::new();
    let mut changes = Vec::new();
    for (key, _, notarization) in waiting!(view, Notarization, first, last) {
        let block = notarization.content.block;
        if view.pool.is_notarized(key.height, block) || accepted.contains(&block) {
            changes.push(Change::Discard(*key));
            continue;
        }
        let (Some(committee), Some(_)) = (
            view.committee(key.height),
            view.pool.block(key.height, block),
        ) else {
            continue;
        };
        changes.push(
            check_votes(committee, key, notarization).unwrap_or_else(|| {
                accepted.insert(block);
                Change::Accept(*key)
            }),
        );
    }
    changes
}

/// The next beacon.
pub(super) fn beacons(view: &View<'_>) -> Vec<Change> {
    let below = view.pool.beacon_height();
    let height = after(below);
    let (Some(parent), Some(record)) = (view.pool.beacon(below), view.record(height)) else {
        return Vec::new();
    };
    let parent = parent.hash();
    let mut changes = Vec::new();
    for (key, _, beacon) in waiting!(view, Beacon, height, height) {
        if beacon.content.parent != parent {
            changes.push(contradiction(key));
        } else if record.verifies_group(Level::Low, beacon) {
            changes.push(Change::Accept(*key));
            break;
        } else {
            changes.push(bad_signature(key));
        }
    }
    changes
}

/// Tapes that execution will need.
pub(super) fn tapes(view: &View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for height in tape::wanted(view) {
        let Some(record) = view.record(height) else {
            continue;
        };
        let mut known = view.pool.validated.tapes.contains_key(&height);
        for (key, _, tape) in waiting!(view, Tape, height, height) {
            changes.push(if known {
                Change::Discard(*key)
            } else if record.verifies_group(Level::Low, tape) {
                known = true;
                Change::Accept(*key)
            } else {
                bad_signature(key)
            });
        }
    }
    changes
}

/// Catch-up packages, the highest first. Their signature is under the subnet's key, which never changes.
pub(super) fn catch_up_packages(view: &View<'_>) -> Vec<Change> {
    let (catch_up, finalized) = (view.pool.catch_up_height(), view.pool.finalized_height());
    let Some(record) = view.record(catch_up) else {
        return Vec::new();
    };
    let config = record.config();
    let mut changes = Vec::new();
    let found =
        view.pool
            .unvalidated
            .between(Kind::CatchUp, after(catch_up), Height::new(u64::MAX));
    for (key, waiting) in found.collect::<Vec<_>>().into_iter().rev() {
        let Artifact::CatchUp(package) = &waiting.artifact else {
            continue;
        };
        // To go on from the package is to fetch the state. A node that is a little behind may get there by itself:
        // its peers still have the blocks.
        let behind = key.height.since(finalized).unwrap_or(0);
        let waited = view.now.since(&waiting.since);
        if behind > 0 && behind <= config.kept_below_catch_up && waited < config.hold_back {
            changes.push(Change::WakeAfter(config.hold_back.saturating_sub(waited)));
            continue;
        }
        let signed = GroupSigned {
            content: package.content(),
            signature: package.signature,
        };
        if !package.is_coherent() {
            changes.push(Change::Refuse(
                *key,
                Fault::Incoherent {
                    kind: key.kind,
                    height: key.height,
                },
            ));
        } else if record.verifies_group(Level::High, &signed) {
            changes.push(Change::Accept(*key));
            break;
        } else {
            changes.push(bad_signature(key));
        }
    }
    changes
}

/// Certifications of roots that this node computed too.
pub(super) fn certifications(view: &View<'_>) -> Vec<Change> {
    let first = after(view.execution.certified);
    let Some(record) = view.record(view.pool.catch_up_height()) else {
        return Vec::new();
    };
    let mut accepted = BTreeSet::new();
    let mut changes = Vec::new();
    for (key, _, certification) in waiting!(
        view,
        Certification,
        first,
        view.execution.executed.max(first)
    ) {
        let Some(root) = view.execution.roots.get(&key.height) else {
            continue;
        };
        if view.pool.validated.certifications.contains_key(&key.height)
            || accepted.contains(&key.height)
        {
            changes.push(Change::Discard(*key));
        } else if certification.content.root != *root {
            changes.push(contradiction(key));
        } else if record.verifies_group(Level::High, certification) {
            accepted.insert(key.height);
            changes.push(Change::Accept(*key));
        } else {
            changes.push(bad_signature(key));
        }
    }
    changes
}
