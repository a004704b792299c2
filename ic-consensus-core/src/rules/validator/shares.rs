//! Artifacts that one node signed, for others to add to.

use std::collections::BTreeSet;

use ic_types::{Height, NodeId, Signable};

use super::{bad_signature, contradiction, waiting};
use crate::artifact::{Artifact, Kind, Share};
use crate::keys::Level;
use crate::pool::{Change, Key, View, after};
use crate::rules::{catch_up, tape};
use crate::step::Fault;

/// What to do with a share whose content is right.
///
/// Whoever sends a share of its own answers for it, so it is taken as it is. What another passes on is checked first:
/// otherwise anyone could take an honest signer's place with rubbish.
fn judge<C: Signable>(
    key: &Key,
    from: NodeId,
    share: &Share<C>,
    eligible: bool,
    verifies: impl FnOnce() -> bool,
) -> Change {
    let signer = share.signer;
    if !eligible {
        Change::Refuse(
            *key,
            Fault::NotEligible {
                kind: key.kind,
                height: key.height,
                signer,
            },
        )
    } else if from == signer {
        Change::AcceptClaim(*key)
    } else if verifies() {
        Change::Accept(*key)
    } else {
        bad_signature(key)
    }
}

/// Supports of blocks at the next height that were found valid here.
pub(super) fn notarization_shares(view: &View<'_>) -> Vec<Change> {
    let height = after(view.pool.notarized_height());
    let Some(committee) = view.committee(height) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let shares = waiting!(view, NotarizationShare, height, height);
    shares
        .filter_map(|(key, from, share)| {
            let name = (share.content.block, share.signer);
            view.pool.block(height, share.content.block)?;
            if view
                .pool
                .validated
                .notarization_shares
                .get(height, &name)
                .is_some()
                || !seen.insert(name)
            {
                return Some(Change::Discard(*key));
            }
            let eligible = committee.is_notary(&share.signer);
            Some(judge(key, from, share, eligible, || {
                committee.record.verifies_vote(share)
            }))
        })
        .collect()
}

/// Votes to finalize notarized blocks.
pub(super) fn finalization_shares(view: &View<'_>) -> Vec<Change> {
    let (first, last) = (
        after(view.pool.finalized_height()),
        view.pool.notarized_height(),
    );
    let mut seen = BTreeSet::new();
    let shares = waiting!(view, FinalizationShare, first, last);
    shares
        .filter_map(|(key, from, share)| {
            let name = (share.content.block, share.signer);
            let committee = view.committee(key.height)?;
            if !view.pool.is_notarized(key.height, share.content.block) {
                return None;
            }
            if view
                .pool
                .validated
                .finalization_shares
                .get(key.height, &name)
                .is_some()
                || !seen.insert(name)
            {
                return Some(Change::Discard(*key));
            }
            let eligible = committee.is_notary(&share.signer);
            Some(judge(key, from, share, eligible, || {
                committee.record.verifies_vote(share)
            }))
        })
        .collect()
}

/// Parts of the next beacon.
pub(super) fn beacon_shares(view: &View<'_>) -> Vec<Change> {
    let below = view.pool.beacon_height();
    let height = after(below);
    let (Some(parent), Some(record)) = (view.pool.beacon(below), view.record(height)) else {
        return Vec::new();
    };
    let parent = parent.hash();
    let mut seen = BTreeSet::new();
    let shares = waiting!(view, BeaconShare, height, height);
    shares
        .map(|(key, from, share)| {
            if view
                .pool
                .validated
                .beacon_shares
                .get(height, &share.signer)
                .is_some()
                || !seen.insert(share.signer)
            {
                return Change::Discard(*key);
            }
            if share.content.parent != parent {
                return contradiction(key);
            }
            let eligible = record.share_index(&share.signer).is_some();
            judge(key, from, share, eligible, || {
                record.verifies_share(Level::Low, share)
            })
        })
        .collect()
}

/// Parts of tapes that execution will need.
pub(super) fn tape_shares(view: &View<'_>) -> Vec<Change> {
    let all = &view.pool.validated;
    let mut changes = Vec::new();
    for height in tape::wanted(view) {
        let Some(record) = view.record(height) else {
            continue;
        };
        let known = all.tapes.contains_key(&height);
        let mut seen = BTreeSet::new();
        changes.extend(
            waiting!(view, TapeShare, height, height).map(|(key, from, share)| {
                if known
                    || all.tape_shares.get(height, &share.signer).is_some()
                    || !seen.insert(share.signer)
                {
                    return Change::Discard(*key);
                }
                let eligible = record.share_index(&share.signer).is_some();
                judge(key, from, share, eligible, || {
                    record.verifies_share(Level::Low, share)
                })
            }),
        );
    }
    changes
}

/// Parts of certifications of roots that this node computed too.
pub(super) fn certification_shares(view: &View<'_>) -> Vec<Change> {
    let all = &view.pool.validated;
    let first = after(view.execution.certified);
    let mut seen = BTreeSet::new();
    let shares = waiting!(
        view,
        CertificationShare,
        first,
        view.execution.executed.max(first)
    );
    shares
        .filter_map(|(key, from, share)| {
            let height = key.height;
            let (root, record) = (view.execution.roots.get(&height)?, view.record(height)?);
            let known = all.certifications.contains_key(&height)
                || all
                    .certification_shares
                    .get(height, &share.signer)
                    .is_some();
            if known || !seen.insert((height, share.signer)) {
                return Some(Change::Discard(*key));
            }
            if share.content.root != *root {
                return Some(contradiction(key));
            }
            let eligible = record.share_index(&share.signer).is_some();
            Some(judge(key, from, share, eligible, || {
                record.verifies_share(Level::High, share)
            }))
        })
        .collect()
}

/// Parts of catch-up packages that are due here too.
pub(super) fn catch_up_shares(view: &View<'_>) -> Vec<Change> {
    let all = &view.pool.validated;
    let first = after(view.pool.catch_up_height());
    let mut changes = Vec::new();
    let waits: BTreeSet<Height> = waiting!(view, CatchUpShare, first, view.pool.finalized_height())
        .map(|(key, _, _)| key.height)
        .collect();
    for height in waits {
        let Some(block) = view.pool.finalized_block(height) else {
            continue;
        };
        let is_summary = block.summary().is_some();
        let (Some(record), content) = (view.record(height), catch_up::content(view, block)) else {
            continue;
        };
        let mut seen = BTreeSet::new();
        changes.extend(waiting!(view, CatchUpShare, height, height).filter_map(
            |(key, from, share)| {
                if !is_summary {
                    return Some(contradiction(key));
                }
                if all.catch_up_shares.get(height, &share.signer).is_some()
                    || !seen.insert(share.signer)
                {
                    return Some(Change::Discard(*key));
                }
                // Until this node has the state too, it cannot say.
                let expected = content?;
                if share.content != expected {
                    return Some(contradiction(key));
                }
                let eligible = record.share_index(&share.signer).is_some();
                Some(judge(key, from, share, eligible, || {
                    record.verifies_share(Level::High, share)
                }))
            },
        ));
    }
    changes
}
