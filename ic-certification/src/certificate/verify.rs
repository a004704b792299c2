//! From a certificate, which anyone can write, to a [`VerifiedCertificate`], which only a subnet can cause.

use std::sync::LazyLock;
use std::time::Duration;

use ic_crypto::bls::{self, Claim, PublicKey, Signature};
use ic_crypto::{InvalidKey, InvalidSignature};
use ic_types::codec::leb128;
use ic_types::{CanisterId, DerPublicKey, RequestId, SignedBytes, SubnetId, Time};

use super::Certificate;
use super::delegation::{DelegationError, VerifiedDelegation};
use super::ranges::RangesError;
use crate::hash_tree::lookup::SubTreeLookup;
use crate::paths::label;
use crate::request_status::{MalformedStatus, RequestStatus};
use crate::{HashTree, Lookup, NotWellFormed};

/// The one thing a client has to know beforehand: the key of the root subnet (CERT-075).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey {
    key: PublicKey,
    /// The key in its compressed form, which takes a while to make.
    bytes: [u8; PublicKey::BYTES],
    subnet: SubnetId,
}

/// The key of the public network's root subnet.
const MAINNET: [u8; PublicKey::BYTES] = [
    0x81, 0x4c, 0x0e, 0x6e, 0xc7, 0x1f, 0xab, 0x58, 0x3b, 0x08, 0xbd, 0x81, 0x37, 0x3c, 0x25, 0x5c,
    0x3c, 0x37, 0x1b, 0x2e, 0x84, 0x86, 0x3c, 0x98, 0xa4, 0xf1, 0xe0, 0x8b, 0x74, 0x23, 0x5d, 0x14,
    0xfb, 0x5d, 0x9c, 0x0c, 0xd5, 0x46, 0xd9, 0x68, 0x5f, 0x91, 0x3a, 0x0c, 0x0b, 0x2c, 0xc5, 0x34,
    0x15, 0x83, 0xbf, 0x4b, 0x43, 0x92, 0xe4, 0x67, 0xdb, 0x96, 0xd6, 0x5b, 0x9b, 0xb4, 0xcb, 0x71,
    0x71, 0x12, 0xf8, 0x47, 0x2e, 0x0d, 0x5a, 0x4d, 0x14, 0x50, 0x5f, 0xfd, 0x74, 0x84, 0xb0, 0x12,
    0x91, 0x09, 0x1c, 0x5f, 0x87, 0xb9, 0x88, 0x83, 0x46, 0x3f, 0x98, 0x09, 0x1a, 0x0b, 0xaa, 0xae,
];

impl RootKey {
    /// The root key of the public network.
    ///
    /// # Panics
    /// Never: the key is a valid one.
    pub fn mainnet() -> Self {
        // Kept, so that what a key prepares for its verifications is prepared once.
        static KEY: LazyLock<RootKey> = LazyLock::new(|| {
            RootKey::from_bytes(&MAINNET).expect("the constant is a valid key: see the tests")
        });
        KEY.clone()
    }

    /// A root key in its DER form (CERT-073).
    ///
    /// # Errors
    /// Another form, or not a valid key.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        PublicKey::from_der(der).map(Self::new)
    }

    /// A root key in its raw form of 96 bytes.
    ///
    /// # Errors
    /// Not a valid key.
    pub fn from_bytes(bytes: &[u8; PublicKey::BYTES]) -> Result<Self, InvalidKey> {
        PublicKey::from_bytes(bytes).map(Self::new)
    }

    /// Says in words that this key is the root of trust.
    pub fn new(key: PublicKey) -> Self {
        let subnet = SubnetId::of_key(&key.to_der());
        Self {
            bytes: key.to_bytes(),
            key,
            subnet,
        }
    }

    /// The key in its raw form.
    pub(super) fn bytes(&self) -> &[u8; PublicKey::BYTES] {
        &self.bytes
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The DER form (CERT-073).
    pub fn to_der(&self) -> DerPublicKey {
        self.key.to_der()
    }

    /// The id of the root subnet: the hash of its key (HTTP-225).
    pub fn subnet(&self) -> SubnetId {
        self.subnet
    }
}

/// Whose word is wanted (CERT-081, HTTP-178).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Of the subnet that this canister is on: if the certificate has a delegation, the id is in the ranges of the
    /// subnet. Without one, the root subnet speaks for every canister.
    Canister(CanisterId),
    /// Of this very subnet.
    Subnet(SubnetId),
}

/// How old a certificate may be (CERT-062).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Certified at most this long before `now`, or after it: clocks differ. Agents allow five minutes.
    Within {
        /// The caller's clock.
        now: Time,
        /// How far from it.
        tolerance: Duration,
    },
    /// Once certified is enough.
    AnyAge,
}

