//! Every path of the system state tree, as a function from typed names (CERT-120 to CERT-140).
//!
//! A function without a last label gives the path above: what is below it can be asked for as a whole.
//!
//! ```
//! use ic_certification::paths;
//! use ic_types::CanisterId;
//!
//! let path = paths::canister::module_hash(CanisterId::from_u64(2));
//! assert_eq!(path.to_string(), "/canister/0x00000000000000020101/module_hash");
//! ```

use ic_types::{Label, NodeId, Path, RequestId, SubnetId};

/// The fixed labels.
pub(crate) mod label {
    pub(crate) const API_BOUNDARY_NODES: &[u8] = b"api_boundary_nodes";
    pub(crate) const CANISTER: &[u8] = b"canister";
    pub(crate) const CANISTER_RANGES: &[u8] = b"canister_ranges";
    pub(crate) const CERTIFIED_DATA: &[u8] = b"certified_data";
    pub(crate) const ERROR_CODE: &[u8] = b"error_code";
    pub(crate) const METADATA: &[u8] = b"metadata";
    pub(crate) const NODE: &[u8] = b"node";
    pub(crate) const PUBLIC_KEY: &[u8] = b"public_key";
    pub(crate) const REJECT_CODE: &[u8] = b"reject_code";
    pub(crate) const REJECT_MESSAGE: &[u8] = b"reject_message";
    pub(crate) const REPLY: &[u8] = b"reply";
    pub(crate) const REQUEST_STATUS: &[u8] = b"request_status";
    pub(crate) const STATUS: &[u8] = b"status";
    pub(crate) const SUBNET: &[u8] = b"subnet";
    pub(crate) const TIME: &[u8] = b"time";
    pub(crate) const TYPE: &[u8] = b"type";
}

fn path<const N: usize>(labels: [&[u8]; N]) -> Path {
    labels.into_iter().map(Label::from).collect()
}

/// `/time`: when the state was certified (CERT-122).
pub fn time() -> Path {
    path([label::TIME])
}

/// `/canister_ranges/<subnet>`: all shards of the subnet's canister ranges (CERT-120).
pub fn canister_ranges(subnet: SubnetId) -> Path {
    path([label::CANISTER_RANGES, subnet.as_slice()])
}

/// `/api_boundary_nodes/<node>/..` (CERT-123 to CERT-125).
pub mod api_boundary_node {
    use super::{NodeId, Path, label, path};

    /// `/api_boundary_nodes`
    pub fn all() -> Path {
        path([label::API_BOUNDARY_NODES])
    }

    /// `/api_boundary_nodes/<node>`
    pub fn of(node: NodeId) -> Path {
        path([label::API_BOUNDARY_NODES, node.as_slice()])
    }

    /// `/api_boundary_nodes/<node>/domain` (CERT-123)
    pub fn domain(node: NodeId) -> Path {
        of(node).child("domain")
    }

    /// `/api_boundary_nodes/<node>/ipv4_address` (CERT-124)
    pub fn ipv4_address(node: NodeId) -> Path {
        of(node).child("ipv4_address")
    }

    /// `/api_boundary_nodes/<node>/ipv6_address` (CERT-125)
    pub fn ipv6_address(node: NodeId) -> Path {
        of(node).child("ipv6_address")
    }
}

/// `/subnet/<subnet>/..` (CERT-121, CERT-126 to CERT-129).
pub mod subnet {
    use super::{NodeId, Path, SubnetId, label, path};

    /// `/subnet`
    pub fn all() -> Path {
        path([label::SUBNET])
    }

    /// `/subnet/<subnet>`
    pub fn of(subnet: SubnetId) -> Path {
        path([label::SUBNET, subnet.as_slice()])
    }

    /// `/subnet/<subnet>/public_key` (CERT-126)
    pub fn public_key(subnet: SubnetId) -> Path {
        of(subnet).child(label::PUBLIC_KEY)
    }

    /// `/subnet/<subnet>/canister_ranges`: the flat layout (CERT-121)
    pub fn canister_ranges(subnet: SubnetId) -> Path {
        of(subnet).child(label::CANISTER_RANGES)
    }

    /// `/subnet/<subnet>/type` (CERT-127)
    pub fn kind(subnet: SubnetId) -> Path {
        of(subnet).child(label::TYPE)
    }

    /// `/subnet/<subnet>/metrics` (CERT-128)
    pub fn metrics(subnet: SubnetId) -> Path {
        of(subnet).child("metrics")
    }

    /// `/subnet/<subnet>/node`
    pub fn nodes(subnet: SubnetId) -> Path {
        of(subnet).child(label::NODE)
    }

    /// `/subnet/<subnet>/node/<node>/public_key` (CERT-129)
    pub fn node_public_key(subnet: SubnetId, node: NodeId) -> Path {
        nodes(subnet)
            .child(node.as_slice())
            .child(label::PUBLIC_KEY)
    }
}

/// `/request_status/<request>/..` (CERT-130 to CERT-134).
pub mod request_status {
    use super::{Path, RequestId, label, path};

    /// `/request_status/<request>`
    pub fn of(request: &RequestId) -> Path {
        path([label::REQUEST_STATUS, request.as_bytes()])
    }

    /// `/request_status/<request>/status` (CERT-130)
    pub fn status(request: &RequestId) -> Path {
        of(request).child(label::STATUS)
    }

    /// `/request_status/<request>/reply` (CERT-131)
    pub fn reply(request: &RequestId) -> Path {
        of(request).child(label::REPLY)
    }

    /// `/request_status/<request>/reject_code` (CERT-132)
    pub fn reject_code(request: &RequestId) -> Path {
        of(request).child(label::REJECT_CODE)
    }

    /// `/request_status/<request>/reject_message` (CERT-133)
    pub fn reject_message(request: &RequestId) -> Path {
        of(request).child(label::REJECT_MESSAGE)
    }

    /// `/request_status/<request>/error_code` (CERT-134)
    pub fn error_code(request: &RequestId) -> Path {
        of(request).child(label::ERROR_CODE)
    }
}

/// `/canister/<canister>/..` (CERT-135 to CERT-140).
pub mod canister {
    use ic_types::CanisterId;

    use super::{Path, label, path};

    /// `/canister/<canister>`
    pub fn of(canister: CanisterId) -> Path {
        path([label::CANISTER, canister.as_slice()])
    }

    /// `/canister/<canister>/certified_data`: never readable by users (CERT-111, CERT-135)
    pub fn certified_data(canister: CanisterId) -> Path {
        of(canister).child(label::CERTIFIED_DATA)
    }

    /// `/canister/<canister>/module_hash` (CERT-136)
    pub fn module_hash(canister: CanisterId) -> Path {
        of(canister).child("module_hash")
    }

    /// `/canister/<canister>/controllers` (CERT-137)
    pub fn controllers(canister: CanisterId) -> Path {
        of(canister).child("controllers")
    }

    /// `/canister/<canister>/canister_creation_timestamp` (CERT-138)
    pub fn creation_timestamp(canister: CanisterId) -> Path {
        of(canister).child("canister_creation_timestamp")
    }

    /// `/canister/<canister>/last_install_timestamp` (CERT-139)
    pub fn last_install_timestamp(canister: CanisterId) -> Path {
        of(canister).child("last_install_timestamp")
    }

    /// `/canister/<canister>/metadata/<name>` (CERT-140)
    pub fn metadata(canister: CanisterId, name: &str) -> Path {
        of(canister).child(label::METADATA).child(name)
    }
}
