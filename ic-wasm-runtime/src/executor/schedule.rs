//! Which canister next, and when a round ends (LIM-019, LIM-058, ABS-350 to ABS-352).
//!
//! A round goes in *iterations*. In each, the management canister first does what it was asked to; then every
//! canister that has work executes until it has none left; then the messages that were sent are delivered. It
//! ends when nothing is left to do, or when its instructions are used up.
//!
//! **Fairness.** If a round ends early, the canisters that still wait get *credit* in percent of a round: their
//! compute allocation, and an equal share of what is not allocated. The next round takes canisters by credit, the
//! most first, ties by id; the first one pays 100. So with total allocation below 100 no canister waits for ever,
//! and one with an allocation of p percent is first about every 100/p rounds.
//!
//! **Determinism.** The order depends on the state alone. Within an iteration canisters do not see each other's
//! messages, so that executing them side by side would give the same state.

use ic_types::{CanisterId, Time};

use super::round::Round;
use crate::{
    sandbox::Sandbox,
    state::{CallOrigin, LowMemoryHook, Message, Payload},
};

impl<S: Sandbox> Round<'_, S> {
    /// Executes until nothing is left to do or the round's instructions are used up.
    pub(super) fn execute(&mut self) {
        let mut first = true;
        let mut head = None;
        loop {
            let before = self.progress;
            self.manage();
            if first {
                self.run_tasks();
                first = false;
            }
            let order = self.order();
            if head.is_none() {
                head = order.first().copied();
            }
            for id in order {
                if self.exhausted() {
                    break;
                }
                self.run_inputs(id);
            }
            self.deliver();
            if self.exhausted() || self.progress == before {
                break;
            }
        }
        self.settle_credits(head);
    }

    /// Canisters with messages, in the order in which they get to execute.
    fn order(&self) -> Vec<CanisterId> {
        let mut order: Vec<(i64, CanisterId)> = self
            .state
            .index()
            .with_input()
            .map(|id| (-self.state.credits.get(id).copied().unwrap_or(0), *id))
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, id)| id).collect()
    }

    /// Executes the messages of one canister.
    fn run_inputs(&mut self, id: CanisterId) {
        while !self.exhausted() {
            // While the hook must run, only answers may come before it (SYS-263, ABS-115).
            let next = self
                .state
                .change(&id, |canister| match canister.low_memory_hook {
                    LowMemoryHook::Ready if canister.is_running() && canister.code.is_some() => {
                        canister.queues.next_answer().map(Message::Answer)
                    }
                    LowMemoryHook::Ready
                    | LowMemoryHook::NotSatisfied
                    | LowMemoryHook::Executed => canister.queues.next_input(),
                });
            let Some(message) = next.flatten() else { break };
            self.progress = self.progress.saturating_add(1);
            match message {
                Message::Request(request) => self.execute_request(id, &request),
                Message::Answer(answer) => self.execute_answer(id, &answer),
            }
        }
    }

    /// Runs hooks, timers and heartbeats that are due.
    fn run_tasks(&mut self) {
        let now = self.state.time();
        let hooks: Vec<CanisterId> = self.state.index().with_hook().copied().collect();
        let timers: Vec<CanisterId> = self.state.index().timers_due(now).collect();
        let heartbeats: Vec<CanisterId> = self.state.index().with_heartbeat().copied().collect();
        let tasks = hooks
            .into_iter()
            .map(|id| (id, Task::LowMemory))
            .chain(timers.into_iter().map(|id| (id, Task::Timer)))
            .chain(heartbeats.into_iter().map(|id| (id, Task::Heartbeat)));
        for (id, task) in tasks {
            if self.exhausted() {
                break;
            }
            self.execute_task(id, task);
        }
    }

    /// Delivers what canisters have sent to each other, in the order of senders and of sending.
    fn deliver(&mut self) {
        let senders: Vec<CanisterId> = self.state.index().with_output().copied().collect();
        for sender in senders {
            let output = self
                .state
                .change(&sender, |canister| canister.queues.take_output());
            for (receiver, message) in output.unwrap_or_default() {
                self.deliver_one(sender, receiver, message);
            }
        }
    }

    fn deliver_one(&mut self, sender: CanisterId, receiver: CanisterId, message: Message) {
        if receiver == CanisterId::MANAGEMENT {
            if let Message::Request(request) = message {
                self.state.management.push_back(request);
            }
            return;
        }
        let mut message = Some(message);
        self.state.change(&receiver, |canister| {
            if let Some(message) = message.take() {
                canister.queues.receive_from(sender, message);
            }
        });
        match message {
            None => {}
            Some(Message::Request(request)) => {
                let reject = super::Refusal::new(
                    super::ErrorCode::CanisterNotFound,
                    format!("canister {receiver} not found"),
                );
                self.answer(
                    receiver,
                    &request.origin,
                    Payload::Reject(reject),
                    request.cycles,
                );
            }
            // A canister with calls that are not answered cannot be deleted, so this does not happen; if it did,
            // the cycles would be lost with the canister.
            Some(Message::Answer(answer)) => self.state.burn(answer.refund),
        }
    }

    /// Gives credit to those who wait, and lets the first one pay.
    fn settle_credits(&mut self, head: Option<CanisterId>) {
        let waiting: Vec<CanisterId> = self.state.index().with_input().copied().collect();
        let mut credits = std::collections::BTreeMap::new();
        if !waiting.is_empty() {
            let free = 100_u64.saturating_sub(self.state.compute_allocated());
            let count = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
            // In thousandths of a percent, so that shares among many are not all zero.
            let share = free.saturating_mul(1000) / count;
            for id in waiting {
                let allocated = self.state.canister(&id).map_or(0, |canister| {
                    u64::from(canister.settings.compute_allocation).saturating_mul(1000)
                });
                let earned = i64::try_from(allocated.saturating_add(share)).unwrap_or(i64::MAX);
                let paid = if head == Some(id) { 100_000 } else { 0 };
                let before = self.state.credits.get(&id).copied().unwrap_or(0);
                let credit = before.saturating_add(earned).saturating_sub(paid);
                credits.insert(id, credit.clamp(-10_000_000, 10_000_000));
            }
        }
        self.state.credits = credits;
    }

    /// Answers in the callee's place what was not answered in time (ABS-130).
    pub(super) fn expire_calls(&mut self) {
        let now = self.state.time();
        let waiting: Vec<CanisterId> = self.state.index().overdue(now).collect();
        for id in waiting {
            self.state.change(&id, |canister| {
                let overdue: Vec<_> = canister
                    .calls
                    .overdue(now)
                    .map(|(callback, call)| (callback, call.respondent))
                    .collect();
                for (callback, respondent) in overdue {
                    canister.calls.forget_deadline(callback);
                    let reject = super::Refusal::new(
                        super::ErrorCode::DeadlineExpired,
                        "the call was not answered before its deadline",
                    );
                    let answer = crate::state::Answer {
                        respondent,
                        callback,
                        payload: Payload::Reject(reject),
                        refund: ic_types::Cycles::ZERO,
                    };
                    canister
                        .queues
                        .receive_from(respondent, Message::Answer(std::sync::Arc::new(answer)));
                }
            });
        }
    }

    /// Drops users' requests that have expired before they began (HTTP-113).
    pub(super) fn expire_ingress(&mut self) {
        let now = self.state.time();
        let mut expired = Vec::new();
        let mut keep = |expiry: Option<Time>, origin: &CallOrigin| match (expiry, origin) {
            (Some(expiry), CallOrigin::User { request, .. }) if expiry < now => {
                expired.push(*request);
                false
            }
            (
                Some(_) | None,
                CallOrigin::User { .. } | CallOrigin::Canister { .. } | CallOrigin::System,
            ) => true,
        };
        self.state
            .management
            .retain(|call| keep(call.expiry, &call.origin));
        let canisters: Vec<CanisterId> = self.state.index().with_input().copied().collect();
        for id in canisters {
            let any = self.state.canister(&id).is_some_and(|canister| {
                canister
                    .queues
                    .oldest_expiry()
                    .is_some_and(|expiry| expiry < now)
            });
            if any {
                self.state.change(&id, |canister| {
                    canister
                        .queues
                        .drop_ingress(|request| keep(request.expiry, &request.origin));
                });
            }
        }
        for request in expired {
            let reject = super::Refusal::new(
                super::ErrorCode::IngressExpired,
                "the request expired before its execution began",
            );
            self.state
                .advance_request(&request, crate::state::RequestStatus::Rejected(reject));
        }
    }
}

/// What runs without a message (ABS-111 to ABS-113).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// `canister_on_low_wasm_memory`.
    LowMemory,
    /// `canister_global_timer`.
    Timer,
    /// `canister_heartbeat`.
    Heartbeat,
}
