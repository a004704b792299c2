//! What everybody can check of a dealing, without any secret.

use ic_types::codec::Wire;
use ic_types::{Digest, NodeId};

use super::chunking::{self, CHUNKS};
use super::config::Config;
use super::dealing::Dealing;
use super::equation::Equation;
use super::forward_secure::{EncryptionKey, Epoch, Shared};
use super::sharing;
use crate::bls::Weights;
use crate::bls::arithmetic::{G1Affine, G2, PreparedG2, products_cancel};
use crate::threshold::ShareIndex;

/// A dealing of which it is known that every receiver can open its share, and that the shares fit together.
#[derive(Clone, Debug)]
pub struct VerifiedDealing {
    pub(super) dealer: NodeId,
    pub(super) number: u32,
    /// Of the configuration for which it was verified.
    pub(super) config: Digest,
    pub(super) dealing: Dealing,
}

impl VerifiedDealing {
    /// Who dealt.
    pub fn dealer(&self) -> &NodeId {
        &self.dealer
    }

    /// The dealing.
    pub fn dealing(&self) -> &Dealing {
        &self.dealing
    }
}

/// Why a dealing is refused. Each names the dealer, whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDealing {
    /// The configuration has no such dealer.
    #[error("{dealer} is not a dealer")]
    NotADealer {
        /// Who dealt.
        dealer: NodeId,
    },
    /// Another number of coefficients than shares are required.
    #[error("the dealing of {dealer} has {found} public coefficients, expected {expected}")]
    Coefficients {
        /// Who dealt.
        dealer: NodeId,
        /// As many as shares are required.
        expected: u32,
        /// As many as there are.
        found: usize,
    },
    /// Shares for another number of receivers.
    #[error("the dealing of {dealer} is for {found} receivers, expected {expected}")]
    Receivers {
        /// Who dealt.
        dealer: NodeId,
        /// As many as the configuration has.
        expected: usize,
        /// As many as there are shares for.
        found: usize,
    },
    /// The dealer's share of the key that is handed on is not what was dealt.
    #[error("the dealing of {dealer} does not hand on its share of the key")]
    OtherSecret {
        /// Who dealt.
        dealer: NodeId,
    },
    /// The randomizers of the ciphertexts do not belong together.
    #[error("the ciphertexts of {dealer} are not consistent")]
    Ciphertexts {
        /// Who dealt.
        dealer: NodeId,
    },
    /// It is not proved that the chunks are small.
    #[error("the dealing of {dealer} does not prove that it can be opened")]
    Chunking {
        /// Who dealt.
        dealer: NodeId,
    },
    /// It is not proved that the shares are values of the public polynomial.
    #[error("the dealing of {dealer} does not prove that the shares are correct")]
    Sharing {
        /// Who dealt.
        dealer: NodeId,
    },
}

impl Dealing {
    /// Checks a dealer's dealing: that each receiver's share can be opened, that the shares are values of one polynomial of
    /// the right degree, and that its constant is the dealer's old share if a key is handed on.
    ///
    /// **That `dealer` sent it is the caller's knowledge.** A dealing says nowhere who made it, and no check here can tell: who
    /// passes on a dealing under another dealer's name has, for a new key, that dealer's place. The network wraps dealings
    /// into messages that the dealer signs with its [node key](crate::node_key) (separator
    /// [`Domain::DkgDealing`](ic_types::Domain)); verify that signature first, or receive over a channel that names the peer.
    ///
    /// # Errors
    /// See [`BadDealing`].
    ///
    /// # Cost
    /// All equations at once with random weights: one multiplication sum in G1 over all points, one in G2, three pairings.
    pub fn verify(self, config: &Config, dealer: &NodeId) -> Result<VerifiedDealing, BadDealing> {
        let dealer = *dealer;
        let number = config
            .dealer_number(&dealer)
            .ok_or(BadDealing::NotADealer { dealer })?;
        let expected = config.threshold().required();
        let found = self.coefficients.len();
        if u32::try_from(found) != Ok(expected) {
            return Err(BadDealing::Coefficients {
                dealer,
                expected,
                found,
            });
        }
        if let Some(previous) = config.previous() {
            let share_key =
                ShareIndex::of_position(number).and_then(|index| previous.share_key(index));
            if share_key.map(|key| key.point()) != self.coefficients.first() {
                return Err(BadDealing::OtherSecret { dealer });
            }
        }
        match self.check(config.keys(), number, config.epoch()) {
            Ok(()) => Ok(VerifiedDealing {
                dealer,
                number,
                config: config.digest(),
                dealing: self,
            }),
            Err(Fault::Receivers { found }) => Err(BadDealing::Receivers {
                dealer,
                found,
                expected: config.keys().len(),
            }),
            Err(Fault::Ciphertexts) => Err(BadDealing::Ciphertexts { dealer }),
            Err(Fault::Chunking) => Err(BadDealing::Chunking { dealer }),
            Err(Fault::Sharing) => Err(BadDealing::Sharing { dealer }),
        }
    }

