//! Signatures that a canister makes by having the subnet certify a tree of its (CERT-090 to CERT-096).

mod prepare;

use std::sync::{Arc, Mutex, PoisonError};

use ic_crypto::user_key::CanisterKey;
use ic_crypto::{CanisterSignatures, InvalidSignature};
use ic_types::codec::{DecodeError, Reader, Wire, Writer};
use ic_types::{CanisterId, DerPublicKey, Digest, SignedBytes, SubnetId, Time};

pub use self::prepare::{PrepareError, SignatureMap};
use crate::certificate::Certificate;
use crate::certificate::delegation::VerifiedDelegation;
use crate::certificate::recent::Recent;
use crate::certificate::verify::{CertificateError, RootKey};
use crate::paths::label;
use crate::{HashTree, Lookup, NotWellFormed};

/// The label of the signatures in a canister's tree.
const SIG: &[u8] = b"sig";

/// A canister signature as received (CERT-091).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterSignature {
    /// Shows the canister's certified data.
    pub certificate: Certificate,
    /// Shows the signature under the certified data.
    pub tree: HashTree,
}

/// With the tag 55799, which may be missing when it is read. The certificate is bytes, the tree is not.
impl Wire for CanisterSignature {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(512);
        writer
            .map(2)
            .text("certificate")
            .bytes(&self.certificate.encode())
            .text("tree");
        self.tree.write(&mut writer);
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.self_described()?;
        let (mut certificate, mut tree) = (None, None);
        reader.fields_among_others(&["certificate", "tree"], |name, reader| {
            match name {
                "certificate" => certificate = Some(Certificate::decode(reader.bytes()?)?),
                _ => tree = Some(HashTree::read(reader)?),
            }
            Ok(())
        })?;
        reader.finish()?;
        Ok(Self {
            certificate: certificate.ok_or(DecodeError::MissingField {
                field: "certificate",
            })?,
            tree: tree.ok_or(DecodeError::MissingField { field: "tree" })?,
        })
    }
}

impl CanisterSignature {
    /// Checks that the canister of `key` signed `payload`, which begins with the separator of its use (CERT-092 to
    /// CERT-095). When it did is no part of it (CERT-096).
    ///
    /// # Errors
    /// See [`CanisterSignatureError`].
    pub fn verify(
        self,
        root: &RootKey,
        key: &CanisterKey,
        payload: &[u8],
        subnet_types: SubnetTypes,
    ) -> Result<(), CanisterSignatureError> {
        // What costs least first: the tree, then the signatures of the certificate.
        self.tree
            .well_formed()
            .map_err(CanisterSignatureError::NotWellFormed)?;
        let canister = key.canister;
        let certified = self.certificate.tree.lookup([
            label::CANISTER,
            canister.as_slice(),
            label::CERTIFIED_DATA,
        ]);
        match certified {
            Lookup::Found(data) if data == self.tree.digest().as_bytes() => {}
            Lookup::Found(_) => return Err(CanisterSignatureError::OtherTree { canister }),
            Lookup::SubTree | Lookup::Absent | Lookup::Unknown => {
                return Err(CanisterSignatureError::NoCertifiedData { canister });
            }
        }
        let (seed, payload) = (Digest::of(&key.seed), Digest::of(payload));
        match self.tree.lookup([SIG, seed.as_bytes(), payload.as_bytes()]) {
            Lookup::Found([]) => {}
            Lookup::Found(_) | Lookup::SubTree | Lookup::Absent | Lookup::Unknown => {
                return Err(CanisterSignatureError::NotSigned);
            }
        }
        self.certificate
            .verify_with(root, |delegation| match delegation {
                Some(delegation) => subnet_types.check(delegation, canister),
                None => Ok(()),
            })?;
        Ok(())
    }
}

/// Checks the signatures of canisters for [`authenticate`](ic_crypto::authenticate): what `ic-crypto` cannot do, since
/// it knows no certificates.
///
/// ```
/// use ic_certification::{CanisterSignatureVerifier, RootKey};
///
/// let verifier = CanisterSignatureVerifier::new(RootKey::mainnet());
/// ```
#[derive(Clone, Debug)]
pub struct CanisterSignatureVerifier {
    root: RootKey,
    subnet_types: SubnetTypes,
    /// Names of signatures that hold. Shared between clones.
    remembered: Arc<Mutex<Recent<()>>>,
}

