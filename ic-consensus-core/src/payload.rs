//! What the embedder may replace: where the calls of a block come from, and which are acceptable.

use ic_types::{Batch, Height, RequestId, Time};

use crate::artifact::{Context, Payload};

/// The place in which a payload stands.
#[derive(Clone, Copy, Debug)]
pub struct ProposalContext<'a> {
    /// The height of the block.
    pub height: Height,
    /// What the block is judged against; its time is the time at which every call is judged.
    pub context: Context,
    /// The payloads of the blocks before this one that are not in a delivered batch yet, nearest first.
    pub ancestors: &'a [&'a [ic_types::Envelope<ic_types::Call>]],
    /// Calls in a block, at most.
    pub block_calls: usize,
    /// Bytes of encoded calls in a block, at most.
    pub block_bytes: usize,
    /// Bytes of one encoded call, at most.
    pub call_bytes: usize,
}

impl ProposalContext<'_> {
    /// The time at which every call is judged.
    pub fn time(&self) -> Time {
        self.context.time
    }
}

/// Makes, checks and takes note of payloads.
///
/// What [`build`](Self::build) makes, [`validate`](Self::validate) must accept in the same context, on every node.
pub trait Payloads {
    /// The payload of a block that this node proposes.
    fn build(&mut self, context: &ProposalContext<'_>) -> Payload;

    /// Whether a payload is acceptable.
    ///
    /// # Errors
    /// [`Verdict::Invalid`] only for reasons that are the same on every node, whatever it has received so far: the
    /// block is then never accepted. [`Verdict::NotYet`] if this node lacks something to judge by: it is asked again.
    fn validate(
        &self,
        payload: &Payload,
        context: &ProposalContext<'_>,
    ) -> Result<(), Verdict<PayloadFault>>;

    /// The batch is final and on its way to execution.
    fn delivered(&mut self, batch: &Batch);
}

/// Why a payload is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<F> {
    /// It never will be.
    Invalid(F),
    /// It cannot be judged yet.
    NotYet(Missing),
}

/// What a node lacks to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The state or registry version that the context names.
    Context,
    /// Something that only the embedder knows.
    Other(String),
}

/// Why no node accepts a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadFault {
    /// Too many calls.
    #[error("calls: at most {limit}, found {found}")]
    TooManyCalls {
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// Too many bytes.
    #[error("bytes: at most {limit}, found {found}")]
    TooManyBytes {
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// A call with too many bytes.
    #[error("call {id}: at most {limit} bytes, found {found}")]
    CallTooLarge {
        /// The call.
        id: RequestId,
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// The same call is in the block twice, or in an earlier block.
    #[error("call {id} is repeated")]
    Repeated {
        /// The call.
        id: RequestId,
    },
    /// A call expires before the block's time, or too long after it.
    #[error("call {id}: expiry must be from {earliest} to {latest}, found {found}")]
    Expiry {
        /// The call.
        id: RequestId,
        /// The block's time.
        earliest: Time,
        /// The latest expiry that is taken.
        latest: Time,
        /// The call's expiry.
        found: Time,
    },
    /// The sender's proof does not hold at the block's time.
    #[error("call {id}: {reason}")]
    Unauthenticated {
        /// The call.
        id: RequestId,
        /// Why not.
        reason: String,
    },
    /// Something that only the embedder knows.
    #[error("{0}")]
    Other(String),
}
