//! From a user to a queue: inspection before consensus, induction after it (ABS-060 to ABS-073, HTTP-185 to HTTP-189).

use ic_types::{Call, CanisterId, Content, Cycles, Principal};

use super::{
    Effective, ErrorCode, Executor, Refusal, effective_canister,
    management::{self, Method},
    round::{Round, World},
};
use crate::{
    cycles,
    sandbox::Sandbox,
    state::{CallOrigin, Canister, ReplicatedState, Request, RequestRecord, RequestStatus, Status},
    system_api::{CallerInfo, Entry},
};

/// What induction found out about a call before anything was changed.
struct Destination {
    /// The canister that pays, if one does (MGMT-004).
    payer: Option<CanisterId>,
    /// The canister whose address the call came through, if it is known.
    effective: CanisterId,
    /// Whether the payer must be able to pay without freezing: not for calls that help it (ABS-063).
    must_afford: bool,
}

impl<S: Sandbox> Round<'_, S> {
    /// Takes in a user's call. Returns whether it was one to take in: neither known nor expired (ABS-061).
    ///
    /// A call that cannot be executed is taken in too, and refused in the request history, where its sender can
    /// see it.
    pub(super) fn induct(&mut self, call: &Call) -> bool {
        let id = call.id();
        if self.state.request(&id).is_some() || call.expiry < self.state.time() {
            return false;
        }
        let destination = self.admit(call);
        let effective = destination
            .as_ref()
            .map_or(call.canister, |destination| destination.effective);
        let record = |status| RequestRecord {
            status,
            sender: call.sender,
            canister: call.canister,
            effective,
            expiry: call.expiry,
        };
        if let Err(reject) = destination {
            return self
                .state
                .insert_request(id, record(RequestStatus::Rejected(reject)));
        }
        self.state
            .insert_request(id, record(RequestStatus::Received));
        let request = Request {
            origin: CallOrigin::User {
                user: call.sender,
                request: id,
            },
            caller: call.sender.principal(),
            caller_info: caller_info(call),
            method: call.method.clone(),
            argument: call.argument.clone(),
            cycles: Cycles::ZERO,
            expiry: Some(call.expiry),
        };
        if call.canister == CanisterId::MANAGEMENT {
            self.state.management.push_back(request.into());
        } else {
            self.state.change(&call.canister, |canister| {
                canister.queues.receive_ingress(request)
            });
        }
        true
    }

    /// Whether the call has a destination that can pay for it; makes it pay.
    fn admit(&mut self, call: &Call) -> Result<Destination, Refusal> {
        if self.state.requests.len() >= crate::state::INGRESS_CAPACITY {
            return Err(Refusal::new(
                ErrorCode::IngressHistoryFull,
                "the subnet remembers too many requests",
            ));
        }
        let destination = destination(self.state, call)?;
        let Some(payer) = destination.payer else {
            return Ok(destination);
        };
        let prices = *self.state.prices();
        let nonce = call
            .nonce
            .as_ref()
            .map_or(0, |nonce| nonce.as_slice().len());
        let bytes = call
            .method
            .len()
            .saturating_add(call.argument.len())
            .saturating_add(nonce);
        let fee = prices.ingress(bytes);
        let paid = self.state.change(&payer, |canister| {
            if canister.withdraw(fee, &prices) {
                cycles::count(&mut canister.consumed.ingress_induction, fee);
                return Ok(fee);
            }
            if destination.must_afford {
                let message = format!(
                    "canister {payer} is out of cycles: it cannot pay for taking in a message"
                );
                return Err(Refusal::new(ErrorCode::OutOfCycles, message));
            }
            let fee = fee.min(canister.balance);
            canister.balance = canister.balance.saturating_sub(fee);
            cycles::count(&mut canister.consumed.ingress_induction, fee);
            Ok(fee)
        });
        match paid {
            Some(paid) => self.state.burn(paid?),
            None => return Err(not_found(&payer)),
        }
        Ok(destination)
    }
}

