//! The message that is executed, and the answer to it (SYS-010..024, SYS-037..039, SYS-120..122).

use super::host::{SystemApi, length, violation};
use super::{Entry, Import, Response, Trap};
use crate::engine::Guest;

/// Instructions for each byte that leaves the canister.
pub(super) const TRANSMITTED_BYTE: u64 = 50;

impl SystemApi {
    pub(super) fn argument(&self) -> &[u8] {
        match &self.input.entry {
            Entry::Init { argument, .. }
            | Entry::PostUpgrade { argument, .. }
            | Entry::InspectMessage { argument, .. }
            | Entry::Update { argument, .. }
            | Entry::ReplicatedQuery { argument, .. }
            | Entry::Query { argument, .. }
            | Entry::Transform { argument, .. }
            | Entry::CompositeQuery { argument, .. }
            | Entry::Reply { argument, .. } => argument,
            Entry::Start
            | Entry::PreUpgrade { .. }
            | Entry::Reject { .. }
            | Entry::Cleanup { .. }
            | Entry::Heartbeat
            | Entry::GlobalTimer
            | Entry::OnLowWasmMemory => &[],
        }
    }

    fn info(&self) -> Option<&super::CallerInfo> {
        if let Entry::InspectMessage { caller_info, .. } = &self.input.entry {
            return caller_info.as_ref();
        }
        self.call()?.caller_info.as_ref()
    }

    pub(super) fn caller_info(&self) -> &[u8] {
        self.info().map_or(&[], |info| &info.info)
    }

    pub(super) fn caller_info_signer(&self) -> &[u8] {
        self.info().map_or(&[], |info| info.signer.as_slice())
    }

    pub(super) fn reject_code(&self) -> u64 {
        if let Entry::Reject { code, .. } | Entry::Cleanup { code, .. } = &self.input.entry {
            return u64::from(*code);
        }
        0
    }

    pub(super) fn reject_message(&self) -> &[u8] {
        if let Entry::Reject { message, .. } = &self.input.entry {
            return message.as_bytes();
        }
        &[]
    }

    pub(super) fn method_name(&self) -> &[u8] {
        if let Entry::InspectMessage { method, .. } = &self.input.entry {
            return method.as_bytes();
        }
        &[]
    }

    pub(super) fn deadline(&self) -> u64 {
        self.call()
            .and_then(|call| call.deadline)
            .map_or(0, ic_types::Time::as_nanos)
    }

    /// Traps unless this execution may still answer (SYS-120, SYS-123).
    fn must_owe_answer(&self, import: Import) -> Result<(), Trap> {
        if self.response.is_some() || self.call().is_some_and(|call| call.responded) {
            return Err(violation(
                import,
                "the call is already answered, or wants no answer",
            ));
        }
        Ok(())
    }

    pub(super) fn reply_append(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        let import = Import::MsgReplyDataAppend;
        self.charge_bytes(guest, size, TRANSMITTED_BYTE)?;
        self.must_owe_answer(import)?;
        let total = length(&self.reply).saturating_add(size);
        let limit = self.input.limits.response.get();
        if total > limit {
            return Err(violation(
                import,
                format!("a reply of {total} bytes exceeds {limit}"),
            ));
        }
        self.reply.extend_from_slice(guest.read(source, size)?);
        Ok(0)
    }

    pub(super) fn reply(&mut self) -> Result<u64, Trap> {
        self.must_owe_answer(Import::MsgReply)?;
        self.response = Some(Response::Reply(std::mem::take(&mut self.reply)));
        Ok(0)
    }

    pub(super) fn reject(
        &mut self,
        guest: &mut Guest<'_>,
        source: u64,
        size: u64,
    ) -> Result<u64, Trap> {
        let import = Import::MsgReject;
        self.charge_bytes(guest, size, TRANSMITTED_BYTE)?;
        self.must_owe_answer(import)?;
        let limit = self.input.limits.response.get();
        if size > limit {
            return Err(violation(
                import,
                format!("a message of {size} bytes exceeds {limit}"),
            ));
        }
        let message = std::str::from_utf8(guest.read(source, size)?);
        let message = message.map_err(|_| violation(import, "the message is not UTF-8"))?;
        self.response = Some(Response::Reject(message.to_owned()));
        self.reply = Vec::new();
        Ok(0)
    }

    pub(super) fn accept_message(&mut self) -> Result<u64, Trap> {
        if std::mem::replace(&mut self.accepted_message, true) {
            return Err(violation(
                Import::AcceptMessage,
                "the message is already accepted",
            ));
        }
        Ok(0)
    }
}
