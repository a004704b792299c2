//! One batch while it is executed: the state that changes, and what executions may use and see.

use std::sync::Arc;

use ic_types::{
    Batch, ByteCount, CanisterId, Cycles, Instructions, RegistryVersion, RequestId, Time,
};

use super::{ErrorCode, ExecutionLimits, Executor, Refusal, management};
use crate::{
    cycles::Prices,
    memory::ExecutionState,
    module::Instrumented,
    sandbox::{ModuleRefused, Sandbox},
    state::{
        Answer, CallOrigin, Canister, Message, Payload, ReplicatedState, RequestStatus, Status,
        Subnet,
    },
    system_api::{
        CallPrice, CanisterStatus, Entry, Environment, ExecutionInput, ExecutionOutput, Funds,
        KeyScheme, Limits, OutgoingCall, Tariff,
    },
};

/// Calls that one execution can make.
const CALLS: u64 = 500;
/// Calls of one canister that may be unanswered at once (LIM-093).
const OPEN_CALLS: u64 = 10_000;

/// A batch that is being executed.
pub(super) struct Round<'a, S> {
    pub(super) executor: &'a Executor<S>,
    pub(super) state: &'a mut ReplicatedState,
    pub(super) randomness: &'a [u8; 32],
    /// The registry version that holds.
    pub(super) registry: RegistryVersion,
    /// How many times randomness was drawn.
    pub(super) drawn: u64,
    /// Counts whatever was done, to see whether something was.
    pub(super) progress: u64,
    pub(super) executions: u64,
    pub(super) instructions: u64,
    /// Instructions and overhead used.
    spent: u64,
}

impl<'a, S: Sandbox> Round<'a, S> {
    pub(super) fn new(
        executor: &'a Executor<S>,
        state: &'a mut ReplicatedState,
        batch: &'a Batch,
    ) -> Self {
        Self {
            executor,
            state,
            randomness: batch.randomness.as_bytes(),
            registry: batch.registry,
            drawn: 0,
            progress: 0,
            executions: 0,
            instructions: 0,
            spent: 0,
        }
    }

    /// What executions may use and see.
    pub(super) fn world(&self) -> World<'a, S> {
        World::new(self.executor, self.state)
    }

    /// Whether no further execution may begin.
    pub(super) fn exhausted(&self) -> bool {
        self.spent >= self.executor.limits.round.get()
    }

    /// Takes the instructions of one execution off the round.
    pub(super) fn spend(&mut self, instructions: u64) {
        self.executions = self.executions.saturating_add(1);
        self.instructions = self.instructions.saturating_add(instructions);
        let overhead = self.executor.limits.overhead.get();
        self.spent = self
            .spent
            .saturating_add(instructions)
            .saturating_add(overhead);
    }

    /// Answers a call in the place of `respondent`: the management canister, or one that is not there.
    pub(super) fn answer(
        &mut self,
        respondent: CanisterId,
        origin: &CallOrigin,
        payload: Payload,
        refund: Cycles,
    ) {
        match origin {
            CallOrigin::User { request, .. } => {
                self.state.burn(refund);
                self.answer_user(request, payload);
            }
            CallOrigin::Canister {
                caller, callback, ..
            } => {
                let answer = Answer {
                    respondent,
                    callback: *callback,
                    payload,
                    refund,
                };
                let delivered = self.state.change(caller, |canister| {
                    canister
                        .queues
                        .receive_from(respondent, Message::Answer(Arc::new(answer)));
                });
                if delivered.is_none() {
                    self.state.burn(refund);
                }
            }
            CallOrigin::System => self.state.burn(refund),
        }
    }

    /// Writes the outcome of a user's request.
    pub(super) fn answer_user(&mut self, request: &RequestId, payload: Payload) {
        let status = match payload {
            Payload::Reply(reply) => RequestStatus::Replied(reply.into()),
            Payload::Reject(reject) => RequestStatus::Rejected(reject),
        };
        self.state.advance_request(request, status);
    }
}

/// What executions may use and see: everything but the canister itself.
pub(super) struct World<'a, S> {
    executor: &'a Executor<S>,
    pub(super) limits: &'a ExecutionLimits,
    pub(super) subnet: Arc<Subnet>,
    pub(super) prices: Prices,
    pub(super) time: Time,
    /// Bytes by which memory may grow before the subnet is full.
    growth: u64,
    /// Whether messages take up as much memory as they may.
    crowded: bool,
}