fn destination(state: &ReplicatedState, call: &Call) -> Result<Destination, Refusal> {
    if call.canister != CanisterId::MANAGEMENT {
        return Ok(Destination {
            payer: Some(call.canister),
            effective: call.canister,
            must_afford: true,
        });
    }
    let method = Method::parse(&call.method)?;
    method.permits_ingress(state.subnet(), &call.sender.principal())?;
    let must_afford = !method.helps_target();
    Ok(
        match effective_canister(&call.canister, &call.method, &call.argument)? {
            Effective::Canister(target) => Destination {
                payer: Some(target),
                effective: target,
                must_afford,
            },
            Effective::Any => Destination {
                payer: None,
                effective: CanisterId::MANAGEMENT,
                must_afford,
            },
        },
    )
}

pub(super) fn not_found(canister: &CanisterId) -> Refusal {
    Refusal::new(
        ErrorCode::CanisterNotFound,
        format!("canister {canister} not found"),
    )
}

pub(super) fn caller_info(call: &Call) -> Option<CallerInfo> {
    call.sender_info.as_ref().map(|info| CallerInfo {
        info: info.info.clone(),
        signer: info.signer,
    })
}

/// See [`Executor::inspect`].
pub(super) fn inspect<S: Sandbox>(
    executor: &Executor<S>,
    state: &ReplicatedState,
    call: &Call,
) -> Result<(), Refusal> {
    if call.canister == CanisterId::MANAGEMENT {
        return inspect_management(state, call);
    }
    let canister = state
        .canister(&call.canister)
        .ok_or_else(|| not_found(&call.canister))?;
    let Some(code) = &canister.code else {
        return Err(Refusal::new(
            ErrorCode::NoModule,
            format!("canister {} has no code", canister.id),
        ));
    };
    match canister.status {
        Status::Running => {}
        Status::Stopping(_) => {
            return Err(Refusal::new(
                ErrorCode::CanisterStopping,
                format!("canister {} is stopping", canister.id),
            ));
        }
        Status::Stopped => {
            return Err(Refusal::new(
                ErrorCode::CanisterStopped,
                format!("canister {} is stopped", canister.id),
            ));
        }
    }
    if canister.is_frozen(state.prices()) {
        return Err(frozen(canister));
    }
    if !code.execution.module.interface().inspect_message {
        return Ok(());
    }
    let world = World::new(executor, state);
    let entry = Entry::InspectMessage {
        caller: call.sender.principal(),
        caller_info: caller_info(call),
        method: call.method.clone(),
        argument: call.argument.clone(),
    };
    let output = world.run(canister, entry, executor.limits.inspect);
    match output.outcome {
        Ok(completed) if completed.effects.accepted_message => Ok(()),
        Ok(_) => {
            let message = format!("canister {} did not accept the message", canister.id);
            Err(Refusal::new(ErrorCode::NotAccepted, message))
        }
        Err(trap) => Err(super::commit::rejection(canister.id, &trap)),
    }
}

fn frozen(canister: &Canister) -> Refusal {
    Refusal::new(
        ErrorCode::OutOfCycles,
        format!("canister {} is frozen: it is out of cycles", canister.id),
    )
}

/// Which management calls users may make (ABS-064 to ABS-069).
fn inspect_management(state: &ReplicatedState, call: &Call) -> Result<(), Refusal> {
    let method = Method::parse(&call.method)?;
    method.permits_ingress(state.subnet(), &call.sender.principal())?;
    if method.creates_canister() {
        return Ok(());
    }
    let target = management::target(method, &call.argument)?;
    let canister = state.canister(&target).ok_or_else(|| not_found(&target))?;
    let caller: Principal = call.sender.principal();
    method.authorize(canister, &caller, state.subnet())?;
    if canister.is_frozen(state.prices()) && !method.helps_target() {
        return Err(frozen(canister));
    }
    Ok(())
}
