//! # Block maker
//!
//! **Safety.** None is owed: a block is only a proposal. A maker still signs one block for each height, because two are
//! proof against it.
//! **Liveness.** Of `f + 1` makers one is honest. The first proposes at once; each other waits for those before it and
//! proposes only if it knows no better block.

use std::time::Duration;

use ic_types::{Height, Rank, Time};

use crate::artifact::{Block, Context, Summary};
use crate::pool::{View, after};

/// What the maker is to do.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Nothing at this height, as things are.
    Nothing,
    /// Nothing yet.
    Wait(Duration),
    /// Propose.
    Propose(Plan),
}

/// A block but for its payload.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) parent: Block,
    pub(crate) height: Height,
    pub(crate) rank: Rank,
    pub(crate) context: Context,
    /// What the block carries if it begins an interval.
    pub(crate) summary: Option<Summary>,
}

/// Whether this node proposes now, and what.
pub(crate) fn decide(view: &View<'_>) -> Decision {
    let height = after(view.pool.notarized_height());
    let Some(committee) = view.committee(height) else {
        return Decision::Nothing;
    };
    let Some(rank) = committee.rank(&view.me()) else {
        return Decision::Nothing;
    };
    let stands = view
        .pool
        .validated
        .proposals
        .at(height)
        .any(|(_, proposal)| {
            let better =
                proposal.block.rank() < rank && !view.is_disqualified(height, &proposal.maker);
            better || proposal.maker == view.me()
        });
    if stands {
        return Decision::Nothing;
    }
    let Some(waited) = view.round_age(height) else {
        return Decision::Nothing;
    };
    let delay = committee
        .record
        .config()
        .unit_delay
        .saturating_mul(rank.get());
    if let Some(remaining) = delay
        .checked_sub(waited)
        .filter(|remaining| !remaining.is_zero())
    {
        return Decision::Wait(remaining);
    }
    let Some(plan) = plan(view, height, rank) else {
        return Decision::Nothing;
    };
    Decision::Propose(plan)
}

fn plan(view: &View<'_>, height: Height, rank: Rank) -> Option<Plan> {
    let parent = view.best_notarized(view.pool.notarized_height())?.clone();
    let config = view.committee(height)?.record.config();
    let latest = view.registry.latest();
    let registry = if view.registry.subnet(latest).is_some() {
        latest
    } else {
        parent.context().registry
    };
    let gap = config
        .initial_notary_delay
        .saturating_add(Duration::from_nanos(1));
    let time: Time = view.now.wall.max(parent.context().time.saturating_add(gap));
    let context = Context {
        registry,
        certified: view.execution.certified,
        time,
    };
    // Certification may be behind what the parent's maker saw: then the block would not be valid.
    if !context.follows(parent.context()) {
        return None;
    }
    let summary = match summary_at(view, &parent, &context) {
        Place::Unknown => return None,
        Place::Summary(summary) => Some(summary),
        Place::Data => None,
    };
    Some(Plan {
        parent,
        height,
        rank,
        context,
        summary,
    })
}

/// What belongs into the block after `parent`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This very summary.
    Summary(Summary),
    /// Calls.
    Data,
    /// The registry version or an ancestor is not here.
    Unknown,
}

/// What belongs into a block with this context after `parent`: every node computes the same.
pub(crate) fn summary_at(view: &View<'_>, parent: &Block, context: &Context) -> Place {
    let governing = std::iter::once(parent)
        .chain(view.pool.ancestors(parent))
        .find_map(|block| {
            // Below the finalized height there is one chain, and its newest summary is at hand.
            let settled = block.height() <= view.pool.finalized_height()
                && parent.height() >= view.pool.summary().height();
            let block = if settled { view.pool.summary() } else { block };
            block.summary().map(|summary| (block, *summary))
        });
    let Some((block, last)) = governing else {
        return Place::Unknown;
    };
    let height = after(parent.height());
    if height != last.next_start(block.height()) {
        return Place::Data;
    }
    let Some(record) = view.registry.subnet(context.registry) else {
        return Place::Unknown;
    };
    Place::Summary(Summary {
        registry: block.context().registry,
        interval: last.next_interval,
        next_interval: record.config().interval,
    })
}
