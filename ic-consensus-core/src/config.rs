//! Delays, gaps and bounds of a subnet. A [`Config`] that exists is consistent.

use std::time::Duration;

/// The parameters that the members of a subnet share, as a draft: [`Config::new`] checks them.
///
/// The defaults are those of an application subnet of the public network, except for the intervals, which are
/// shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// How long each rank waits for the rank before it. More than a full block takes to reach every node.
    pub unit_delay: Duration,
    /// How long a notary waits for a better block, even for the first rank; also the least time between two blocks.
    pub initial_notary_delay: Duration,
    /// What a notary waits in addition for each height that certification is behind finalization, beyond one.
    pub backlog_delay: Duration,
    /// Data blocks in an interval. At its end there is a catch-up package.
    pub interval: u64,
    /// Heights by which notarization may be ahead of certification.
    pub certification_gap: u64,
    /// Heights by which notarization may be ahead of the next catch-up package that is due.
    pub catch_up_gap: u64,
    /// Heights by which this node's own execution may be behind the newest catch-up package before the blocks between
    /// are forgotten and it has to fetch the state: after a restart, how much is executed again.
    pub replay_gap: u64,
    /// Heights that are kept below the newest catch-up package, for peers that are a little behind.
    pub kept_below_catch_up: u64,
    /// Heights beyond its own at which a node takes artifacts in, and which it sends to a peer at once.
    pub look_ahead: u64,
    /// Batches that may be with execution before it says that one is done.
    pub batches_ahead: u64,
    /// How long a node that does not get ahead waits before it asks its peers.
    pub retransmit: Duration,
    /// How long a node that is a little behind the newest catch-up package tries to get there block by block before it
    /// goes on from the package, which means fetching the state.
    pub hold_back: Duration,
    /// Bytes of calls in a block, at most.
    pub block_bytes: usize,
    /// Calls in a block, at most.
    pub block_calls: usize,
    /// Bytes of one encoded call, at most.
    pub call_bytes: usize,
    /// Artifacts of one peer that wait to be checked, at most.
    pub peer_artifacts: usize,
    /// Bytes of artifacts of one peer that wait to be checked, at most.
    pub peer_bytes: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            unit_delay: Duration::from_millis(1_000),
            initial_notary_delay: Duration::from_millis(300),
            backlog_delay: Duration::from_millis(2_000),
            interval: 199,
            certification_gap: 70,
            catch_up_gap: 130,
            replay_gap: 2_000,
            kept_below_catch_up: 50,
            look_ahead: 10,
            batches_ahead: 16,
            retransmit: Duration::from_millis(1_000),
            hold_back: Duration::from_secs(10),
            block_bytes: 4 * 1024 * 1024,
            block_calls: 1_000,
            call_bytes: 2 * 1024 * 1024,
            peer_artifacts: 2_000,
            peer_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Why parameters do not make a subnet that works.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InconsistentConfig {
    /// A parameter is outside its range.
    #[error("{parameter}: expected {expected}, found {found}")]
    OutOfRange {
        /// Which one.
        parameter: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: u128,
    },
}

/// Parameters that fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config(Parameters);

impl Config {
    /// Checks that the parameters fit together.
    ///
    /// # Errors
    /// If a delay is zero where waiting is what gives liveness, or a bound is too small to hold one honest round.
    pub fn new(parameters: Parameters) -> Result<Self, InconsistentConfig> {
        let p = &parameters;
        let day = Duration::from_secs(86_400).as_nanos();
        let wide = |number: u64| u128::from(number);
        let size = |number: usize| u128::try_from(number).unwrap_or(u128::MAX);
        let checks: [(&'static str, u128, u128, u128, &'static str); 17] = [
            (
                "unit_delay",
                p.unit_delay.as_nanos(),
                1,
                day,
                "more than nothing, at most a day",
            ),
            (
                "initial_notary_delay",
                p.initial_notary_delay.as_nanos(),
                0,
                day,
                "at most a day",
            ),
            (
                "backlog_delay",
                p.backlog_delay.as_nanos(),
                0,
                day,
                "at most a day",
            ),
            ("interval", wide(p.interval), 1, 1_000_000, "1 to 1 000 000"),
            (
                "certification_gap",
                wide(p.certification_gap),
                2,
                1_000_000,
                "2 to 1 000 000",
            ),
            (
                "catch_up_gap",
                wide(p.catch_up_gap),
                2,
                1_000_000,
                "2 to 1 000 000",
            ),
            (
                "replay_gap",
                wide(p.replay_gap),
                1,
                1_000_000,
                "1 to 1 000 000",
            ),
            (
                "kept_below_catch_up",
                wide(p.kept_below_catch_up),
                1,
                1_000_000,
                "1 to 1 000 000",
            ),
            ("look_ahead", wide(p.look_ahead), 1, 1_000, "1 to 1 000"),
            (
                "batches_ahead",
                wide(p.batches_ahead),
                1,
                1_000,
                "1 to 1 000",
            ),
            (
                "retransmit",
                p.retransmit.as_nanos(),
                1,
                day,
                "more than nothing, at most a day",
            ),
            (
                "block_bytes",
                size(p.block_bytes),
                1,
                size(crate::artifact::MAX_BODY_BYTES / 2),
                "1 byte to 4 MiB",
            ),
            (
                "block_calls",
                size(p.block_calls),
                1,
                size(crate::artifact::MAX_CALLS),
                "1 to 10 000",
            ),
            ("hold_back", p.hold_back.as_nanos(), 0, day, "at most a day"),
            (
                "call_bytes",
                size(p.call_bytes),
                1,
                size(p.block_bytes),
                "1 byte to a whole block",
            ),
            (
                "peer_artifacts",
                size(p.peer_artifacts),
                100,
                1_000_000,
                "100 to 1 000 000",
            ),
            (
                "peer_bytes",
                size(p.peer_bytes),
                size(p.block_bytes.saturating_mul(4)),
                u128::MAX,
                "four blocks or more",
            ),
        ];
        for (parameter, found, least, most, expected) in checks {
            if found < least || found > most {
                return Err(InconsistentConfig::OutOfRange {
                    parameter,
                    expected,
                    found,
                });
            }
        }
        Ok(Self(parameters))
    }
}

impl std::ops::Deref for Config {
    type Target = Parameters;

    fn deref(&self) -> &Parameters {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_consistent() {
        assert_eq!(Config::new(Parameters::default()), Ok(Config::default()));
    }

    #[test]
    fn each_bound_is_kept() {
        type Change = fn(&mut Parameters);
        let broken: [(&str, Change); 6] = [
            ("unit_delay", |p| p.unit_delay = Duration::ZERO),
            ("interval", |p| p.interval = 0),
            ("look_ahead", |p| p.look_ahead = 0),
            ("block_bytes", |p| p.block_bytes = usize::MAX),
            ("peer_bytes", |p| p.peer_bytes = p.block_bytes),
            ("retransmit", |p| p.retransmit = Duration::ZERO),
        ];
        for (name, change) in broken {
            let mut parameters = Parameters::default();
            change(&mut parameters);
            let error = Config::new(parameters).expect_err(name);
            assert!(
                matches!(error, InconsistentConfig::OutOfRange { parameter, .. } if parameter == name)
            );
        }
    }
}
