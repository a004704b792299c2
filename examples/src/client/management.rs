//! What a client says to the management canister to get a canister running, in Candid (MGMT-011 to MGMT-046).

use candid::{CandidType, Decode, Encode, Principal as CandidPrincipal};
use ic_types::{CanisterId, Principal};
use serde::{Deserialize, Serialize};

/// How code replaces code (MGMT-053).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallMode {
    /// Into an empty canister.
    Install,
    /// Whatever was there is forgotten.
    Reinstall,
    /// Stable memory stays; main memory too, if `keep_main_memory`.
    Upgrade {
        /// What modules with enhanced orthogonal persistence want.
        keep_main_memory: bool,
    },
}

#[derive(CandidType)]
struct ProvisionalCreate {
    amount: Option<u128>,
}

#[derive(CandidType, Deserialize)]
struct CanisterRecord {
    canister_id: CandidPrincipal,
}

#[derive(CandidType, Serialize)]
enum Persistence {
    #[serde(rename = "keep")]
    Keep,
}

#[derive(CandidType, Serialize)]
struct UpgradeOptions {
    wasm_memory_persistence: Option<Persistence>,
}

#[derive(CandidType, Serialize)]
enum Mode {
    #[serde(rename = "install")]
    Install,
    #[serde(rename = "reinstall")]
    Reinstall,
    #[serde(rename = "upgrade")]
    Upgrade(Option<UpgradeOptions>),
}

#[derive(CandidType)]
struct InstallCode<'a> {
    mode: Mode,
    canister_id: CandidPrincipal,
    wasm_module: &'a [u8],
    arg: &'a [u8],
}

/// The argument of `provisional_create_canister_with_cycles`: the subnet's default balance.
///
/// # Errors
/// If Candid cannot say it, which would be a fault of this file.
pub fn provisional_create() -> Result<Vec<u8>, candid::Error> {
    Encode!(&ProvisionalCreate { amount: None })
}

/// The identifier in the answer to a creation.
///
/// # Errors
/// If `reply` is something else.
pub fn created(reply: &[u8]) -> Result<CanisterId, candid::Error> {
    let record = Decode!(reply, CanisterRecord)?;
    let principal = Principal::try_from_slice(record.canister_id.as_slice())
        .map_err(|error| candid::Error::msg(error.to_string()))?;
    Ok(CanisterId::new(principal))
}

/// The argument of `install_code`.
///
/// # Errors
/// As [`provisional_create`].
pub fn install_code(
    canister: CanisterId,
    mode: InstallMode,
    module: &[u8],
    argument: &[u8],
) -> Result<Vec<u8>, candid::Error> {
    let mode = match mode {
        InstallMode::Install => Mode::Install,
        InstallMode::Reinstall => Mode::Reinstall,
        InstallMode::Upgrade { keep_main_memory } => {
            Mode::Upgrade(keep_main_memory.then_some(UpgradeOptions {
                wasm_memory_persistence: Some(Persistence::Keep),
            }))
        }
    };
    Encode!(&InstallCode {
        mode,
        canister_id: CandidPrincipal::from_slice(canister.principal().as_slice()),
        wasm_module: module,
        arg: argument,
    })
}
