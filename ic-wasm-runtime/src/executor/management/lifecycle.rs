//! From creation to deletion (MGMT-130, MGMT-135 to MGMT-138, MGMT-156, MGMT-157; ABS-170 to ABS-180).

use std::sync::Arc;

use ic_types::{CanisterId, Cycles, Principal, Time};

use super::{
    Managed, default_controllers,
    interface::CanisterIdRecord,
    interface::{
        CreateCanister, ProvisionalCreate, ProvisionalTopUp, WireSettings, canister, encode, wire,
    },
    nothing, origin,
};
use crate::{
    cycles,
    executor::{ErrorCode, Refusal, commit::Aftermath, round::Round},
    sandbox::Sandbox,
    state::{
        Canister, Change, Details, LowMemoryHook, Origin, Payload, Request, Settings, Status,
        StopCall, variables_hash,
    },
};

/// What a provisional canister gets if nothing is said: 100 T (LIM-085).
const PROVISIONAL_BALANCE: Cycles = Cycles::new(100_000_000_000_000);

impl<S: Sandbox> Round<'_, S> {
    pub(super) fn create(
        &mut self,
        request: &Arc<Request>,
        argument: CreateCanister,
    ) -> Result<Managed, Refusal> {
        // On a subnet that admins have to themselves creation is free (COST-002).
        let fee = match self.state.subnet().admins.is_empty() {
            true => self.state.prices().creation(),
            false => Cycles::ZERO,
        };
        let Some(balance) = request.cycles.checked_sub(fee) else {
            return Err(Refusal::new(
                ErrorCode::TooFewCyclesForCreation,
                format!(
                    "creating a canister costs {fee} cycles, the call brought {}",
                    request.cycles
                ),
            ));
        };
        let origin = origin(request, argument.sender_canister_version);
        let id = self.make(request.caller, origin, argument.settings, balance, None)?;
        self.state.burn(fee);
        self.state
            .change(&id, |canister| canister.consumed.creation = fee);
        Ok(Managed::Replied {
            reply: encode(CanisterIdRecord {
                canister_id: wire(&id.principal()),
            })?,
            kept: request.cycles,
        })
    }

    pub(super) fn provisional_create(
        &mut self,
        request: &Arc<Request>,
        argument: ProvisionalCreate,
    ) -> Result<Managed, Refusal> {
        self.check_provisional()?;
        let balance = argument.amount.map_or(PROVISIONAL_BALANCE, Cycles::new);
        let named = argument.specified_id.as_ref().map(canister);
        let origin = origin(request, argument.sender_canister_version);
        let id = self.make(request.caller, origin, argument.settings, balance, named)?;
        self.state.mint(balance);
        encode(CanisterIdRecord {
            canister_id: wire(&id.principal()),
        })
        .map(Managed::reply)
    }

    pub(super) fn provisional_top_up(
        &mut self,
        argument: ProvisionalTopUp,
    ) -> Result<Managed, Refusal> {
        self.check_provisional()?;
        let id = canister(&argument.canister_id);
        self.existing(&id)?;
        let amount = Cycles::new(argument.amount);
        self.state.change(&id, |canister| canister.deposit(amount));
        self.state.mint(amount);
        Ok(Managed::nothing())
    }

    fn check_provisional(&self) -> Result<(), Refusal> {
        if self.state.subnet().provisional {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::UnknownManagementMethod,
            "provisional methods exist on development instances only",
        ))
    }

    /// Makes an empty canister (MGMT-130).
    fn make(
        &mut self,
        caller: Principal,
        origin: Origin,
        wanted: Option<WireSettings>,
        balance: Cycles,
        named: Option<CanisterId>,
    ) -> Result<CanisterId, Refusal> {
        let change = wanted.unwrap_or_default().check()?;
        let mut settings = Settings::new(default_controllers(caller));
        change.apply(&mut settings);
        self.check_settings(None, &change, &settings)?;
        let time = self.state.time();
        // Everything that can fail has to come before an id is used up.
        let mut created = Canister::new(CanisterId::MANAGEMENT, settings, balance, time);
        let asks =
            created.settings.compute_allocation > 0 || created.settings.memory_allocation > 0;
        if asks && created.is_frozen(self.state.prices()) {
            return Err(Refusal::new(
                ErrorCode::InvalidSettings,
                format!("{balance} cycles do not pay for the allocations that were asked for"),
            ));
        }
        created.id = match named {
            Some(id) if self.state.canister(&id).is_none() && self.state.claim_id(id) => id,
            Some(id) => {
                return Err(Refusal::new(
                    ErrorCode::IdNotAvailable,
                    format!("the canister id {id} is not available"),
                ));
            }
            None => self.state.allocate_id().ok_or_else(|| {
                Refusal::new(ErrorCode::NoIdsLeft, "the subnet has no canister ids left")
            })?,
        };
        let details = Details::Creation {
            controllers: created.settings.controllers.clone(),
            environment_variables_hash: change.environment_variables.as_ref().map(variables_hash),
        };
        created.history.record(Change {
            time,
            version: created.version,
            origin,
            details,
        });
        let id = created.id;
        self.state.insert(created);
        Ok(id)
    }

    pub(super) fn start(&mut self, id: CanisterId) -> Result<Managed, Refusal> {
        let before = self.state.change(&id, |canister| {
            canister.bump_version();
            std::mem::replace(&mut canister.status, Status::Running)
        });
        if let Some(Status::Stopping(calls)) = before {
            for call in calls {
                let reject = Refusal::new(
                    ErrorCode::StopCancelled,
                    format!("canister {id} was started again"),
                );
                self.answer(
                    CanisterId::MANAGEMENT,
                    &call.origin,
                    Payload::Reject(reject),
                    call.cycles,
                );
            }
        }
        Ok(Managed::nothing())
    }

    pub(super) fn stop(
        &mut self,
        id: CanisterId,
        request: &Arc<Request>,
    ) -> Result<Managed, Refusal> {
        let call = StopCall {
            origin: request.origin.clone(),
            cycles: request.cycles,
            since: self.state.time(),
        };
        let stopped = self.state.change(&id, |canister| {
            canister.bump_version();
            match &mut canister.status {
                Status::Stopped => true,
                Status::Stopping(calls) => {
                    calls.push(call);
                    false
                }
                Status::Running => {
                    canister.status = Status::Stopping(vec![call]);
                    false
                }
            }
        });
        if stopped == Some(true) {
            return Ok(Managed::nothing());
        }
        // One with nothing outstanding is stopped at once.
        self.settle_one_stopping(id);
        Ok(Managed::Waiting)
    }

    /// Stops the canisters that have nothing outstanding any more, and gives up on calls that have waited too long
    /// (ABS-174, ABS-176).
    pub(in crate::executor) fn settle_stopping(&mut self) {
        let stopping: Vec<CanisterId> = self.state.index().stopping().copied().collect();
        for id in stopping {
            self.settle_one_stopping(id);
        }
    }

    fn settle_one_stopping(&mut self, id: CanisterId) {
        let now = self.state.time();
        let timeout = self.executor.limits.stop_timeout;
        let has_waited = |call: &StopCall| {
            now.since(call.since)
                .is_some_and(|waited| waited >= timeout)
        };
        let Some(canister) = self.state.canister(&id) else {
            return;
        };
        let Status::Stopping(calls) = &canister.status else {
            return;
        };
        if canister.calls.is_empty() {
            let before = self.state.change(&id, |canister| {
                canister.bump_version();
                std::mem::replace(&mut canister.status, Status::Stopped)
            });
            if let Some(Status::Stopping(calls)) = before {
                for call in calls {
                    self.answer(
                        CanisterId::MANAGEMENT,
                        &call.origin,
                        Payload::Reply(nothing()),
                        call.cycles,
                    );
                }
            }
        } else if calls.iter().any(has_waited) {
            let given_up: Option<Vec<StopCall>> =
                self.state
                    .change(&id, |canister| match &mut canister.status {
                        Status::Stopping(calls) => {
                            calls.extract_if(.., |call| has_waited(call)).collect()
                        }
                        Status::Running | Status::Stopped => Vec::new(),
                    });
            for call in given_up.unwrap_or_default() {
                let reject = Refusal::new(
                    ErrorCode::StopTimeout,
                    format!("canister {id} did not stop in time"),
                );
                self.answer(
                    CanisterId::MANAGEMENT,
                    &call.origin,
                    Payload::Reject(reject),
                    call.cycles,
                );
            }
        }
    }

    pub(super) fn delete(
        &mut self,
        id: CanisterId,
        caller: &Principal,
    ) -> Result<Managed, Refusal> {
        let canister = self.existing(&id)?;
        if id.principal() == *caller {
            return Err(Refusal::new(
                ErrorCode::DeleteSelf,
                "a canister cannot delete itself",
            ));
        }
        if !canister.is_stopped() {
            return Err(Refusal::new(
                ErrorCode::CanisterNotStopped,
                format!("canister {id} is not stopped"),
            ));
        }
        if !canister.queues.is_empty() {
            return Err(Refusal::new(
                ErrorCode::QueuesNotEmpty,
                format!("canister {id} has messages in its queues"),
            ));
        }
        if let Some(removed) = self.state.remove(&id) {
            self.state.burn(removed.cycles());
        }
        Ok(Managed::nothing())
    }

    /// Removes the code with all that it has built up (ABS-170, ABS-171). Without an origin the canister has run
    /// out of cycles (ABS-180).
    pub(in crate::executor) fn uninstall(&mut self, id: CanisterId, origin: Option<Origin>) {
        let time = self.state.time();
        let after = self.state.change(&id, |canister| {
            let mut after = Aftermath::default();
            canister.code = None;
            canister.certified_data.clear();
            canister.global_timer = None;
            canister.low_memory_hook = LowMemoryHook::NotSatisfied;
            canister.chunks.clear();
            canister.log.clear();
            canister.bump_version();
            match origin {
                Some(origin) => {
                    let (version, details) = (canister.version, Details::CodeUninstall);
                    canister.history.record(Change {
                        time,
                        version,
                        origin,
                        details,
                    });
                }
                None => {
                    canister.history.forget();
                    canister.snapshots.clear();
                    canister.settings.compute_allocation = 0;
                    canister.settings.memory_allocation = 0;
                }
            }
            for answer in canister.calls.abandon() {
                after.answer(canister, answer);
            }
            after
        });
        for (request, payload) in after.map(|after| after.users).unwrap_or_default() {
            self.answer_user(&request, payload);
        }
    }

    /// Lets canisters pay for memory and compute since they last did (ABS-291, LIM-099).
    pub(in crate::executor) fn charge_for_resources(&mut self) {
        let now = self.state.time();
        let due = |paid_until: Time| {
            now.since(paid_until)
                .is_some_and(|since| since >= self.executor.limits.charging_interval)
        };
        if !due(self.state.charged) {
            return;
        }
        self.state.charged = now;
        let prices = *self.state.prices();
        let ids: Vec<CanisterId> = self
            .state
            .canisters()
            .filter(|canister| {
                canister.charged_bytes() > 0 || canister.settings.compute_allocation > 0
            })
            .map(|canister| canister.id)
            .collect();
        for id in ids {
            let paid = self.state.change(&id, |canister| {
                let seconds = now
                    .since(canister.paid_until)
                    .map_or(0, |since| since.as_secs());
                canister.paid_until = canister
                    .paid_until
                    .saturating_add(std::time::Duration::from_secs(seconds));
                let memory = prices.idle(canister.charged_bytes(), 0, seconds);
                let compute = prices.idle(0, canister.settings.compute_allocation, seconds);
                let price = cycles::add(memory, compute);
                let reserved = price.min(canister.reserved);
                canister.reserved = canister.reserved.saturating_sub(reserved);
                let rest = price.saturating_sub(reserved);
                let main = rest.min(canister.balance);
                canister.balance = canister.balance.saturating_sub(main);
                let paid = cycles::add(reserved, main);
                let for_memory = paid.min(memory);
                cycles::count(&mut canister.consumed.memory, for_memory);
                cycles::count(
                    &mut canister.consumed.compute_allocation,
                    paid.saturating_sub(for_memory),
                );
                let empty = rest > main && canister.balance.is_zero();
                (paid, empty)
            });
            if let Some((paid, empty)) = paid {
                self.state.burn(paid);
                if empty {
                    self.uninstall(id, None);
                }
            }
        }
    }

    pub(super) fn upload_chunk(
        &mut self,
        id: CanisterId,
        chunk: &[u8],
    ) -> Result<Managed, Refusal> {
        let stored = self
            .state
            .change(&id, |canister| canister.chunks.insert(chunk));
        let hash = stored
            .ok_or_else(|| crate::executor::induction::not_found(&id))?
            .map_err(|refused| Refusal::new(ErrorCode::ChunkStore, refused.to_string()))?;
        encode(super::ChunkHash {
            hash: serde_bytes::ByteBuf::from(hash.as_bytes().to_vec()),
        })
        .map(Managed::reply)
    }
}
