//! Calls to other canisters: `call_new`, its attributes, `call_perform` (SYS-040..045, SYS-130..136).

use std::time::Duration;

use ic_types::{ByteCount, Cycles, Principal};

use super::cycles::amount;
use super::host::{SystemApi, length, violation};
use super::message::TRANSMITTED_BYTE;
use super::{CallPrice, Closure, Context, Import, OutgoingCall, Trap};
use crate::engine::Guest;

/// The longest method name (LIM-006).
const METHOD_NAME_BYTES: u64 = 20_000;
/// The longest bounded wait (LIM-082).
const MAX_TIMEOUT: u64 = 300;
/// What `call_perform` answers if the call cannot be made now (SYS-134).
const SYS_TRANSIENT: u64 = 2;

/// A call that is being put together.
pub(super) struct Pending {
    callee: Principal,
    method: String,
    payload: Vec<u8>,
    cycles: Cycles,
    timeout: Option<Duration>,
    on_reply: Closure,
    on_reject: Closure,
    on_cleanup: Option<Closure>,
}

impl SystemApi {
    /// Gives up the call that is being put together, and takes its cycles back.
    pub(super) fn drop_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.deposit(pending.cycles);
        }
    }

    fn pending(&mut self, import: Import) -> Result<&mut Pending, Trap> {
        self.pending
            .as_mut()
            .ok_or_else(|| violation(import, "no call is being put together"))
    }

    pub(super) fn call_new(
        &mut self,
        guest: &mut Guest<'_>,
        [
            callee,
            callee_size,
            name,
            name_size,
            reply,
            reply_env,
            reject,
            reject_env,
        ]: [u64; 8],
    ) -> Result<u64, Trap> {
        let import = Import::CallNew;
        self.charge_bytes(guest, callee_size.saturating_add(name_size), 1)?;
        self.drop_pending();
        if name_size > METHOD_NAME_BYTES {
            return Err(violation(
                import,
                format!("a method name of {name_size} bytes exceeds {METHOD_NAME_BYTES}"),
            ));
        }
        let callee = Principal::try_from_slice(guest.read(callee, callee_size)?);
        let callee = callee.map_err(|_| violation(import, "the callee is not a principal"))?;
        let method = std::str::from_utf8(guest.read(name, name_size)?);
        let method = method
            .map_err(|_| violation(import, "the method name is not UTF-8"))?
            .to_owned();
        self.pending = Some(Pending {
            callee,
            method,
            payload: Vec::new(),
            cycles: Cycles::ZERO,
            timeout: None,
            on_reply: Closure {
                function: reply,
                environment: reply_env,
            },
            on_reject: Closure {
                function: reject,
                environment: reject_env,
            },
            on_cleanup: None,
        });
        Ok(0)
    }

    pub(super) fn call_on_cleanup(&mut self, function: u64, environment: u64) -> Result<u64, Trap> {
        let import = Import::CallOnCleanup;
        let pending = self.pending(import)?;
        if pending.on_cleanup.is_some() {
            return Err(violation(import, "cleanup is already set"));
        }
        pending.on_cleanup = Some(Closure {
            function,
            environment,
        });
        Ok(0)
    }

    pub(super) fn call_data_append(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        let import = Import::CallDataAppend;
        self.charge_bytes(guest, size, TRANSMITTED_BYTE)?;
        let limit = self.input.limits.call_payload.get();
        let pending = self.pending(import)?;
        let total = length(pending.method.as_bytes())
            .saturating_add(length(&pending.payload))
            .saturating_add(size);
        if total > limit {
            let reason = format!(
                "method name and argument of the call to {} '{}' have {total} bytes, at most {limit} are allowed",
                pending.callee, pending.method
            );
            return Err(violation(import, reason));
        }
        pending.payload.extend_from_slice(guest.read(source, size)?);
        Ok(0)
    }

    pub(super) fn call_with_best_effort_response(&mut self, seconds: u64) -> Result<u64, Trap> {
        let import = Import::CallWithBestEffortResponse;
        let pending = self.pending(import)?;
        if pending.timeout.is_some() {
            return Err(violation(import, "the timeout is already set"));
        }
        pending.timeout = Some(Duration::from_secs(seconds.min(MAX_TIMEOUT)));
        Ok(0)
    }

    pub(super) fn call_cycles_add(
        &mut self,
        import: Import,
        high: u64,
        low: u64,
    ) -> Result<u64, Trap> {
        let (cycles, liquid) = (amount(high, low), self.liquid());
        let pending = self.pending(import)?;
        if cycles > liquid {
            return Err(violation(
                import,
                format!("{cycles} cycles cannot be attached: {liquid} can be spent"),
            ));
        }
        pending.cycles = Cycles::new(pending.cycles.get().saturating_add(cycles.get()));
        self.balance = self.balance.saturating_sub(cycles);
        Ok(0)
    }

    pub(super) fn call_perform(&mut self) -> Result<u64, Trap> {
        let pending = self
            .pending
            .take()
            .ok_or_else(|| violation(Import::CallPerform, "no call is being put together"))?;
        let price = self.price(&pending);
        let rest = match self.balance.checked_sub(price.total()) {
            Some(rest) if self.has_room(&pending.callee) && price.total() <= self.liquid() => rest,
            Some(_) | None => {
                self.deposit(pending.cycles);
                return Ok(SYS_TRANSIENT);
            }
        };
        self.balance = rest;
        let time = self.input.environment.time;
        self.calls.push(OutgoingCall {
            callee: pending.callee,
            method: pending.method,
            payload: pending.payload,
            cycles: pending.cycles,
            price,
            deadline: pending.timeout.map(|timeout| time.saturating_add(timeout)),
            on_reply: pending.on_reply,
            on_reject: pending.on_reject,
            on_cleanup: pending.on_cleanup,
        });
        Ok(0)
    }

    /// Whether one more call fits: in all, and into the queue to this callee.
    fn has_room(&self, callee: &Principal) -> bool {
        let count = |calls: usize| u64::try_from(calls).unwrap_or(u64::MAX);
        let to_callee = || {
            self.calls
                .iter()
                .filter(|call| call.callee == *callee)
                .count()
        };
        count(self.calls.len()) < self.input.limits.calls
            && self
                .input
                .room
                .get(callee)
                .is_none_or(|room| count(to_callee()) < *room)
    }

    /// Calls of queries are free.
    fn price(&self, pending: &Pending) -> CallPrice {
        if let Context::CQ | Context::CRY | Context::CRT = self.context {
            return CallPrice {
                request: Cycles::ZERO,
                answer: Cycles::ZERO,
                callback: Cycles::ZERO,
            };
        }
        let name = ByteCount::new(length(pending.method.as_bytes()));
        self.input
            .funds
            .tariff
            .call(name, ByteCount::new(length(&pending.payload)))
    }
}
