//! The methods of the management canister: which there are, who may call them, and about whom (MGMT-010 to MGMT-048).

use ic_types::{CanisterId, Principal};

use super::interface::{
    CanisterIdRecord, InstallCode, TargetCanisterRecord, UploadChunk, canister, decode,
};
use super::snapshot_interface::UploadSnapshotData;
use crate::{
    executor::{ErrorCode, Refusal},
    state::{Canister, Subnet, controls},
};

macro_rules! methods {
    ($($variant:ident = $name:literal,)+) => {
        /// A method of the management canister that this implementation has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Method {
            $($variant,)+
        }

        impl Method {
            /// The methods that this implementation has.
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),+];

            /// The name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

methods! {
    CreateCanister = "create_canister",
    UpdateSettings = "update_settings",
    UploadChunk = "upload_chunk",
    ClearChunkStore = "clear_chunk_store",
    StoredChunks = "stored_chunks",
    InstallCode = "install_code",
    InstallChunkedCode = "install_chunked_code",
    UninstallCode = "uninstall_code",
    StartCanister = "start_canister",
    StopCanister = "stop_canister",
    CanisterStatus = "canister_status",
    DeleteCanister = "delete_canister",
    DepositCycles = "deposit_cycles",
    RawRand = "raw_rand",
    CanisterMetrics = "canister_metrics",
    ListCanisters = "list_canisters",
    SubnetInfo = "subnet_info",
    CanisterInfo = "canister_info",
    CanisterMetadata = "canister_metadata",
    FetchCanisterLogs = "fetch_canister_logs",
    TakeSnapshot = "take_canister_snapshot",
    LoadSnapshot = "load_canister_snapshot",
    ListSnapshots = "list_canister_snapshots",
    DeleteSnapshot = "delete_canister_snapshot",
    ReadSnapshotMetadata = "read_canister_snapshot_metadata",
    ReadSnapshotData = "read_canister_snapshot_data",
    UploadSnapshotMetadata = "upload_canister_snapshot_metadata",
    UploadSnapshotData = "upload_canister_snapshot_data",
    ProvisionalCreate = "provisional_create_canister_with_cycles",
    ProvisionalTopUp = "provisional_top_up_canister",
}

/// Methods of the specification that this implementation does not have.
const MISSING: &[&str] = &[
    "http_request",
    "ecdsa_public_key",
    "sign_with_ecdsa",
    "schnorr_public_key",
    "sign_with_schnorr",
    "vetkd_public_key",
    "vetkd_derive_key",
    "node_metrics_history",
    "bitcoin_get_utxos",
    "bitcoin_get_balance",
    "bitcoin_send_transaction",
    "bitcoin_get_current_fee_percentiles",
    "bitcoin_get_block_headers",
];

