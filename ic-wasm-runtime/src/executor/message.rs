//! One message: run, then commit or roll back (ABS-090 to ABS-129, ABS-150 to ABS-164).
//!
//! An execution is paid for in advance with the price of its instruction limit; what it did not use comes back.
//! Until it has returned and every condition of ABS-122 holds, nothing of it is in the canister: rolling back is
//! not committing.

use ic_types::{CanisterId, Cycles, Instructions};

use super::{
    ErrorCode,
    commit::{Aftermath, Kind, code_number, commit, conclude, keep_state, pay, rejection},
    round::{Round, World},
    schedule::Task,
};
use crate::{
    cycles,
    module::MethodKind,
    sandbox::Sandbox,
    state::{
        Answer, CallOrigin, Canister, ContextId, LowMemoryHook, Outcome, Payload, Request,
        RequestStatus, Status,
    },
    system_api::{CallContext, Closure, Entry, ExecutionOutput},
};

impl<S: Sandbox> Round<'_, S> {
    /// Executes a call.
    pub(super) fn execute_request(&mut self, id: CanisterId, request: &Request) {
        if let CallOrigin::User { request, .. } = &request.origin {
            self.state
                .advance_request(request, RequestStatus::Processing);
        }
        self.state.updates_executed = self.state.updates_executed.saturating_add(1);
        let world = self.world();
        let after = self
            .state
            .change(&id, |canister| execute_request(&world, canister, request));
        self.settle(after.unwrap_or_default());
    }

    /// Executes the callback that an answer is for.
    pub(super) fn execute_answer(&mut self, id: CanisterId, answer: &Answer) {
        let world = self.world();
        let after = self
            .state
            .change(&id, |canister| execute_answer(&world, canister, answer));
        self.settle(after.unwrap_or_default());
    }

    /// Runs a task, if it can be paid for.
    pub(super) fn execute_task(&mut self, id: CanisterId, task: Task) {
        let world = self.world();
        let after = self
            .state
            .change(&id, |canister| execute_task(&world, canister, task));
        self.settle(after.flatten().unwrap_or_default());
    }

    /// Books what an execution led to.
    pub(super) fn settle(&mut self, after: Aftermath) {
        self.spend(after.instructions);
        self.state.burn(after.burned);
        for (request, payload) in after.users {
            self.answer_user(&request, payload);
        }
    }
}

fn execute_request<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    request: &Request,
) -> Aftermath {
    let mut after = Aftermath::default();
    let id = canister.id;
    let (error, message) = match refusal(world, canister, request) {
        Some(refusal) => refusal,
        None => {
            let Some(code) = &canister.code else {
                return after;
            };
            let kind = match code
                .execution
                .module
                .interface()
                .methods
                .get(&request.method)
            {
                Some(MethodKind::Update) => Kind::Update,
                Some(MethodKind::Query) => Kind::Query,
                Some(MethodKind::CompositeQuery) => {
                    let message = format!(
                        "composite query '{}' of canister {id} cannot be called as an update",
                        request.method
                    );
                    after.refuse(
                        canister,
                        request,
                        ErrorCode::CompositeQueryReplicated,
                        message,
                    );
                    return after;
                }
                None => {
                    let message =
                        format!("canister {id} has no update method '{}'", request.method);
                    after.refuse(canister, request, ErrorCode::MethodNotFound, message);
                    return after;
                }
            };
            let limit = match kind {
                Kind::Update | Kind::Callback => world.limits.update,
                Kind::Query => world.limits.query,
            };
            let prepaid = world.prices.execution(limit, is_wide(canister));
            if canister.withdraw(prepaid, &world.prices) {
                run_request(world, canister, request, kind, limit, prepaid, &mut after);
                return after;
            }
            (
                ErrorCode::OutOfCycles,
                format!("canister {id} is out of cycles: it cannot pay for a message in advance"),
            )
        }
    };
    after.refuse(canister, request, error, message);
    after
}

