//! The embedder's two clocks, as one argument.

use std::time::Duration;

use ic_types::Time;

/// What the clocks of a node say when something happens.
///
/// Rules that wait take the larger of what the two clocks say has passed: a wall clock that stands still, or is set
/// back, does not stop the subnet. Only the wall clock enters a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The time of day, which may jump.
    pub wall: Time,
    /// Time since any fixed moment of this process's life, which never goes back.
    pub monotonic: Duration,
}

impl Now {
    /// How long ago `earlier` was, by whichever clock saw more pass.
    pub fn since(&self, earlier: &Self) -> Duration {
        let wall = self.wall.since(earlier.wall).unwrap_or_default();
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// One clock for both purposes: enough where the wall clock is trusted, as in a simulation.
impl From<Time> for Now {
    fn from(wall: Time) -> Self {
        Self {
            wall,
            monotonic: Duration::from_nanos(wall.as_nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_saw_more_is_believed() {
        let at = |wall, monotonic| Now {
            wall: Time::from_nanos(wall),
            monotonic: Duration::from_nanos(monotonic),
        };
        assert_eq!(
            at(5, 30).since(&at(5, 10)),
            Duration::from_nanos(20),
            "the wall clock stands still"
        );
        assert_eq!(
            at(35, 10).since(&at(5, 10)),
            Duration::from_nanos(30),
            "the monotonic clock stands still"
        );
        assert_eq!(
            at(1, 12).since(&at(5, 10)),
            Duration::from_nanos(2),
            "the wall clock was set back"
        );
    }
}
