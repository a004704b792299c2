//! # Purger
//!
//! **Safety.** Own votes are forgotten only at heights that are final, where nothing is voted on again.
//! **Liveness.** What is kept below the newest catch-up package is enough for peers that are a little behind; what
//! this node itself still has to execute is kept, unless it is so far behind that it must fetch the state.

use ic_types::Height;

use crate::artifact::Block;
use crate::pool::{Change, View};

/// What was purged last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purged {
    pub(crate) position: crate::artifact::Position,
    pub(crate) below: Height,
}

/// What no honest node can need again.
pub(super) fn purge(view: &View<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if view.position() != view.purged.position {
        changes.extend([Change::PurgeLosers, Change::PurgeUnwanted]);
    }
    let floor = floor(view);
    if floor > view.purged.below {
        changes.push(Change::PurgeBelow(floor));
    }
    changes
}

/// The lowest height to keep.
fn floor(view: &View<'_>) -> Height {
    let catch_up = view.pool.catch_up_height();
    let Some(record) = view.record(catch_up) else {
        return Height::GENESIS;
    };
    let kept = catch_up
        .checked_sub(record.config().kept_below_catch_up)
        .unwrap_or_default();
    let delivered = view.execution.delivered;
    let behind = catch_up.since(delivered).unwrap_or(0);
    if behind == 0 || behind > record.config().replay_gap {
        return kept;
    }
    // The summary of an interval says which keys made its tapes.
    let summary = view.pool.summary_below(delivered).map(Block::height);
    kept.min(summary.unwrap_or(delivered))
}