/// How many signatures a [`CanisterSignatureVerifier`] remembers: one for each user who is active, at some 150 bytes.
const REMEMBERED: usize = 4096;

impl CanisterSignatureVerifier {
    /// Believes what leads to `root`, from subnets whose type is [shown](SubnetTypes::Shown). For signatures that are older
    /// than this rule, see [`with_subnet_types`](Self::with_subnet_types).
    ///
    /// It remembers the last 4,096 signatures that held: a user who signed in shows the same one with every request, and no
    /// time makes it wrong (CERT-096).
    pub fn new(root: RootKey) -> Self {
        let remembered = Arc::new(Mutex::new(Recent::new(REMEMBERED)));
        Self {
            root,
            subnet_types: SubnetTypes::Shown,
            remembered,
        }
    }

    /// The same with another rule for the types of subnets.
    #[must_use]
    pub fn with_subnet_types(self, subnet_types: SubnetTypes) -> Self {
        // What holds under one rule may not hold under another.
        Self {
            subnet_types,
            ..Self::new(self.root)
        }
    }

    /// Checks a signature and says what is wrong with it.
    ///
    /// # Errors
    /// See [`CanisterSignatureError`].
    pub fn check(
        &self,
        key: &CanisterKey,
        message: &SignedBytes,
        signature: &[u8],
    ) -> Result<(), CanisterSignatureError> {
        let parts = [key.to_der().as_slice(), message.as_slice(), signature].map(Digest::of);
        let name = Digest::of_parts(&parts.each_ref().map(|part| part.as_bytes().as_slice()));
        // Whoever panicked with it in hand left it whole.
        let remembered = || {
            self.remembered
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if remembered().get(&name).is_some() {
            return Ok(());
        }
        let signature =
            CanisterSignature::decode(signature).map_err(CanisterSignatureError::Malformed)?;
        signature.verify(&self.root, key, message.as_slice(), self.subnet_types)?;
        remembered().insert(name, ());
        Ok(())
    }
}

impl CanisterSignatures for CanisterSignatureVerifier {
    /// The time is no part of it (CERT-096): what was signed says how long it holds.
    fn verify(
        &self,
        key: &DerPublicKey,
        message: &SignedBytes,
        signature: &[u8],
        _: Time,
    ) -> Result<(), InvalidSignature> {
        let key = CanisterKey::from_der(key.as_slice()).map_err(|_| InvalidSignature)?;
        self.check(&key, message, signature)
            .map_err(|_| InvalidSignature)
    }
}

/// Of which subnets canister signatures are accepted (CERT-094).
///
/// The interface specification has the rule since version 0.60 of May 2025: the delegation shows the type of the subnet, and
/// it is not `cloud_engine`. Certificates as such know no such rule; it is for signatures alone.
///
/// | you verify | use |
/// |---|---|
/// | requests, as a node does | [`Shown`](Self::Shown) |
/// | signatures whose delegation shows a type | [`Shown`](Self::Shown) |
/// | signatures that are older than the rule, or of a network that does not show types | [`ShownOrNot`](Self::ShownOrNot) |
///
/// None of the delegations of the public network that this crate is tested with, up to 2025, shows a type: with `Shown`
/// their signatures end in [`CanisterSignatureError::NoSubnetType`]. Published verifiers do not have the rule, and answer
/// as `ShownOrNot` does.
///
/// ```
/// use ic_certification::{CanisterSignature, CanisterSignatureError, RootKey, SubnetTypes};
/// use ic_crypto::user_key::CanisterKey;
/// use ic_types::codec::Wire;
///
/// // Internet Identity signs a delegation to a session key, in 2024.
/// let signature = CanisterSignature::decode(include_bytes!(concat!(
///     env!("CARGO_MANIFEST_DIR"),
///     "/tests/vectors/canister-signatures/ii_delegation_2024.sig.cbor"
/// )))?;
/// let user = CanisterKey {
///     canister: "fgte5-ciaaa-aaaad-aaatq-cai".parse()?,
///     seed: b"\xf3\xff\xab\x22\x78\x61\x65\x08\xad\x5e\xbf\xa0\xcb\x79\xa2\x1e\x08\xdb\xb7\x13\x2f\x68\x75\xb9\x5f\x81\xe7\x20\x67\xf3\x13\x02".to_vec(),
/// };
/// let payload = b"\x1aic-request-auth-delegation\xb5\xe2\xab\x74\xfc\xd8\xd7\xc0\xe1\x7a\x30\x3b\x3b\xe3\x10\xd3\x28\x02\xc2\xc9\xd0\x76\x7f\xde\xab\x22\xcf\xc1\x58\xf9\xaf\x89";
///
/// let root = RootKey::mainnet();
/// signature.clone().verify(&root, &user, payload, SubnetTypes::ShownOrNot)?;
/// let strict = signature.verify(&root, &user, payload, SubnetTypes::Shown);
/// assert!(matches!(strict, Err(CanisterSignatureError::NoSubnetType { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SubnetTypes {
    /// The delegation shows the type of the subnet, and it is none whose canisters may not sign.
    #[default]
    Shown,
    /// As before the rule: the delegation may leave the type out. A type that it shows has to be right all the same.
    ///
    /// This gives the rule up, and not only for old signatures: what a delegation shows is chosen by whoever shows it, so
    /// that a canister on a cloud engine can leave the type out too (CERT-063). Take it where such canisters do no harm,
    /// because the canister is one that you name yourself, say.
    ShownOrNot,
}

