//! What the management canister tells about a canister (MGMT-139, MGMT-141, MGMT-142, MGMT-154).

use ic_types::{CanisterId, Principal};
use serde_bytes::ByteBuf;

use super::interface::{
    CanisterInfoReply, CanisterStatus, CanistersReply, CyclesConsumed, DefiniteSettings,
    LogRecordReply, LogsReply, MemoryMetrics, MetadataReply, MetricsReply, QueryStats, RangeReply,
    WireChange, WireStatus, encode, wire,
};
use crate::{
    cycles::Prices,
    executor::{ErrorCode, Refusal},
    state::{Canister, ReplicatedState, Status, controls},
};

/// The reply of `canister_status`, with every field that deployed clients insist on (MGMT-139).
pub(in crate::executor) fn status(
    canister: &Canister,
    prices: &Prices,
) -> Result<Vec<u8>, Refusal> {
    let code = canister.code.as_ref();
    let execution = code.map(|code| &code.execution);
    encode(CanisterStatus {
        status: match canister.status {
            Status::Running => WireStatus::Running,
            Status::Stopping(_) => WireStatus::Stopping,
            Status::Stopped => WireStatus::Stopped,
        },
        ready_for_migration: canister.is_stopped() && canister.queues.is_empty(),
        version: canister.version,
        settings: DefiniteSettings::of(&canister.settings),
        module_hash: code.map(|code| ByteBuf::from(code.module_hash.as_bytes().to_vec())),
        memory_size: canister.memory_bytes().into(),
        memory_metrics: MemoryMetrics {
            wasm_memory_size: execution.map_or(0, |execution| execution.wasm_memory_bytes().into()),
            stable_memory_size: execution
                .map_or(0, |execution| execution.stable_memory_bytes().into()),
            global_memory_size: execution.map_or(0, |execution| execution.global_bytes().into()),
            wasm_binary_size: code.map_or(0, |code| code.binary_bytes().into()),
            custom_sections_size: execution
                .map_or(0, |execution| execution.custom_section_bytes().into()),
            canister_history_size: canister.history.bytes().into(),
            wasm_chunk_store_size: canister.chunks.bytes().into(),
            snapshots_size: canister.snapshots.bytes().into(),
            log_memory_store_size: canister.log.bytes().into(),
        },
        cycles: canister.balance.get(),
        reserved_cycles: canister.reserved.get(),
        idle_cycles_burned_per_day: prices
            .idle_per_day(
                canister.charged_bytes(),
                canister.settings.compute_allocation,
            )
            .get(),
        // Queries are answered by single nodes, whose counts are not part of what nodes agree on.
        query_stats: QueryStats {
            num_calls_total: 0,
            num_instructions_total: 0,
            request_payload_bytes_total: 0,
            response_payload_bytes_total: 0,
        },
    })
}

/// The reply of `canister_info` (MGMT-141).
pub(super) fn info(canister: &Canister, count: u64) -> Result<Vec<u8>, Refusal> {
    encode(CanisterInfoReply {
        total_num_changes: canister.history.total(),
        recent_changes: canister
            .history
            .latest(count)
            .map(|change| WireChange::of(change, canister.id))
            .collect(),
        module_hash: canister
            .code
            .as_ref()
            .map(|code| ByteBuf::from(code.module_hash.as_bytes().to_vec())),
        controllers: canister.settings.controllers.iter().map(wire).collect(),
    })
}

/// The reply of `canister_metadata` (MGMT-142).
pub(super) fn metadata(
    canister: &Canister,
    caller: &Principal,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let Some(code) = &canister.code else {
        return Err(Refusal::new(
            ErrorCode::NoModule,
            format!("canister {} has no code", canister.id),
        ));
    };
    match code.execution.module.metadata().get(name) {
        Some(section) if section.public || controls(caller, canister) => encode(MetadataReply {
            value: ByteBuf::from(section.content.clone()),
        }),
        Some(_) | None => Err(Refusal::new(
            ErrorCode::InvalidArgument,
            format!(
                "canister {} has no metadata of that name that the caller may see",
                canister.id
            ),
        )),
    }
}

/// The reply of `fetch_canister_logs` (MGMT-154).
pub(in crate::executor) fn logs(canister: &Canister) -> Result<Vec<u8>, Refusal> {
    let records = canister.log.records().map(|record| LogRecordReply {
        idx: record.index,
        timestamp_nanos: record.time.as_nanos(),
        content: ByteBuf::from(record.content.clone()),
    });
    encode(LogsReply {
        canister_log_records: records.collect(),
    })
}

/// The reply of `canister_metrics` (MGMT-140).
pub(in crate::executor) fn metrics(canister: &Canister) -> Result<Vec<u8>, Refusal> {
    let consumed = &canister.consumed;
    encode(MetricsReply {
        cycles_consumed: CyclesConsumed {
            memory: consumed.memory.get(),
            compute_allocation: consumed.compute_allocation.get(),
            ingress_induction: consumed.ingress_induction.get(),
            instructions: consumed.instructions.get(),
            request_and_response_transmission: consumed.transmission.get(),
            uninstall: consumed.uninstall.get(),
            canister_creation: consumed.creation.get(),
            // There are no outcalls.
            http_outcalls: 0,
            burned_cycles: consumed.burned.get(),
        },
    })
}

/// The reply of `list_canisters`: the canisters that exist, as consecutive ranges (MGMT-155).
pub(in crate::executor) fn list(
    state: &ReplicatedState,
    caller: &Principal,
) -> Result<Vec<u8>, Refusal> {
    if !state.subnet().admins.contains(caller) {
        return Err(Refusal::new(
            ErrorCode::NotController,
            "only admins of the subnet may list its canisters",
        ));
    }
    let mut ranges: Vec<(CanisterId, CanisterId)> = Vec::new();
    for canister in state.canisters() {
        match ranges.last_mut() {
            Some((_, end)) if end.next() == Some(canister.id) => *end = canister.id,
            Some(_) | None => ranges.push((canister.id, canister.id)),
        }
    }
    let canisters = ranges
        .iter()
        .map(|(start, end)| RangeReply {
            start: wire(&start.principal()),
            end: wire(&end.principal()),
        })
        .collect();
    encode(CanistersReply { canisters })
}
