//! One canister: its code and memory, its messages, its cycles, what its controllers decided (ABS-001 to ABS-016).

use std::sync::Arc;

use ic_types::{CanisterId, Cycles, Digest, Time};

use super::{
    call_contexts::Calls, chunks::ChunkStore, history::History, log::Log, message::CallOrigin,
    queues::Queues, settings::Settings, snapshot::Snapshots,
};
use crate::{
    cycles::{self, Consumed, Prices},
    memory::ExecutionState,
};

/// A call to `stop_canister` that waits for the canister to stop (ABS-172 to ABS-176).
#[derive(Clone, Debug)]
pub struct StopCall {
    /// Whom to answer.
    pub origin: CallOrigin,
    /// The cycles that came along and go back.
    pub cycles: Cycles,
    /// When it began to wait.
    pub since: Time,
}

/// Whether a canister takes on calls (ABS-006).
#[derive(Clone, Debug)]
pub enum Status {
    /// It does.
    Running,
    /// It does not, and it still waits for answers.
    Stopping(Vec<StopCall>),
    /// It does not, and nothing is outstanding.
    Stopped,
}

/// Whether the hook for low memory must run (ABS-012, ABS-116).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LowMemoryHook {
    /// There is enough memory.
    #[default]
    NotSatisfied,
    /// Memory has become low, and the hook has not run yet.
    Ready,
    /// Memory is low, and the hook has run.
    Executed,
}

/// Code that is installed, with the state that it has built up.
#[derive(Clone, Debug)]
pub struct Code {
    /// The module and its memories.
    pub execution: ExecutionState,
    /// The hash of the module as it was uploaded (CERT-136).
    pub module_hash: Digest,
    /// The module as it was uploaded, perhaps compressed.
    pub binary: Arc<[u8]>,
    /// When it was installed (CERT-139).
    pub installed: Time,
}

impl Code {
    /// The size of the module as it was uploaded.
    pub fn binary_bytes(&self) -> u64 {
        u64::try_from(self.binary.len()).unwrap_or(u64::MAX)
    }

    /// Bytes of its memories, globals and metadata.
    pub fn execution_bytes(&self) -> u64 {
        let execution = &self.execution;
        execution
            .wasm_memory_bytes()
            .saturating_add(execution.stable_memory_bytes())
            .saturating_add(execution.global_bytes())
            .saturating_add(execution.custom_section_bytes())
    }
}

/// One canister.
#[derive(Clone, Debug)]
pub struct Canister {
    /// Its name.
    pub id: CanisterId,
    /// What its controllers decided.
    pub settings: Settings,
    /// Whether it takes on calls.
    pub status: Status,
    /// Counts changes to code, settings, status and state (SYS-140).
    pub version: u64,
    /// When it was created (CERT-138).
    pub created: Time,
    /// Its code; `None` if it is empty.
    pub code: Option<Code>,
    /// Its cycles.
    pub balance: Cycles,
    /// Cycles that can only pay for resources (ABS-023).
    pub reserved: Cycles,
    /// At most 32 bytes that the subnet certifies for it (CERT-110).
    pub certified_data: Vec<u8>,
    /// When its timer is due; `None` if it is off (SYS-151).
    pub global_timer: Option<Time>,
    /// Whether its hook for low memory must run.
    pub low_memory_hook: LowMemoryHook,
    /// Messages to and from it.
    pub queues: Queues,
    /// Calls that it has taken on and made.
    pub calls: Calls,
    /// What happened to it.
    pub history: History,
    /// What it printed.
    pub log: Log,
    /// Pieces of modules.
    pub chunks: ChunkStore,
    /// Copies to go back to.
    pub snapshots: Snapshots,
    /// What it has paid for.
    pub consumed: Consumed,
    /// Until when it has paid for memory and compute.
    pub paid_until: Time,
}

impl Canister {
    /// An empty canister (MGMT-130).
    pub fn new(id: CanisterId, settings: Settings, balance: Cycles, now: Time) -> Self {
        Self {
            id,
            settings,
            status: Status::Running,
            version: 0,
            created: now,
            code: None,
            balance,
            reserved: Cycles::ZERO,
            certified_data: Vec::new(),
            global_timer: None,
            low_memory_hook: LowMemoryHook::NotSatisfied,
            queues: Queues::default(),
            calls: Calls::default(),
            history: History::default(),
            log: Log::default(),
            chunks: ChunkStore::default(),
            snapshots: Snapshots::default(),
            consumed: Consumed::default(),
            paid_until: now,
        }
    }

