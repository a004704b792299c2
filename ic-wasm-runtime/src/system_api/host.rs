//! One execution as the code sees it: dispatch of each import to its group.

use std::collections::VecDeque;

use ic_types::{ByteCount, Cycles, Instructions, Principal};

use super::call::Pending;
use super::stable_memory::StableMemory;
use super::{Context, Effects, Entry, ExecutionInput, Import, OutgoingCall, Response, Trap};
use crate::engine::{Guest, Host};
use crate::memory::{ExecutionState, Memory, WASM_PAGE_BYTES};

/// The state of one execution outside the module: what was answered, sent, moved and written so far.
pub(crate) struct SystemApi {
    pub(super) input: ExecutionInput,
    pub(super) context: Context,
    /// The main balance as the code sees it.
    pub(super) balance: Cycles,
    pub(super) accepted: Cycles,
    pub(super) burned: Cycles,
    pub(super) reply: Vec<u8>,
    pub(super) response: Option<Response>,
    pub(super) pending: Option<Pending>,
    pub(super) calls: Vec<OutgoingCall>,
    pub(super) certified_data: Option<Vec<u8>>,
    pub(super) global_timer: Option<Option<ic_types::Time>>,
    pub(super) accepted_message: bool,
    pub(super) stable: StableMemory,
    pub(super) log: VecDeque<Vec<u8>>,
    pub(super) log_bytes: u64,
    /// Instructions for each page that is written for the first time.
    pub(super) page_charge: u64,
    /// Bytes of heap and globals, for the freezing limit.
    heap_bytes: u64,
    global_bytes: u64,
    heap_maximum: u64,
    growth_left: u64,
}

impl SystemApi {
    pub(crate) fn new(input: ExecutionInput, state: &ExecutionState) -> Self {
        Self {
            context: Context::of(&input.entry),
            balance: input.funds.balance,
            accepted: Cycles::ZERO,
            burned: Cycles::ZERO,
            reply: Vec::new(),
            response: None,
            pending: None,
            calls: Vec::new(),
            certified_data: None,
            global_timer: None,
            accepted_message: false,
            stable: StableMemory::new(state.stable.clone(), &input.limits),
            log: VecDeque::new(),
            log_bytes: 0,
            page_charge: dirty_page_charge(state, &input.environment),
            heap_bytes: state.wasm_memory_bytes(),
            global_bytes: state.global_bytes(),
            heap_maximum: state.module.heap().maximum,
            growth_left: input.limits.growth.get(),
            input,
        }
    }

    /// The effects of an execution that returned. An unfinished call is dropped, and its cycles come back.
    pub(crate) fn finish(mut self) -> (Effects, Memory, u64, Vec<Vec<u8>>) {
        self.drop_pending();
        let effects = Effects {
            response: self.response,
            calls: self.calls,
            balance: self.balance,
            accepted: self.accepted,
            burned: self.burned,
            certified_data: self.certified_data,
            global_timer: self.global_timer,
            accepted_message: self.accepted_message,
        };
        let (stable, dirty) = self.stable.finish();
        (effects, stable, dirty, self.log.into())
    }

    /// What an execution that trapped leaves behind: its log.
    pub(crate) fn abandon(mut self, trap: &Trap) -> Vec<Vec<u8>> {
        self.print(format!("[TRAP]: {trap}").into_bytes());
        self.log.into()
    }

    pub(super) fn limit(&self) -> Instructions {
        self.input.limits.instructions
    }

    /// Pays for `bytes` that are moved, `each` for one. Free on system subnets.
    pub(super) fn charge_bytes(
        &self,
        guest: &mut Guest<'_>,
        bytes: u64,
        each: u64,
    ) -> Result<(), Trap> {
        if self.input.environment.free_bytes {
            return Ok(());
        }
        guest.charge(bytes.saturating_mul(each), self.limit())
    }

