//! Keys of canisters: a canister's id and a seed. Their signatures are certificates, so that who checks them needs the
//! root key of the network: see [`CanisterSignatures`](crate::CanisterSignatures).

use std::fmt;

use ic_types::{CanisterId, DerPublicKey, Principal};

use super::der;
use crate::InvalidKey;

/// The object identifier 1.3.6.1.4.1.56387.1.2 with its tag and length (HTTP-064).
const ALGORITHM: [u8; 12] = [
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb8, 0x43, 0x01, 0x02,
];

/// The public key under which a canister signs: as many keys as there are seeds.
#[derive(Clone, PartialEq, Eq)]
pub struct CanisterKey {
    /// The canister that signs.
    pub canister: CanisterId,
    /// Which of its keys.
    pub seed: Vec<u8>,
}

impl CanisterKey {
    /// Reads the DER form (HTTP-064): only the canonical one exists.
    ///
    /// # Errors
    /// Another algorithm, or no canister id of at most 29 bytes.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let raw = der::key_of_algorithm(&ALGORITHM, der)?;
        let (length, rest) = raw.split_first().ok_or(InvalidKey)?;
        let (canister, seed) = rest
            .split_at_checked(usize::from(*length))
            .ok_or(InvalidKey)?;
        let canister =
            CanisterId::new(Principal::try_from_slice(canister).map_err(|_| InvalidKey)?);
        Ok(Self {
            canister,
            seed: seed.to_vec(),
        })
    }

    /// The DER form.
    pub fn to_der(&self) -> DerPublicKey {
        let canister = self.canister.as_slice();
        // A principal has at most 29 bytes.
        let length = u8::try_from(canister.len()).unwrap_or(u8::MAX);
        DerPublicKey::new(der::wrap(
            &ALGORITHM,
            &[&[length], canister, &self.seed].concat(),
        ))
    }
}

impl fmt::Debug for CanisterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanisterKey({}, ", self.canister)?;
        crate::write_hex(f, &self.seed)?;
        f.write_str(")")
    }
}
