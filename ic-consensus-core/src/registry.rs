//! Who the members of the subnet are, which keys they have, and how it is configured: what the embedder answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use ic_crypto::multisig;
use ic_crypto::threshold::Transcript;
use ic_types::{NodeId, RegistryVersion, SubnetId};

use crate::committee::Size;
use crate::config::Config;
use crate::keys::NodeRecord;

/// A subnet at one version of the registry. One that exists is consistent.
#[derive(Clone, Debug)]
pub struct SubnetRecord {
    subnet: SubnetId,
    members: BTreeMap<NodeId, NodeRecord>,
    committee: multisig::Committee,
    low: Transcript,
    high: Transcript,
    config: Config,
}

/// Why members and keys do not make a subnet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InconsistentRecord {
    /// There are no members, or too many to be counted.
    #[error("a subnet cannot have {found} members")]
    Members {
        /// How many there are.
        found: usize,
    },
    /// A member is listed under a name that is not the hash of its key.
    #[error("member {listed} has the key of {key}")]
    Name {
        /// The name under which it is listed.
        listed: NodeId,
        /// The hash of its key.
        key: NodeId,
    },
    /// A key is shared among another number of nodes, or needs another number of shares.
    #[error(
        "the {key} key needs {required} of {total} shares, and {expected_required} of {expected_total} are expected"
    )]
    Sharing {
        /// Which of the two keys.
        key: &'static str,
        /// Shares that it needs.
        required: u32,
        /// Shares that there are.
        total: u32,
        /// Shares that it should need.
        expected_required: usize,
        /// Members, each of which should have one.
        expected_total: usize,
    },
}

impl SubnetRecord {
    /// A subnet of these members. The member at place i of the order of the ids has the share of both keys with index
    /// i + 1.
    ///
    /// # Errors
    /// If a name is not that of the key, or a key is not shared among exactly these members with the thresholds of a
    /// subnet of their number: f + 1 for `low`, 2f + 1 for `high`.
    pub fn new(
        subnet: SubnetId,
        members: BTreeMap<NodeId, NodeRecord>,
        low: Transcript,
        high: Transcript,
        config: Config,
    ) -> Result<Self, InconsistentRecord> {
        let total = members.len();
        if total == 0 || total > crate::artifact::MAX_SIGNERS {
            return Err(InconsistentRecord::Members { found: total });
        }
        for (listed, member) in &members {
            let key = member.signing.node_id();
            if key != *listed {
                return Err(InconsistentRecord::Name {
                    listed: *listed,
                    key,
                });
            }
        }
        let size = Size::of(total);
        for (key, transcript, required) in [
            ("low", &low, size.low_threshold()),
            ("high", &high, size.quorum()),
        ] {
            let found = transcript.threshold();
            let agrees = |found: u32, expected: usize| {
                usize::try_from(found).is_ok_and(|found| found == expected)
            };
            if !agrees(found.required(), required) || !agrees(found.total(), total) {
                return Err(InconsistentRecord::Sharing {
                    key,
                    required: found.required(),
                    total: found.total(),
                    expected_required: required,
                    expected_total: total,
                });
            }
        }
        let committee = multisig::Committee::new(
            members
                .iter()
                .map(|(node, member)| (*node, member.committee.clone())),
        );
        Ok(Self {
            subnet,
            members,
            committee,
            low,
            high,
            config,
        })
    }

    /// The subnet's name.
    pub fn subnet(&self) -> SubnetId {
        self.subnet
    }

    /// Its members, each with its public keys.
    pub fn members(&self) -> &BTreeMap<NodeId, NodeRecord> {
        &self.members
    }

    /// The key for randomness, of which `f + 1` shares are needed.
    pub fn low(&self) -> &Transcript {
        &self.low
    }

    /// The key for certification, of which `2f + 1` shares are needed. Its group key is the public key of the subnet.
    pub fn high(&self) -> &Transcript {
        &self.high
    }

    /// Delays, gaps and bounds.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The keys that the members vote with.
    pub(crate) fn committee(&self) -> &multisig::Committee {
        &self.committee
    }
}

/// The registry, as far as this node knows it.
pub trait Registry {
    /// The newest version that this node has. Never decreases.
    fn latest(&self) -> RegistryVersion;

    /// The subnet at `version`, or `None` if this node does not have that version *yet*.
    ///
    /// The same version always gives the same answer, on every node: consensus depends on it. A version that was in
    /// force stays available while heights under it are.
    fn subnet(&self, version: RegistryVersion) -> Option<Arc<SubnetRecord>>;
}

/// A registry that fits in memory: enough for tests and for a fixed subnet.
impl Registry for BTreeMap<RegistryVersion, Arc<SubnetRecord>> {
    fn latest(&self) -> RegistryVersion {
        self.keys()
            .next_back()
            .copied()
            .unwrap_or(RegistryVersion::FIRST)
    }

    fn subnet(&self, version: RegistryVersion) -> Option<Arc<SubnetRecord>> {
        self.get(&version).cloned()
    }
}