    /// The idiom by which the code takes over a blob (SYS-004).
    pub(super) fn copy(
        &self,
        import: Import,
        blob: &[u8],
        guest: &mut Guest<'_>,
        [target, offset, size]: [u64; 3],
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        let part = offset
            .checked_add(size)
            .and_then(|end| blob.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?));
        let part = part.ok_or_else(|| Trap::ContractViolation {
            import,
            reason: format!(
                "{offset} + {size} exceeds the {} bytes there are",
                blob.len()
            ),
        })?;
        guest.write(target, part)?;
        Ok(0)
    }

    /// The bytes that the canister pays for when heap and stable memory are as they are now.
    pub(super) fn memory_usage(&self) -> ByteCount {
        let parts = [
            self.heap_bytes,
            self.global_bytes,
            self.stable.bytes(),
            self.input.limits.other_memory.get(),
        ];
        ByteCount::new(parts.into_iter().fold(0, u64::saturating_add))
    }

    /// The part of the balance that may be spent (SYS-032).
    pub(super) fn liquid(&self) -> Cycles {
        self.balance
            .saturating_sub(self.input.funds.tariff.frozen(self.memory_usage()))
    }

    /// Takes `bytes` of memory from what the subnet has, or traps (ERR-013, ERR-020).
    pub(super) fn allocate(&mut self, bytes: u64) -> Result<(), Trap> {
        let bytes = ByteCount::new(bytes);
        self.growth_left = self
            .growth_left
            .checked_sub(bytes.get())
            .ok_or(Trap::OutOfMemory { bytes })?;
        if self.input.limits.growth_respects_freezing {
            let usage = ByteCount::new(self.memory_usage().get().saturating_add(bytes.get()));
            let frozen = self.input.funds.tariff.frozen(usage);
            if self.balance < frozen {
                return Err(Trap::CyclesForMemory {
                    bytes,
                    missing: frozen.saturating_sub(self.balance),
                });
            }
        }
        Ok(())
    }

    /// Whether `bytes` can be taken from what the subnet has.
    pub(super) fn can_allocate(&self, bytes: u64) -> bool {
        bytes <= self.growth_left
    }

    pub(super) fn caller(&self) -> Principal {
        match &self.input.entry {
            Entry::Init { caller, .. }
            | Entry::PreUpgrade { caller }
            | Entry::PostUpgrade { caller, .. }
            | Entry::InspectMessage { caller, .. } => *caller,
            Entry::Update { call, .. }
            | Entry::ReplicatedQuery { call, .. }
            | Entry::Query { call, .. }
            | Entry::CompositeQuery { call, .. }
            | Entry::Reply { call, .. }
            | Entry::Reject { call, .. }
            | Entry::Cleanup { call, .. } => call.caller,
            Entry::Start
            | Entry::Transform { .. }
            | Entry::Heartbeat
            | Entry::GlobalTimer
            | Entry::OnLowWasmMemory => Principal::MANAGEMENT,
        }
    }

    /// The call on whose behalf this runs, if there is one.
    pub(super) fn call(&self) -> Option<&super::CallContext> {
        match &self.input.entry {
            Entry::Update { call, .. }
            | Entry::ReplicatedQuery { call, .. }
            | Entry::Query { call, .. }
            | Entry::CompositeQuery { call, .. }
            | Entry::Reply { call, .. }
            | Entry::Reject { call, .. }
            | Entry::Cleanup { call, .. } => Some(call),
            Entry::Start
            | Entry::Init { .. }
            | Entry::PreUpgrade { .. }
            | Entry::PostUpgrade { .. }
            | Entry::InspectMessage { .. }
            | Entry::Transform { .. }
            | Entry::Heartbeat
            | Entry::GlobalTimer
            | Entry::OnLowWasmMemory => None,
        }
    }
}

/// Instructions for each page that an execution changes: four times as many with 64-bit pointers, none on system
/// subnets.
pub(crate) fn dirty_page_charge(state: &ExecutionState, environment: &super::Environment) -> u64 {
    match (environment.free_bytes, state.module.heap().wide) {
        (true, _) => 0,
        (false, false) => 1_000,
        (false, true) => 4_000,
    }
}

/// A rule of the System API was broken.
pub(super) fn violation(import: Import, reason: impl Into<String>) -> Trap {
    Trap::ContractViolation {
        import,
        reason: reason.into(),
    }
}

