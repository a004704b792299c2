//! Every value of the system state tree, with its path and its type: the one place that says how it is encoded
//! (CERT-120 to CERT-140).
//!
//! The same [`LeafPath`] writes a value into a [`LabeledTree`] and reads it out of a tree that somebody shows.
//!
//! ```
//! use ic_certification::leaves::{self, Shown};
//! use ic_certification::LabeledTree;
//! use ic_types::{CanisterId, Digest};
//!
//! let module_hash = leaves::canister::module_hash(CanisterId::from_u64(2));
//! let mut state = LabeledTree::empty();
//! state.put(&module_hash, &Digest::of(b"\0asm"));
//!
//! let shown = state.witness(&[module_hash.path().clone()]);
//! assert_eq!(shown.value_at(&module_hash)?, Shown::Value(Digest::of(b"\0asm")));
//! assert_eq!(shown.value_at(&leaves::time())?, Shown::Absent);
//! # Ok::<(), ic_certification::leaves::MalformedLeaf>(())
//! ```

mod values;

use std::fmt;
use std::marker::PhantomData;

use ic_types::{
    CanisterId, CanisterRanges, DerPublicKey, Digest, NodeId, Path, Principal, RequestId, SubnetId,
    Time,
};

pub use self::values::{LeafValue, NotItsType, SubnetMetrics, SubnetType};
use crate::{HashTree, LabeledTree, Lookup, VerifiedCertificate, paths};

/// Where a value of type `T` stands in the state tree.
pub struct LeafPath<T> {
    path: Path,
    value: PhantomData<fn() -> T>,
}

impl<T> LeafPath<T> {
    fn new(path: Path) -> Self {
        Self {
            path,
            value: PhantomData,
        }
    }

    /// The path alone.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl<T> Clone for LeafPath<T> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<T> fmt::Debug for LeafPath<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, f)
    }
}

/// What a tree says about a typed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<T> {
    /// It is this.
    Value(T),
    /// The tree proves that there is none.
    Absent,
    /// The tree does not show it. This proves nothing.
    Unknown,
}

impl<T> Shown<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// A tree shows something that is no value of the type that belongs there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} is not {expected}")]
pub struct MalformedLeaf {
    /// Where.
    pub path: Path,
    /// What should be there.
    pub expected: &'static str,
}

impl HashTree {
    /// What the tree says about a value.
    ///
    /// # Errors
    /// There is something else: another type, or labels.
    pub fn value_at<T: LeafValue>(&self, leaf: &LeafPath<T>) -> Result<Shown<T>, MalformedLeaf> {
        let malformed = || MalformedLeaf {
            path: leaf.path.clone(),
            expected: T::EXPECTED,
        };
        match self.lookup(leaf.path.labels()) {
            Lookup::Found(bytes) => T::decode(bytes)
                .map(Shown::Value)
                .map_err(|NotItsType| malformed()),
            Lookup::SubTree => Err(malformed()),
            Lookup::Absent => Ok(Shown::Absent),
            Lookup::Unknown => Ok(Shown::Unknown),
        }
    }
}

impl VerifiedCertificate {
    /// What the state has as a value, as far as it was shown.
    ///
    /// # Errors
    /// There is something else: another type, or labels.
    pub fn value_at<T: LeafValue>(&self, leaf: &LeafPath<T>) -> Result<Shown<T>, MalformedLeaf> {
        self.tree().value_at(leaf)
    }
}

impl LabeledTree {
    /// Puts a value in its place, unless it is there already: then nothing is hashed again. Says whether the tree has
    /// changed.
    pub fn put<T: LeafValue>(&mut self, leaf: &LeafPath<T>, value: &T) -> bool {
        let bytes = value.encode();
        let changed = self.value(leaf.path.labels()) != Some(bytes.as_slice());
        if changed {
            self.insert(leaf.path.labels().iter().cloned(), bytes);
        }
        changed
    }

    /// Puts the canister ranges of a subnet in their place under `/canister_ranges`, `at_most` in each shard (CERT-120).
    /// The public network has five.
    ///
    /// # Panics
    /// If `at_most` is zero.
    pub fn put_canister_ranges(
        &mut self,
        subnet: SubnetId,
        ranges: &CanisterRanges,
        at_most: usize,
    ) {
        assert!(at_most > 0, "a shard holds at least one range");
        let shards = ranges.as_slice().chunks(at_most).filter_map(|shard| {
            let first = shard.first()?.start();
            // A part of sorted and disjoint ranges is sorted and disjoint.
            let shard = CanisterRanges::new(shard.to_vec()).ok()?;
            Some((
                ic_types::Label::from(first.as_slice()),
                Self::leaf(shard.encode()),
            ))
        });
        self.set(
            paths::canister_ranges(subnet).labels().iter().cloned(),
            shards.collect(),
        );
    }
}

/// `/time` (CERT-122)
pub fn time() -> LeafPath<Time> {
    LeafPath::new(paths::time())
}

