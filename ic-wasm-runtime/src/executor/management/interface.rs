//! The Candid types of the management canister, field by field (MGMT-050 to MGMT-103). The only file whose types are
//! those of the wire; what leaves it is checked and in our own types.
//!
//! The wire wins over prose: names and optionality are those of the interface description, and every field that
//! deployed clients need is there.

use std::collections::{BTreeMap, BTreeSet};

use candid::{CandidType, Deserialize};
use ic_types::{CanisterId, Cycles, Principal};
use serde_bytes::ByteBuf;

use super::snapshot_interface::WireSource;
use crate::{
    executor::{ErrorCode, Refusal},
    state::{
        CONTROLLERS, Change, Details, Mode, Origin, Settings, SettingsChange, VARIABLE_NAME,
        VARIABLE_VALUE, VARIABLES, VIEWERS, Visibility, WASM_MEMORY,
    },
};

/// Decodes the only argument of a management call (MGMT-002).
///
/// Work is bounded: a value may not cost more than a small multiple of its own length to decode.
///
/// # Errors
/// `InvalidArgument` with the decoder's words.
pub(crate) fn decode<T>(argument: &[u8]) -> Result<T, Refusal>
where
    T: CandidType + for<'de> Deserialize<'de>,
{
    let mut limits = candid::DecoderConfig::new();
    // What is skipped counts fifty times; blobs of known fields count once.
    limits.set_decoding_quota(argument.len().saturating_mul(8).saturating_add(5_000_000));
    limits.set_skipping_quota(50_000);
    limits.set_full_error_message(false);
    candid::utils::decode_args_with_config::<(T,)>(argument, &limits)
        .map(|(value,)| value)
        .map_err(|error| {
            let words: String = error.to_string().chars().take(300).collect();
            invalid(format!("the argument cannot be decoded: {words}"))
        })
}

/// Encodes a reply.
///
/// # Errors
/// Never for the types of this file.
pub(crate) fn encode<T: CandidType>(reply: T) -> Result<Vec<u8>, Refusal> {
    candid::encode_one(reply)
        .map_err(|error| invalid(format!("the reply cannot be encoded: {error}")))
}

/// The reply `()`.
pub(crate) fn nothing() -> Vec<u8> {
    b"DIDL\0\0".to_vec()
}

fn invalid(message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidArgument, message)
}

pub(crate) fn wire(principal: &Principal) -> candid::Principal {
    candid::Principal::from_slice(principal.as_slice())
}

pub(crate) fn ours(principal: &candid::Principal) -> Principal {
    // Both types hold at most 29 bytes.
    Principal::try_from_slice(principal.as_slice()).unwrap_or(Principal::MANAGEMENT)
}

pub(crate) fn canister(principal: &candid::Principal) -> CanisterId {
    CanisterId::new(ours(principal))
}

#[derive(CandidType, Deserialize)]
pub(crate) enum WireVisibility {
    #[serde(rename = "controllers")]
    Controllers,
    #[serde(rename = "public")]
    Public,
    #[serde(rename = "allowed_viewers")]
    AllowedViewers(Vec<candid::Principal>),
}

impl WireVisibility {
    fn check(&self) -> Result<Visibility, Refusal> {
        Ok(match self {
            Self::Controllers => Visibility::Controllers,
            Self::Public => Visibility::Public,
            Self::AllowedViewers(viewers) => {
                Visibility::Viewers(principals("viewers", viewers, VIEWERS)?)
            }
        })
    }

    fn of(visibility: &Visibility) -> Self {
        match visibility {
            Visibility::Controllers => Self::Controllers,
            Visibility::Public => Self::Public,
            Visibility::Viewers(viewers) => {
                Self::AllowedViewers(viewers.iter().map(wire).collect())
            }
        }
    }
}