    /// Whether it takes on calls.
    pub fn is_running(&self) -> bool {
        match self.status {
            Status::Running => true,
            Status::Stopping(_) | Status::Stopped => false,
        }
    }

    /// Whether it is stopped.
    pub fn is_stopped(&self) -> bool {
        match self.status {
            Status::Stopped => true,
            Status::Running | Status::Stopping(_) => false,
        }
    }

    /// Bytes of memory that it pays for (ABS-014).
    pub fn memory_bytes(&self) -> u64 {
        let code = self.code.as_ref().map_or(0, |code| code.execution_bytes());
        self.other_memory_bytes().saturating_add(code)
    }

    /// Bytes of memory that it pays for besides those of its memories and globals.
    pub(crate) fn other_memory_bytes(&self) -> u64 {
        let binary = self.code.as_ref().map_or(0, |code| code.binary_bytes());
        [
            self.history.bytes(),
            self.chunks.bytes(),
            self.log.bytes(),
            self.snapshots.bytes(),
        ]
        .into_iter()
        .fold(binary, u64::saturating_add)
    }

    /// Bytes that its idle costs are computed from: what it uses or what it asked for, whichever is more.
    pub fn charged_bytes(&self) -> u64 {
        self.memory_bytes().max(self.settings.memory_allocation)
    }

    /// The part of the main balance that may not be spent (ABS-015).
    pub fn frozen_part(&self, prices: &Prices) -> Cycles {
        let limit = prices.freezing_limit(
            self.charged_bytes(),
            self.settings.compute_allocation,
            self.settings.freezing_threshold,
        );
        limit.saturating_sub(self.reserved)
    }

    /// Whether it can no longer pay for itself for long enough (ABS-015).
    pub fn is_frozen(&self, prices: &Prices) -> bool {
        self.balance < self.frozen_part(prices)
    }

    /// Takes `amount` off the balance if it leaves the frozen part alone.
    ///
    /// Returns whether it did.
    pub fn withdraw(&mut self, amount: Cycles, prices: &Prices) -> bool {
        match self.balance.checked_sub(amount) {
            Some(rest) if rest >= self.frozen_part(prices) => {
                self.balance = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Adds `amount` to the balance.
    pub fn deposit(&mut self, amount: Cycles) {
        self.balance = cycles::add(self.balance, amount);
    }

    /// Something happened that counts (SYS-140).
    pub fn bump_version(&mut self) {
        self.version = self.version.saturating_add(1);
    }

    /// All cycles that it holds: its own, those in its messages, those set aside for answers.
    pub fn cycles(&self) -> Cycles {
        let waiting = match &self.status {
            Status::Stopping(calls) => cycles::sum(calls.iter().map(|call| call.cycles)),
            Status::Running | Status::Stopped => Cycles::ZERO,
        };
        cycles::sum([
            self.balance,
            self.reserved,
            self.queues.cycles(),
            self.calls.cycles(),
            waiting,
        ])
    }

    /// Whether the condition of the low-memory hook holds now (SYS-261, SYS-262).
    pub fn memory_is_low(&self) -> bool {
        let Some(code) = &self.code else { return false };
        if self.settings.wasm_memory_threshold == 0 {
            return false;
        }
        let limit = match self.settings.wasm_memory_limit {
            0 => code.execution.wasm_memory_maximum(),
            limit => limit,
        };
        limit
            < code
                .execution
                .wasm_memory_bytes()
                .saturating_add(self.settings.wasm_memory_threshold)
    }

    fn has_low_memory_hook(&self) -> bool {
        self.code
            .as_ref()
            .is_some_and(|code| code.execution.module.interface().on_low_wasm_memory)
    }

    /// Notices that memory has become low, or is so no longer (ABS-116).
    pub fn update_low_memory_hook(&mut self) {
        self.low_memory_hook = match (self.memory_is_low(), self.low_memory_hook) {
            (true, LowMemoryHook::NotSatisfied) if self.has_low_memory_hook() => {
                LowMemoryHook::Ready
            }
            // A hook that is not exported has nothing to run (ABS-410).
            (true, LowMemoryHook::NotSatisfied) => LowMemoryHook::Executed,
            (true, same) => same,
            (false, _) => LowMemoryHook::NotSatisfied,
        };
    }
}

/// Canisters are shared between states until one of them changes.
pub(crate) type Shared = Arc<Canister>;