/// `/canister_ranges/<subnet>/<first>`: one shard (CERT-120)
pub fn canister_ranges(subnet: SubnetId, first: Principal) -> LeafPath<CanisterRanges> {
    LeafPath::new(paths::canister_ranges(subnet).child(first.as_slice()))
}

/// `/api_boundary_nodes/<node>/..`
pub mod api_boundary_node {
    use super::{LeafPath, NodeId, paths};

    /// `domain` (CERT-123)
    pub fn domain(node: NodeId) -> LeafPath<String> {
        LeafPath::new(paths::api_boundary_node::domain(node))
    }

    /// `ipv4_address` (CERT-124)
    pub fn ipv4_address(node: NodeId) -> LeafPath<String> {
        LeafPath::new(paths::api_boundary_node::ipv4_address(node))
    }

    /// `ipv6_address` (CERT-125)
    pub fn ipv6_address(node: NodeId) -> LeafPath<String> {
        LeafPath::new(paths::api_boundary_node::ipv6_address(node))
    }
}

/// `/subnet/<subnet>/..`
pub mod subnet {
    use super::{
        CanisterRanges, DerPublicKey, LeafPath, NodeId, SubnetId, SubnetMetrics, SubnetType, paths,
    };

    /// `public_key` (CERT-126)
    pub fn public_key(subnet: SubnetId) -> LeafPath<DerPublicKey> {
        LeafPath::new(paths::subnet::public_key(subnet))
    }

    /// `canister_ranges`: the flat layout (CERT-121)
    pub fn canister_ranges(subnet: SubnetId) -> LeafPath<CanisterRanges> {
        LeafPath::new(paths::subnet::canister_ranges(subnet))
    }

    /// `type` (CERT-127)
    pub fn kind(subnet: SubnetId) -> LeafPath<SubnetType> {
        LeafPath::new(paths::subnet::kind(subnet))
    }

    /// `metrics` (CERT-128)
    pub fn metrics(subnet: SubnetId) -> LeafPath<SubnetMetrics> {
        LeafPath::new(paths::subnet::metrics(subnet))
    }

    /// `node/<node>/public_key` (CERT-129)
    pub fn node_public_key(subnet: SubnetId, node: NodeId) -> LeafPath<DerPublicKey> {
        LeafPath::new(paths::subnet::node_public_key(subnet, node))
    }
}

/// `/request_status/<request>/..`; all of them together are read with
/// [`VerifiedCertificate::request_status`](crate::VerifiedCertificate::request_status).
pub mod request_status {
    use ic_types::response::RejectCode;

    use super::{LeafPath, RequestId, paths};

    /// `status` (CERT-130)
    pub fn status(request: &RequestId) -> LeafPath<String> {
        LeafPath::new(paths::request_status::status(request))
    }

    /// `reply` (CERT-131)
    pub fn reply(request: &RequestId) -> LeafPath<Vec<u8>> {
        LeafPath::new(paths::request_status::reply(request))
    }

    /// `reject_code` (CERT-132)
    pub fn reject_code(request: &RequestId) -> LeafPath<RejectCode> {
        LeafPath::new(paths::request_status::reject_code(request))
    }

    /// `reject_message` (CERT-133)
    pub fn reject_message(request: &RequestId) -> LeafPath<String> {
        LeafPath::new(paths::request_status::reject_message(request))
    }

    /// `error_code` (CERT-134)
    pub fn error_code(request: &RequestId) -> LeafPath<String> {
        LeafPath::new(paths::request_status::error_code(request))
    }
}

/// `/canister/<canister>/..`
pub mod canister {
    use super::{CanisterId, Digest, LeafPath, Principal, Time, paths};

    /// `certified_data` (CERT-135)
    pub fn certified_data(canister: CanisterId) -> LeafPath<Vec<u8>> {
        LeafPath::new(paths::canister::certified_data(canister))
    }

    /// `module_hash` (CERT-136)
    pub fn module_hash(canister: CanisterId) -> LeafPath<Digest> {
        LeafPath::new(paths::canister::module_hash(canister))
    }

    /// `controllers`, in an order that means nothing (CERT-137, HTTP-180)
    pub fn controllers(canister: CanisterId) -> LeafPath<Vec<Principal>> {
        LeafPath::new(paths::canister::controllers(canister))
    }

    /// `canister_creation_timestamp` (CERT-138)
    pub fn creation_timestamp(canister: CanisterId) -> LeafPath<Time> {
        LeafPath::new(paths::canister::creation_timestamp(canister))
    }

    /// `last_install_timestamp` (CERT-139)
    pub fn last_install_timestamp(canister: CanisterId) -> LeafPath<Time> {
        LeafPath::new(paths::canister::last_install_timestamp(canister))
    }

    /// `metadata/<name>` (CERT-140)
    pub fn metadata(canister: CanisterId, name: &str) -> LeafPath<Vec<u8>> {
        LeafPath::new(paths::canister::metadata(canister, name))
    }
}
