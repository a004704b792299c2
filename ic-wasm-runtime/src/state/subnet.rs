//! What a subnet is, before anything happens on it (CERT-120 to CERT-129, HTTP-225, LIM-110 to LIM-112).

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{
    CanisterId, CanisterRange, CanisterRanges, DerPublicKey, NodeId, Principal, SubnetId,
};

use crate::cycles::Prices;

pub use ic_certification::leaves::SubnetType;

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
    /// Its kind, which decides what things cost.
    pub kind: SubnetType,
    /// Who may create canisters by their own calls and look after those of others (MGMT-009); as a rule nobody.
    pub admins: BTreeSet<Principal>,
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
            kind: SubnetType::Application,
            admins: BTreeSet::new(),
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

    /// What it charges (LIM-110 to LIM-113).
    pub fn prices(&self) -> Prices {
        match self.kind {
            SubnetType::Application | SubnetType::VerifiedApplication => {
                Prices::application(self.nodes.len())
            }
            SubnetType::System | SubnetType::CloudEngine => Prices::free(),
        }
    }
}