impl Method {
    /// The method with this name.
    ///
    /// # Errors
    /// `NotImplemented` if the specification has it and this implementation does not, otherwise
    /// `UnknownManagementMethod` (MGMT-003).
    pub(crate) fn parse(name: &str) -> Result<Self, Refusal> {
        if let Some((_, method)) = Self::NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*method);
        }
        Err(if MISSING.contains(&name) {
            Refusal::new(
                ErrorCode::NotImplemented,
                format!("this subnet does not implement {name}"),
            )
        } else {
            let shown: String = name.chars().take(64).collect();
            Refusal::new(
                ErrorCode::UnknownManagementMethod,
                format!("the management canister has no method '{shown}'"),
            )
        })
    }

    /// Whether it makes a canister, so that its effective canister id is free (HTTP-131).
    pub(crate) fn creates_canister(self) -> bool {
        matches!(self, Self::CreateCanister | Self::ProvisionalCreate)
    }

    /// Whether it is there for a canister in need: it may come although that one is frozen (ABS-063).
    pub(crate) fn helps_target(self) -> bool {
        matches!(
            self,
            Self::UpdateSettings
                | Self::StartCanister
                | Self::ProvisionalTopUp
                | Self::CanisterStatus
                | Self::DeleteCanister
                | Self::StopCanister
        )
    }

    /// Whether users may call it (ABS-065 to ABS-069).
    ///
    /// # Errors
    /// `UnknownManagementMethod`: to users it is as if there were no such method.
    pub(crate) fn permits_ingress(
        self,
        subnet: &Subnet,
        caller: &Principal,
    ) -> Result<(), Refusal> {
        let permitted = match self {
            Self::UpdateSettings
            | Self::UploadChunk
            | Self::ClearChunkStore
            | Self::StoredChunks
            | Self::InstallCode
            | Self::InstallChunkedCode
            | Self::UninstallCode
            | Self::StartCanister
            | Self::StopCanister
            | Self::CanisterStatus
            | Self::CanisterMetrics
            | Self::TakeSnapshot
            | Self::LoadSnapshot
            | Self::ListSnapshots
            | Self::DeleteSnapshot
            | Self::ReadSnapshotMetadata
            | Self::ReadSnapshotData
            | Self::UploadSnapshotMetadata
            | Self::UploadSnapshotData
            | Self::DeleteCanister => true,
            Self::ProvisionalCreate | Self::ProvisionalTopUp => subnet.provisional,
            // Admins only (ABS-068, ABS-070).
            Self::CreateCanister => subnet.admins.contains(caller),
            Self::ListCanisters
            | Self::SubnetInfo
            | Self::DepositCycles
            | Self::RawRand
            | Self::CanisterInfo
            | Self::CanisterMetadata
            | Self::FetchCanisterLogs => false,
        };
        if permitted {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::UnknownManagementMethod,
            format!(
                "users cannot call {} of the management canister",
                self.name()
            ),
        ))
    }

    /// Whether `caller` may call it about `canister` (MGMT-011 to MGMT-047).
    ///
    /// # Errors
    /// `NotController`.
    pub(crate) fn authorize(
        self,
        canister: &Canister,
        caller: &Principal,
        subnet: &Subnet,
    ) -> Result<(), Refusal> {
        let admin = subnet.admins.contains(caller);
        let controllers = &canister.settings.controllers;
        let itself = canister.id.principal() == *caller;
        let permitted = match self {
            Self::UpdateSettings
            | Self::InstallCode
            | Self::InstallChunkedCode
            | Self::TakeSnapshot
            | Self::LoadSnapshot
            | Self::DeleteSnapshot
            | Self::UploadSnapshotMetadata
            | Self::UploadSnapshotData => controls(caller, canister),
            Self::UninstallCode
            | Self::StartCanister
            | Self::StopCanister
            | Self::CanisterMetrics
            | Self::DeleteCanister => admin || controls(caller, canister),
            Self::ListSnapshots | Self::ReadSnapshotMetadata | Self::ReadSnapshotData => canister
                .settings
                .snapshot_visibility
                .permits(caller, controllers),
            Self::UploadChunk | Self::ClearChunkStore | Self::StoredChunks => {
                itself || controls(caller, canister)
            }
            Self::CanisterStatus => {
                itself
                    || admin
                    || canister
                        .settings
                        .status_visibility
                        .permits(caller, controllers)
            }
            Self::FetchCanisterLogs => canister
                .settings
                .log_visibility
                .permits(caller, controllers),
            Self::ListCanisters => admin,
            Self::CreateCanister
            | Self::ProvisionalCreate
            | Self::ProvisionalTopUp
            | Self::SubnetInfo
            | Self::DepositCycles
            | Self::RawRand
            | Self::CanisterInfo
            | Self::CanisterMetadata => true,
        };
        if permitted {
            return Ok(());
        }
        let controllers: Vec<String> = controllers.iter().map(Principal::to_string).collect();
        Err(Refusal::new(
            ErrorCode::NotController,
            format!(
                "only controllers of canister {} may call {}: the controllers are {}, the caller is {caller}",
                canister.id,
                self.name(),
                controllers.join(" ")
            ),
        ))
    }
}

