//! # Delivery
//!
//! **Safety.** Batches come in the order of the finalized chain, without gaps, each with randomness that was unknown
//! while its block could still be chosen; everything in a batch is a function of the chain and the tape, so that all
//! nodes deliver the same.
//! **Liveness.** A batch is delivered as soon as its block is final and its tape is known, as long as execution keeps up.

use ic_types::{Batch, Randomness};

use crate::pool::{View, after};

/// The next batch for execution, if everything that it is made of is here.
pub(crate) fn next_batch(view: &View<'_>) -> Option<Batch> {
    let height = after(view.execution.delivered);
    let record = view.record(view.pool.catch_up_height())?;
    let underway = view
        .execution
        .delivered
        .since(view.execution.executed)
        .unwrap_or(0);
    if underway >= record.config().batches_ahead {
        return None;
    }
    let block = view.pool.finalized_block(height)?;
    let tape = view.pool.validated.tapes.get(&height)?;
    Some(Batch {
        height,
        time: block.context().time,
        randomness: Randomness::new(*tape.hash().as_bytes()),
        registry: block.context().registry,
        messages: block
            .calls()
            .iter()
            .map(|call| call.content.clone())
            .collect(),
        checkpoint: block.summary().is_some(),
    })
}