/// Why a call is not even begun (ABS-090 to ABS-095).
fn refusal<S: Sandbox>(
    world: &World<'_, S>,
    canister: &Canister,
    request: &Request,
) -> Option<(ErrorCode, String)> {
    let id = canister.id;
    if canister.code.is_none() {
        return Some((ErrorCode::NoModule, format!("canister {id} has no code")));
    }
    match canister.status {
        Status::Running => {}
        Status::Stopping(_) => {
            return Some((
                ErrorCode::CanisterStopping,
                format!("canister {id} is stopping"),
            ));
        }
        Status::Stopped => {
            return Some((
                ErrorCode::CanisterStopped,
                format!("canister {id} is stopped"),
            ));
        }
    }
    if canister.is_frozen(&world.prices) {
        return Some((
            ErrorCode::OutOfCycles,
            format!("canister {id} is frozen: it is out of cycles"),
        ));
    }
    let minimum = canister.settings.minimum_incoming_call_cycles;
    match &request.origin {
        CallOrigin::Canister { caller, .. } if *caller != id && request.cycles < minimum => Some((
            ErrorCode::TooFewCyclesInCall,
            format!(
                "canister {id} wants {minimum} cycles with each call, found {}",
                request.cycles
            ),
        )),
        CallOrigin::Canister { .. } | CallOrigin::User { .. } | CallOrigin::System => None,
    }
}

fn run_request<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    request: &Request,
    kind: Kind,
    limit: Instructions,
    prepaid: Cycles,
    after: &mut Aftermath,
) {
    let context = canister.calls.open(
        request.origin.clone(),
        request.caller,
        request.caller_info.clone(),
        request.cycles,
    );
    let Some(call) = call_context(canister, context) else {
        return;
    };
    let (method, argument) = (request.method.clone(), request.argument.clone());
    let entry = match kind {
        Kind::Update | Kind::Callback => Entry::Update {
            method,
            argument,
            call,
        },
        Kind::Query => Entry::ReplicatedQuery {
            method,
            argument,
            call,
        },
    };
    let output = world.run(canister, entry, limit);
    pay(world, canister, &output, prepaid, after);
    let outcome = commit(world, canister, context, kind, output, after);
    conclude(canister, context, outcome, after);
}

fn execute_answer<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    answer: &Answer,
) -> Aftermath {
    let mut after = Aftermath::default();
    canister.deposit(answer.refund);
    let Some(callback) = canister.calls.take_callback(answer.callback) else {
        // The system has answered in the callee's place; only the cycles come back (ABS-131).
        return after;
    };
    canister.queues.release(&callback.respondent);
    let transmitted = world
        .prices
        .answer(answer.payload.bytes())
        .min(callback.prepaid_transmission);
    after.burn(transmitted);
    cycles::count(&mut canister.consumed.transmission, transmitted);
    canister.deposit(callback.prepaid_transmission.saturating_sub(transmitted));

    let deleted = canister
        .calls
        .context(callback.context)
        .is_none_or(|context| context.is_deleted());
    if deleted || canister.code.is_none() {
        canister.deposit(callback.prepaid_execution);
        conclude(canister, callback.context, Outcome::Silent, &mut after);
        return after;
    }
    let Some(call) = call_context(canister, callback.context) else {
        return after;
    };
    let entry = match &answer.payload {
        Payload::Reply(reply) => Entry::Reply {
            composite: false,
            closure: callback.on_reply,
            argument: reply.clone(),
            refunded: answer.refund,
            call: call.clone(),
        },
        Payload::Reject(reject) => Entry::Reject {
            composite: false,
            closure: callback.on_reject,
            code: code_number(reject.code),
            message: reject.message.clone(),
            refunded: answer.refund,
            call: call.clone(),
        },
    };
    // A twentieth is kept back for the cleanup, which must be able to run when the callback used up all it had.
    let limit = world.limits.update;
    let kept = Instructions::new(limit.get() / 20);
    let mut output = match callback.on_cleanup {
        Some(_) => world.run(canister, entry, limit.saturating_sub(kept)),
        None => world.run(canister, entry, limit),
    };
    if let (Err(trap), Some(closure)) = (&output.outcome, callback.on_cleanup) {
        let reject = rejection(canister.id, trap);
        let cleaned = clean_up(world, canister, closure, answer, call, kept);
        output.log.extend(cleaned.log.iter().cloned());
        output.instructions = output
            .instructions
            .checked_add(cleaned.instructions)
            .unwrap_or(Instructions::MAX);
        pay(
            world,
            canister,
            &output,
            callback.prepaid_execution,
            &mut after,
        );
        // Whatever the cleanup did, the callback has failed (SYS-132).
        if let Ok(completed) = cleaned.outcome {
            let burned = completed.effects.burned.min(canister.balance);
            canister.balance = canister.balance.saturating_sub(burned);
            after.burn(burned);
            cycles::count(&mut canister.consumed.burned, burned);
            keep_state(canister, completed);
        }
        conclude(
            canister,
            callback.context,
            Outcome::Failed(reject),
            &mut after,
        );
        return after;
    }
    pay(
        world,
        canister,
        &output,
        callback.prepaid_execution,
        &mut after,
    );
    let outcome = commit(
        world,
        canister,
        callback.context,
        Kind::Callback,
        output,
        &mut after,
    );
    conclude(canister, callback.context, outcome, &mut after);
    after
}

