//! # Notary
//!
//! **Safety.** A notary supports only blocks that it found valid, and nothing at or below a notarized height.
//! **Liveness.** It waits longer for blocks of higher rank, and the longer the further finalization is behind, until
//! all notaries support the same block; it stops when certification or catch-up packages are too far behind, so that
//! whoever executes slowly is waited for.

use std::time::Duration;

use ic_types::{Height, Rank};

use crate::artifact::NotarizationContent;
use crate::config::Config;
use crate::pool::{Change, View, after};

/// No round waits longer than this for one rank.
const LONGEST_DELAY: Duration = Duration::from_secs(600);

/// My support for the best block at the next height, once I have waited for a better one.
pub(super) fn notarize(view: &View<'_>) -> Vec<Change> {
    let me = view.me();
    let height = after(view.pool.notarized_height());
    let Some(committee) = view
        .committee(height)
        .filter(|committee| committee.is_notary(&me))
    else {
        return Vec::new();
    };
    let all = &view.pool.validated;
    let eligible = || {
        all.proposals
            .at(height)
            .filter(|(_, proposal)| !view.is_disqualified(height, &proposal.maker))
    };
    let Some(best) = eligible().map(|(_, proposal)| proposal.block.rank()).min() else {
        return Vec::new();
    };
    let Some(waited) = view.round_age(height) else {
        return Vec::new();
    };
    let Some(delay) = delay(view, committee.record.config(), best) else {
        return Vec::new();
    };
    let supported = |hash| all.notarization_shares.get(height, &(hash, me)).is_some();
    eligible()
        .filter(|(hash, proposal)| proposal.block.rank() == best && !supported(**hash))
        .filter_map(|(hash, _)| {
            if let Some(remaining) = delay
                .checked_sub(waited)
                .filter(|remaining| !remaining.is_zero())
            {
                return Some(Change::WakeAfter(remaining));
            }
            let content = NotarizationContent {
                height,
                block: *hash,
            };
            Some(Change::Add(
                view.keys.vote(&committee.record, content)?.into(),
            ))
        })
        .collect()
}

/// How long after the start of the round a block of this rank may be supported; `None` while none may.
fn delay(view: &View<'_>, config: &Config, rank: Rank) -> Option<Duration> {
    let ahead = |of: Height| view.pool.notarized_height().since(of).unwrap_or(0);
    if ahead(view.execution.certified) >= config.certification_gap
        || ahead(view.next_catch_up()) >= config.catch_up_gap
    {
        return None;
    }
    let unfinalized = ahead(view.pool.finalized_height());
    let uncertified = view
        .pool
        .finalized_height()
        .since(view.execution.certified)
        .unwrap_or(0);
    Some(notary_delay(config, rank, unfinalized, uncertified))
}

/// The delay without the hard stops: grows with the rank, by half for each height that is not final, and by a fixed
/// amount for each height that is not certified, beyond one.
fn notary_delay(config: &Config, rank: Rank, unfinalized: u64, uncertified: u64) -> Duration {
    let mut per_rank = config.unit_delay.saturating_mul(rank.get());
    for _ in 0..unfinalized {
        per_rank = per_rank.saturating_add(per_rank / 2);
        if per_rank >= LONGEST_DELAY || per_rank.is_zero() {
            break;
        }
    }
    let backlog = if uncertified > 1 {
        u32::try_from(uncertified).unwrap_or(u32::MAX)
    } else {
        0
    };
    let delay = config
        .initial_notary_delay
        .saturating_add(per_rank.min(LONGEST_DELAY));
    delay.saturating_add(
        config
            .backlog_delay
            .saturating_mul(backlog)
            .min(LONGEST_DELAY),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_waits_the_same_however_far_finalization_is_behind() {
        let config = Config::default();
        for unfinalized in [0, 1, 50, u64::MAX] {
            assert_eq!(
                notary_delay(&config, Rank::LEADER, unfinalized, 0),
                config.initial_notary_delay
            );
        }
    }

    #[test]
    fn later_ranks_wait_half_as_long_again_for_each_height_that_is_not_final() {
        let config = Config::default();
        let beyond = |unfinalized| {
            notary_delay(&config, Rank::new(2), unfinalized, 0) - config.initial_notary_delay
        };
        assert_eq!(beyond(0), config.unit_delay * 2);
        assert_eq!(beyond(1), config.unit_delay * 3);
        assert_eq!(beyond(2), config.unit_delay * 9 / 2);
        assert_eq!(beyond(u64::MAX), LONGEST_DELAY);
    }

    #[test]
    fn one_uncertified_height_is_normal_and_more_are_waited_for() {
        let config = Config::default();
        let beyond = |uncertified| {
            notary_delay(&config, Rank::LEADER, 0, uncertified) - config.initial_notary_delay
        };
        assert_eq!(
            (beyond(1), beyond(2)),
            (Duration::ZERO, config.backlog_delay * 2)
        );
        assert_eq!(beyond(u64::MAX), LONGEST_DELAY);
    }
}
