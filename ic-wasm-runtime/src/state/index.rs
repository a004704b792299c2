//! Which canisters have work, and sums over all of them: kept by difference, so that a round costs what it does
//! and not what there is.

use std::collections::BTreeSet;

use ic_types::{CanisterId, Time};

use super::canister::{Canister, LowMemoryHook, Status};
use super::shared_map::SharedMap;

/// Sets of canisters by what they wait for. Each is shared between copies of the state until it changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    input: SharedMap<CanisterId, ()>,
    output: SharedMap<CanisterId, ()>,
    hooks: SharedMap<CanisterId, ()>,
    heartbeats: SharedMap<CanisterId, ()>,
    stopping: SharedMap<CanisterId, ()>,
    timers: SharedMap<(Time, CanisterId), ()>,
    deadlines: SharedMap<(Time, CanisterId), ()>,
    memory_bytes: u64,
    message_bytes: u64,
    compute: u64,
    changed: BTreeSet<CanisterId>,
}

fn put<T: Ord + Clone>(set: &mut SharedMap<T, ()>, member: T, present: bool) {
    if set.contains_key(&member) != present {
        if present {
            set.insert(member, ());
        } else {
            set.remove(&member);
        }
    }
}

/// What the index knows of one canister.
#[derive(Clone, Copy, Default)]
pub(crate) struct Keys {
    input: bool,
    output: bool,
    hook: bool,
    heartbeat: bool,
    stopping: bool,
    timer: Option<Time>,
    deadline: Option<Time>,
    memory_bytes: u64,
    message_bytes: u64,
    compute: u8,
}

impl Keys {
    pub(crate) fn of(canister: &Canister) -> Self {
        let code = canister.code.as_ref();
        Self {
            input: canister.queues.has_input(),
            output: canister.queues.has_output(),
            hook: canister.low_memory_hook == LowMemoryHook::Ready,
            heartbeat: code.is_some_and(|code| code.execution.module.interface().heartbeat),
            stopping: match canister.status {
                Status::Stopping(_) => true,
                Status::Running | Status::Stopped => false,
            },
            timer: canister.global_timer,
            deadline: canister.calls.next_deadline(),
            memory_bytes: canister.memory_bytes(),
            message_bytes: canister.queues.bytes(),
            compute: canister.settings.compute_allocation,
        }
    }
}

fn replace(
    set: &mut SharedMap<(Time, CanisterId), ()>,
    id: CanisterId,
    before: Option<Time>,
    after: Option<Time>,
) {
    if before != after {
        if let Some(before) = before {
            put(set, (before, id), false);
        }
        if let Some(after) = after {
            put(set, (after, id), true);
        }
    }
}

impl Index {
    /// The canister was `before` and is `after`; the default stands for a canister that does not exist.
    pub(crate) fn update(&mut self, id: CanisterId, before: &Keys, after: &Keys) {
        put(&mut self.input, id, after.input);
        put(&mut self.output, id, after.output);
        put(&mut self.hooks, id, after.hook);
        put(&mut self.heartbeats, id, after.heartbeat);
        put(&mut self.stopping, id, after.stopping);
        replace(&mut self.timers, id, before.timer, after.timer);
        replace(&mut self.deadlines, id, before.deadline, after.deadline);
        self.memory_bytes = self
            .memory_bytes
            .saturating_sub(before.memory_bytes)
            .saturating_add(after.memory_bytes);
        self.message_bytes = self
            .message_bytes
            .saturating_sub(before.message_bytes)
            .saturating_add(after.message_bytes);
        self.compute = self
            .compute
            .saturating_sub(before.compute.into())
            .saturating_add(after.compute.into());
        self.changed.insert(id);
    }

    /// Canisters that have changed since this was last asked.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<CanisterId> {
        std::mem::take(&mut self.changed)
    }

    /// Canisters with messages to execute.
    pub(crate) fn with_input(&self) -> impl Iterator<Item = &CanisterId> {
        self.input.keys()
    }

    /// Canisters with messages to deliver.
    pub(crate) fn with_output(&self) -> impl Iterator<Item = &CanisterId> {
        self.output.keys()
    }

    /// Canisters whose low-memory hook must run.
    pub(crate) fn with_hook(&self) -> impl Iterator<Item = &CanisterId> {
        self.hooks.keys()
    }

    /// Canisters whose code has a heartbeat.
    pub(crate) fn with_heartbeat(&self) -> impl Iterator<Item = &CanisterId> {
        self.heartbeats.keys()
    }

    /// Canisters that are stopping.
    pub(crate) fn stopping(&self) -> impl Iterator<Item = &CanisterId> {
        self.stopping.keys()
    }

    /// Canisters whose timer is due.
    pub(crate) fn timers_due(&self, now: Time) -> impl Iterator<Item = CanisterId> {
        self.timers
            .keys()
            .take_while(move |(due, _)| *due <= now)
            .map(|(_, id)| *id)
    }

    /// Canisters that wait for an answer which is overdue.
    pub(crate) fn overdue(&self, now: Time) -> impl Iterator<Item = CanisterId> {
        self.deadlines
            .keys()
            .take_while(move |(due, _)| *due <= now)
            .map(|(_, id)| *id)
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    pub(crate) fn message_bytes(&self) -> u64 {
        self.message_bytes
    }

    pub(crate) fn compute_allocated(&self) -> u64 {
        self.compute
    }
}
