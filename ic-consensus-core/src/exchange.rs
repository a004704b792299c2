//! How a node comes by what it missed: it says where it stands, and each peer answers with what lies ahead of that.
//!
//! Nothing here is needed for safety. For liveness it makes up for lost messages, restarts and partitions: whenever a
//! node does not get ahead it asks, so that in the end every honest node has what every other has to give: the votes
//! of its own that are still open, and everything that a quorum settled.

use std::collections::BTreeMap;
use std::time::Duration;

use ic_types::{Height, NodeId};

use crate::artifact::{Artifact, Position};
use crate::clock::Now;
use crate::pool::{Held, View, after, heights};

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

/// What a node that stands at `position` can use, nearest first: at most `look_ahead` heights of it, and blocks of at
/// most `bytes` bytes in addition to the first.
pub(crate) fn answer(
    view: &View<'_>,
    position: &Position,
    look_ahead: u64,
    bytes: usize,
) -> Vec<Artifact> {
    let (pool, all, me) = (view.pool, &view.pool.validated, view.me());
    let mut artifacts: Vec<Artifact> = Vec::new();
    let mut at = *position;
    let window = |first: Height, last: Height| {
        heights(
            after(first),
            last.min(first.checked_add(look_ahead).unwrap_or(last)),
        )
    };

    if let Some(Held { value: package, .. }) = pool
        .catch_up()
        .filter(|held| held.value.height() > at.catch_up)
    {
        let (height, lowest) = (package.height(), pool.lowest_height());
        if at.finalized >= height {
            artifacts.push(package.clone().into());
        } else if after(at.notarized.min(at.finalized)) < lowest {
            // What lies between is gone here: the peer goes on from the package. Otherwise it gets the blocks, and the
            // package when it has come so far.
            artifacts.push(package.clone().into());
            at = Position {
                beacon: at.beacon.max(height),
                notarized: at.notarized.max(height),
                finalized: at.finalized.max(height),
                delivered: at.delivered.max(height),
                certified: at.certified,
                catch_up: height,
            };
        }
    }

    artifacts.extend(
        window(at.beacon, pool.beacon_height())
            .filter_map(|height| pool.beacon(height).map(|beacon| (*beacon).into())),
    );
    let mut budget = bytes;
    let last = after(pool.notarized_height())
        .min(at.notarized.checked_add(look_ahead).unwrap_or(at.notarized));
    'blocks: for height in heights(after(at.finalized.min(at.notarized)), last) {
        let settled = pool
            .finalized_block(height)
            .map(crate::artifact::Block::hash);
        for (hash, proposal) in all
            .proposals
            .at(height)
            .filter(|(hash, _)| settled.is_none_or(|settled| **hash == settled))
        {
            let artifact = Artifact::from(proposal.clone());
            let size = artifact.encode().len();
            if size > budget && height > after(at.finalized) {
                break 'blocks;
            }
            budget = budget.saturating_sub(size);
            artifacts.push(artifact);
            artifacts.extend(
                all.notarizations
                    .get(height, hash)
                    .map(|held| held.value.clone().into()),
            );
        }
        artifacts.extend(
            all.equivocations
                .at(height)
                .map(|(_, proof)| Artifact::from(*proof)),
        );
        artifacts.extend(
            all.finalizations
                .get(&height)
                .map(|finalization| finalization.clone().into()),
        );
    }
    artifacts.extend(
        window(at.delivered, after(pool.finalized_height()))
            .filter_map(|height| all.tapes.get(&height).map(|tape| (*tape).into())),
    );
    let count = usize::try_from(look_ahead).unwrap_or(usize::MAX);
    let above = |height: Height| {
        (
            std::ops::Bound::Excluded(height),
            std::ops::Bound::Unbounded,
        )
    };
    artifacts.extend(
        all.certifications
            .range(above(at.certified))
            .take(count)
            .map(|(_, certification)| (*certification).into()),
    );

    // What this node itself has to say about what is still open there.
    let upto = |height: Height| height.checked_add(look_ahead).unwrap_or(height);
    artifacts.extend(
        heights(after(at.beacon), upto(at.beacon))
            .filter_map(|h| all.beacon_shares.get(h, &me))
            .map(|held| held.share.into()),
    );
    artifacts.extend(
        heights(after(at.delivered), upto(at.delivered))
            .filter_map(|h| all.tape_shares.get(h, &me))
            .map(|held| held.share.into()),
    );
    for height in heights(after(at.finalized), upto(at.notarized)) {
        let mine = |signer: &NodeId| *signer == me;
        if height > at.notarized {
            let votes = all
                .notarization_shares
                .at(height)
                .filter(|((_, signer), _)| mine(signer));
            artifacts.extend(votes.map(|(_, held)| Artifact::from(held.share)));
        }
        let votes = all
            .finalization_shares
            .at(height)
            .filter(|((_, signer), _)| mine(signer));
        artifacts.extend(votes.map(|(_, held)| Artifact::from(held.share)));
    }
    let certified = heights(after(at.certified), upto(at.certified.max(at.delivered)));
    artifacts.extend(
        certified
            .filter_map(|height| all.certification_shares.get(height, &me))
            .map(|held| held.share.into()),
    );
    let due = all
        .catch_up_shares
        .heights()
        .filter(|height| *height > at.catch_up);
    artifacts.extend(
        due.filter_map(|height| all.catch_up_shares.get(height, &me))
            .map(|held| held.share.into()),
    );
    artifacts
}