#[derive(CandidType, Deserialize)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(CandidType, Deserialize, Default)]
pub(crate) struct WireSettings {
    pub(crate) controllers: Option<Vec<candid::Principal>>,
    pub(crate) compute_allocation: Option<u128>,
    pub(crate) memory_allocation: Option<u128>,
    pub(crate) freezing_threshold: Option<u128>,
    pub(crate) reserved_cycles_limit: Option<u128>,
    pub(crate) minimum_incoming_canister_call_cycles: Option<u128>,
    pub(crate) wasm_memory_limit: Option<u128>,
    pub(crate) wasm_memory_threshold: Option<u128>,
    pub(crate) log_visibility: Option<WireVisibility>,
    pub(crate) log_memory_limit: Option<u128>,
    pub(crate) snapshot_visibility: Option<WireVisibility>,
    pub(crate) status_visibility: Option<WireVisibility>,
    pub(crate) environment_variables: Option<Vec<Variable>>,
}

fn out_of_range(
    setting: &str,
    limit: impl std::fmt::Display,
    found: impl std::fmt::Display,
) -> Refusal {
    Refusal::new(
        ErrorCode::InvalidSettings,
        format!("{setting}: the limit is {limit}, found {found}"),
    )
}

fn bounded(setting: &str, value: Option<u128>, limit: u64) -> Result<Option<u64>, Refusal> {
    value
        .map(|value| match u64::try_from(value) {
            Ok(value) if value <= limit => Ok(value),
            Ok(_) | Err(_) => Err(out_of_range(setting, limit, value)),
        })
        .transpose()
}

fn principals(
    setting: &str,
    list: &[candid::Principal],
    limit: usize,
) -> Result<BTreeSet<Principal>, Refusal> {
    if list.len() > limit {
        return Err(out_of_range(setting, limit, list.len()));
    }
    Ok(list.iter().map(ours).collect())
}

fn variables(list: &[Variable]) -> Result<BTreeMap<String, String>, Refusal> {
    if list.len() > VARIABLES {
        return Err(out_of_range("environment_variables", VARIABLES, list.len()));
    }
    let mut variables = BTreeMap::new();
    for Variable { name, value } in list {
        if name.len() > VARIABLE_NAME {
            return Err(out_of_range(
                "bytes of a variable's name",
                VARIABLE_NAME,
                name.len(),
            ));
        }
        if value.len() > VARIABLE_VALUE {
            return Err(out_of_range(
                "bytes of a variable's value",
                VARIABLE_VALUE,
                value.len(),
            ));
        }
        if variables.insert(name.clone(), value.clone()).is_some() {
            let message = format!("environment_variables: {name} is given twice");
            return Err(Refusal::new(ErrorCode::InvalidSettings, message));
        }
    }
    Ok(variables)
}

impl WireSettings {
    /// Checks ranges and lengths (MGMT-110 to MGMT-123).
    pub(crate) fn check(&self) -> Result<SettingsChange, Refusal> {
        let visibility =
            |wire: &Option<WireVisibility>| wire.as_ref().map(WireVisibility::check).transpose();
        let compute = bounded("compute_allocation", self.compute_allocation, 100)?;
        Ok(SettingsChange {
            controllers: self
                .controllers
                .as_ref()
                .map(|list| principals("controllers", list, CONTROLLERS))
                .transpose()?,
            compute_allocation: compute.map(|percent| u8::try_from(percent).unwrap_or(100)),
            memory_allocation: bounded("memory_allocation", self.memory_allocation, u64::MAX)?,
            freezing_threshold: bounded("freezing_threshold", self.freezing_threshold, u64::MAX)?,
            reserved_cycles_limit: self.reserved_cycles_limit.map(Cycles::new),
            minimum_incoming_call_cycles: self
                .minimum_incoming_canister_call_cycles
                .map(Cycles::new),
            wasm_memory_limit: bounded("wasm_memory_limit", self.wasm_memory_limit, WASM_MEMORY)?,
            wasm_memory_threshold: bounded(
                "wasm_memory_threshold",
                self.wasm_memory_threshold,
                WASM_MEMORY,
            )?,
            log_visibility: visibility(&self.log_visibility)?,
            // More is asked for than is kept: as much as there is.
            log_memory_limit: bounded("log_memory_limit", self.log_memory_limit, u64::MAX)?
                .map(|limit| limit.min(crate::state::LOG_BYTES)),
            snapshot_visibility: visibility(&self.snapshot_visibility)?,
            status_visibility: visibility(&self.status_visibility)?,
            environment_variables: self
                .environment_variables
                .as_ref()
                .map(|list| variables(list))
                .transpose()?,
        })
    }
}

