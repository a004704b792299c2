//! # Finalizer
//!
//! **Safety.** A share at height `h` is issued only by a notary that supported no other block at `h`, and a notary
//! that issued one supports no other block later, because it supports nothing at or below the notarized height. Two
//! quorums of `c - f` share an honest notary, so that when a block at `h` is final no other can be notarized.
//! **Liveness.** If the first-ranked maker is honest and the network is timely, every honest notary supports one
//! block only, and the share is issued as soon as that block is notarized.

use crate::artifact::{Artifact, FinalizationContent, Kind};
use crate::pool::{Change, View, after, heights};

/// My share for each height with exactly one notarized block, if I supported nothing else there.
pub(super) fn finalize(view: &View<'_>) -> Vec<Change> {
    let me = view.me();
    let all = &view.pool.validated;
    let undecided = heights(
        after(view.pool.finalized_height()),
        view.pool.notarized_height(),
    );
    undecided
        .filter_map(|height| {
            let committee = view
                .committee(height)
                .filter(|committee| committee.is_notary(&me))?;
            if all
                .finalization_shares
                .at(height)
                .any(|((_, signer), _)| *signer == me)
            {
                return None;
            }
            let mut notarized = view.pool.notarized_blocks(height);
            let (Some(block), None) =
                (notarized.next().map(|block| block.hash()), notarized.next())
            else {
                return None;
            };
            let mut supported = all
                .notarization_shares
                .at(height)
                .filter(|((_, signer), _)| *signer == me);
            if supported.any(|((other, _), _)| *other != block) {
                return None;
            }
            let content = FinalizationContent { height, block };
            let settles = |artifact: &Artifact| matches!(artifact, Artifact::Finalization(known) if known.content == content);
            if view.is_settled_by(Kind::Finalization, height, settles) {
                return None;
            }
            Some(Change::Add(
                view.keys.vote(&committee.record, content)?.into(),
            ))
        })
        .collect()
}
