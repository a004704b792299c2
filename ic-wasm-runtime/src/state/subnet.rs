//! What a subnet is, before anything happens on it (CERT-120..129, HTTP-225, LIM-110..112).

use std::collections::BTreeMap;

use ic_types::{CanisterId, CanisterRange, CanisterRanges, DerPublicKey, NodeId, SubnetId};

use crate::cycles::Prices;

/// What kind of subnet it is; decides what things cost (LIM-110).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubnetKind {
    /// Canisters pay by the published prices.
    Application,
    /// Nothing costs anything (COST-012).
    System,
    /// As an application subnet, for canisters that were let in one by one.
    VerifiedApplication,
    /// Rented as a whole: nothing costs anything, and canister signatures from it are invalid (LIM-113).
    CloudEngine,
}

impl SubnetKind {
    /// The text under `/subnet/<id>/type` (CERT-127).
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::System => "system",
            Self::VerifiedApplication => "verified_application",
            Self::CloudEngine => "cloud_engine",
        }
    }

    /// What a subnet of this kind with this many nodes charges.
    pub fn prices(self, nodes: usize) -> Prices {
        match self {
            Self::Application | Self::VerifiedApplication => Prices::application(nodes),
            Self::System | Self::CloudEngine => Prices::free(),
        }
    }
}

/// A subnet: who it is, and which canisters it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its name. For a subnet that is its own root it has to be the self-authenticating principal of
    /// `public_key`, or clients will not find it (HTTP-225); see [`Subnet::root`].
    pub id: SubnetId,
    /// The key under which its state is certified, DER (CERT-126).
    pub public_key: DerPublicKey,
    /// The key under which other subnets' keys are certified, DER; its own if it is the root.
    pub root_key: DerPublicKey,
    /// Its nodes, and the keys under which they sign answers to queries, DER (CERT-129).
    pub nodes: BTreeMap<NodeId, DerPublicKey>,
    /// Which canister ids it answers for. New ids come from the last range; ids
    /// in the others can be asked for by name.
    pub canister_ranges: CanisterRanges,
    /// Its kind.
    pub kind: SubnetKind,
    /// Whether anybody may make cycles and canisters out of nothing (MGMT-046, MGMT-047, HTTP-140): a
    /// development instance.
    pub provisional: bool,
}

impl Subnet {
    /// A subnet that is its own root: what a node alone, or a local network, is.
    ///
    /// Ids are given out from counter 2^20 on (`0x0000_0000_0010_0000`), so that those of well-known canisters
    /// stay free to be asked for.
    pub fn root(public_key: DerPublicKey, nodes: BTreeMap<NodeId, DerPublicKey>) -> Self {
        Self {
            id: SubnetId::of_key(&public_key),
            root_key: public_key.clone(),
            public_key,
            nodes,
            canister_ranges: CanisterRanges::new(
                [0, 1]
                    .into_iter()
                    .filter_map(CanisterRange::block)
                    .collect(),
            )
            .unwrap_or_default(),
            kind: SubnetKind::Application,
            provisional: true,
        }
    }

    /// Whether the canister id lies in one of the ranges (HTTP-137).
    pub fn owns(&self, canister: &CanisterId) -> bool {
        self.canister_ranges.contains(*canister)
    }

    /// The range from which new ids come.
    pub(crate) fn allocation_range(&self) -> Option<&CanisterRange> {
        self.canister_ranges.as_slice().last()
    }

    /// What it charges.
    pub fn prices(&self) -> Prices {
        self.kind.prices(self.nodes.len())
    }
}
