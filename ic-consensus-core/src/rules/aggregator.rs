//! # Aggregator
//!
//! **Safety.** An aggregate is made of enough shares of one content, and is checked before it counts.
//! **Liveness.** Shares that came from their own signers are not checked one by one: with honest nodes an aggregate
//! costs one verification. If it does not verify, the wrong shares are found and never looked at again, so that each
//! dishonest signer can spoil one attempt for each content.

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{Height, NodeId, Signable};

use super::{catch_up, tape};
use crate::artifact::{Artifact, BlsSignature, CatchUpPackage, GroupSigned, MultiSigned, Share};
use crate::keys::{Combined, Level};
use crate::pool::{
    ByHeight, Change, HeldShare, ShareName, Standing, View, VoteName, after, heights,
};

/// Everything of which there are enough shares.
pub(super) fn aggregate(view: &View<'_>) -> Vec<Change> {
    let (pool, all) = (view.pool, &view.pool.validated);
    let mut changes = Vec::new();

    let height = after(pool.beacon_height());
    changes.extend(group(
        view,
        Level::Low,
        height,
        &all.beacon_shares,
        ShareName::Beacon,
    ));
    for height in tape::wanted(view).filter(|height| !all.tapes.contains_key(height)) {
        changes.extend(group(
            view,
            Level::Low,
            height,
            &all.tape_shares,
            ShareName::Tape,
        ));
    }
    let height = after(pool.notarized_height());
    changes.extend(committee(
        view,
        height,
        &all.notarization_shares,
        ShareName::Notarization,
    ));
    for height in heights(after(pool.finalized_height()), pool.notarized_height()) {
        changes.extend(committee(
            view,
            height,
            &all.finalization_shares,
            ShareName::Finalization,
        ));
    }
    for height in all
        .certification_shares
        .heights()
        .filter(|height| *height > view.execution.certified)
    {
        if !all.certifications.contains_key(&height) {
            changes.extend(group(
                view,
                Level::High,
                height,
                &all.certification_shares,
                ShareName::Certification,
            ));
        }
    }
    for block in catch_up::due(view) {
        let (Some(content), Some(beacon)) =
            (catch_up::content(view, block), pool.beacon(block.height()))
        else {
            continue;
        };
        let package = |signed: GroupSigned<_>| CatchUpPackage {
            block: block.clone(),
            beacon: *beacon,
            root: content.root,
            signature: signed.signature,
        };
        let height = block.height();
        changes.extend(group_into(
            view,
            Level::High,
            height,
            &all.catch_up_shares,
            ShareName::CatchUp,
            package,
        ));
    }
    changes
}

/// Shares of the subnet's key at one height.
fn group<C: Signable + Copy + Ord>(
    view: &View<'_>,
    level: Level,
    height: Height,
    shares: &ByHeight<NodeId, HeldShare<Share<C>>>,
    name: fn(Height, NodeId) -> ShareName,
) -> Vec<Change>
where
    Artifact: From<GroupSigned<C>>,
{
    group_into(view, level, height, shares, name, |signed| signed)
}

fn group_into<C: Signable + Copy + Ord, A: Into<Artifact>>(
    view: &View<'_>,
    level: Level,
    height: Height,
    shares: &ByHeight<NodeId, HeldShare<Share<C>>>,
    name: fn(Height, NodeId) -> ShareName,
    into: impl Fn(GroupSigned<C>) -> A,
) -> Vec<Change> {
    if shares.is_empty_at(height) {
        return Vec::new();
    }
    let Some(record) = view.record(height) else {
        return Vec::new();
    };
    for (content, shares) in by_content(shares.at(height).map(|(_, held)| held)) {
        match record.combine_shares(level, &content, &shares) {
            Combined::TooFew => {}
            Combined::Signature(signature) => {
                return vec![Change::Add(into(GroupSigned { content, signature }).into())];
            }
            Combined::Culprits(culprits) => {
                return verdicts(&shares, &culprits, |signer| name(height, signer));
            }
        }
    }
    Vec::new()
}

/// Votes of notaries at one height.
fn committee<C: Signable + Copy + Ord>(
    view: &View<'_>,
    height: Height,
    votes: &ByHeight<VoteName, HeldShare<Share<C>>>,
    name: fn(Height, crate::artifact::BlockHash, NodeId) -> ShareName,
) -> Vec<Change>
where
    Artifact: From<MultiSigned<C>>,
{
    let Some(committee) = view.committee(height) else {
        return Vec::new();
    };
    let blocks: BTreeSet<_> = votes.at(height).map(|((block, _), _)| *block).collect();
    for block in blocks {
        let of_block = votes
            .at(height)
            .filter(|((voted, _), _)| *voted == block)
            .map(|(_, held)| held);
        for (content, votes) in by_content(of_block) {
            if votes.len() < committee.quorum() {
                continue;
            }
            return match committee
                .record
                .combine_votes(content, &votes, committee.quorum())
            {
                Ok(signed) => vec![Change::Add(signed.into())],
                Err(culprits) => verdicts(&votes, &culprits, |signer| name(height, block, signer)),
            };
        }
    }
    Vec::new()
}

/// Shares that are not known to be bad, by what they sign.
fn by_content<'a, C: Copy + Ord + 'a>(
    shares: impl Iterator<Item = &'a HeldShare<Share<C>>>,
) -> BTreeMap<C, Vec<(NodeId, BlsSignature)>> {
    let mut contents: BTreeMap<C, Vec<(NodeId, BlsSignature)>> = BTreeMap::new();
    for held in shares.filter(|held| held.standing != Standing::Bad) {
        contents
            .entry(held.share.content)
            .or_default()
            .push((held.share.signer, held.share.signature));
    }
    contents
}

/// The wrong shares condemned. If none is found wrong, the others stand as they are.
fn verdicts(
    shares: &[(NodeId, BlsSignature)],
    culprits: &BTreeSet<NodeId>,
    name: impl Fn(NodeId) -> ShareName,
) -> Vec<Change> {
    let signers = shares.iter().map(|(signer, _)| *signer);
    signers
        .filter(|signer| culprits.contains(signer))
        .map(|signer| Change::Condemn(name(signer)))
        .collect()
}