/// The length of a blob, as imports report it.
pub(super) fn length(blob: &[u8]) -> u64 {
    u64::try_from(blob.len()).unwrap_or(u64::MAX)
}

impl Host for SystemApi {
    fn import(
        &mut self,
        import: Import,
        arguments: &[u64],
        mut guest: Guest<'_>,
    ) -> Result<u64, Trap> {
        guest.charge(import.charge(), self.limit())?;
        if !import.permitted(self.context) {
            return Err(Trap::WrongContext {
                import,
                context: self.context.name(),
            });
        }
        // Arguments by position; the engine passes as many as the import has.
        let mut padded = [0; 8];
        for (place, argument) in padded.iter_mut().zip(arguments) {
            *place = *argument;
        }
        self.dispatch(import, padded, &mut guest)
    }

    fn grow(&mut self, pages: u64, guest: Guest<'_>) -> Result<bool, Trap> {
        let current = length(guest.heap) / WASM_PAGE_BYTES;
        let Some(pages_after) = current
            .checked_add(pages)
            .filter(|after| *after <= self.heap_maximum)
        else {
            return Ok(false);
        };
        let bytes = pages.saturating_mul(WASM_PAGE_BYTES);
        let size = ByteCount::new(pages_after.saturating_mul(WASM_PAGE_BYTES));
        if let Some(limit) = self
            .input
            .limits
            .wasm_memory_limit
            .filter(|limit| size > *limit)
        {
            return Err(Trap::WasmMemoryLimit { size, limit });
        }
        if size > self.input.limits.heap {
            return Err(Trap::OutOfMemory {
                bytes: ByteCount::new(bytes),
            });
        }
        self.allocate(bytes)?;
        self.heap_bytes = size.get();
        Ok(true)
    }

    fn out_of_instructions(&mut self, _left: i64) -> Result<i64, Trap> {
        Err(Trap::InstructionLimit {
            limit: self.limit().get(),
        })
    }
}

