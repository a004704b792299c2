//! How a node comes by what it missed: it says where it stands, and each peer answers with what lies ahead of that.
//!
//! Nothing here is needed for safety. For liveness it makes up for lost messages, restarts and partitions: whenever a
//! node does not get ahead it asks, so that in the end every honest node has what every other has to give: the votes
//! of its own that are still open, and everything that a quorum settled.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use ic_types::{Height, NodeId};

use crate::artifact::{Artifact, Block, Position, Share};
use crate::clock::Now;
use crate::pool::{ByHeight, HeldShare, View, VoteName, after, heights};

/// What a node remembers of the exchange.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    /// When this node last asked, and where it stood.
    asked: Option<(Now, Position)>,
    /// Since when each of the heights of this node stands still.
    still: [(Height, Now); 5],
    /// What each peer was last answered, and when.
    answered: BTreeMap<NodeId, (Now, Position)>,
}

/// Whether to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// All peers: nothing moves.
    Everyone,
    /// Whoever sent the last artifact: it answered, and has more.
    Sender,
    /// Nobody before so long.
    After(Duration),
}

impl Exchange {
    /// Whether this node should say where it stands.
    pub(crate) fn ask(&mut self, view: &View<'_>, retransmit: Duration, look_ahead: u64) -> Ask {
        let (now, position) = (view.now, view.position());
        let Some((when, before)) = self.asked else {
            return Ask::Everyone;
        };
        let ahead = |of: Height, than: Height| of.since(than).unwrap_or(0);
        // With little time gone, only answers raise the heights by this much.
        let leap = ahead(position.notarized, before.notarized)
            .max(ahead(position.delivered, before.delivered));
        if leap.saturating_mul(2) >= look_ahead && now.since(&when) < retransmit {
            return Ask::Sender;
        }
        let overdue = ahead(position.finalized, view.next_catch_up()) >= look_ahead
            && view.next_catch_up() > position.catch_up;
        let heights = [
            (position.notarized, true),
            (position.finalized, position.finalized < position.notarized),
            (position.delivered, position.delivered < position.finalized),
            (position.certified, position.certified < position.delivered),
            (position.catch_up, overdue),
        ];
        let mut next = retransmit;
        for ((height, waits), (seen, since)) in heights.into_iter().zip(&mut self.still) {
            if height != *seen || !waits {
                (*seen, *since) = (height, now);
            }
            let stood = now.since(since).min(now.since(&when));
            next = next.min(retransmit.saturating_sub(stood));
        }
        if next.is_zero() {
            Ask::Everyone
        } else {
            Ask::After(next)
        }
    }

    pub(crate) fn note_asked(&mut self, now: Now, position: Position) {
        self.asked = Some((now, position));
    }

    /// Whether to answer a peer: an answer is much larger than the question, so they are rationed.
    pub(crate) fn admit(
        &mut self,
        peer: NodeId,
        position: Position,
        now: Now,
        retransmit: Duration,
    ) -> bool {
        let refused = self.answered.get(&peer).is_some_and(|(when, before)| {
            let least = if *before == position {
                retransmit / 2
            } else {
                retransmit / 16
            };
            now.since(when) < least
        });
        if !refused {
            self.answered.insert(peer, (now, position));
        }
        !refused
    }
}

/// What a node that stands at `position` can use: at most `look_ahead` heights of it, and blocks of at most `bytes`
/// bytes beside the first.
pub(crate) fn answer(
    view: &View<'_>,
    position: &Position,
    look_ahead: u64,
    bytes: usize,
) -> Vec<Artifact> {
    let (package, at) = beginning(view, *position);
    let mut artifacts: Vec<Artifact> = package.into_iter().collect();
    // What settles a height comes before the height itself: then the peer casts no votes on what is decided.
    artifacts.extend(settled(view, &at, look_ahead));
    artifacts.extend(blocks(view, &at, look_ahead, bytes));
    artifacts.extend(own_votes(view, &at, look_ahead));
    artifacts
}

/// The newest package, if it is of use, and where the peer stands when it has it.
fn beginning(view: &View<'_>, at: Position) -> (Option<Artifact>, Position) {
    let pool = view.pool;
    let newest = pool.catch_up().map(|held| &held.value);
    let Some(package) = newest.filter(|package| package.height() > at.catch_up) else {
        return (None, at);
    };
    let height = package.height();
    if at.finalized >= height {
        return (Some(package.clone().into()), at);
    }
    if after(at.notarized.min(at.finalized)) >= pool.lowest_height() {
        // It gets the blocks, and the package when it has come so far.
        return (None, at);
    }
    // What lies between is gone here: the peer goes on from the package.
    let beyond = Position {
        beacon: at.beacon.max(height),
        notarized: at.notarized.max(height),
        finalized: at.finalized.max(height),
        delivered: at.delivered.max(height),
        certified: at.certified,
        catch_up: height,
    };
    (Some(package.clone().into()), beyond)
}