impl<'a, S: Sandbox> World<'a, S> {
    pub(super) fn new(executor: &'a Executor<S>, state: &ReplicatedState) -> Self {
        Self {
            executor,
            limits: &executor.limits,
            subnet: state.shared_subnet(),
            prices: *state.prices(),
            time: state.time(),
            growth: executor
                .limits
                .subnet_memory
                .saturating_sub(state.memory_bytes()),
            crowded: state.index().message_bytes() >= executor.limits.message_memory,
        }
    }

    /// Makes a module that was uploaded ready to run.
    pub(super) fn prepare(&self, module: &[u8]) -> Result<Arc<Instrumented>, ModuleRefused> {
        self.executor.sandbox.prepare(module)
    }

    /// Runs `entry` on the code of `canister` as it is.
    pub(super) fn run(
        &self,
        canister: &Canister,
        entry: Entry,
        instructions: Instructions,
    ) -> ExecutionOutput {
        match &canister.code {
            Some(code) => self.run_on(canister, &code.execution, entry, instructions),
            None => ExecutionOutput {
                outcome: Err(crate::system_api::Trap::MethodNotFound {
                    kind: "any",
                    method: String::new(),
                }),
                instructions: Instructions::ZERO,
                log: Vec::new(),
            },
        }
    }

    /// Runs `entry` on `execution` in the place of the code of `canister`.
    pub(super) fn run_on(
        &self,
        canister: &Canister,
        execution: &ExecutionState,
        entry: Entry,
        instructions: Instructions,
    ) -> ExecutionOutput {
        let limits = self.limits_for(canister, execution, &entry, instructions);
        let input = ExecutionInput {
            environment: self.environment(canister),
            funds: Funds {
                balance: canister.balance,
                tariff: Arc::new(self.tariff(canister, execution)),
            },
            limits,
            entry,
            room: Arc::new(canister.queues.rooms()),
        };
        self.executor.sandbox.execute(execution, input)
    }

    fn environment(&self, canister: &Canister) -> Environment {
        let settings = &canister.settings;
        Environment {
            canister: canister.id,
            subnet: self.subnet.id,
            subnet_nodes: u32::try_from(self.subnet.nodes.len()).unwrap_or(u32::MAX),
            time: self.time,
            status: match canister.status {
                Status::Running => CanisterStatus::Running,
                Status::Stopping(_) => CanisterStatus::Stopping,
                Status::Stopped => CanisterStatus::Stopped,
            },
            version: canister.version,
            controllers: settings.controllers.iter().copied().collect(),
            variables: settings
                .environment_variables
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            root_key: self.subnet.root_key.as_slice().into(),
            global_timer: canister.global_timer,
            free_bytes: self.prices == Prices::free(),
        }
    }

    /// The tariff of a canister when it runs `execution`.
    fn tariff(&self, canister: &Canister, execution: &ExecutionState) -> CanisterTariff {
        CanisterTariff {
            prices: self.prices,
            compute: canister.settings.compute_allocation,
            seconds: canister.settings.freezing_threshold,
            memory_allocation: canister.settings.memory_allocation,
            reserved: canister.reserved,
            callback: self
                .prices
                .execution(self.limits.update, execution.module.heap().wide),
            answer: self.prices.answer(self.limits.answer_bytes),
        }
    }

    /// The part of the balance that may not be spent, with the memory of `execution` in the place of the present.
    pub(super) fn frozen_part(&self, canister: &Canister, execution: &ExecutionState) -> Cycles {
        let memory = canister
            .other_memory_bytes()
            .saturating_add(code_bytes(execution));
        self.tariff(canister, execution)
            .frozen(ByteCount::new(memory))
    }

