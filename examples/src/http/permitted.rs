//! Which paths a read_state request may name: the table HTTP-160 to HTTP-170, row by row.
//!
//! A path that is not in the table is refused whole: a certificate shows that something is *absent* as well as that
//! it is there, so even "not found" would be an answer.

use axum::http::StatusCode;
use ic_types::{Digest, Path, Principal, RequestId, SubnetId, UserId};

use super::Refusal;

/// Version 2 is deprecated; it knows the flat list of canister ranges of every subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/api/v2/.../read_state`
    V2,
    /// `/api/v3/.../read_state`
    V3,
}

/// Whom the URL names: its effective identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `/api/v<n>/canister/<id>/read_state`
    Canister(Principal),
    /// `/api/v<n>/subnet/<id>/read_state`
    Subnet(Principal),
}

impl Scope {
    /// The principal in the URL.
    pub const fn effective(&self) -> Principal {
        match self {
            Self::Canister(principal) | Self::Subnet(principal) => *principal,
        }
    }
}

/// Who asks, and where.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The version in the URL.
    pub version: Version,
    /// The identifier in the URL.
    pub scope: Scope,
    /// The authenticated sender.
    pub sender: UserId,
    /// The subnet without a delegation.
    pub root_subnet: SubnetId,
}

/// What the table's conditions ask of the state from which the answer will be made.
pub trait Facts {
    /// Whether `asked` may see the status of this request: nobody knows it, or it is the asker's, came in by the
    /// same effective identifier and went to a canister that the asker's delegations permit (HTTP-087, HTTP-167).
    fn request_is_visible(&self, id: &RequestId, asked: &Asked) -> bool;

    /// Whether this section of the canister is private and `sender` is not among its controllers (HTTP-169).
    fn section_is_hidden(&self, canister: Principal, name: &str, sender: UserId) -> bool;
}

/// Whether all of `paths` may be shown to whoever `asked`.
///
/// # Errors
/// The first path that may not, as the refusal to send. Malformed identifiers are bad requests, unknown forms are not
/// found, what belongs to others is forbidden.
pub fn permit(paths: &[Path], asked: &Asked, facts: &impl Facts) -> Result<(), Refusal> {
    let mut request: Option<RequestId> = None;
    let mut ranges: Option<Principal> = None;
    for path in paths {
        let labels: Vec<&[u8]> = path
            .labels()
            .iter()
            .map(ic_types::Label::as_slice)
            .collect();
        match (labels.as_slice(), asked.scope) {
            ([b"time"], _) => {}
            ([b"api_boundary_nodes"] | [b"api_boundary_nodes", _], _) => {}
            (
                [
                    b"api_boundary_nodes",
                    _,
                    b"domain" | b"ipv4_address" | b"ipv6_address",
                ],
                _,
            ) => {}
            ([b"canister_ranges", subnet], Scope::Subnet(_)) => {
                let subnet = principal(subnet)?;
                if ranges
                    .replace(subnet)
                    .is_some_and(|earlier| earlier != subnet)
                {
                    return Err(Refusal::bad_request(
                        "More than one subnet in canister_ranges paths.",
                    ));
                }
            }
            ([b"subnet"], _) => {}
            ([b"subnet", subnet] | [b"subnet", subnet, b"public_key" | b"type" | b"node"], _) => {
                principal(subnet)?;
            }
            (
                [b"subnet", subnet, b"node", node]
                | [b"subnet", subnet, b"node", node, b"public_key"],
                _,
            ) => {
                principal(subnet)?;
                principal(node)?;
            }
            ([b"subnet", subnet, b"canister_ranges"], _) => {
                if principal(subnet)? != asked.root_subnet.principal()
                    && asked.version != Version::V2
                {
                    return Err(unknown_form());
                }
            }
            ([b"subnet", subnet, b"metrics"], Scope::Subnet(effective)) => {
                same(principal(subnet)?, effective)?;
            }
            ([b"request_status", id], _)
            | (
                [
                    b"request_status",
                    id,
                    b"status" | b"reply" | b"reject_code" | b"reject_message" | b"error_code",
                ],
                _,
            ) => {
                let id = request_id(id)?;
                if request.replace(id).is_some_and(|earlier| earlier != id) {
                    return Err(Refusal::bad_request(
                        "More than one request ID exists in request_status paths.",
                    ));
                }
                if !facts.request_is_visible(&id, asked) {
                    return Err(Refusal::forbidden(
                        "The user tries to access Request ID not signed by the caller.",
                    ));
                }
            }
            (
                [
                    b"canister",
                    canister,
                    b"module_hash"
                    | b"controllers"
                    | b"canister_creation_timestamp"
                    | b"last_install_timestamp",
                ],
                Scope::Canister(effective),
            ) => same(principal(canister)?, effective)?,
            ([b"canister", canister, b"metadata", name], Scope::Canister(effective)) => {
                let canister = principal(canister)?;
                same(canister, effective)?;
                let name = std::str::from_utf8(name).map_err(|error| {
                    Refusal::bad_request(format!(
                        "Could not parse the custom section name: {error}."
                    ))
                })?;
                if facts.section_is_hidden(canister, name, asked.sender) {
                    return Err(Refusal::forbidden(format!(
                        "Custom section {name:.100} can only be requested by the controllers of the canister."
                    )));
                }
            }
            _ => return Err(unknown_form()),
        }
    }
    Ok(())
}

fn unknown_form() -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        text: "Invalid path requested.".to_owned(),
    }
}

fn principal(bytes: &[u8]) -> Result<Principal, Refusal> {
    Principal::try_from_slice(bytes).map_err(|error| {
        Refusal::bad_request(format!("Could not parse a principal in paths: {error}."))
    })
}

fn request_id(bytes: &[u8]) -> Result<RequestId, Refusal> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
        Refusal::bad_request("Invalid request id in paths: it is not 32 bytes long.")
    })?;
    Ok(RequestId::new(Digest::new(bytes)))
}

fn same(named: Principal, effective: Principal) -> Result<(), Refusal> {
    if named == effective {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "Effective principal id in URL {effective} does not match requested principal id: {named}."
    )))
}

#[cfg(test)]
mod tests;
