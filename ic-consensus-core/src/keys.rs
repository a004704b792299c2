//! A node's secrets, and every use that consensus makes of keys: nothing else here touches cryptography.

use std::collections::BTreeSet;
use std::fmt;

use ic_crypto::threshold::{
    BadShare, Collected, OptimisticCollector, SecretShare, ShareIndex, SignatureShare, Transcript,
};
use ic_crypto::{bls, multisig, node_key};
use ic_types::{NodeId, Signable};

use crate::artifact::{
    BlockMetadata, BlsSignature, GroupSigned, MultiSigned, NodeSignature, Share,
};
use crate::registry::SubnetRecord;

/// Which of the subnet's two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// `f + 1` shares: beacon and tape.
    Low,
    /// `2f + 1` shares: certification and catch-up packages. Its group key is the public key of the subnet.
    High,
}

/// The secrets of one node: its own key, its committee key, and its shares of the subnet's two keys.
///
/// ```compile_fail,E0599
/// fn copy(keys: &ic_consensus_core::NodeKeys) -> ic_consensus_core::NodeKeys {
///     keys.clone() // secrets have one owner
/// }
/// ```
pub struct NodeKeys {
    node: NodeId,
    signing: node_key::SecretKey,
    committee: multisig::SecretKey,
    low: SecretShare,
    high: SecretShare,
}

impl NodeKeys {
    /// The secrets of the node whose name is the hash of its own key.
    pub fn new(
        signing: node_key::SecretKey,
        committee: multisig::SecretKey,
        low: SecretShare,
        high: SecretShare,
    ) -> Self {
        Self {
            node: signing.public_key().node_id(),
            signing,
            committee,
            low,
            high,
        }
    }

    /// Whose secrets these are.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The node's own key, with which it also signs its answers to queries.
    pub fn signing(&self) -> &node_key::SecretKey {
        &self.signing
    }

    pub(crate) fn sign_block(&self, metadata: &BlockMetadata) -> NodeSignature {
        NodeSignature(self.signing.sign(metadata).to_bytes())
    }

    /// This node's vote; `None` if it is no member.
    pub(crate) fn vote<C: Signable>(&self, record: &SubnetRecord, content: C) -> Option<Share<C>> {
        record.members().contains_key(&self.node).then(|| {
            let signature = BlsSignature(self.committee.sign(&content).to_bytes());
            Share {
                content,
                signer: self.node,
                signature,
            }
        })
    }

    /// This node's share; `None` if it has none of this key.
    pub(crate) fn share<C: Signable>(
        &self,
        record: &SubnetRecord,
        level: Level,
        content: C,
    ) -> Option<Share<C>> {
        let secret = match level {
            Level::Low => &self.low,
            Level::High => &self.high,
        };
        (record.share_index(&self.node) == Some(secret.index())).then(|| {
            let signature = BlsSignature(secret.sign(&content).signature.to_bytes());
            Share {
                content,
                signer: self.node,
                signature,
            }
        })
    }
}

impl fmt::Debug for NodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKeys({}, ..)", self.node)
    }
}

/// The public keys of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// The key that its name is the hash of; signs blocks.
    pub signing: node_key::PublicKey,
    /// The key that it votes with.
    pub committee: multisig::PublicKey,
}

/// What came of shares that were put together.
#[derive(Debug)]
pub(crate) enum Combined {
    /// There are not enough.
    TooFew,
    /// The signature of all.
    Signature(BlsSignature),
    /// These signers' shares are wrong; the others looked at are right.
    Culprits(BTreeSet<NodeId>),
}

impl SubnetRecord {
    fn transcript(&self, level: Level) -> &Transcript {
        match level {
            Level::Low => self.low(),
            Level::High => self.high(),
        }
    }

    pub(crate) fn verifies_block(
        &self,
        maker: &NodeId,
        metadata: &BlockMetadata,
        signature: &NodeSignature,
    ) -> bool {
        self.members().get(maker).is_some_and(|member| {
            member
                .signing
                .verify(metadata, &node_key::Signature::from_bytes(&signature.0))
                .is_ok()
        })
    }

    pub(crate) fn verifies_vote<C: Signable>(&self, share: &Share<C>) -> bool {
        let Ok(signature) = multisig::Signature::from_bytes(&share.signature.0) else {
            return false;
        };
        self.committee()
            .verify_share(&share.content, &share.signer, &signature)
            .is_ok()
    }