/// MGMT-052.
#[derive(CandidType, Deserialize)]
pub(crate) struct DefiniteSettings {
    controllers: Vec<candid::Principal>,
    compute_allocation: u128,
    memory_allocation: u128,
    freezing_threshold: u128,
    reserved_cycles_limit: u128,
    minimum_incoming_canister_call_cycles: u128,
    wasm_memory_limit: u128,
    wasm_memory_threshold: u128,
    log_visibility: WireVisibility,
    log_memory_limit: u128,
    snapshot_visibility: WireVisibility,
    status_visibility: WireVisibility,
    environment_variables: Vec<Variable>,
}

impl DefiniteSettings {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            controllers: settings.controllers.iter().map(wire).collect(),
            compute_allocation: settings.compute_allocation.into(),
            memory_allocation: settings.memory_allocation.into(),
            freezing_threshold: settings.freezing_threshold.into(),
            reserved_cycles_limit: settings.reserved_cycles_limit.get(),
            minimum_incoming_canister_call_cycles: settings.minimum_incoming_call_cycles.get(),
            wasm_memory_limit: settings.wasm_memory_limit.into(),
            wasm_memory_threshold: settings.wasm_memory_threshold.into(),
            log_visibility: WireVisibility::of(&settings.log_visibility),
            log_memory_limit: settings.log_memory_limit.into(),
            snapshot_visibility: WireVisibility::of(&settings.snapshot_visibility),
            status_visibility: WireVisibility::of(&settings.status_visibility),
            environment_variables: settings
                .environment_variables
                .iter()
                .map(|(name, value)| Variable {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect(),
        }
    }
}

/// MGMT-070.
#[derive(CandidType, Deserialize, Default)]
pub(crate) struct CreateCanister {
    pub(crate) settings: Option<WireSettings>,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-102.
#[derive(CandidType, Deserialize)]
pub(crate) struct ProvisionalCreate {
    pub(crate) amount: Option<u128>,
    pub(crate) settings: Option<WireSettings>,
    pub(crate) specified_id: Option<candid::Principal>,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-103.
#[derive(CandidType, Deserialize)]
pub(crate) struct ProvisionalTopUp {
    pub(crate) canister_id: candid::Principal,
    pub(crate) amount: u128,
}

/// A record with nothing but the canister's id, or whose other fields do not matter: MGMT-073, MGMT-078.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanisterIdRecord {
    pub(crate) canister_id: candid::Principal,
}

/// The one field by which calls to chunked installation are routed (HTTP-132).
#[derive(CandidType, Deserialize)]
pub(crate) struct TargetCanisterRecord {
    pub(crate) target_canister: candid::Principal,
}

/// MGMT-071.
#[derive(CandidType, Deserialize)]
pub(crate) struct UpdateSettings {
    pub(crate) canister_id: candid::Principal,
    pub(crate) settings: WireSettings,
    pub(crate) sender_canister_version: Option<u64>,
}

#[derive(CandidType, Deserialize, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    #[serde(rename = "keep")]
    Keep,
    #[serde(rename = "replace")]
    Replace,
}

#[derive(CandidType, Deserialize, Clone, Copy, Default)]
pub(crate) struct UpgradeOptions {
    pub(crate) skip_pre_upgrade: Option<bool>,
    pub(crate) wasm_memory_persistence: Option<Persistence>,
}

/// MGMT-053.
#[derive(CandidType, Deserialize, Clone, Copy)]
pub(crate) enum InstallMode {
    #[serde(rename = "install")]
    Install,
    #[serde(rename = "reinstall")]
    Reinstall,
    #[serde(rename = "upgrade")]
    Upgrade(Option<UpgradeOptions>),
}

