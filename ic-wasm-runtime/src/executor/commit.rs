//! What becomes of an execution: it is paid for, and its effects are applied or dropped (ABS-122 to ABS-129).

use ic_types::{CanisterId, Cycles, RequestId};

use super::{ErrorCode, Refusal, message::is_wide, round::World};
use crate::{
    cycles,
    sandbox::Sandbox,
    state::{
        Answer, CallOrigin, Callback, Canister, ContextId, DueAnswer, Outcome, Payload, Request,
    },
    system_api::{Completed, Effects, ExecutionOutput, OutgoingCall, Response, Trap},
};

/// What an execution led to besides changes of its canister.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    pub(super) instructions: u64,
    pub(super) burned: Cycles,
    pub(super) users: Vec<(RequestId, Payload)>,
}

impl Aftermath {
    pub(super) fn burn(&mut self, amount: Cycles) {
        self.burned = cycles::add(self.burned, amount);
    }

    /// Sends an answer of `canister`.
    pub(super) fn answer(&mut self, canister: &mut Canister, answer: DueAnswer) {
        match answer.origin {
            CallOrigin::User { request, .. } => {
                self.users.push((request, answer.payload));
                // A user cannot attach cycles, so there is nothing to give back.
                self.burn(answer.refund);
            }
            CallOrigin::Canister {
                caller, callback, ..
            } => canister.queues.send_answer(
                caller,
                Answer {
                    respondent: canister.id,
                    callback,
                    payload: answer.payload,
                    refund: answer.refund,
                },
            ),
            CallOrigin::System => self.burn(answer.refund),
        }
    }

    pub(super) fn refuse(
        &mut self,
        canister: &mut Canister,
        request: &Request,
        error: ErrorCode,
        message: String,
    ) {
        self.answer(
            canister,
            DueAnswer {
                origin: request.origin.clone(),
                payload: Payload::Reject(Refusal::new(error, message)),
                refund: request.cycles,
            },
        );
    }
}

/// What kind of execution it is, where that matters for committing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Keeps its state, and must leave the frozen part of the balance alone.
    Update,
    /// Keeps nothing but its answer and the cycles that it took.
    Query,
    /// Keeps its state whatever it costs: the price was set aside when the call was made.
    Callback,
}

/// Settles what was paid in advance, and keeps what was printed (ABS-124, ABS-129).
pub(super) fn pay<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    output: &ExecutionOutput,
    prepaid: Cycles,
    after: &mut Aftermath,
) {
    let cost = world
        .prices
        .execution(output.instructions, is_wide(canister))
        .min(prepaid);
    canister.deposit(prepaid.saturating_sub(cost));
    after.burn(cost);
    cycles::count(&mut canister.consumed.instructions, cost);
    after.instructions = after.instructions.saturating_add(output.instructions.get());
    for line in &output.log {
        canister
            .log
            .push(world.time, line.clone(), canister.settings.log_memory_limit);
    }
}

/// Applies what an execution did if it may be applied (ABS-122 to ABS-127).
pub(super) fn commit<S: Sandbox>(
    world: &World<'_, S>,
    canister: &mut Canister,
    context: ContextId,
    kind: Kind,
    output: ExecutionOutput,
    after: &mut Aftermath,
) -> Outcome {
    if let Some(context) = canister.calls.context_mut(context) {
        context.instructions = context
            .instructions
            .saturating_add(output.instructions.get());
    }
    let mut completed = match output.outcome {
        Ok(completed) => completed,
        Err(trap) => return Outcome::Failed(rejection(canister.id, &trap)),
    };
    let response = completed.effects.response.take();
    let calls = std::mem::take(&mut completed.effects.calls);
    let Some(balance) = balance_after(canister.balance, &completed.effects, &calls) else {
        return failed(
            canister,
            ErrorCode::OutOfCycles,
            "the execution spent more cycles than there are",
        );
    };
    if kind == Kind::Update && balance < world.frozen_part(canister, &completed.state) {
        return failed(
            canister,
            ErrorCode::OutOfCycles,
            "the execution would freeze the canister",
        );
    }
    if let Err(reject) = world.check_management_calls(canister, &calls) {
        return Outcome::Failed(reject);
    }
    if let Some(context) = canister.calls.context_mut(context) {
        context.available = context.available.saturating_sub(completed.effects.accepted);
    }
    canister.balance = balance;
    after.burn(completed.effects.burned);
    cycles::count(&mut canister.consumed.burned, completed.effects.burned);
    if kind != Kind::Query {
        keep_state(canister, completed);
        canister.bump_version();
    }
    for call in calls {
        send(canister, context, call, after);
    }
    match response {
        None => Outcome::Silent,
        Some(Response::Reply(reply)) => Outcome::Answered(Payload::Reply(reply)),
        Some(Response::Reject(message)) => Outcome::Answered(Payload::Reject(Refusal::new(
            ErrorCode::CanisterReject,
            message,
        ))),
    }
}

