//! What consensus hands to execution.

use std::fmt;

use crate::digest::Hex;
use crate::height::{Height, RegistryVersion};
use crate::request::Call;
use crate::units::Time;

/// What one finalized block means to execution. Plain data: it is handed over inside one process.
///
/// Two honest nodes deliver equal batches at equal heights, without gaps and in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The height of the block; the state after executing the batch has this height too.
    pub height: Height,
    /// The time of the block, later than that of the batch before.
    pub time: Time,
    /// The randomness of this batch, unknown to everybody before the block was final.
    pub randomness: Randomness,
    /// The registry version that holds.
    pub registry: RegistryVersion,
    /// The calls, in the order in which they are to be inducted.
    pub messages: Vec<Call>,
    /// Whether the state after this batch must be kept for catch-up packages.
    pub checkpoint: bool,
}

/// 32 bytes that nobody could predict: the hash of a random beacon or tape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Randomness([u8; 32]);

impl Randomness {
    /// Randomness from the hash of a signed artifact.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Randomness({})", Hex(&self.0))
    }
}