/// MGMT-075.
#[derive(CandidType, Deserialize)]
pub(crate) struct InstallCode {
    pub(crate) mode: InstallMode,
    pub(crate) canister_id: candid::Principal,
    pub(crate) wasm_module: ByteBuf,
    pub(crate) arg: ByteBuf,
    pub(crate) sender_canister_version: Option<u64>,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct ChunkHash {
    pub(crate) hash: ByteBuf,
}

/// MGMT-076.
#[derive(CandidType, Deserialize)]
pub(crate) struct InstallChunkedCode {
    pub(crate) mode: InstallMode,
    pub(crate) target_canister: candid::Principal,
    pub(crate) store_canister: Option<candid::Principal>,
    pub(crate) chunk_hashes_list: Vec<ChunkHash>,
    pub(crate) wasm_module_hash: ByteBuf,
    pub(crate) arg: ByteBuf,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-072.
#[derive(CandidType, Deserialize)]
pub(crate) struct UploadChunk {
    pub(crate) canister_id: candid::Principal,
    pub(crate) chunk: ByteBuf,
}

/// MGMT-077.
#[derive(CandidType, Deserialize)]
pub(crate) struct UninstallCode {
    pub(crate) canister_id: candid::Principal,
    pub(crate) sender_canister_version: Option<u64>,
}

/// MGMT-081.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanisterInfo {
    pub(crate) canister_id: candid::Principal,
    pub(crate) num_requested_changes: Option<u64>,
}

#[derive(CandidType, Deserialize)]
pub(crate) enum WireStatus {
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "stopping")]
    Stopping,
    #[serde(rename = "stopped")]
    Stopped,
}

#[derive(CandidType, Deserialize, Default)]
pub(crate) struct MemoryMetrics {
    pub(crate) wasm_memory_size: u128,
    pub(crate) stable_memory_size: u128,
    pub(crate) global_memory_size: u128,
    pub(crate) wasm_binary_size: u128,
    pub(crate) custom_sections_size: u128,
    pub(crate) canister_history_size: u128,
    pub(crate) wasm_chunk_store_size: u128,
    pub(crate) snapshots_size: u128,
    pub(crate) log_memory_store_size: u128,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct QueryStats {
    pub(crate) num_calls_total: u128,
    pub(crate) num_instructions_total: u128,
    pub(crate) request_payload_bytes_total: u128,
    pub(crate) response_payload_bytes_total: u128,
}

/// MGMT-079.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanisterStatus {
    pub(crate) status: WireStatus,
    pub(crate) ready_for_migration: bool,
    pub(crate) version: u64,
    pub(crate) settings: DefiniteSettings,
    pub(crate) module_hash: Option<ByteBuf>,
    pub(crate) memory_size: u128,
    pub(crate) memory_metrics: MemoryMetrics,
    pub(crate) cycles: u128,
    pub(crate) reserved_cycles: u128,
    pub(crate) idle_cycles_burned_per_day: u128,
    pub(crate) query_stats: QueryStats,
}

#[derive(CandidType, Deserialize)]
pub(crate) enum WireOrigin {
    #[serde(rename = "from_user")]
    User { user_id: candid::Principal },
    #[serde(rename = "from_canister")]
    Canister {
        canister_id: candid::Principal,
        canister_version: Option<u64>,
    },
}

#[derive(CandidType, Deserialize)]
pub(crate) enum WireMode {
    #[serde(rename = "install")]
    Install,
    #[serde(rename = "reinstall")]
    Reinstall,
    #[serde(rename = "upgrade")]
    Upgrade,
}

/// MGMT-055, the kinds that this implementation can record.
#[derive(CandidType, Deserialize)]
pub(crate) enum WireDetails {
    #[serde(rename = "creation")]
    Creation {
        controllers: Vec<candid::Principal>,
        environment_variables_hash: Option<ByteBuf>,
    },
    #[serde(rename = "code_uninstall")]
    CodeUninstall,
    #[serde(rename = "code_deployment")]
    CodeDeployment {
        mode: WireMode,
        module_hash: ByteBuf,
    },
    #[serde(rename = "load_snapshot")]
    LoadSnapshot {
        from_canister_id: Option<candid::Principal>,
        snapshot_id: ByteBuf,
        canister_version: u64,
        taken_at_timestamp: u64,
        source: WireSource,
    },
    #[serde(rename = "controllers_change")]
    ControllersChange { controllers: Vec<candid::Principal> },
}

/// MGMT-056.
#[derive(CandidType, Deserialize)]
pub(crate) struct WireChange {
    timestamp_nanos: u64,
    canister_version: u64,
    origin: WireOrigin,
    details: WireDetails,
}