    /// Whether all of the signers, and at least `quorum`, signed. That they may is for the caller to check.
    pub(crate) fn verifies_votes<C: Signable>(
        &self,
        votes: &MultiSigned<C>,
        quorum: usize,
    ) -> bool {
        let Ok(signature) = multisig::Signature::from_bytes(&votes.signature.0) else {
            return false;
        };
        let signature = multisig::MultiSignature {
            signature,
            signers: votes.signers.clone(),
        };
        self.committee()
            .verify(&votes.content, &signature, quorum)
            .is_ok()
    }

    /// Adds up votes for one content; checks the sum, and the single votes only if the sum is wrong.
    pub(crate) fn combine_votes<C: Signable + Copy>(
        &self,
        content: C,
        votes: &[(NodeId, BlsSignature)],
        quorum: usize,
    ) -> Result<MultiSigned<C>, BTreeSet<NodeId>> {
        let decode = |(signer, bytes): &(NodeId, BlsSignature)| {
            Some((*signer, multisig::Signature::from_bytes(&bytes.0).ok()?))
        };
        let decoded: Option<Vec<_>> = votes.iter().map(decode).collect();
        if let Some(Ok(sum)) = decoded.map(|votes| self.committee().combine(votes))
            && self.committee().verify(&content, &sum, quorum).is_ok()
        {
            return Ok(MultiSigned {
                content,
                signers: sum.signers,
                signature: BlsSignature(sum.signature.to_bytes()),
            });
        }
        let is_wrong = |(signer, signature): &&(NodeId, BlsSignature)| {
            !self.verifies_vote(&Share {
                content,
                signer: *signer,
                signature: *signature,
            })
        };
        Err(votes
            .iter()
            .filter(is_wrong)
            .map(|(signer, _)| *signer)
            .collect())
    }

    pub(crate) fn verifies_share<C: Signable>(&self, level: Level, share: &Share<C>) -> bool {
        let Some(index) = self.share_index(&share.signer) else {
            return false;
        };
        let Some(key) = self.transcript(level).share_key(index) else {
            return false;
        };
        bls::Signature::from_bytes(&share.signature.0)
            .is_ok_and(|signature| key.verify(&share.content, &signature).is_ok())
    }

    pub(crate) fn verifies_group<C: Signable>(
        &self,
        level: Level,
        signed: &GroupSigned<C>,
    ) -> bool {
        let key = self.transcript(level).group_key();
        bls::Signature::from_bytes(&signed.signature.0)
            .is_ok_and(|signature| key.verify(&signed.content, &signature).is_ok())
    }

    /// Interpolates shares of one content; checks the result, and the single shares only if the result is wrong.
    pub(crate) fn combine_shares<C: Signable>(
        &self,
        level: Level,
        content: &C,
        shares: &[(NodeId, BlsSignature)],
    ) -> Combined {
        let transcript = self.transcript(level);
        let required = usize::try_from(transcript.threshold().required()).unwrap_or(usize::MAX);
        if shares.len() < required {
            return Combined::TooFew;
        }
        let mut collector = OptimisticCollector::new(transcript, content);
        for (signer, bytes) in shares {
            let Some(index) = self.share_index(signer) else {
                return Combined::Culprits(BTreeSet::from([*signer]));
            };
            let Ok(signature) = bls::Signature::from_bytes(&bytes.0) else {
                return Combined::Culprits(BTreeSet::from([*signer]));
            };
            match collector.add(&SignatureShare { index, signature }) {
                Ok(Collected::Complete(signature)) => {
                    return Combined::Signature(BlsSignature(signature.to_bytes()));
                }
                Ok(Collected::Pending { .. } | Collected::Duplicate) => {}
                Err(BadShare::Invalid { culprits }) => {
                    return Combined::Culprits(
                        culprits
                            .into_iter()
                            .filter_map(|index| self.member_at(index))
                            .collect(),
                    );
                }
                // The index is that of a member; and of a fault that this crate does not know yet, the last share is
                // the cause.
                Err(_) => return Combined::Culprits(BTreeSet::from([*signer])),
            }
        }
        Combined::TooFew
    }

    /// The member that has this share.
    fn member_at(&self, index: ShareIndex) -> Option<NodeId> {
        self.members()
            .keys()
            .nth(usize::try_from(index.position()).ok()?)
            .copied()
    }

    /// Which share a member has: the one at its place in the order of the members' ids.
    pub fn share_index(&self, node: &NodeId) -> Option<ShareIndex> {
        let position = self.members().keys().position(|member| member == node)?;
        ShareIndex::of_position(u32::try_from(position).ok()?)
    }
}
