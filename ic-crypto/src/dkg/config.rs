//! Who deals to whom, with which threshold, in which epoch.

use std::collections::{BTreeMap, BTreeSet};

use ic_types::domain::local;
use ic_types::{Digest, DigestHasher, NodeId};

use super::Transcript;
use super::forward_secure::{EncryptionKey, Epoch};
use crate::threshold::{self, ShareIndex, Threshold, tolerated_faults};

/// The most dealers or receivers that there may be. (Subnets have up to 40 nodes or so.)
pub const LARGEST_COMMITTEE: usize = 1024;

/// What everybody has to agree on before dealings are made. A `Config` that exists is consistent.
///
/// Nodes are numbered by their place among the receivers or dealers, in the order of their names; so all who know the sets
/// know the numbers.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name and number of each dealer.
    dealers: BTreeMap<NodeId, u32>,
    receivers: Vec<NodeId>,
    keys: Vec<EncryptionKey>,
    threshold: Threshold,
    epoch: Epoch,
    previous: Option<threshold::Transcript>,
    digest: Digest,
}

/// The sets and numbers do not make a key generation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadConfig {
    /// Nobody deals.
    #[error("there are no dealers")]
    NoDealers,
    /// More dealers or receivers than [`LARGEST_COMMITTEE`].
    #[error("{found} nodes; at most {LARGEST_COMMITTEE} are possible")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A key of which another node proved possession.
    #[error("the encryption key that is said to be of {receiver} was proved to be another node's")]
    OtherOwner {
        /// Whose it is said to be.
        receiver: NodeId,
    },
    /// Two different keys of one receiver.
    #[error("there are two encryption keys of {receiver}")]
    TwoKeys {
        /// Whose.
        receiver: NodeId,
    },
    /// The threshold is for another number of shares than there are receivers.
    #[error("a threshold out of {expected} shares for {found} receivers")]
    Receivers {
        /// As many as the threshold says.
        expected: u32,
        /// As many as there are.
        found: usize,
    },
    /// So many shares are required that the faulty receivers alone have them.
    #[error("{required} shares are required, which {faults} faulty receivers may have")]
    ThresholdTooLow {
        /// Shares required.
        required: u32,
        /// Receivers that may be faulty.
        faults: u32,
    },
    /// So many shares are required that the correct receivers alone may not have them.
    #[error("{required} of {total} shares are required, but {faults} receivers may be faulty")]
    ThresholdTooHigh {
        /// Shares required.
        required: u32,
        /// Shares that there are.
        total: u32,
        /// Receivers that may be faulty.
        faults: u32,
    },
    /// Resharing by a node that has no share.
    #[error("{dealer} has no share of the key that is to be reshared")]
    NotInPreviousCommittee {
        /// Who.
        dealer: NodeId,
    },
    /// Resharing by fewer nodes than it takes.
    #[error("{found} nodes cannot reshare a key of which {expected} shares are required")]
    TooFewDealers {
        /// The threshold of the key that is to be reshared.
        expected: u32,
        /// Dealers that there are.
        found: usize,
    },
}

impl Config {
    /// For a new key.
    ///
    /// # Errors
    /// See [`BadConfig`].
    pub fn fresh(
        dealers: impl IntoIterator<Item = NodeId>,
        receivers: impl IntoIterator<Item = (NodeId, EncryptionKey)>,
        threshold: Threshold,
        epoch: Epoch,
    ) -> Result<Self, BadConfig> {
        let dealers: BTreeSet<NodeId> = dealers.into_iter().collect();
        Self::new(
            dealers.into_iter().zip(0..).collect(),
            receivers,
            threshold,
            epoch,
            None,
        )
    }

    /// For the key that the nodes of `previous` share: they hand it on to the receivers. The public key stays the same; the
    /// old shares are of no use together with the new ones.
    ///
    /// # Errors
    /// See [`BadConfig`].
    pub fn resharing(
        previous: &Transcript,
        dealers: impl IntoIterator<Item = NodeId>,
        receivers: impl IntoIterator<Item = (NodeId, EncryptionKey)>,
        threshold: Threshold,
        epoch: Epoch,
    ) -> Result<Self, BadConfig> {
        let number = |dealer| match previous.index(&dealer) {
            Some(index) => Ok((dealer, index.position())),
            None => Err(BadConfig::NotInPreviousCommittee { dealer }),
        };
        let dealers: Result<BTreeMap<NodeId, u32>, BadConfig> =
            dealers.into_iter().map(number).collect();
        let dealers = dealers?;
        let expected = previous.public().threshold().required();
        let found = dealers.len();
        if u32::try_from(found).is_ok_and(|found| found < expected) {
            return Err(BadConfig::TooFewDealers { expected, found });
        }
        Self::new(
            dealers,
            receivers,
            threshold,
            epoch,
            Some(previous.public().clone()),
        )
    }

