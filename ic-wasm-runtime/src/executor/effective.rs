//! Through which canister's address a call must come (HTTP-130 to HTTP-136).

use ic_types::CanisterId;

use super::{
    Refusal,
    management::{self, Method},
};

/// The address that a request must come through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effective {
    /// That of this canister.
    Canister(CanisterId),
    /// Any canister's of the subnet, whether it exists or not (HTTP-131, HTTP-135).
    Any,
}

impl Effective {
    /// Whether a request that came through the address of `canister` came through the right one.
    pub fn permits(&self, canister: &CanisterId) -> bool {
        match self {
            Self::Canister(expected) => expected == canister,
            Self::Any => true,
        }
    }
}

/// The address that a call or query to `canister` must come through.
///
/// # Errors
/// If it goes to the management canister and names no canister in its argument, or a method that users cannot
/// call (HTTP-134, HTTP-136).
pub fn effective_canister(
    canister: &CanisterId,
    method: &str,
    argument: &[u8],
) -> Result<Effective, Refusal> {
    if *canister != CanisterId::MANAGEMENT {
        return Ok(Effective::Canister(*canister));
    }
    let method = Method::parse(method)?;
    if method.creates_canister() || method == Method::ListCanisters {
        return Ok(Effective::Any);
    }
    management::target(method, argument).map(Effective::Canister)
}