impl SystemApi {
    #[rustfmt::skip]
    fn dispatch(&mut self, import: Import, [a, b, c, d, e, f, g, h]: [u64; 8], guest: &mut Guest<'_>) -> Result<u64, Trap> {
        use Import as I;
        match import {
            I::MsgArgDataSize => Ok(length(self.argument())),
            I::MsgArgDataCopy => self.copy(import, self.argument(), guest, [a, b, c]),
            I::MsgCallerSize => Ok(length(self.caller().as_slice())),
            I::MsgCallerCopy => self.copy(import, self.caller().as_slice(), guest, [a, b, c]),
            I::MsgCallerInfoDataSize => Ok(length(self.caller_info())),
            I::MsgCallerInfoDataCopy => self.copy(import, self.caller_info(), guest, [a, b, c]),
            I::MsgCallerInfoSignerSize => Ok(length(self.caller_info_signer())),
            I::MsgCallerInfoSignerCopy => self.copy(import, self.caller_info_signer(), guest, [a, b, c]),
            I::MsgRejectCode => Ok(self.reject_code()),
            I::MsgRejectMsgSize => Ok(length(self.reject_message())),
            I::MsgRejectMsgCopy => self.copy(import, self.reject_message(), guest, [a, b, c]),
            I::MsgDeadline => Ok(self.deadline()),
            I::MsgReplyDataAppend => self.reply_append(guest, a, b),
            I::MsgReply => self.reply(),
            I::MsgReject => self.reject(guest, a, b),
            I::MsgMethodNameSize => Ok(length(self.method_name())),
            I::MsgMethodNameCopy => self.copy(import, self.method_name(), guest, [a, b, c]),
            I::AcceptMessage => self.accept_message(),

            I::MsgCyclesAvailable => self.narrow(import, self.available()),
            I::MsgCyclesAvailable128 => self.write_cycles(guest, a, self.available()),
            I::MsgCyclesRefunded => self.narrow(import, self.refunded()),
            I::MsgCyclesRefunded128 => self.write_cycles(guest, a, self.refunded()),
            I::MsgCyclesAccept => Ok(self.accept_narrow(a)),
            I::MsgCyclesAccept128 => self.accept(guest, a, b, c),
            I::CyclesBurn128 => self.burn(guest, a, b, c),
            I::CanisterCycleBalance => self.narrow(import, self.balance),
            I::CanisterCycleBalance128 => self.write_cycles(guest, a, self.balance),
            I::CanisterLiquidCycleBalance128 => self.write_cycles(guest, a, self.liquid()),
            I::CostCall => self.cost_call(guest, a, b, c),
            I::CostCreateCanister => self.write_cycles(guest, a, self.input.funds.tariff.create_canister()),
            I::CostHttpRequest => self.cost_http_request(guest, a, b, c),
            I::CostSignWithEcdsa | I::CostSignWithSchnorr | I::CostVetkdDeriveKey => {
                self.cost_threshold_key(import, guest, [a, b, c, d])
            }

            I::CallNew => self.call_new(guest, [a, b, c, d, e, f, g, h]),
            I::CallOnCleanup => self.call_on_cleanup(a, b),
            I::CallDataAppend => self.call_data_append(guest, a, b),
            I::CallWithBestEffortResponse => self.call_with_best_effort_response(a),
            I::CallCyclesAdd => self.call_cycles_add(import, 0, a),
            I::CallCyclesAdd128 => self.call_cycles_add(import, a, b),
            I::CallPerform => self.call_perform(),

            I::StableSize => self.stable_size_narrow(import),
            I::StableGrow => self.stable_grow_narrow(import, a),
            I::StableWrite => self.stable_write(import, guest, true, [a, b, c]),
            I::StableRead => self.stable_read(import, guest, true, [a, b, c]),
            I::Stable64Size => Ok(self.stable.wasm_pages()),
            I::Stable64Grow => self.stable_grow(a),
            I::Stable64Write => self.stable_write(import, guest, false, [a, b, c]),
            I::Stable64Read => self.stable_read(import, guest, false, [a, b, c]),

            I::CanisterSelfSize => Ok(length(self.input.environment.canister.as_slice())),
            I::CanisterSelfCopy => self.copy(import, self.input.environment.canister.as_slice(), guest, [a, b, c]),
            I::SubnetSelfSize => Ok(length(self.input.environment.subnet.as_slice())),
            I::SubnetSelfCopy => self.copy(import, self.input.environment.subnet.as_slice(), guest, [a, b, c]),
            I::SubnetSelfNodeCount => Ok(u64::from(self.input.environment.subnet_nodes)),
            I::RootKeySize => Ok(length(&self.input.environment.root_key)),
            I::RootKeyCopy => self.copy(import, &self.input.environment.root_key, guest, [a, b, c]),
            I::CanisterStatus => Ok(self.status()),
            I::CanisterVersion => Ok(self.input.environment.version),
            I::Time => Ok(self.input.environment.time.as_nanos()),
            I::GlobalTimerSet => Ok(self.set_global_timer(a)),
            I::PerformanceCounter => self.performance_counter(guest, a),
            I::IsController => self.is_controller(guest, a, b),
            I::InReplicatedExecution => Ok(u64::from(self.context.is_replicated())),
            I::CertifiedDataSet => self.certified_data_set(guest, a, b),
            I::DataCertificatePresent => Ok(u64::from(self.certificate().is_some())),
            I::DataCertificateSize => self.certificate_or_trap(import).map(length),
            I::DataCertificateCopy => self.copy(import, self.certificate_or_trap(import)?, guest, [a, b, c]),
            I::EnvVarCount => Ok(u64::try_from(self.input.environment.variables.len()).unwrap_or(u64::MAX)),
            I::EnvVarNameSize => self.variable_name(import, a).map(length),
            I::EnvVarNameCopy => self.copy(import, self.variable_name(import, a)?, guest, [b, c, d]),
            I::EnvVarNameExists => self.variable_exists(guest, a, b),
            I::EnvVarValueSize => self.variable_value(import, guest, a, b).map(length),
            I::EnvVarValueCopy => {
                let value = self.variable_value(import, guest, a, b)?;
                self.copy(import, value, guest, [c, d, e])
            }
            I::DebugPrint => self.debug_print(guest, a, b),
            I::Trap => self.trap(guest, a, b),
        }
    }
}