impl WireChange {
    pub(crate) fn of(change: &Change, canister: CanisterId) -> Self {
        let origin = match &change.origin {
            Origin::User(user) => WireOrigin::User {
                user_id: wire(&user.principal()),
            },
            Origin::Canister { canister, version } => WireOrigin::Canister {
                canister_id: wire(&canister.principal()),
                canister_version: *version,
            },
        };
        let details = match &change.details {
            Details::Creation {
                controllers,
                environment_variables_hash,
            } => WireDetails::Creation {
                controllers: controllers.iter().map(wire).collect(),
                environment_variables_hash: environment_variables_hash
                    .map(|hash| ByteBuf::from(hash.as_bytes().to_vec())),
            },
            Details::CodeUninstall => WireDetails::CodeUninstall,
            Details::CodeDeployment { mode, module_hash } => WireDetails::CodeDeployment {
                mode: match mode {
                    Mode::Install => WireMode::Install,
                    Mode::Reinstall => WireMode::Reinstall,
                    Mode::Upgrade => WireMode::Upgrade,
                },
                module_hash: ByteBuf::from(module_hash.as_bytes().to_vec()),
            },
            Details::LoadSnapshot {
                snapshot,
                version,
                taken,
                source,
            } => WireDetails::LoadSnapshot {
                from_canister_id: (snapshot.canister != canister)
                    .then(|| wire(&snapshot.canister.principal())),
                snapshot_id: snapshot.to_bytes().into(),
                canister_version: *version,
                taken_at_timestamp: taken.as_nanos(),
                source: WireSource::of(*source),
            },
            Details::ControllersChange { controllers } => WireDetails::ControllersChange {
                controllers: controllers.iter().map(wire).collect(),
            },
        };
        Self {
            timestamp_nanos: change.time.as_nanos(),
            canister_version: change.version,
            origin,
            details,
        }
    }
}

/// MGMT-081.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanisterInfoReply {
    pub(crate) total_num_changes: u64,
    pub(crate) recent_changes: Vec<WireChange>,
    pub(crate) module_hash: Option<ByteBuf>,
    pub(crate) controllers: Vec<candid::Principal>,
}

/// MGMT-082.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanisterMetadata {
    pub(crate) canister_id: candid::Principal,
    pub(crate) name: String,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct MetadataReply {
    pub(crate) value: ByteBuf,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct LogRecordReply {
    pub(crate) idx: u64,
    pub(crate) timestamp_nanos: u64,
    pub(crate) content: ByteBuf,
}

/// MGMT-100.
#[derive(CandidType, Deserialize)]
pub(crate) struct LogsReply {
    pub(crate) canister_log_records: Vec<LogRecordReply>,
}

/// MGMT-080.
#[derive(CandidType, Deserialize)]
pub(crate) struct MetricsReply {
    pub(crate) cycles_consumed: CyclesConsumed,
}

/// MGMT-080.
#[derive(CandidType, Deserialize)]
pub(crate) struct CyclesConsumed {
    pub(crate) memory: u128,
    pub(crate) compute_allocation: u128,
    pub(crate) ingress_induction: u128,
    pub(crate) instructions: u128,
    pub(crate) request_and_response_transmission: u128,
    pub(crate) uninstall: u128,
    pub(crate) canister_creation: u128,
    pub(crate) http_outcalls: u128,
    pub(crate) burned_cycles: u128,
}

/// MGMT-091.
#[derive(CandidType, Deserialize)]
pub(crate) struct SubnetInfo {
    pub(crate) subnet_id: candid::Principal,
}

/// MGMT-091.
#[derive(CandidType, Deserialize)]
pub(crate) struct SubnetInfoReply {
    pub(crate) replica_version: String,
    pub(crate) registry_version: u64,
}

/// MGMT-101.
#[derive(CandidType, Deserialize)]
pub(crate) struct CanistersReply {
    pub(crate) canisters: Vec<RangeReply>,
}

/// MGMT-101.
#[derive(CandidType, Deserialize)]
pub(crate) struct RangeReply {
    pub(crate) start: candid::Principal,
    pub(crate) end: candid::Principal,
}