impl SubnetTypes {
    fn check(
        self,
        delegation: &VerifiedDelegation,
        canister: CanisterId,
    ) -> Result<(), CanisterSignatureError> {
        let subnet = delegation.subnet();
        delegation.check_canister(canister)?;
        match (delegation.subnet_type(), self) {
            (Lookup::Found(b"cloud_engine"), _) => {
                Err(CanisterSignatureError::SubnetType { subnet })
            }
            (Lookup::Found(_), _) | (Lookup::Absent | Lookup::Unknown, Self::ShownOrNot) => Ok(()),
            (Lookup::SubTree, _) | (Lookup::Absent | Lookup::Unknown, Self::Shown) => {
                Err(CanisterSignatureError::NoSubnetType { subnet })
            }
        }
    }
}

/// Why a canister signature is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanisterSignatureError {
    /// The bytes are no signature of a canister (CERT-091).
    #[error("the canister signature: {0}")]
    Malformed(#[source] DecodeError),
    /// The canister's tree is not well-formed (CERT-095).
    #[error("the tree of signatures: {0}")]
    NotWellFormed(#[source] NotWellFormed),
    /// The canister's tree does not hold this message under this seed (CERT-095).
    #[error("the tree of signatures does not hold this message under this key")]
    NotSigned,
    /// The certificate does not show what the canister certified (CERT-092).
    #[error("the certificate does not show the certified data of canister {canister}")]
    NoCertifiedData {
        /// The canister of the key.
        canister: CanisterId,
    },
    /// The canister certified something else (CERT-092).
    #[error("the certified data of canister {canister} is not the root of the tree of signatures")]
    OtherTree {
        /// The canister of the key.
        canister: CanisterId,
    },
    /// The delegation does not show of which type the subnet is (CERT-094). If it need not, see
    /// [`SubnetTypes::ShownOrNot`].
    #[error(
        "the delegation does not show the type of subnet {subnet}, as it has to since version 0.60 of the interface"
    )]
    NoSubnetType {
        /// The subnet of the canister.
        subnet: SubnetId,
    },
    /// Canisters of such a subnet may not sign (CERT-094).
    #[error("canisters of subnet {subnet}, a cloud engine, may not sign")]
    SubnetType {
        /// The subnet of the canister.
        subnet: SubnetId,
    },
    /// The certificate is not to be believed (CERT-092, CERT-093).
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}
