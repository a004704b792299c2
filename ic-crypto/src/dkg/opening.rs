//! What a receiver does with dealings: open its shares.

use std::cell::LazyCell;

use ic_types::NodeId;
use zeroize::Zeroizing;

use super::chunking::join;
use super::config::Config;
use super::discrete_log::{self, Search};
use super::forward_secure::G2_TABLE;
use super::forward_secure::{Ciphertexts, DecryptionKey, Epoch};
use super::verification::VerifiedDealing;
use crate::bls::arithmetic::Scalar;
use crate::secret::SecretScalar;
use crate::threshold::polynomial::evaluate_commitment;
use crate::threshold::{SecretShare, ShareIndex};

/// Why a share cannot be had from a dealing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotOpen {
    /// There is no share for this node.
    #[error("{node} is not a receiver")]
    NotAReceiver {
        /// Which node.
        node: NodeId,
    },
    /// The dealing was verified for another configuration.
    #[error("the dealing of {dealer} was verified for another configuration")]
    OtherConfig {
        /// Who dealt.
        dealer: NodeId,
    },
    /// The key is not the one that the configuration has for this node.
    #[error("not the decryption key of {node}")]
    OtherKey {
        /// Whose key was expected.
        node: NodeId,
    },
    /// The key was advanced beyond the epoch of the dealing.
    #[error("sealed for epoch {sealed}, which the decryption key has forgotten")]
    Forgotten {
        /// The epoch of the dealing.
        sealed: Epoch,
    },
    /// A chunk of the share is nothing that a verified dealing can hold: another node's key, or the dealing was not verified.
    #[error("the share from dealer number {dealer} cannot be opened with this key")]
    Chunk {
        /// The dealer's number: its place among the dealers, or in the committee that hands its key on.
        dealer: u32,
    },
    /// What was opened is not the share that the public coefficients promise.
    #[error("what was opened is not the share of {node}")]
    WrongShare {
        /// Whose share.
        node: NodeId,
    },
}

impl VerifiedDealing {
    /// Opens one receiver's share of this dealing, and checks it against the public coefficients.
    ///
    /// For the receiver's own peace of mind: a verified dealing can be opened. The key that is used comes from
    /// [`Transcript::load`](super::Transcript::load).
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn open(
        &self,
        config: &Config,
        receiver: &NodeId,
        key: &DecryptionKey,
    ) -> Result<SecretShare, CannotOpen> {
        let node = *receiver;
        if self.config != config.digest() {
            let dealer = self.dealer;
            return Err(CannotOpen::OtherConfig { dealer });
        }
        let index = config
            .index(receiver)
            .ok_or(CannotOpen::NotAReceiver { node })?;
        // With another key, each chunk would be searched for in vain.
        let position = usize::try_from(index.position()).unwrap_or(usize::MAX);
        let public = config.keys().get(position);
        if !public.is_some_and(|public| key.belongs_to(public)) {
            return Err(CannotOpen::OtherKey { node });
        }
        let mut opener = Opener::new(index, key, config.epoch(), config.keys().len());
        let share = opener.open(&self.dealing.ciphertexts, self.number)?;
        let expected = evaluate_commitment(&self.dealing.coefficients, index);
        if G2_TABLE.mul(&share) == expected {
            Ok(SecretShare::new(index, share))
        } else {
            Err(CannotOpen::WrongShare { node })
        }
    }
}

/// Opens shares of one receiver.
pub(super) struct Opener<'a> {
    index: ShareIndex,
    key: &'a DecryptionKey,
    epoch: Epoch,
    /// Made for the first chunk that is not honest, kept for the others.
    search: LazyCell<Search, Box<dyn FnOnce() -> Search>>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(
        index: ShareIndex,
        key: &'a DecryptionKey,
        epoch: Epoch,
        receivers: usize,
    ) -> Self {
        Self {
            index,
            key,
            epoch,
            search: LazyCell::new(Box::new(move || Search::new(receivers))),
        }
    }

    /// The share in the ciphertexts of the dealer with this number.
    pub(super) fn open(
        &mut self,
        ciphertexts: &Ciphertexts,
        dealer: u32,
    ) -> Result<SecretScalar, CannotOpen> {
        let sealed = self.epoch;
        let position = usize::try_from(self.index.position()).unwrap_or(usize::MAX);
        let associated = dealer.to_be_bytes();
        let opened = ciphertexts
            .open(position, self.key, self.epoch, &associated)
            .ok_or(CannotOpen::Forgotten { sealed })?;
        let mut chunks = Zeroizing::new(Vec::with_capacity(opened.0.len()));
        for target in &opened.0 {
            let chunk = match discrete_log::honest(target) {
                Some(chunk) => Scalar::from_u64(chunk.into()),
                None => self
                    .search
                    .find(target)
                    .ok_or(CannotOpen::Chunk { dealer })?,
            };
            chunks.push(chunk);
        }
        Ok(SecretScalar::new(join(chunks.iter().copied())))
    }
}