fn clean_up<S: Sandbox>(
    world: &World<'_, S>,
    canister: &Canister,
    closure: Closure,
    answer: &Answer,
    call: CallContext,
    limit: Instructions,
) -> ExecutionOutput {
    let code = match &answer.payload {
        Payload::Reply(_) => 0,
        Payload::Reject(reject) => code_number(reject.code),
    };
    world.run(
        canister,
        Entry::Cleanup {
            composite: false,
            closure,
            code,
            call,
        },
        limit,
    )
}

fn execute_task<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    task: Task,
) -> Option<Aftermath> {
    let mut after = Aftermath::default();
    let interface = canister.code.as_ref()?.execution.module.interface();
    let exported = match task {
        Task::LowMemory => interface.on_low_wasm_memory,
        Task::Timer => interface.global_timer,
        Task::Heartbeat => interface.heartbeat,
    };
    let prepaid = world
        .prices
        .execution(world.limits.update, is_wide(canister));
    if !exported || !canister.is_running() || !canister.withdraw(prepaid, &world.prices) {
        // The task waits (ABS-117); one that is not exported never runs (ABS-410).
        if !exported {
            match task {
                Task::LowMemory => canister.low_memory_hook = LowMemoryHook::Executed,
                Task::Timer => canister.global_timer = None,
                Task::Heartbeat => {}
            }
        }
        return Some(after);
    }
    let entry = match task {
        Task::LowMemory => {
            canister.low_memory_hook = LowMemoryHook::Executed;
            Entry::OnLowWasmMemory
        }
        Task::Timer => {
            canister.global_timer = None;
            Entry::GlobalTimer
        }
        Task::Heartbeat => Entry::Heartbeat,
    };
    let context = canister.calls.open(
        CallOrigin::System,
        ic_types::Principal::MANAGEMENT,
        None,
        Cycles::ZERO,
    );
    let output = world.run(canister, entry, world.limits.update);
    pay(world, canister, &output, prepaid, &mut after);
    let outcome = commit(world, canister, context, Kind::Update, output, &mut after);
    conclude(canister, context, outcome, &mut after);
    Some(after)
}

pub(super) fn is_wide(canister: &Canister) -> bool {
    canister
        .code
        .as_ref()
        .is_some_and(|code| code.execution.module.heap().wide)
}

/// On whose behalf an execution runs, as the code may see it.
fn call_context(canister: &Canister, id: ContextId) -> Option<CallContext> {
    let context = canister.calls.context(id)?;
    Some(CallContext {
        caller: context.caller,
        caller_info: context.caller_info.clone(),
        deadline: context.origin.deadline(),
        available: context.available,
        responded: !context.needs_answer(),
        instructions: Instructions::new(context.instructions),
    })
}