    fn limits_for(
        &self,
        canister: &Canister,
        execution: &ExecutionState,
        entry: &Entry,
        instructions: Instructions,
    ) -> Limits {
        let common = Limits {
            growth: ByteCount::new(self.growth),
            other_memory: ByteCount::new(
                canister
                    .other_memory_bytes()
                    .saturating_add(execution.custom_section_bytes()),
            ),
            growth_respects_freezing: false,
            response: byte_count(self.limits.answer_bytes),
            call_payload: byte_count(self.limits.request_bytes),
            calls: if self.crowded {
                0
            } else {
                CALLS.min(OPEN_CALLS.saturating_sub(canister.calls.outstanding()))
            },
            log: ByteCount::new(canister.settings.log_memory_limit),
            ..Limits::update(instructions)
        };
        let own = match canister.settings.wasm_memory_limit {
            0 => None,
            limit => Some(ByteCount::new(limit)),
        };
        let stable = |gibibytes: u64| ByteCount::new(gibibytes << 30);
        match entry {
            Entry::Update { .. } => Limits {
                wasm_memory_limit: own,
                growth_respects_freezing: true,
                ..common
            },
            Entry::Heartbeat | Entry::GlobalTimer | Entry::OnLowWasmMemory => Limits {
                growth_respects_freezing: true,
                ..common
            },
            Entry::Start | Entry::Init { .. } | Entry::PostUpgrade { .. } => Limits {
                wasm_memory_limit: own,
                stable_read: stable(8),
                stable_written: stable(8),
                ..common
            },
            Entry::PreUpgrade { .. } => Limits {
                stable_read: stable(8),
                stable_written: stable(8),
                ..common
            },
            Entry::ReplicatedQuery { .. } => Limits {
                stable_read: stable(1),
                stable_written: stable(1),
                ..common
            },
            Entry::Query { .. }
            | Entry::CompositeQuery { .. }
            | Entry::Transform { .. }
            | Entry::InspectMessage { .. } => Limits {
                stable_read: stable(1),
                stable_written: stable(1),
                response: byte_count(self.limits.query_answer_bytes),
                ..common
            },
            Entry::Reply { composite, .. } | Entry::Reject { composite, .. } if *composite => {
                Limits {
                    response: byte_count(self.limits.query_answer_bytes),
                    ..common
                }
            }
            Entry::Reply { .. } | Entry::Reject { .. } | Entry::Cleanup { .. } => common,
        }
    }

    /// Calls to the management canister that name the version of their sender must name the right one (ABS-123).
    pub(super) fn check_management_calls(
        &self,
        canister: &Canister,
        calls: &[OutgoingCall],
    ) -> Result<(), Refusal> {
        for call in calls.iter().filter(|call| call.callee.is_management()) {
            match management::sender_version(&call.method, &call.payload) {
                Some(version) if version != canister.version => {
                    let message = format!(
                        "sender_canister_version of the call to {}: expected {}, found {version}",
                        call.method, canister.version
                    );
                    return Err(Refusal::new(ErrorCode::SenderVersion, message));
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

fn byte_count(bytes: usize) -> ByteCount {
    ByteCount::new(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// Bytes of memory that a module and what it has built up use, besides its binary.
fn code_bytes(execution: &ExecutionState) -> u64 {
    execution
        .wasm_memory_bytes()
        .saturating_add(execution.stable_memory_bytes())
        .saturating_add(execution.global_bytes())
        .saturating_add(execution.custom_section_bytes())
}

/// The prices of the subnet for one canister.
#[derive(Debug)]
struct CanisterTariff {
    prices: Prices,
    compute: u8,
    seconds: u64,
    memory_allocation: u64,
    reserved: Cycles,
    callback: Cycles,
    answer: Cycles,
}

impl Tariff for CanisterTariff {
    fn frozen(&self, memory: ByteCount) -> Cycles {
        let memory = memory.get().max(self.memory_allocation);
        self.prices
            .freezing_limit(memory, self.compute, self.seconds)
            .saturating_sub(self.reserved)
    }

    fn call(&self, name: ByteCount, payload: ByteCount) -> CallPrice {
        let bytes = name.get().saturating_add(payload.get());
        CallPrice {
            request: self
                .prices
                .request(usize::try_from(bytes).unwrap_or(usize::MAX)),
            answer: self.answer,
            callback: self.callback,
        }
    }

    fn create_canister(&self) -> Cycles {
        self.prices.creation()
    }

    fn http_request(&self, request: ByteCount, response: ByteCount) -> Cycles {
        self.prices.http_request(request.get(), response.get())
    }

    fn threshold_key(&self, _scheme: KeyScheme, _name: &str) -> Option<Cycles> {
        // This subnet holds no such keys.
        None
    }
}
