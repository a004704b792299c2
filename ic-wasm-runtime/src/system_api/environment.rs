//! What surrounds the execution: time, status, variables, certified data, counters, the log.

use ic_types::{Principal, Time};

use super::host::{SystemApi, length, violation};
use super::{CanisterStatus, Entry, Import, Trap};
use crate::engine::Guest;

/// The most that is certified for a canister (LIM-012).
const CERTIFIED_DATA_BYTES: u64 = 32;
/// The longest name of an environment variable (LIM-060).
const VARIABLE_NAME_BYTES: u64 = 128;
/// The part of the text of `ic0.trap` that the caller sees.
const TRAP_BYTES: usize = 16 << 10;

impl SystemApi {
    pub(super) fn status(&self) -> u64 {
        match self.input.environment.status {
            CanisterStatus::Running => 1,
            CanisterStatus::Stopping => 2,
            CanisterStatus::Stopped => 3,
        }
    }

    pub(super) fn set_global_timer(&mut self, nanos: u64) -> u64 {
        let before = self
            .global_timer
            .unwrap_or(self.input.environment.global_timer);
        self.global_timer = Some((nanos != 0).then(|| Time::from_nanos(nanos)));
        before.map_or(0, Time::as_nanos)
    }

    pub(super) fn performance_counter(&self, guest: &Guest<'_>, kind: u64) -> Result<u64, Trap> {
        let left = u64::try_from(*guest.instructions).unwrap_or(0);
        let used = self.limit().get().saturating_sub(left);
        match kind {
            0 => Ok(used),
            1 => Ok(used.saturating_add(self.call().map_or(0, |call| call.instructions.get()))),
            _ => Err(violation(
                Import::PerformanceCounter,
                format!("there is no counter {kind}"),
            )),
        }
    }

    pub(super) fn is_controller(
        &self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        let who = Principal::try_from_slice(guest.read(source, size)?);
        let who =
            who.map_err(|_| violation(Import::IsController, "the argument is not a principal"))?;
        Ok(u64::from(self.input.environment.controllers.contains(&who)))
    }

    pub(super) fn certified_data_set(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        if size > CERTIFIED_DATA_BYTES {
            let reason = format!("certified data of {size} bytes exceeds {CERTIFIED_DATA_BYTES}");
            return Err(violation(Import::CertifiedDataSet, reason));
        }
        self.certified_data = Some(guest.read(source, size)?.to_vec());
        Ok(0)
    }

    pub(super) fn certificate(&self) -> Option<&[u8]> {
        if let Entry::Query { certificate, .. } | Entry::CompositeQuery { certificate, .. } =
            &self.input.entry
        {
            return certificate.as_deref();
        }
        None
    }

    pub(super) fn certificate_or_trap(&self, import: Import) -> Result<&[u8], Trap> {
        self.certificate()
            .ok_or_else(|| violation(import, "there is no data certificate"))
    }

    pub(super) fn variable_name(&self, import: Import, index: u64) -> Result<&[u8], Trap> {
        let variable = usize::try_from(index)
            .ok()
            .and_then(|index| self.input.environment.variables.get(index));
        let (name, _) =
            variable.ok_or_else(|| violation(import, format!("there is no variable {index}")))?;
        Ok(name.as_bytes())
    }

    fn variable(
        &self,
        import: Import,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<Option<&str>, Trap> {
        self.charge_bytes(guest, size.min(VARIABLE_NAME_BYTES), 1)?;
        if size > VARIABLE_NAME_BYTES {
            return Err(violation(
                import,
                format!("a name of {size} bytes exceeds {VARIABLE_NAME_BYTES}"),
            ));
        }
        let wanted = std::str::from_utf8(guest.read(source, size)?);
        let wanted = wanted.map_err(|_| violation(import, "the name is not UTF-8"))?;
        let found = self
            .input
            .environment
            .variables
            .iter()
            .find(|(name, _)| name == wanted);
        Ok(found.map(|(_, value)| value.as_str()))
    }

    pub(super) fn variable_exists(
        &self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        Ok(u64::from(
            self.variable(Import::EnvVarNameExists, guest, source, size)?
                .is_some(),
        ))
    }

    pub(super) fn variable_value(
        &self,
        import: Import,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<&[u8], Trap> {
        let value = self.variable(import, guest, source, size)?;
        value
            .map(str::as_bytes)
            .ok_or_else(|| violation(import, "there is no variable of this name"))
    }

    /// Adds a line to the log, and drops the oldest ones beyond its size (SYS-164).
    pub(super) fn print(&mut self, mut line: Vec<u8>) {
        if !self.context.is_replicated() {
            return;
        }
        let limit = self.input.limits.log.get();
        line.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        self.log_bytes = self.log_bytes.saturating_add(length(&line));
        self.log.push_back(line);
        while self.log_bytes > limit {
            let Some(dropped) = self.log.pop_front() else {
                break;
            };
            self.log_bytes = self.log_bytes.saturating_sub(length(&dropped));
        }
    }

    pub(super) fn debug_print(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        let limit = self.input.limits.log.get();
        let room = limit.saturating_sub(self.log_bytes);
        self.charge_bytes(guest, size.min(limit), 2)?;
        self.charge_bytes(guest, size.min(room), 50)?;
        // Never traps for what is printed (SYS-105).
        let line = match guest.read(source, size) {
            Ok(text) => text
                .get(..usize::try_from(limit).unwrap_or(usize::MAX))
                .unwrap_or(text)
                .to_vec(),
            Err(_) => b"(debug_print message out of memory bounds)".to_vec(),
        };
        self.print(line);
        Ok(0)
    }

    pub(super) fn trap(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        self.charge_bytes(guest, size, 1)?;
        let message = match guest.read(source, size) {
            Ok(text) => {
                let text = text.get(..TRAP_BYTES).unwrap_or(text);
                text.utf8_chunks().map(|chunk| chunk.valid()).collect()
            }
            Err(_) => "(trap message out of memory bounds)".to_owned(),
        };
        Err(Trap::Explicit { message })
    }
}
