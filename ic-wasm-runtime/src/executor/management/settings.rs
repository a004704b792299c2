//! `update_settings`, and the checks that creation shares with it (MGMT-110 to MGMT-131).

use std::sync::Arc;

use ic_types::Cycles;

use super::{
    Managed,
    interface::{UpdateSettings, canister},
    origin,
};
use crate::{
    executor::{ErrorCode, Refusal, round::Round},
    sandbox::Sandbox,
    state::{Canister, Change, Details, Request, Settings, SettingsChange},
};

impl<S: Sandbox> Round<'_, S> {
    /// All or nothing (ABS-192).
    pub(super) fn update_settings(
        &mut self,
        request: &Arc<Request>,
        argument: &UpdateSettings,
    ) -> Result<Managed, Refusal> {
        let id = canister(&argument.canister_id);
        let change = argument.settings.check()?;
        let before = self.existing(&id)?;
        let mut settings = before.settings.clone();
        change.apply(&mut settings);
        self.check_settings(Some(before), &change, &settings)?;
        let (time, prices) = (self.state.time(), *self.state.prices());
        let origin = origin(request, argument.sender_canister_version);
        let frozen = self.state.change(&id, |canister| {
            let (before, frozen_before) = (canister.settings.clone(), canister.is_frozen(&prices));
            canister.settings = settings;
            // Asking for more must be affordable; whoever is frozen already may still ask for less.
            let more = canister.settings.compute_allocation > before.compute_allocation
                || canister.settings.memory_allocation > before.memory_allocation;
            if more && !frozen_before && canister.is_frozen(&prices) {
                canister.settings = before;
                return true;
            }
            canister.bump_version();
            canister.update_low_memory_hook();
            if let Some(controllers) = change.controllers {
                let details = Details::ControllersChange { controllers };
                canister.history.record(Change {
                    time,
                    version: canister.version,
                    origin,
                    details,
                });
            }
            false
        });
        if frozen == Some(true) {
            return Err(Refusal::new(
                ErrorCode::InvalidSettings,
                format!(
                    "canister {id} cannot pay for the allocations that were asked for (ERR-027, ERR-028)"
                ),
            ));
        }
        Ok(Managed::nothing())
    }

    /// What depends on the canister and on the subnet (MGMT-111, MGMT-112, MGMT-124, MGMT-131).
    pub(super) fn check_settings(
        &self,
        canister: Option<&Canister>,
        change: &SettingsChange,
        settings: &Settings,
    ) -> Result<(), Refusal> {
        let before = canister.map_or(0, |canister| {
            u64::from(canister.settings.compute_allocation)
        });
        let others = self.state.compute_allocated().saturating_sub(before);
        let (wanted, capacity) = (
            u64::from(settings.compute_allocation),
            self.executor.limits.compute_capacity,
        );
        if wanted > before && others.saturating_add(wanted) > capacity {
            return Err(Refusal::new(
                ErrorCode::ComputeOversubscribed,
                format!(
                    "{wanted} percent of compute was asked for, {} are left",
                    capacity.saturating_sub(others)
                ),
            ));
        }
        let used = canister.map_or(0, Canister::memory_bytes);
        let free = self
            .executor
            .limits
            .subnet_memory
            .saturating_sub(self.state.memory_bytes().saturating_sub(used));
        if change.memory_allocation.is_some() && settings.memory_allocation > free {
            return Err(Refusal::new(
                ErrorCode::MemoryOversubscribed,
                format!(
                    "{} bytes of memory were asked for, {free} are left",
                    settings.memory_allocation
                ),
            ));
        }
        let reserved = canister.map_or(Cycles::ZERO, |canister| canister.reserved);
        if settings.reserved_cycles_limit < reserved {
            return Err(Refusal::new(
                ErrorCode::InvalidSettings,
                format!("reserved_cycles_limit: {reserved} cycles are reserved already"),
            ));
        }
        let heap = canister
            .and_then(|canister| canister.code.as_ref())
            .map_or(0, |code| code.execution.wasm_memory_bytes());
        if change
            .wasm_memory_limit
            .is_some_and(|limit| limit > 0 && limit < heap)
        {
            return Err(Refusal::new(
                ErrorCode::InvalidSettings,
                format!("wasm_memory_limit: the Wasm memory has {heap} bytes already"),
            ));
        }
        Ok(())
    }
}
