//! What happened to a canister, as `canister_info` shows it (MGMT-054 to MGMT-056, ABS-310 to ABS-312).

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use ic_types::{CanisterId, Digest, Principal, Time, UserId};

use super::snapshot::{SnapshotId, SnapshotSource};

/// Entries that are kept (LIM-100); at least 20 are guaranteed (LIM-032).
const KEPT: usize = 20;

/// Who asked for a change (ABS-311).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A user, by ingress.
    User(UserId),
    /// Another canister, at the version that it claimed.
    Canister {
        /// The caller.
        canister: CanisterId,
        /// Its `sender_canister_version`, if it gave one.
        version: Option<u64>,
    },
}

/// How code came in (MGMT-055).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Into an empty canister.
    Install,
    /// Over code and memory that were dropped.
    Reinstall,
    /// Over code whose stable memory stays.
    Upgrade,
}

/// What changed (MGMT-055).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// The canister was created.
    Creation {
        /// Its first controllers.
        controllers: BTreeSet<Principal>,
        /// The hash of its environment variables, if any were given (MGMT-211).
        environment_variables_hash: Option<Digest>,
    },
    /// The code was removed.
    CodeUninstall,
    /// Code was installed.
    CodeDeployment {
        /// How.
        mode: Mode,
        /// The hash of the module as it was uploaded.
        module_hash: Digest,
    },
    /// A snapshot was loaded.
    LoadSnapshot {
        /// Which one.
        snapshot: SnapshotId,
        /// The version of the canister when it was taken.
        version: u64,
        /// When it was taken.
        taken: Time,
        /// How it came about.
        source: SnapshotSource,
    },
    /// Controllers were set.
    ControllersChange {
        /// To these.
        controllers: BTreeSet<Principal>,
    },
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The canister's time.
    pub time: Time,
    /// The canister's version after the change.
    pub version: u64,
    /// Who asked for it.
    pub origin: Origin,
    /// What it was.
    pub details: Details,
}

/// The last changes of a canister, and how many there were in all.
#[derive(Clone, Debug, Default)]
pub struct History {
    total: u64,
    bytes: u64,
    recent: VecDeque<Arc<Change>>,
}

impl History {
    /// Adds `change` as the newest, and forgets the oldest beyond 20.
    pub fn record(&mut self, change: Change) {
        self.total = self.total.saturating_add(1);
        self.bytes = self.bytes.saturating_add(change.bytes());
        self.recent.push_back(Arc::new(change));
        while self.recent.len() > KEPT {
            let Some(forgotten) = self.recent.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(forgotten.bytes());
        }
    }

    /// How many changes there were, with those that were forgotten (MGMT-141).
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The newest `count` changes that are kept, oldest first (MGMT-141).
    pub fn latest(&self, count: u64) -> impl Iterator<Item = &Change> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.recent
            .iter()
            .skip(self.recent.len().saturating_sub(count))
            .map(Arc::as_ref)
    }

    /// Forgets what happened but not how often: the canister ran out of cycles (ABS-180).
    pub fn forget(&mut self) {
        self.recent.clear();
        self.bytes = 0;
    }

    /// The bytes that the history counts for in the canister's memory.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Change {
    /// The bytes that this entry counts for: those of its largest form, and of its controllers.
    fn bytes(&self) -> u64 {
        let controllers = match &self.details {
            Details::Creation { controllers, .. } | Details::ControllersChange { controllers } => {
                controllers.len()
            }
            Details::CodeUninstall
            | Details::CodeDeployment { .. }
            | Details::LoadSnapshot { .. } => 0,
        };
        let each = 37;
        160 + u64::try_from(controllers)
            .unwrap_or(u64::MAX)
            .saturating_mul(each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abs_312_the_oldest_are_forgotten_and_the_count_goes_on() {
        let mut history = History::default();
        let change = |version| Change {
            time: Time::EPOCH,
            version,
            origin: Origin::User(UserId::ANONYMOUS),
            details: Details::CodeUninstall,
        };
        (0..25).for_each(|version| history.record(change(version)));
        assert_eq!((history.total(), history.bytes()), (25, 20 * 160));
        let versions = |count| {
            history
                .latest(count)
                .map(|change| change.version)
                .collect::<Vec<_>>()
        };
        assert_eq!(versions(2), [23, 24]);
        assert_eq!(versions(u64::MAX), (5..25).collect::<Vec<_>>());
        assert_eq!(versions(0), [0; 0]);
        history.forget();
        assert_eq!(
            (history.total(), history.bytes(), history.latest(9).count()),
            (25, 0, 0)
        );
    }
}