/// A certificate that was checked: what its tree shows was the state of a subnet that the root key vouches for.
///
/// Only [`Certificate::verify`] makes one.
///
/// ```compile_fail,E0451
/// use ic_certification::{HashTree, VerifiedCertificate};
///
/// let forged = VerifiedCertificate { genuine: HashTree::empty() }; // does not compile: private fields
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedCertificate {
    time: Time,
    genuine: Genuine,
}

impl VerifiedCertificate {
    /// Believes what the caller has checked.
    pub(super) fn new(time: Time, genuine: Genuine) -> Self {
        Self { time, genuine }
    }

    /// When the state was certified (CERT-122).
    pub fn time(&self) -> Time {
        self.time
    }

    /// The subnet whose state it is.
    pub fn subnet(&self) -> SubnetId {
        self.genuine.subnet
    }

    /// The root subnet's word for that subnet; none if it is the root subnet.
    pub fn delegation(&self) -> Option<&VerifiedDelegation> {
        self.genuine.delegation.as_ref()
    }

    /// What was certified.
    pub fn tree(&self) -> &HashTree {
        &self.genuine.tree
    }

    /// What the state has at `path`, as far as it was shown.
    pub fn lookup<P>(&self, path: P) -> Lookup<'_>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        self.genuine.tree.lookup(path)
    }

    /// What the state has at and below `path`, as far as it was shown.
    pub fn subtree<P>(&self, path: P) -> SubTreeLookup<'_>
    where
        P: IntoIterator,
        P::Item: AsRef<[u8]>,
    {
        self.genuine.tree.subtree(path)
    }

    /// What became of a request (CERT-151).
    ///
    /// # Errors
    /// The certificate does not show it, or shows what no subnet would certify.
    pub fn request_status(&self, request: &RequestId) -> Result<RequestStatus, MalformedStatus> {
        RequestStatus::of(&self.genuine.tree, request)
    }
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The tree is not one that the system makes (CERT-040).
    #[error("the tree: {0}")]
    NotWellFormed(#[source] NotWellFormed),
    /// The tree does not show when it was certified (CERT-062).
    #[error("the certificate does not show its time")]
    NoTime,
    /// The time is no number.
    #[error("the certificate's time is not one number in its shortest form")]
    MalformedTime,
    /// Certified too long ago.
    #[error("certified at {certified} ns, more than {tolerance:?} before {now} ns", certified = .certified.as_nanos(), now = .now.as_nanos())]
    Stale {
        /// When it was certified.
        certified: Time,
        /// The caller's clock.
        now: Time,
        /// How far from it would do.
        tolerance: Duration,
    },
    /// Certified in the future, further than clocks should differ.
    #[error("certified at {certified} ns, more than {tolerance:?} after {now} ns", certified = .certified.as_nanos(), now = .now.as_nanos())]
    Ahead {
        /// When it was certified.
        certified: Time,
        /// The caller's clock.
        now: Time,
        /// How far from it would do.
        tolerance: Duration,
    },
    /// Another subnet's certificate.
    #[error("expected the certificate of subnet {expected}, found that of {found}")]
    WrongSubnet {
        /// The subnet that was asked for.
        expected: SubnetId,
        /// The subnet that speaks.
        found: SubnetId,
    },
    /// The canister is not in the ranges of the subnet.
    #[error("subnet {subnet} does not speak for canister {canister}")]
    OutOfRange {
        /// The canister that was asked for.
        canister: CanisterId,
        /// The subnet that speaks.
        subnet: SubnetId,
    },
    /// Which canisters the subnet speaks for cannot be told.
    #[error(transparent)]
    Ranges(RangesError),
    /// The root subnet's word for the subnet is not one.
    #[error(transparent)]
    Delegation(DelegationError),
    /// The subnet did not sign this tree.
    #[error("the signature of the certificate: {0}")]
    Signature(#[source] InvalidSignature),
}

impl Certificate {
    /// Believes the certificate, if the root key says so (CERT-061, CERT-080, CERT-150).
    ///
    /// # Errors
    /// See [`CertificateError`]. What is cheap is checked first, so the error says what is wrong with what the
    /// certificate claims; who claims it is only known if the signatures hold.
    ///
    /// # Cost
    /// The two signatures of a certificate with delegation are checked as one product of pairings.
    pub fn verify(
        self,
        root: &RootKey,
        subject: Subject,
        freshness: Freshness,
    ) -> Result<VerifiedCertificate, CertificateError> {
        let time = certified_time(&self.tree)?;
        freshness.check(time)?;
        let genuine = self.verify_with(root, |delegation| subject.check(root, delegation))?;
        Ok(VerifiedCertificate { time, genuine })
    }

    /// The same for any time, with `scope` saying whether the subnet may speak.
    pub(crate) fn verify_with<E: From<CertificateError>>(
        self,
        root: &RootKey,
        scope: impl FnOnce(Option<&VerifiedDelegation>) -> Result<(), E>,
    ) -> Result<Genuine, E> {
        let Some(delegation) = self.delegation else {
            scope(None)?;
            let statement = Statement::of(self.tree, &self.signature)?;
            let claim = statement.claim(&root.key);
            bls::verify_all(&[claim]).map_err(CertificateError::Signature)?;
            return Ok(Genuine::new(statement.into_tree(), root, None));
        };
        let delegation = delegation.open().map_err(CertificateError::Delegation)?;
        scope(Some(&delegation.content))?;
        let statement = Statement::of(self.tree, &self.signature)?;
        let delegated = delegation.claim(&root.key);
        if let Err(error) = bls::verify_all(&[statement.claim(delegation.content.key()), delegated])
        {
            // Which of the two it is costs one verification more, for the sake of the error only.
            return Err(E::from(match bls::verify_all(&[delegated]) {
                Ok(()) => CertificateError::Signature(error),
                Err(error) => CertificateError::Delegation(DelegationError::Signature(error)),
            }));
        }
        Ok(Genuine::new(
            statement.into_tree(),
            root,
            Some(delegation.content),
        ))
    }
}

/// A well-formed tree, and what is claimed to be a signature on its root.
pub(super) struct Statement {
    tree: HashTree,
    message: SignedBytes,
    signature: Signature,
}

impl Statement {
    fn of(tree: HashTree, signature: &[u8; Signature::BYTES]) -> Result<Self, CertificateError> {
        let message = message(&tree)?;
        Self::new(tree, message, signature)
    }

    /// `message` is the [`message`] of the tree.
    pub(super) fn new(
        tree: HashTree,
        message: SignedBytes,
        signature: &[u8; Signature::BYTES],
    ) -> Result<Self, CertificateError> {
        let signature = Signature::from_bytes(signature).map_err(CertificateError::Signature)?;
        Ok(Self {
            tree,
            message,
            signature,
        })
    }

    /// That `key` signed it.
    pub(super) fn claim<'a>(&'a self, key: &'a PublicKey) -> Claim<'a> {
        Claim {
            key,
            message: &self.message,
            signature: &self.signature,
        }
    }

    /// The tree, which is genuine if the claim holds.
    pub(super) fn into_tree(self) -> HashTree {
        self.tree
    }
}

/// What a subnet signs to certify a well-formed tree (CERT-006, CERT-061).
pub(super) fn message(tree: &HashTree) -> Result<SignedBytes, CertificateError> {
    tree.well_formed()
        .map_err(CertificateError::NotWellFormed)?;
    Ok(SignedBytes::of(&tree.root()))
}

/// A tree whose signatures hold.
#[derive(Clone, Debug)]
pub(crate) struct Genuine {
    tree: HashTree,
    subnet: SubnetId,
    delegation: Option<VerifiedDelegation>,
}

impl Genuine {
    /// Believes what the caller has checked.
    pub(super) fn new(
        tree: HashTree,
        root: &RootKey,
        delegation: Option<VerifiedDelegation>,
    ) -> Self {
        let subnet = delegation
            .as_ref()
            .map_or(root.subnet, VerifiedDelegation::subnet);
        Self {
            tree,
            subnet,
            delegation,
        }
    }
}

impl Subject {
    pub(super) fn check(
        self,
        root: &RootKey,
        delegation: Option<&VerifiedDelegation>,
    ) -> Result<(), CertificateError> {
        let subnet = delegation.map_or(root.subnet, VerifiedDelegation::subnet);
        match (self, delegation) {
            (Self::Canister(_), None) => Ok(()),
            (Self::Canister(canister), Some(delegation)) => delegation.check_canister(canister),
            (Self::Subnet(expected), _) if expected == subnet => Ok(()),
            (Self::Subnet(expected), _) => Err(CertificateError::WrongSubnet {
                expected,
                found: subnet,
            }),
        }
    }
}

impl Freshness {
    pub(crate) fn check(self, certified: Time) -> Result<(), CertificateError> {
        match self {
            Self::AnyAge => Ok(()),
            Self::Within { now, tolerance } => match (now.since(certified), certified.since(now)) {
                (Some(age), _) if age > tolerance => Err(CertificateError::Stale {
                    certified,
                    now,
                    tolerance,
                }),
                (_, Some(lead)) if lead > tolerance => Err(CertificateError::Ahead {
                    certified,
                    now,
                    tolerance,
                }),
                (Some(_) | None, Some(_) | None) => Ok(()),
            },
        }
    }
}

/// The time that a tree shows (CERT-122).
pub(crate) fn certified_time(tree: &HashTree) -> Result<Time, CertificateError> {
    let Lookup::Found(mut number) = tree.lookup([label::TIME]) else {
        return Err(CertificateError::NoTime);
    };
    match leb128::read_unsigned(&mut number) {
        Ok(nanos) if number.is_empty() => Ok(Time::from_nanos(nanos)),
        Ok(_) | Err(_) => Err(CertificateError::MalformedTime),
    }
}