fn failed(canister: &Canister, error: ErrorCode, what: &str) -> Outcome {
    Outcome::Failed(Refusal::new(
        error,
        format!("canister {}: {what}", canister.id),
    ))
}

fn balance_after(balance: Cycles, effects: &Effects, calls: &[OutgoingCall]) -> Option<Cycles> {
    let mut balance = cycles::add(balance, effects.accepted).checked_sub(effects.burned)?;
    for call in calls {
        balance = balance
            .checked_sub(call.cycles)?
            .checked_sub(call.price.total())?;
    }
    Some(balance)
}

/// The memories, the certified data and the timer are as the execution left them.
pub(super) fn keep_state(canister: &mut Canister, completed: Completed) {
    if let Some(code) = &mut canister.code {
        code.execution = completed.state;
    }
    if let Some(data) = completed.effects.certified_data {
        canister.certified_data = data;
    }
    if let Some(timer) = completed.effects.global_timer {
        canister.global_timer = timer;
    }
    canister.update_low_memory_hook();
}

/// Sends a call that was performed, and takes down who waits for its answer.
fn send(canister: &mut Canister, context: ContextId, call: OutgoingCall, after: &mut Aftermath) {
    let callee = CanisterId::new(call.callee);
    after.burn(call.price.request);
    cycles::count(&mut canister.consumed.transmission, call.price.request);
    let callback = canister.calls.register(Callback {
        context,
        respondent: callee,
        cycles: call.cycles,
        prepaid_execution: call.price.callback,
        prepaid_transmission: call.price.answer,
        on_reply: call.on_reply,
        on_reject: call.on_reject,
        on_cleanup: call.on_cleanup,
        deadline: call.deadline,
    });
    let request = Request {
        origin: CallOrigin::Canister {
            caller: canister.id,
            callback,
            deadline: call.deadline,
        },
        caller: canister.id.principal(),
        caller_info: None,
        method: call.method,
        argument: call.payload,
        cycles: call.cycles,
        expiry: None,
    };
    if let Err(full) = canister.queues.send_request(callee, request) {
        // The execution was told how many calls fit, so this does not happen. Still the call is answered.
        let reject = Refusal::new(ErrorCode::QueueFull, full.to_string());
        canister.queues.bounce(
            callee,
            Answer {
                respondent: callee,
                callback,
                payload: Payload::Reject(reject),
                refund: call.cycles,
            },
        );
    }
}

/// Concludes an execution on behalf of a call, and sends the answer if one is due.
pub(super) fn conclude(
    canister: &mut Canister,
    context: ContextId,
    outcome: Outcome,
    after: &mut Aftermath,
) {
    if let Some(answer) = canister.calls.finish(context, outcome) {
        after.answer(canister, answer);
    }
}

/// A trap in the words in which callers are told.
pub(super) fn rejection(id: CanisterId, trap: &Trap) -> Refusal {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "traps are non-exhaustive; the rest are Wasm's own"
    )]
    let error = match trap {
        Trap::InstructionLimit { .. } => ErrorCode::InstructionLimit,
        Trap::Explicit { .. } => ErrorCode::CalledTrap,
        Trap::WrongContext { .. } | Trap::ContractViolation { .. } => ErrorCode::ContractViolation,
        Trap::MethodNotFound { .. } => ErrorCode::MethodNotFound,
        Trap::StableReadLimit { .. } | Trap::StableWriteLimit { .. } => {
            ErrorCode::MemoryAccessLimit
        }
        Trap::OutOfMemory { .. } => ErrorCode::OutOfMemory,
        Trap::WasmMemoryLimit { .. } => ErrorCode::WasmMemoryLimit,
        Trap::CyclesForMemory { .. } => ErrorCode::OutOfCycles,
        _ => ErrorCode::Trapped,
    };
    Refusal {
        code: ic_types::RejectCode::CanisterError,
        error,
        message: format!("canister {id} trapped: {trap}"),
    }
}

/// The number of a reject code, as the code of a canister sees it.
pub(super) fn code_number(code: ic_types::RejectCode) -> u32 {
    u32::try_from(code.number()).unwrap_or(0)
}
