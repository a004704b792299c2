//! Signatures that a canister makes by having the subnet certify a tree of its (CERT-090 to CERT-096).

use ic_types::codec::{DecodeError, Reader, Wire, Writer};
use ic_types::{CanisterId, DerPublicKey, Digest, Principal, SubnetId};

use crate::certificate::Certificate;
use crate::certificate::delegation::VerifiedDelegation;
use crate::certificate::verify::{CertificateError, Genuine, RootKey};
use crate::paths::label;
use crate::{HashTree, Lookup, NotWellFormed};

/// What comes before the content of the bit string: the algorithm 1.3.6.1.4.1.56387.1.2 without parameters.
const ALGORITHM: [u8; 14] = [
    0x30, 0x0c, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb8, 0x43, 0x01, 0x02,
];

/// The label of the signatures in a canister's tree.
const SIG: &[u8] = b"sig";

/// A public key that stands for a canister and a seed (CERT-090).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterSignatureKey {
    /// The canister that signs.
    pub canister: CanisterId,
    /// Which of its keys: any bytes, maybe none.
    pub seed: Vec<u8>,
}

impl CanisterSignatureKey {
    /// Reads the DER form.
    ///
    /// # Errors
    /// Anything but the one form that [`to_der`](Self::to_der) writes.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidCanisterKey> {
        let content = read_element(0x30, der).ok_or(InvalidCanisterKey)?;
        let bits = content.strip_prefix(&ALGORITHM).ok_or(InvalidCanisterKey)?;
        let bytes = read_element(0x03, bits)
            .and_then(|bits| bits.strip_prefix(&[0]))
            .ok_or(InvalidCanisterKey)?;
        let (length, rest) = bytes.split_first().ok_or(InvalidCanisterKey)?;
        let (id, seed) = rest
            .split_at_checked(usize::from(*length))
            .ok_or(InvalidCanisterKey)?;
        let canister = Principal::try_from_slice(id).map_err(|_| InvalidCanisterKey)?;
        Ok(Self {
            canister: CanisterId::new(canister),
            seed: seed.to_vec(),
        })
    }

    /// The DER form.
    pub fn to_der(&self) -> DerPublicKey {
        let id = self.canister.as_slice();
        // A principal has at most 29 bytes.
        let length = u8::try_from(id.len()).unwrap_or_default();
        let bits = element(0x03, &[&[0, length], id, &self.seed].concat());
        DerPublicKey::new(element(0x30, &[&ALGORITHM, bits.as_slice()].concat()))
    }
}

/// The bytes are no key of a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a canister signature")]
pub struct InvalidCanisterKey;

/// The content of the one DER element that `bytes` are, with the shortest length.
fn read_element(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let (length, content) = match bytes.strip_prefix(&[tag])? {
        [length @ 0..=0x7f, content @ ..] => (usize::from(*length), content),
        [0x81, length @ 0x80..=0xff, content @ ..] => (usize::from(*length), content),
        [0x82, high @ 1..=0xff, low, content @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

/// A DER element. Keys over 64 KiB do not exist: a seed is far shorter.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    match length {
        0..0x80 => out.push(low),
        0x80..0x100 => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(content);
    out
}

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
        key: &CanisterSignatureKey,
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
        let Genuine { .. } = self.certificate.verify_with(root, |_, delegation| {
            delegation.map_or(Ok(()), |delegation| {
                subnet_types.check(delegation, canister)
            })
        })?;
        Ok(())
    }
}

/// Of which subnets canister signatures are accepted (CERT-094).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SubnetTypes {
    /// The delegation shows the type of the subnet, and it is none whose canisters may not sign.
    #[default]
    Shown,
    /// As before the rule: the delegation may leave the type out, as those of the years 2021 to 2025 do. A type that
    /// it shows has to be right all the same.
    ShownOrNot,
}

impl SubnetTypes {
    fn check(
        self,
        delegation: &VerifiedDelegation,
        canister: CanisterId,
    ) -> Result<(), CanisterSignatureError> {
        let subnet = delegation.subnet();
        if !delegation
            .speaks_for(canister)
            .map_err(CertificateError::Ranges)?
        {
            return Err(CertificateError::OutOfRange { canister, subnet }.into());
        }
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
    /// The delegation does not show of which type the subnet is (CERT-094).
    #[error("the delegation does not show the type of subnet {subnet}")]
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
