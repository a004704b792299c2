//! What happened at which height, as lines for people.

use std::collections::BTreeMap;
use std::time::Duration;

use ic_consensus_core::Milestone;
use ic_types::{Height, NodeId, StateRoot};

use crate::member::Notice;

/// One round, as far as it has come. Times are since the beginning of the timeline.
#[derive(Debug, Default)]
struct Round {
    /// The makers were ranked.
    began: Option<Duration>,
    /// The maker of the block that became final, its rank, and how many calls the block carries.
    block: Option<(NodeId, u32, usize)>,
    /// Blocks by name, until it is known which becomes final.
    proposals: BTreeMap<[u8; 32], (NodeId, u32, usize)>,
    notarized: Option<Duration>,
    finalized: Option<Duration>,
}

/// Collects what one node notices, and makes a line of each height whose state the subnet has signed.
#[derive(Debug, Default)]
pub struct Timeline {
    names: BTreeMap<NodeId, String>,
    rounds: BTreeMap<Height, Round>,
}

impl Timeline {
    /// What stands above the lines.
    pub const HEADER: &'static str = "height |  beacon at | block by     rank  calls | notarised  finalised  certified | state root";

    /// A timeline that calls nodes by these names.
    pub fn new(names: BTreeMap<NodeId, String>) -> Self {
        Self {
            names,
            rounds: BTreeMap::new(),
        }
    }

    /// Takes note of something that happened `at` that time. Returns a line when a height is complete.
    pub fn observe(&mut self, at: Duration, notice: &Notice) -> Option<String> {
        match notice {
            Notice::Progress(milestone) => {
                self.progress(at, milestone);
                None
            }
            Notice::Certified { height, root } => {
                let round = self.rounds.remove(height).unwrap_or_default();
                self.rounds = self.rounds.split_off(height);
                Some(self.line(*height, &round, at, root))
            }
        }
    }

    fn progress(&mut self, at: Duration, milestone: &Milestone) {
        match milestone {
            // The beacon of a height ranks the makers of the next.
            Milestone::Beacon { height } => {
                if let Some(next) = height.next() {
                    self.round(next).began.get_or_insert(at);
                }
            }
            Milestone::Proposed {
                height,
                block,
                maker,
                rank,
                calls,
            } => {
                let proposal = (*maker, rank.get(), *calls);
                self.round(*height)
                    .proposals
                    .insert(*block.digest().as_bytes(), proposal);
            }
            Milestone::Notarized { height, .. } => {
                self.round(*height).notarized.get_or_insert(at);
            }
            Milestone::Finalized { height, block, .. } => {
                let round = self.round(*height);
                round.finalized.get_or_insert(at);
                round.block = round.proposals.get(block.digest().as_bytes()).copied();
            }
            Milestone::CatchUp { .. } | _ => {}
        }
    }

    fn round(&mut self, height: Height) -> &mut Round {
        self.rounds.entry(height).or_default()
    }

    fn line(&self, height: Height, round: &Round, certified: Duration, root: &StateRoot) -> String {
        let began = round.began.unwrap_or(certified);
        let after = |moment: Option<Duration>| {
            moment.map_or_else(
                || "-".to_owned(),
                |moment| format!("+{} ms", moment.saturating_sub(began).as_millis()),
            )
        };
        let (maker, rank, calls) = match &round.block {
            Some((maker, rank, calls)) => {
                let name = self
                    .names
                    .get(maker)
                    .cloned()
                    .unwrap_or_else(|| maker.to_string());
                (name, rank.to_string(), calls.to_string())
            }
            None => ("-".to_owned(), "-".to_owned(), "-".to_owned()),
        };
        let root: String = root
            .to_string()
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(16)
            .collect();
        format!(
            "{:>6} | {:>6}.{:02} s | {maker:<11} {rank:>5} {calls:>6} | {:>9}  {:>9}  {:>9} | {root}",
            height.get(),
            began.as_secs(),
            began.subsec_millis() / 10,
            after(round.notarized),
            after(round.finalized),
            after(Some(certified)),
        )
    }
}
