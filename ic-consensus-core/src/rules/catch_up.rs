//! # Catch-up packages
//!
//! **Safety.** A package is signed only for the finalized first block of an interval, its beacon and the root that
//! the signer computed; `2f + 1` shares make it.
//! **Liveness.** It is signed once the newest finalized block was judged against a state at least as new: from then on
//! nobody needs what lies below to judge a block, and it may be forgotten when the package appears.

use crate::artifact::{Block, CatchUpContent};
use crate::keys::Level;
use crate::pool::{Change, View};

/// What a package for this finalized summary signs; `None` while beacon or root are not here.
pub(super) fn content(view: &View<'_>, block: &Block) -> Option<CatchUpContent> {
    let height = block.height();
    let beacon = view.pool.beacon(height)?.hash();
    let root = *view.execution.roots.get(&height)?;
    Some(CatchUpContent {
        height,
        block: block.hash(),
        beacon,
        root,
    })
}

/// The finalized summaries above the newest package, each an interval after the one before.
pub(super) fn due<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Block> + use<'a> {
    let pool = view.pool;
    let newest = pool.catch_up().map(|held| &held.value.block);
    std::iter::successors(newest, |block| {
        pool.finalized_block(block.summary()?.next_start(block.height()))
    })
    .skip(1)
}

/// My shares of the packages that are due.
pub(super) fn sign_packages(view: &View<'_>) -> Vec<Change> {
    let judged = view
        .pool
        .tip()
        .map(|tip| tip.context().certified)
        .unwrap_or_default();
    due(view)
        .filter(|block| judged >= block.height())
        .filter(|block| {
            view.pool
                .validated
                .catch_up_shares
                .get(block.height(), &view.me())
                .is_none()
        })
        .filter_map(|block| {
            let record = view.record(block.height())?;
            Some(Change::Add(
                view.keys
                    .share(&record, Level::High, content(view, block)?)?
                    .into(),
            ))
        })
        .collect()
}