    /// All checks that need no more than the receivers' keys.
    pub(super) fn check(
        &self,
        receivers: &[EncryptionKey],
        number: u32,
        epoch: Epoch,
    ) -> Result<(), Fault> {
        let checks = Checks {
            chunking: true,
            sharing: true,
            ciphertexts: true,
        };
        let found = self.ciphertexts.chunks.len();
        if found != receivers.len() {
            return Err(Fault::Receivers { found });
        }
        let statement = Statement {
            receivers,
            number,
            epoch,
            shared: self.ciphertexts.shared(),
            weights: self.weights(receivers, number, epoch),
        };
        if self.equations_hold(&statement, checks)? {
            return Ok(());
        }
        // Some equation does not hold: find out which.
        let only = |chunking, sharing, ciphertexts| Checks {
            chunking,
            sharing,
            ciphertexts,
        };
        let candidates = [
            (only(false, false, true), Fault::Ciphertexts),
            (only(true, false, false), Fault::Chunking),
        ];
        for (checks, fault) in candidates {
            if !self.equations_hold(&statement, checks)? {
                return Err(fault);
            }
        }
        Err(Fault::Sharing)
    }

    /// What the random weights depend on: everything that the equations do.
    fn weights(&self, receivers: &[EncryptionKey], number: u32, epoch: Epoch) -> Digest {
        let mut bytes = self.encode();
        for receiver in receivers {
            bytes.extend(receiver.to_bytes());
        }
        bytes.extend(number.to_be_bytes());
        bytes.extend(epoch.get().to_be_bytes());
        Digest::of(&bytes)
    }

    fn equations_hold(&self, statement: &Statement<'_>, checks: Checks) -> Result<bool, Fault> {
        let mut weights = Weights::over(std::iter::once(statement.weights));
        let mut equation = Equation::new(statement.receivers.len());
        if checks.chunking {
            let instance = chunking::Instance::new(statement.receivers, &statement.shared);
            let added = self.chunking.add_to(&mut equation, &instance, &mut weights);
            added.map_err(|chunking::Malformed| Fault::Chunking)?;
        }
        let mut in_g2 = G2::identity();
        if checks.sharing {
            let instance =
                sharing::Instance::new(statement.receivers, &self.coefficients, &self.ciphertexts);
            let (points, factors) = self.sharing.add_to(&mut equation, &instance, &mut weights);
            in_g2 = G2::multi_mul(&points, &factors);
        }
        if !equation.holds(statement.receivers, &self.ciphertexts) {
            return Ok(false);
        }
        if !checks.ciphertexts {
            return Ok(in_g2.is_identity());
        }
        let weights: Vec<u128> = weights.take(CHUNKS).collect();
        let associated = statement.number.to_be_bytes();
        let integrity =
            self.ciphertexts
                .integrity(&statement.shared, statement.epoch, &associated, &weights);
        let minus_g1 = -G1Affine::generator();
        Ok(in_g2.is_identity()
            && products_cancel(&[
                (integrity.r, &integrity.identity),
                (integrity.s, integrity.h),
                (minus_g1, &PreparedG2::new(&integrity.z.to_affine())),
            ]))
    }
}

#[derive(Clone, Copy)]
struct Checks {
    chunking: bool,
    sharing: bool,
    ciphertexts: bool,
}

struct Statement<'a> {
    receivers: &'a [EncryptionKey],
    number: u32,
    epoch: Epoch,
    shared: Shared,
    weights: Digest,
}

/// Which part of a dealing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Receivers { found: usize },
    Ciphertexts,
    Chunking,
    Sharing,
}