    fn new(
        dealers: BTreeMap<NodeId, u32>,
        receivers: impl IntoIterator<Item = (NodeId, EncryptionKey)>,
        threshold: Threshold,
        epoch: Epoch,
        previous: Option<threshold::Transcript>,
    ) -> Result<Self, BadConfig> {
        let mut by_name: BTreeMap<NodeId, EncryptionKey> = BTreeMap::new();
        for (receiver, key) in receivers {
            if key.is_of_another(&receiver) {
                return Err(BadConfig::OtherOwner { receiver });
            }
            if by_name
                .insert(receiver, key)
                .is_some_and(|known| known != key)
            {
                return Err(BadConfig::TwoKeys { receiver });
            }
        }
        let receivers = by_name;
        let found = receivers.len();
        if dealers.is_empty() {
            return Err(BadConfig::NoDealers);
        }
        if found.max(dealers.len()) > LARGEST_COMMITTEE {
            return Err(BadConfig::TooMany {
                found: found.max(dealers.len()),
            });
        }
        let (required, total) = (threshold.required(), threshold.total());
        if u32::try_from(found) != Ok(total) {
            return Err(BadConfig::Receivers {
                expected: total,
                found,
            });
        }
        let faults = tolerated_faults(total);
        if required <= faults {
            return Err(BadConfig::ThresholdTooLow { required, faults });
        }
        if required > total - faults {
            return Err(BadConfig::ThresholdTooHigh {
                required,
                total,
                faults,
            });
        }
        let mut hasher = DigestHasher::new();
        hasher.update(local::KEY_GENERATION);
        let coefficients = previous
            .iter()
            .map(|previous| previous.threshold().required());
        for count in [dealers.len(), receivers.len()] {
            hasher.update(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        }
        hasher.update(&coefficients.sum::<u32>().to_be_bytes());
        hasher.update(&required.to_be_bytes());
        hasher.update(&epoch.get().to_be_bytes());
        for (dealer, number) in &dealers {
            hasher.update(Digest::of(dealer.as_slice()).as_bytes());
            hasher.update(&number.to_be_bytes());
        }
        for (receiver, key) in &receivers {
            hasher.update(Digest::of(receiver.as_slice()).as_bytes());
            hasher.update(&key.to_bytes());
        }
        for coefficient in previous
            .iter()
            .flat_map(threshold::Transcript::coefficients)
        {
            hasher.update(&coefficient);
        }
        let (receivers, keys) = receivers.into_iter().unzip();
        Ok(Self {
            dealers,
            receivers,
            keys,
            threshold,
            epoch,
            previous,
            digest: hasher.finish(),
        })
    }

    /// Who deals, in order.
    pub fn dealers(&self) -> impl ExactSizeIterator<Item = &NodeId> {
        self.dealers.keys()
    }

    /// Who receives a share, in order: the first has the share with index 1.
    pub fn receivers(&self) -> &[NodeId] {
        &self.receivers
    }

    /// How many of how many shares will make a signature.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The epoch for which dealings are sealed.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The key that is handed on, if it is not a new one.
    pub fn previous(&self) -> Option<&threshold::Transcript> {
        self.previous.as_ref()
    }

    /// How many dealings make a transcript: one more than there may be faulty dealers, so that one is random; and when a key
    /// is handed on, as many as it has shares required.
    pub fn dealings_needed(&self) -> u32 {
        let dealers = u32::try_from(self.dealers.len()).unwrap_or(u32::MAX);
        let random = tolerated_faults(dealers) + 1;
        match &self.previous {
            Some(previous) => random.max(previous.threshold().required()),
            None => random,
        }
    }

    pub(super) fn dealer_number(&self, dealer: &NodeId) -> Option<u32> {
        self.dealers.get(dealer).copied()
    }

    pub(super) fn keys(&self) -> &[EncryptionKey] {
        &self.keys
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// The index of a receiver's share; `None` if it receives none.
    pub fn index(&self, receiver: &NodeId) -> Option<ShareIndex> {
        index_among(&self.receivers, receiver)
    }
}

/// The share index of a node in a sorted list.
pub(super) fn index_among(nodes: &[NodeId], node: &NodeId) -> Option<ShareIndex> {
    let position = nodes.binary_search(node).ok()?;
    ShareIndex::of_position(u32::try_from(position).ok()?)
}