/// The canister that a call is about (HTTP-132, HTTP-133).
///
/// # Errors
/// If the argument names none.
pub(crate) fn target(method: Method, argument: &[u8]) -> Result<CanisterId, Refusal> {
    // Large fields are decoded as what they are: skipping them would take longer.
    let target = match method {
        Method::InstallChunkedCode => decode::<TargetCanisterRecord>(argument)?.target_canister,
        Method::InstallCode => decode::<InstallCode>(argument)?.canister_id,
        Method::UploadChunk => decode::<UploadChunk>(argument)?.canister_id,
        Method::UploadSnapshotData => decode::<UploadSnapshotData>(argument)?.canister_id,
        Method::CreateCanister
        | Method::UpdateSettings
        | Method::ClearChunkStore
        | Method::StoredChunks
        | Method::UninstallCode
        | Method::StartCanister
        | Method::StopCanister
        | Method::CanisterStatus
        | Method::DeleteCanister
        | Method::DepositCycles
        | Method::RawRand
        | Method::CanisterMetrics
        | Method::ListCanisters
        | Method::SubnetInfo
        | Method::CanisterInfo
        | Method::CanisterMetadata
        | Method::FetchCanisterLogs
        | Method::TakeSnapshot
        | Method::LoadSnapshot
        | Method::ListSnapshots
        | Method::DeleteSnapshot
        | Method::ReadSnapshotMetadata
        | Method::ReadSnapshotData
        | Method::UploadSnapshotMetadata
        | Method::ProvisionalCreate
        | Method::ProvisionalTopUp => decode::<CanisterIdRecord>(argument)?.canister_id,
    };
    Ok(canister(&target))
}

/// The `sender_canister_version` of a call, if it has one (MGMT-005).
pub(crate) fn sender_version(name: &str, argument: &[u8]) -> Option<u64> {
    #[derive(candid::CandidType, candid::Deserialize)]
    struct SenderVersion {
        sender_canister_version: Option<u64>,
    }
    match Method::parse(name).ok()? {
        Method::InstallCode => {
            decode::<InstallCode>(argument)
                .ok()?
                .sender_canister_version
        }
        Method::CreateCanister
        | Method::UpdateSettings
        | Method::InstallChunkedCode
        | Method::UninstallCode
        | Method::TakeSnapshot
        | Method::LoadSnapshot
        | Method::ProvisionalCreate => {
            decode::<SenderVersion>(argument)
                .ok()?
                .sender_canister_version
        }
        Method::UploadChunk
        | Method::ClearChunkStore
        | Method::StoredChunks
        | Method::StartCanister
        | Method::StopCanister
        | Method::CanisterStatus
        | Method::DeleteCanister
        | Method::DepositCycles
        | Method::RawRand
        | Method::CanisterMetrics
        | Method::ListCanisters
        | Method::SubnetInfo
        | Method::CanisterInfo
        | Method::CanisterMetadata
        | Method::FetchCanisterLogs
        | Method::ListSnapshots
        | Method::DeleteSnapshot
        | Method::ReadSnapshotMetadata
        | Method::ReadSnapshotData
        | Method::UploadSnapshotMetadata
        | Method::UploadSnapshotData
        | Method::ProvisionalTopUp => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_of_the_specification_is_known() {
        // MGMT-010 to MGMT-048: 30 methods are there, 13 are named as missing
        assert_eq!((Method::NAMES.len(), MISSING.len()), (30, 13));
        for (name, method) in Method::NAMES {
            assert_eq!(method.name(), *name);
            assert_eq!(Method::parse(name), Ok(*method));
        }
        for name in MISSING {
            assert_eq!(
                Method::parse(name).map_err(|reject| reject.error),
                Err(ErrorCode::NotImplemented)
            );
        }
        let unknown = Method::parse("no_such_method").map_err(|reject| reject.error);
        assert_eq!(unknown, Err(ErrorCode::UnknownManagementMethod));
    }
}
