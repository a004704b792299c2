//! Execute batches, answer queries (one round: messaging and state; interface specification, "Abstract behavior").
//!
//! [`Executor::execute`] is the only thing that changes a [`ReplicatedState`]. What a canister does wrong is in
//! the state, where its caller can see it; the executor itself fails only if the batch is not the next one.

mod commit;
mod effective;
mod induction;
mod install;
mod limits;
mod management;
mod message;
mod query;
mod refusal;
mod round;
mod schedule;

use ic_types::{Batch, Call, Height, Query};

use self::round::Round;
pub use self::{
    effective::{Effective, effective_canister},
    limits::ExecutionLimits,
    refusal::{ErrorCode, Refusal},
};
use crate::{sandbox::Sandbox, state::ReplicatedState};

/// Executes batches and queries.
///
/// Holds no state of the subnet, only what can be computed again: compiled modules. All methods take `&self`, so
/// queries can run on other threads while a batch is executed.
#[derive(Debug)]
pub struct Executor<S> {
    sandbox: S,
    limits: ExecutionLimits,
}

/// The batch is not the next one; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the batch of height {expected}, found {found}")]
pub struct OutOfOrder {
    /// The height after that of the state.
    pub expected: Height,
    /// The height of the batch.
    pub found: Height,
}

/// What a batch led to, in numbers; what it did is in the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Calls of users that were taken in.
    pub inducted: u64,
    /// Calls of users that were known before or had expired, and were left out.
    pub skipped: u64,
    /// Executions: messages, callbacks, tasks, installations.
    pub executions: u64,
    /// Instructions of all of them.
    pub instructions: u64,
}

impl<S: Sandbox> Executor<S> {
    /// An executor over `sandbox`.
    pub fn new(sandbox: S, limits: ExecutionLimits) -> Self {
        Self { sandbox, limits }
    }

    /// Executes the next batch.
    ///
    /// # Errors
    /// If `batch` is not the one after the last.
    pub fn execute(
        &self,
        state: &mut ReplicatedState,
        batch: &Batch,
    ) -> Result<BatchReport, OutOfOrder> {
        let expected = state.height().next().unwrap_or(state.height());
        if batch.height != expected {
            return Err(OutOfOrder {
                expected,
                found: batch.height,
            });
        }
        state.begin(batch.time);
        let mut report = BatchReport::default();
        let mut round = Round::new(self, state, batch);
        round.expire_ingress();
        round.expire_calls();
        round.answer_randomness();
        for call in &batch.messages {
            if round.induct(call) {
                report.inducted = report.inducted.saturating_add(1);
            } else {
                report.skipped = report.skipped.saturating_add(1);
            }
        }
        round.execute();
        round.settle_stopping();
        round.charge_for_resources();
        report.executions = round.executions;
        report.instructions = round.instructions;
        state.prune_requests();
        state.seal(batch.height, batch.time);
        Ok(report)
    }

    /// Answers a query on `state`, which it leaves as it is (ABS-230 to ABS-251).
    ///
    /// `certificate` is what the canister gets as its data certificate (CERT-112): a certificate of this state or
    /// a recent one that shows `/time` and the canister's certified data. `None` if there is none yet.
    ///
    /// # Errors
    /// The refusal that the user gets.
    pub fn query(
        &self,
        state: &ReplicatedState,
        query: &Query,
        certificate: Option<&[u8]>,
    ) -> Result<Vec<u8>, Refusal> {
        query::answer(self, state, query, certificate)
    }

    /// Decides whether a user's call may be put before the subnet (ABS-060 to ABS-071, SYS-124).
    ///
    /// # Errors
    /// The refusal that the user gets; it is not certified.
    pub fn inspect(&self, state: &ReplicatedState, call: &Call) -> Result<(), Refusal> {
        induction::inspect(self, state, call)
    }
}