/// The heights after `first`, as far as `last` and no more than `look_ahead`.
fn window(first: Height, last: Height, look_ahead: u64) -> impl Iterator<Item = Height> {
    heights(
        after(first),
        last.min(first.checked_add(look_ahead).unwrap_or(last)),
    )
}

/// Certifications, tapes, finalizations and beacons.
fn settled(view: &View<'_>, at: &Position, look_ahead: u64) -> Vec<Artifact> {
    let (pool, all) = (view.pool, &view.pool.validated);
    let count = usize::try_from(look_ahead).unwrap_or(usize::MAX);
    let mut artifacts: Vec<Artifact> = Vec::new();
    let above = (Bound::Excluded(at.certified), Bound::Unbounded);
    let certifications = all.certifications.range(above).take(count);
    artifacts.extend(certifications.map(|(_, known)| Artifact::from(*known)));
    let tapes = window(at.delivered, after(pool.finalized_height()), look_ahead);
    artifacts.extend(tapes.filter_map(|height| Some(Artifact::from(*all.tapes.get(&height)?))));
    let above = window(at.finalized, pool.finalized_height(), look_ahead);
    artifacts
        .extend(above.filter_map(|height| Some(all.finalizations.get(&height)?.clone().into())));
    let beacons = window(at.beacon, pool.beacon_height(), look_ahead);
    artifacts.extend(beacons.filter_map(|height| Some(Artifact::from(*pool.beacon(height)?))));
    artifacts
}

/// Blocks with their notarizations: where a height is final only the final one, else all that are valid.
fn blocks(view: &View<'_>, at: &Position, look_ahead: u64, bytes: usize) -> Vec<Artifact> {
    let (pool, all) = (view.pool, &view.pool.validated);
    let mut artifacts: Vec<Artifact> = Vec::new();
    let mut room = bytes;
    let first = after(at.finalized.min(at.notarized));
    // No honest node is further from its finalized height than this.
    let gap = view
        .record(pool.catch_up_height())
        .map_or(0, |record| record.config().certification_gap);
    let first = first.max(at.notarized.checked_sub(gap).unwrap_or_default());
    let last = at.notarized.checked_add(look_ahead).unwrap_or(at.notarized);
    for height in all.proposals.heights_between(first, last) {
        let settled = pool.finalized_block(height).map(Block::hash);
        for (hash, proposal) in all.proposals.at(height) {
            if settled.is_some_and(|settled| settled != *hash) {
                continue;
            }
            let artifact = Artifact::from(proposal.clone());
            let size = artifact.encode().len();
            if size > room && !artifacts.is_empty() {
                return artifacts;
            }
            room = room.saturating_sub(size);
            artifacts.push(artifact);
            let notarization = all.notarizations.get(height, hash);
            artifacts.extend(notarization.map(|held| held.value.clone().into()));
        }
        let proofs = all.equivocations.at(height);
        artifacts.extend(proofs.map(|(_, proof)| Artifact::from(*proof)));
    }
    artifacts
}

/// What this node itself has to say about what is still open where the peer stands.
fn own_votes(view: &View<'_>, at: &Position, look_ahead: u64) -> Vec<Artifact> {
    let (all, me) = (&view.pool.validated, view.me());
    let upto = |height: Height| height.checked_add(look_ahead).unwrap_or(height);
    let mut artifacts: Vec<Artifact> = Vec::new();
    artifacts.extend(own(&all.beacon_shares, me, at.beacon, upto(at.beacon)));
    artifacts.extend(own(&all.tape_shares, me, at.delivered, upto(at.delivered)));
    artifacts.extend(own_of_blocks(
        &all.notarization_shares,
        me,
        at.notarized,
        upto(at.notarized),
    ));
    artifacts.extend(own_of_blocks(
        &all.finalization_shares,
        me,
        at.finalized,
        upto(at.notarized),
    ));
    let executed = at.certified.max(at.delivered);
    artifacts.extend(own(
        &all.certification_shares,
        me,
        at.certified,
        upto(executed),
    ));
    artifacts.extend(own(
        &all.catch_up_shares,
        me,
        at.catch_up,
        Height::new(u64::MAX),
    ));
    artifacts
}

/// The shares of `me` above `low`, up to `high`.
fn own<C: Copy>(
    shares: &ByHeight<NodeId, HeldShare<Share<C>>>,
    me: NodeId,
    low: Height,
    high: Height,
) -> impl Iterator<Item = Artifact>
where
    Artifact: From<Share<C>>,
{
    let heights = shares.heights_between(after(low), high);
    heights.filter_map(move |height| Some(shares.get(height, &me)?.share.into()))
}

/// The votes of `me` above `low`, up to `high`.
fn own_of_blocks<C: Copy>(
    votes: &ByHeight<VoteName, HeldShare<Share<C>>>,
    me: NodeId,
    low: Height,
    high: Height,
) -> impl Iterator<Item = Artifact>
where
    Artifact: From<Share<C>>,
{
    let heights = votes.heights_between(after(low), high);
    let votes = heights.flat_map(move |height| votes.at(height));
    votes
        .filter(move |((_, signer), _)| *signer == me)
        .map(|(_, held)| held.share.into())
}
