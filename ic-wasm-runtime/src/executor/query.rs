//! Read-only calls (ABS-230 to ABS-251).
//!
//! A query runs on a copy of the canister that is dropped afterwards. A composite query may call others: each
//! call opens a *frame* with its own copy, whose memory lives from the entry method to the last callback.

use std::collections::VecDeque;

use ic_types::{CanisterId, Instructions, Principal, Query};

use super::{
    ErrorCode, Executor, Refusal,
    commit::{code_number, rejection},
    induction::not_found,
    management::{self, Method},
    round::World,
};
use crate::{
    memory::ExecutionState,
    module::MethodKind,
    sandbox::Sandbox,
    state::{Canister, Payload, ReplicatedState, Status},
    system_api::{CallContext, CallerInfo, Effects, Entry, OutgoingCall, Response},
};

/// What each downstream call takes from the instructions of the whole query (LIM-090).
const CALL_OVERHEAD: Instructions = Instructions::new(50_000_000);

/// See [`Executor::query`].
pub(super) fn answer<S: Sandbox>(
    executor: &Executor<S>,
    state: &ReplicatedState,
    query: &Query,
    certificate: Option<&[u8]>,
) -> Result<Vec<u8>, Refusal> {
    let caller = query.sender.principal();
    if query.canister == CanisterId::MANAGEMENT {
        return manage(state, &caller, &query.method, &query.argument);
    }
    let mut evaluation = Evaluation {
        world: World::new(executor, state),
        state,
        left: executor.limits.query,
    };
    let info = query.sender_info.as_ref();
    evaluation.frame(Frame {
        canister: query.canister,
        method: query.method.clone(),
        argument: query.argument.clone(),
        caller,
        caller_info: info.map(|info| CallerInfo {
            info: info.info.clone(),
            signer: info.signer,
        }),
        certificate: certificate.map(<[u8]>::to_vec),
        depth: 0,
    })
}

/// Queries of the management canister (ABS-250, ABS-251).
fn manage(
    state: &ReplicatedState,
    caller: &Principal,
    method: &str,
    argument: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let method = Method::parse(method)?;
    match method {
        Method::CanisterStatus
        | Method::CanisterMetrics
        | Method::FetchCanisterLogs
        | Method::ListCanisters => {}
        Method::CreateCanister
        | Method::UpdateSettings
        | Method::UploadChunk
        | Method::ClearChunkStore
        | Method::StoredChunks
        | Method::InstallCode
        | Method::InstallChunkedCode
        | Method::UninstallCode
        | Method::StartCanister
        | Method::StopCanister
        | Method::DeleteCanister
        | Method::DepositCycles
        | Method::RawRand
        | Method::SubnetInfo
        | Method::CanisterInfo
        | Method::CanisterMetadata
        | Method::TakeSnapshot
        | Method::LoadSnapshot
        | Method::ListSnapshots
        | Method::DeleteSnapshot
        | Method::ReadSnapshotMetadata
        | Method::ReadSnapshotData
        | Method::UploadSnapshotMetadata
        | Method::UploadSnapshotData
        | Method::ProvisionalCreate
        | Method::ProvisionalTopUp => {
            let message = format!(
                "{} of the management canister cannot be called as a query",
                method.name()
            );
            return Err(Refusal::new(ErrorCode::UnknownManagementMethod, message));
        }
    }
    if method == Method::ListCanisters {
        return management::list(state, caller);
    }
    let id = management::target(method, argument)?;
    let canister = state.canister(&id).ok_or_else(|| not_found(&id))?;
    method.authorize(canister, caller, state.subnet())?;
    if method == Method::CanisterStatus {
        management::status(canister, state.prices())
    } else if method == Method::CanisterMetrics {
        management::metrics(canister)
    } else {
        management::logs(canister)
    }
}

/// One query, with all that it calls.
struct Evaluation<'a, S> {
    world: World<'a, S>,
    state: &'a ReplicatedState,
    left: Instructions,
}

