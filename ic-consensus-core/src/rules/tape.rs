//! # Random tape
//!
//! **Safety.** The randomness for the execution of height `h` is revealed only by members for which `h - 1` is final,
//! so that no maker and no caller can choose what goes into `h` by it. One honest member is in every `f + 1`.
//! **Liveness.** Every member reveals its share as soon as that holds.

use ic_types::Height;

use crate::artifact::{Kind, TapeContent};
use crate::keys::Level;
use crate::pool::{Change, View, after, heights};

/// How many tapes ahead of execution are made.
const RANGE: u64 = 16;

/// The heights at which tapes are wanted now.
pub(super) fn wanted(view: &View<'_>) -> impl DoubleEndedIterator<Item = Height> + use<> {
    let first = after(view.execution.delivered);
    let last = after(view.pool.finalized_height());
    heights(first, last.min(first.checked_add(RANGE).unwrap_or(last)))
}

/// My shares of the tapes up to the one after the finalized height.
pub(super) fn reveal_tapes(view: &View<'_>) -> Vec<Change> {
    let all = &view.pool.validated;
    wanted(view)
        .filter(|height| {
            !all.tapes.contains_key(height) && all.tape_shares.get(*height, &view.me()).is_none()
        })
        .filter(|height| !view.is_settled_by(Kind::Tape, *height, |_| true))
        .filter_map(|height| {
            let record = view.record(height)?;
            Some(Change::Add(
                view.keys
                    .share(&record, Level::Low, TapeContent { height })?
                    .into(),
            ))
        })
        .collect()
}
