//! How nodes that trust nobody make the keys of a subnet: each its own, and together the two that no node ever holds.
//!
//! All of them run in this process, but they share only what would travel: public keys with their proofs, and encoded
//! dealings. Each checks everything that it gets.

use std::collections::BTreeMap;

use ic_consensus_core::{Config, InconsistentRecord, NodeKeys, NodeRecord, SubnetRecord};
use ic_crypto::dkg::{
    self, BadConfig, BadDealing, CannotCombine, CannotDeal, CannotOpen, Dealing, DecryptionKey,
    EncryptionKey, Epoch, Possession, Transcript,
};
use ic_crypto::threshold::{SecretShare, Threshold};
use ic_crypto::{InvalidKey, InvalidSignature, Seed, multisig, node_key};
use ic_types::codec::{DecodeError, Wire as _};
use ic_types::{NodeId, RegistryVersion, SubnetId};

/// Why there are no keys. With honest nodes there is never a reason but their number.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoKeys {
    /// No subnet has so many members.
    #[error("a subnet cannot have {members} members")]
    Members {
        /// How many were asked for.
        members: u32,
    },
    /// A key is none, or its owner does not know the secret.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// A proof of possession is not even encoded.
    #[error(transparent)]
    Proof(#[from] InvalidSignature),
    /// A dealing, as it came over the wire, does not decode.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is no such key generation.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// A node cannot deal.
    #[error(transparent)]
    Deal(#[from] CannotDeal),
    /// A dealer cheated.
    #[error(transparent)]
    Dealing(#[from] BadDealing),
    /// The dealings make no key.
    #[error(transparent)]
    Combine(#[from] CannotCombine),
    /// A node cannot open its share.
    #[error(transparent)]
    Open(#[from] CannotOpen),
    /// Two nodes got different keys out of the same dealings.
    #[error("node {node} computed another public key")]
    Disagreement {
        /// The node.
        node: NodeId,
    },
    /// The keys do not make a subnet.
    #[error(transparent)]
    Record(#[from] InconsistentRecord),
}

/// What a node says of itself when it joins.
struct Application {
    signing: node_key::PublicKey,
    committee: (
        [u8; multisig::PublicKey::BYTES],
        multisig::ProofOfPossession,
    ),
    encryption: ([u8; EncryptionKey::BYTES], Possession),
}

/// A node before it has shares.
struct Candidate {
    id: NodeId,
    signing: node_key::SecretKey,
    committee: multisig::SecretKey,
    decryption: DecryptionKey,
    seed: Seed,
}

impl Candidate {
    /// Makes the node's own keys.
    fn new(seed: Seed) -> (Self, Application) {
        let signing = node_key::SecretKey::from_seed(seed.derive("signing"));
        let committee = multisig::SecretKey::from_seed(seed.derive("committee"));
        let public = signing.public_key();
        let id = public.node_id();
        let (encryption, possession, decryption) =
            DecryptionKey::generate(seed.derive("encryption"), &id);
        let application = Application {
            signing: public,
            committee: (committee.public_key_bytes(), committee.prove_possession()),
            encryption: (encryption.to_bytes(), possession),
        };
        let candidate = Self {
            id,
            signing,
            committee,
            decryption,
            seed,
        };
        (candidate, application)
    }
}

/// Checks what the nodes say of themselves, as a registry does.
fn register(
    applications: Vec<Application>,
) -> Result<BTreeMap<NodeId, (NodeRecord, EncryptionKey)>, NoKeys> {
    let mut members = BTreeMap::new();
    for application in applications {
        let id = application.signing.node_id();
        let (committee, proof) = application.committee;
        let (encryption, possession) = application.encryption;
        let record = NodeRecord {
            signing: application.signing,
            committee: multisig::PublicKey::new(&committee, &proof)?,
        };
        members.insert(
            id,
            (record, EncryptionKey::new(&encryption, &possession, &id)?),
        );
    }
    Ok(members)
}

/// What each node ends with, in the order of their ids: the same public key, and its own share.
fn share(
    candidates: &BTreeMap<NodeId, Candidate>,
    config: &dkg::Config,
    tag: &str,
) -> Result<(Transcript, Vec<SecretShare>), NoKeys> {
    let mut sent = BTreeMap::new();
    for candidate in candidates.values() {
        let dealing = Dealing::create(config, &candidate.id, candidate.seed.derive(tag))?;
        sent.insert(candidate.id, dealing.encode());
    }
    let mut agreed: Option<Transcript> = None;
    let mut shares = Vec::new();
    for candidate in candidates.values() {
        let mut verified = Vec::new();
        for (dealer, bytes) in &sent {
            verified.push(Dealing::decode(bytes)?.verify(config, dealer)?);
        }
        let transcript = Transcript::combine(config, verified)?;
        shares.push(transcript.load(&candidate.id, &candidate.decryption)?);
        match &agreed {
            Some(first) if *first != transcript => {
                return Err(NoKeys::Disagreement { node: candidate.id });
            }
            Some(_) => {}
            None => agreed = Some(transcript),
        }
    }
    let transcript = agreed.ok_or(NoKeys::Members { members: 0 })?;
    Ok((transcript, shares))
}

/// Makes a subnet of so many members without a dealer: its record, and the secrets of each member in the order of their
/// ids. The same seed makes the same subnet; nothing but the seed, which stands for the entropy of all nodes, knows its
/// secrets.
///
/// # Errors
/// [`NoKeys`].
///
/// # Cost
/// Each of the n nodes makes two dealings and checks 2n.
pub fn generate(
    seed: &Seed,
    members: u32,
    config: Config,
) -> Result<(SubnetRecord, Vec<NodeKeys>), NoKeys> {
    let impossible = |_| NoKeys::Members { members };
    let low = Threshold::low(members).map_err(impossible)?;
    let high = Threshold::high(members).map_err(impossible)?;
    if usize::try_from(members).is_ok_and(|members| members > dkg::LARGEST_COMMITTEE) {
        return Err(NoKeys::Members { members });
    }
    let (candidates, applications): (Vec<Candidate>, Vec<Application>) = (0..members)
        .map(|number| Candidate::new(seed.derive(&format!("node {number}"))))
        .unzip();
    let candidates: BTreeMap<NodeId, Candidate> = candidates
        .into_iter()
        .map(|candidate| (candidate.id, candidate))
        .collect();
    let registered = register(applications)?;

    let epoch = Epoch::of_registry(RegistryVersion::FIRST).unwrap_or(Epoch::FIRST);
    let receivers = || registered.iter().map(|(id, (_, key))| (*id, *key));
    let generation =
        |threshold| dkg::Config::fresh(registered.keys().copied(), receivers(), threshold, epoch);
    let (low, low_shares) = share(&candidates, &generation(low)?, "low threshold")?;
    let (high, high_shares) = share(&candidates, &generation(high)?, "high threshold")?;

    let subnet = SubnetId::of_key(&high.public().group_key().to_der());
    let records = registered
        .into_iter()
        .map(|(id, (record, _))| (id, record))
        .collect();
    let record = SubnetRecord::new(
        subnet,
        records,
        low.public().clone(),
        high.public().clone(),
        config,
    )?;
    let shares = low_shares.into_iter().zip(high_shares);
    let keys = candidates
        .into_values()
        .zip(shares)
        .map(|(candidate, (low, high))| {
            NodeKeys::new(candidate.signing, candidate.committee, low, high)
        })
        .collect();
    Ok((record, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_nodes_make_keys_that_no_seed_of_a_dealer_knows() {
        let make = |text: &[u8]| generate(&Seed::from_bytes(text), 4, Config::default());
        let (record, keys) = make(b"entropy").unwrap();
        let members = record.members().keys().copied();
        assert!(members.eq(keys.iter().map(NodeKeys::node)));
        let again = make(b"entropy").unwrap().0;
        assert_eq!(record.subnet(), again.subnet());
        assert_ne!(record.subnet(), make(b"other").unwrap().0.subnet());
        assert_ne!(record.low().group_key(), record.high().group_key());
        assert!(matches!(
            generate(&Seed::from_bytes(b"entropy"), 0, Config::default()),
            Err(NoKeys::Members { members: 0 })
        ));
    }
}