/// One query method on one canister.
struct Frame {
    canister: CanisterId,
    method: String,
    argument: Vec<u8>,
    caller: Principal,
    caller_info: Option<CallerInfo>,
    certificate: Option<Vec<u8>>,
    depth: usize,
}

/// Why a frame ended without an answer of its own.
enum Ended {
    /// As the caller's callback is told.
    Rejected(Refusal),
    /// As the whole query is told: it went where it may not go (ABS-235, ABS-236).
    Aborted(Refusal),
}

impl<S: Sandbox> Evaluation<'_, S> {
    fn frame(&mut self, frame: Frame) -> Result<Vec<u8>, Refusal> {
        match self.evaluate(frame) {
            Ok(reply) => Ok(reply),
            Err(Ended::Rejected(reject) | Ended::Aborted(reject)) => Err(reject),
        }
    }

    fn evaluate(&mut self, frame: Frame) -> Result<Vec<u8>, Ended> {
        let rejected = |error, message| Ended::Rejected(Refusal::new(error, message));
        let id = frame.canister;
        let canister = self
            .state
            .canister(&id)
            .ok_or_else(|| Ended::Rejected(not_found(&id)))?;
        let Some(code) = &canister.code else {
            return Err(rejected(
                ErrorCode::NoModule,
                format!("canister {id} has no code"),
            ));
        };
        match canister.status {
            Status::Running => {}
            Status::Stopping(_) => {
                return Err(rejected(
                    ErrorCode::CanisterStopping,
                    format!("canister {id} is stopping"),
                ));
            }
            Status::Stopped => {
                return Err(rejected(
                    ErrorCode::CanisterStopped,
                    format!("canister {id} is stopped"),
                ));
            }
        }
        let kind = code
            .execution
            .module
            .interface()
            .methods
            .get(&frame.method)
            .copied();
        let composite = match kind {
            Some(MethodKind::Query) => false,
            Some(MethodKind::CompositeQuery) => true,
            Some(MethodKind::Update) | None => {
                let message = format!("canister {id} has no query method '{}'", frame.method);
                return Err(rejected(ErrorCode::MethodNotFound, message));
            }
        };
        if canister.is_frozen(&self.world.prices) {
            return Err(rejected(
                ErrorCode::OutOfCycles,
                format!("canister {id} is frozen: it is out of cycles"),
            ));
        }
        let mut call = CallContext::from_caller(frame.caller);
        call.caller_info = frame.caller_info;
        let entry = if composite {
            Entry::CompositeQuery {
                method: frame.method,
                argument: frame.argument,
                call: call.clone(),
                certificate: frame.certificate,
            }
        } else {
            Entry::Query {
                method: frame.method,
                argument: frame.argument,
                call: call.clone(),
                certificate: frame.certificate,
            }
        };
        let mut execution = code.execution.clone();
        let effects = self
            .run(canister, &mut execution, entry, &mut call)
            .map_err(Ended::Rejected)?;
        if composite {
            self.follow(canister, execution, effects, call, frame.depth)
        } else {
            response(canister, effects.response).unwrap_or_else(|| Err(silent(&id)))
        }
    }

    /// Makes the calls of a composite query, until it has answered (ABS-234).
    fn follow(
        &mut self,
        canister: &Canister,
        mut execution: ExecutionState,
        effects: Effects,
        mut call: CallContext,
        depth: usize,
    ) -> Result<Vec<u8>, Ended> {
        let mut effects = effects;
        let mut pending: VecDeque<OutgoingCall> = VecDeque::new();
        loop {
            if let Some(answer) = response(canister, effects.response.take()) {
                return answer;
            }
            pending.extend(std::mem::take(&mut effects.calls));
            let Some(next) = pending.pop_front() else {
                return Err(silent(&canister.id));
            };
            let payload = self.call(canister, &next, depth)?;
            let entry = match payload {
                Payload::Reply(argument) => Entry::Reply {
                    composite: true,
                    closure: next.on_reply,
                    argument,
                    refunded: ic_types::Cycles::ZERO,
                    call: call.clone(),
                },
                Payload::Reject(reject) => Entry::Reject {
                    composite: true,
                    closure: next.on_reject,
                    code: code_number(reject.code),
                    message: reject.message,
                    refunded: ic_types::Cycles::ZERO,
                    call: call.clone(),
                },
            };
            effects = match self.run(canister, &mut execution, entry, &mut call) {
                Ok(effects) => effects,
                Err(reject) => {
                    if let Some(closure) = next.on_cleanup {
                        let entry = Entry::Cleanup {
                            composite: true,
                            closure,
                            code: 0,
                            call: call.clone(),
                        };
                        // Nobody will see what the cleanup leaves behind; it runs for what it prints and costs.
                        let _ = self.run(canister, &mut execution, entry, &mut call);
                    }
                    return Err(Ended::Rejected(reject));
                }
            };
        }
    }

    /// One downstream call.
    fn call(
        &mut self,
        canister: &Canister,
        call: &OutgoingCall,
        depth: usize,
    ) -> Result<Payload, Ended> {
        let limit = self.world.limits.query_depth;
        if depth >= limit {
            let message = format!("composite queries call each other more than {limit} deep");
            return Err(Ended::Aborted(Refusal::new(ErrorCode::CallDepth, message)));
        }
        self.left = match self.left.checked_sub(CALL_OVERHEAD) {
            Some(left) => left,
            None => {
                let message = "the composite query has used up its instructions";
                return Err(Ended::Aborted(Refusal::new(
                    ErrorCode::InstructionLimit,
                    message,
                )));
            }
        };
        let callee = CanisterId::new(call.callee);
        let caller = canister.id.principal();
        let answer = if callee == CanisterId::MANAGEMENT {
            manage(self.state, &caller, &call.method, &call.payload)
        } else if !self.world.subnet.owns(&callee) {
            let message = format!("canister {callee} is on another subnet");
            return Err(Ended::Aborted(Refusal::new(
                ErrorCode::CanisterNotFound,
                message,
            )));
        } else {
            let frame = Frame {
                canister: callee,
                method: call.method.clone(),
                argument: call.payload.clone(),
                caller,
                caller_info: None,
                certificate: None,
                depth: depth.saturating_add(1),
            };
            match self.evaluate(frame) {
                Ok(reply) => Ok(reply),
                Err(Ended::Rejected(reject)) => Err(reject),
                Err(aborted @ Ended::Aborted(_)) => return Err(aborted),
            }
        };
        Ok(match answer {
            Ok(reply) => Payload::Reply(reply),
            Err(reject) => Payload::Reject(reject),
        })
    }

    /// One execution, on what the query has built up so far.
    fn run(
        &mut self,
        canister: &Canister,
        execution: &mut ExecutionState,
        entry: Entry,
        call: &mut CallContext,
    ) -> Result<Effects, Refusal> {
        let output = self.world.run_on(canister, execution, entry, self.left);
        self.left = self.left.saturating_sub(output.instructions);
        call.instructions = call
            .instructions
            .checked_add(output.instructions)
            .unwrap_or(Instructions::MAX);
        let completed = output
            .outcome
            .map_err(|trap| rejection(canister.id, &trap))?;
        *execution = completed.state;
        Ok(completed.effects)
    }
}

fn response(canister: &Canister, response: Option<Response>) -> Option<Result<Vec<u8>, Ended>> {
    let _ = canister;
    Some(match response? {
        Response::Reply(reply) => Ok(reply),
        Response::Reject(message) => Err(Ended::Rejected(Refusal::new(
            ErrorCode::CanisterReject,
            message,
        ))),
    })
}

fn silent(id: &CanisterId) -> Ended {
    Ended::Rejected(Refusal::new(
        ErrorCode::DidNotReply,
        format!("canister {id} did not reply to the query"),
    ))
}
