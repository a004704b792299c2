//! What a canister keeps in order to sign: the messages that it has signed, until they expire.

use std::collections::BTreeSet;

use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest, Time};

use super::{CanisterSignature, SIG};
use crate::certificate::Certificate;
use crate::hash_tree::hash;
use crate::map::Authenticated;
use crate::paths::label;
use crate::{AuthenticatedMap, HashTree, Lookup};

/// The messages that a canister has signed, each under the seed of a key, each until it expires (CERT-095).
///
/// A canister signs in two steps. An update call [adds](Self::add) the message and sets the canister's certified data to
/// the [`digest`](Self::digest). A query, which has a certificate of that data, then makes the
/// [`signature`](Self::signature).
///
/// ```
/// use ic_certification::SignatureMap;
/// use ic_types::Time;
///
/// let mut signatures = SignatureMap::new();
/// let minute = 60_000_000_000;
/// signatures.add(b"seed", b"\x0aic-request..", Time::from_nanos(minute));
/// let certified = signatures.digest(); // ic0.certified_data_set
/// assert_eq!(signatures.witness(b"seed", b"\x0aic-request..").map(|tree| tree.digest()), Some(certified));
///
/// assert_eq!(signatures.prune(Time::from_nanos(minute + 1), 10), 1);
/// assert!(signatures.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct SignatureMap {
    /// By the hash of the seed, then by the hash of the message.
    seeds: AuthenticatedMap<Digest, AuthenticatedMap<Digest, Signed>>,
    expirations: BTreeSet<(Time, Digest, Digest)>,
}

/// A leaf without bytes.
#[derive(Clone, Copy, Debug)]
struct Signed {
    expires: Time,
}

impl Authenticated for Signed {
    fn digest(&self) -> Digest {
        ().digest()
    }

    fn tree(&self) -> HashTree {
        ().tree()
    }
}

impl SignatureMap {
    /// The map without messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.expirations.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.expirations.is_empty()
    }

    /// Signs `payload`, which begins with the separator of its use, with the key of `seed`, until `expires`. If it is there
    /// already, it stays until the later of the two times.
    pub fn add(&mut self, seed: &[u8], payload: &[u8], expires: Time) {
        let (seed, message) = (Digest::of(seed), Digest::of(payload));
        let before = self
            .seeds
            .get(seed)
            .and_then(|messages| messages.get(message))
            .map(|signed| signed.expires);
        if before.is_some_and(|before| before >= expires) {
            return;
        }
        if let Some(before) = before {
            self.expirations.remove(&(before, seed, message));
        }
        self.expirations.insert((expires, seed, message));
        let signed = Signed { expires };
        if self
            .seeds
            .modify(seed, |messages| messages.insert(message, signed))
            .is_none()
        {
            self.seeds
                .insert(seed, [(message, signed)].into_iter().collect());
        }
    }

    /// Takes away messages that expired before `now`, the oldest first, and no more than `at_most`, so that a call knows
    /// what it costs. Says how many it took: if any, the [`digest`](Self::digest) is another, and has to be certified.
    pub fn prune(&mut self, now: Time, at_most: usize) -> usize {
        let mut pruned = 0;
        while pruned < at_most
            && let Some((expires, seed, message)) = self.expirations.pop_first()
        {
            if expires >= now {
                self.expirations.insert((expires, seed, message));
                break;
            }
            let left = self.seeds.modify(seed, |messages| {
                messages.remove(message);
                messages.len()
            });
            if left == Some(0) {
                self.seeds.remove(seed);
            }
            pruned += 1;
        }
        pruned
    }

    /// What the canister has to certify: the digest of a tree with the one label `sig`.
    ///
    /// A canister that certifies something else besides certifies the fork over both, in the order of their labels, and
    /// puts the fork over [`witness`](Self::witness) and the other's digest into its signatures.
    pub fn digest(&self) -> Digest {
        hash::labeled(SIG, &self.seeds.digest())
    }

    /// The tree that shows that `payload` is signed with the key of `seed`; none if it was not added, or was
    /// pruned. A message that has expired is shown until then: [`prune`](Self::prune) first.
    pub fn witness(&self, seed: &[u8], payload: &[u8]) -> Option<HashTree> {
        let (seed, message) = (Digest::of(seed), Digest::of(payload));
        self.seeds.get(seed)?.get(message)?;
        Some(HashTree::labeled(
            SIG,
            &self
                .seeds
                .witness_with(seed, |messages| messages.witness(message)),
        ))
    }

    /// The signature of `canister` on `payload` with the key of `seed`, for a canister that certifies nothing else.
    /// `certificate` is the data certificate that the system gives to a query.
    ///
    /// # Errors
    /// See [`PrepareError`].
    pub fn signature(
        &self,
        canister: CanisterId,
        seed: &[u8],
        payload: &[u8],
        certificate: Certificate,
    ) -> Result<Vec<u8>, PrepareError> {
        let tree = self.witness(seed, payload).ok_or(PrepareError::NotAdded)?;
        let certified =
            certificate
                .tree
                .lookup([label::CANISTER, canister.as_slice(), label::CERTIFIED_DATA]);
        if certified != Lookup::Found(self.digest().as_bytes()) {
            return Err(PrepareError::OtherState);
        }
        Ok(CanisterSignature { certificate, tree }.encode())
    }
}

/// Why there is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The message was not added under this seed, or was pruned.
    #[error("the message was not added under this seed, or was pruned")]
    NotAdded,
    /// The certificate is of other data: the canister has certified something else since, or not yet this.
    #[error("the certificate does not show the digest of this map as certified data")]
    OtherState,
}
