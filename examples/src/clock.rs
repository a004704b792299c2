//! The one place that reads the machine's clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ic_consensus_core::Now;
use ic_types::Time;

/// The wall clock, and a stop watch that started with the process.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the stop watch.
    #[expect(
        clippy::disallowed_methods,
        reason = "the embedder owns the clock, and this is the embedder"
    )]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// What both clocks say.
    pub fn now(&self) -> Now {
        Now {
            wall: wall(),
            monotonic: self.elapsed(),
        }
    }

    /// What the stop watch says.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The time of day. A clock before 1970 reads as 1970, one after 2554 as the last moment there is: requests are then
/// late or early, and no node stops.
#[expect(
    clippy::disallowed_methods,
    reason = "the embedder owns the clock, and this is the embedder"
)]
pub fn wall() -> Time {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_duration(since_epoch).unwrap_or(Time::MAX)
}
