//! The Candid types of the snapshot methods (MGMT-057 to MGMT-060, MGMT-092 to MGMT-099).

use candid::{CandidType, Deserialize};
use ic_types::Time;
use serde_bytes::ByteBuf;

use super::interface::ChunkHash;
use crate::{
    memory::GlobalValue,
    state::{LowMemoryHook, SnapshotSource},
};

/// MGMT-057.
#[derive(CandidType, Deserialize)]
pub(crate) enum WireSource {
    #[serde(rename = "taken_from_canister")]
    Taken(candid::Reserved),
    #[serde(rename = "metadata_upload")]
    Uploaded(candid::Reserved),
}

impl WireSource {
    pub(crate) fn of(source: SnapshotSource) -> Self {
        match source {
            SnapshotSource::Taken => Self::Taken(candid::Reserved),
            SnapshotSource::Uploaded => Self::Uploaded(candid::Reserved),
        }
    }
}

/// MGMT-058.
#[derive(CandidType, Deserialize)]
pub(crate) struct SnapshotReply {
    pub(crate) id: ByteBuf,
    pub(crate) taken_at_timestamp: u64,
    pub(crate) total_size: u64,
}

/// MGMT-059.
#[derive(CandidType, Deserialize)]
pub(crate) enum WireGlobal {
    #[serde(rename = "i32")]
    I32(i32),
    #[serde(rename = "i64")]
    I64(i64),
    #[serde(rename = "f32")]
    F32(f32),
    #[serde(rename = "f64")]
    F64(f64),
    #[serde(rename = "v128")]
    V128(u128),
}

impl WireGlobal {
    pub(crate) fn of(value: &GlobalValue) -> Self {
        match value {
            GlobalValue::I32(bits) => Self::I32(bits.cast_signed()),
            GlobalValue::I64(bits) => Self::I64(bits.cast_signed()),
            GlobalValue::F32(bits) => Self::F32(f32::from_bits(*bits)),
            GlobalValue::F64(bits) => Self::F64(f64::from_bits(*bits)),
            GlobalValue::V128(bits) => Self::V128(*bits),
        }
    }

    pub(crate) fn value(&self) -> GlobalValue {
        match self {
            Self::I32(number) => GlobalValue::I32(number.cast_unsigned()),
            Self::I64(number) => GlobalValue::I64(number.cast_unsigned()),
            Self::F32(number) => GlobalValue::F32(number.to_bits()),
            Self::F64(number) => GlobalValue::F64(number.to_bits()),
            Self::V128(bits) => GlobalValue::V128(*bits),
        }
    }
}

/// MGMT-060.
#[derive(CandidType, Deserialize, Clone, Copy)]
pub(crate) enum WireTimer {
    #[serde(rename = "inactive")]
    Inactive,
    #[serde(rename = "active")]
    Active(u64),
}

impl WireTimer {
    pub(crate) fn of(timer: Option<Time>) -> Self {
        timer.map_or(Self::Inactive, |due| Self::Active(due.as_nanos()))
    }

    pub(crate) fn timer(self) -> Option<Time> {
        match self {
            Self::Inactive => None,
            Self::Active(due) => Some(Time::from_nanos(due)),
        }
    }
}

/// MGMT-060.
#[derive(CandidType, Deserialize, Clone, Copy)]
pub(crate) enum WireHook {
    #[serde(rename = "condition_not_satisfied")]
    NotSatisfied,
    #[serde(rename = "ready")]
    Ready,
    #[serde(rename = "executed")]
    Executed,
}

impl WireHook {
    pub(crate) fn of(hook: LowMemoryHook) -> Self {
        match hook {
            LowMemoryHook::NotSatisfied => Self::NotSatisfied,
            LowMemoryHook::Ready => Self::Ready,
            LowMemoryHook::Executed => Self::Executed,
        }
    }

    pub(crate) fn hook(self) -> LowMemoryHook {
        match self {
            Self::NotSatisfied => LowMemoryHook::NotSatisfied,
            Self::Ready => LowMemoryHook::Ready,
            Self::Executed => LowMemoryHook::Executed,
        }
    }
}

/// MGMT-092.
#[derive(CandidType, Deserialize)]
pub(crate) struct TakeSnapshot {
    pub(crate) replace_snapshot: Option<ByteBuf>,
    pub(crate) uninstall_code: Option<bool>,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-093, and MGMT-095 and MGMT-096 without the version.
#[derive(CandidType, Deserialize)]
pub(crate) struct NamedSnapshot {
    pub(crate) snapshot_id: ByteBuf,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-096.
#[derive(CandidType, Deserialize)]
pub(crate) struct SnapshotMetadata {
    pub(crate) source: WireSource,
    pub(crate) taken_at_timestamp: u64,
    pub(crate) wasm_module_size: u64,
    pub(crate) globals: Vec<WireGlobal>,
    pub(crate) wasm_memory_size: u64,
    pub(crate) stable_memory_size: u64,
    pub(crate) wasm_chunk_store: Vec<ChunkHash>,
    pub(crate) canister_version: u64,
    pub(crate) certified_data: ByteBuf,
    pub(crate) global_timer: Option<WireTimer>,
    pub(crate) on_low_wasm_memory_hook_status: Option<WireHook>,
}

/// MGMT-097.
#[derive(CandidType, Deserialize)]
pub(crate) struct ReadSnapshotData {
    pub(crate) snapshot_id: ByteBuf,
    pub(crate) kind: ReadKind,
}

/// Which part to read.
#[derive(CandidType, Deserialize)]
pub(crate) enum ReadKind {
    #[serde(rename = "wasm_module")]
    WasmModule { offset: u64, size: u64 },
    #[serde(rename = "wasm_memory")]
    WasmMemory { offset: u64, size: u64 },
    #[serde(rename = "stable_memory")]
    StableMemory { offset: u64, size: u64 },
    #[serde(rename = "wasm_chunk")]
    WasmChunk { hash: ByteBuf },
}

#[derive(CandidType, Deserialize)]
pub(crate) struct DataReply {
    pub(crate) chunk: ByteBuf,
}

/// MGMT-098.
#[derive(CandidType, Deserialize)]
pub(crate) struct UploadSnapshotMetadata {
    pub(crate) replace_snapshot: Option<ByteBuf>,
    pub(crate) wasm_module_size: u64,
    pub(crate) globals: Vec<WireGlobal>,
    pub(crate) wasm_memory_size: u64,
    pub(crate) stable_memory_size: u64,
    pub(crate) certified_data: ByteBuf,
    pub(crate) global_timer: Option<WireTimer>,
    pub(crate) on_low_wasm_memory_hook_status: Option<WireHook>,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct UploadedReply {
    pub(crate) snapshot_id: ByteBuf,
}

/// MGMT-099.
#[derive(CandidType, Deserialize)]
pub(crate) struct UploadSnapshotData {
    pub(crate) canister_id: candid::Principal,
    pub(crate) snapshot_id: ByteBuf,
    pub(crate) kind: UploadKind,
    pub(crate) chunk: ByteBuf,
}

/// Which part to write.
#[derive(CandidType, Deserialize)]
pub(crate) enum UploadKind {
    #[serde(rename = "wasm_module")]
    WasmModule { offset: u64 },
    #[serde(rename = "wasm_memory")]
    WasmMemory { offset: u64 },
    #[serde(rename = "stable_memory")]
    StableMemory { offset: u64 },
    #[serde(rename = "wasm_chunk")]
    WasmChunk,
}
