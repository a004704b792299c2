//! Principals: 0 to 29 bytes that name a canister, a user, a node or a subnet.

use std::fmt;
use std::str::FromStr;

use crate::digest;
use crate::key::DerPublicKey;

mod text;

pub use text::PrincipalText;

/// A name of up to 29 bytes (ID-001). What it names is not written in it: see [`crate::ids`] for the four roles.
///
/// Principals are ordered as their bytes are, a prefix before its extensions (ID-003), which is the order of
/// canister ranges and of labels in the state tree.
///
/// ```
/// use ic_types::Principal;
///
/// let ledger: Principal = "ryjl3-tyaaa-aaaaa-aaaba-cai".parse()?;
/// assert_eq!(ledger.as_slice(), [0, 0, 0, 0, 0, 0, 0, 2, 1, 1]);
/// assert_eq!(ledger.to_string(), "ryjl3-tyaaa-aaaaa-aaaba-cai");
/// # Ok::<(), ic_types::PrincipalError>(())
/// ```
// The order of the fields is the order of principals: bytes padded with zeros, and among equals the shorter first,
// is the same as the lexicographic order of the unpadded bytes. `bytes` behind `length` is always zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    bytes: [u8; Self::MAX_LENGTH],
    length: u8,
}

/// What the last byte says about where a principal came from (ID-002, ID-010 to ID-015).
///
/// It is a convention about how principals are made and no promise about what they name: a canister range also
/// holds principals of other classes (ID-004).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PrincipalClass {
    /// The empty principal, `aaaaa-aa`: the management canister (ID-010).
    Management,
    /// Made by the system, ending in `01`: canisters (ID-011).
    Opaque,
    /// The hash of a public key, 29 bytes ending in `02`: users, nodes and subnets (ID-012).
    SelfAuthenticating,
    /// The hash of a registering principal and a nonce, 29 bytes ending in `03` (ID-013).
    Derived,
    /// The single byte `04`, `2vxsx-fae`: whoever does not sign (ID-014).
    Anonymous,
    /// Ending in `7f`: never a user or a canister, free for applications (ID-015).
    Reserved,
    /// None of the above: no rule of the specification makes such a principal.
    Unassigned,
}

/// Why bytes or a text are no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrincipalError {
    /// More than 29 bytes (ID-001).
    #[error("a principal has at most 29 bytes, found {found}")]
    TooLong {
        /// The number of bytes that were given.
        found: usize,
    },
    /// No text of a principal has this length: 8 to 63 characters, never ending in a dash (ID-022, ID-024).
    #[error(
        "the text of a principal has 8 to 63 characters in groups of five, found {found} bytes"
    )]
    TextLength {
        /// The length of the text in bytes.
        found: usize,
    },
    /// A character that is not of the base32 alphabet, or a dash that is missing or in a wrong place (ID-021, ID-022).
    #[error("expected {expected} at position {position} of a principal, found byte {found:#04x}")]
    Character {
        /// Where, counted in bytes from 0.
        position: usize,
        /// What has to stand there.
        expected: &'static str,
        /// The byte that stands there.
        found: u8,
    },
    /// The last character stands for bits that belong to no byte, and they are not zero (ID-025).
    #[error("the last character of a principal carries bits that belong to no byte")]
    LeftoverBits,
    /// The checksum does not fit the bytes (ID-020): a typing error, as a rule.
    #[error("the checksum of a principal is {stated:08x}, but its bytes have {computed:08x}")]
    Checksum {
        /// The checksum that the text states.
        stated: u32,
        /// The checksum of the bytes in the text.
        computed: u32,
    },
}

impl Principal {
    /// The greatest number of bytes in a principal (ID-001).
    pub const MAX_LENGTH: usize = crate::limits::PRINCIPAL_BYTES;
    /// The management canister: no bytes, `aaaaa-aa` (ID-010).
    pub const MANAGEMENT: Self = Self {
        bytes: [0; Self::MAX_LENGTH],
        length: 0,
    };
    /// Whoever does not sign: `04`, `2vxsx-fae` (ID-014).
    pub const ANONYMOUS: Self = Self::short([4]);

    const SELF_AUTHENTICATING: u8 = 2;
    const DERIVED: u8 = 3;

    /// The principal of the holder of `key`: SHA-224 of the whole DER form, then `02` (ID-012).
    ///
    /// The key is not looked at: whether it is valid is for `ic-crypto` to say.
    ///
    /// ```
    /// use ic_types::{DerPublicKey, Principal};
    ///
    /// let key = DerPublicKey::new(vec![0x30, 0x00]);
    /// assert!(Principal::self_authenticating(&key).is_self_authenticating());
    /// ```
    pub fn self_authenticating(key: &DerPublicKey) -> Self {
        Self::hashed(digest::sha224(&[key.as_slice()]), Self::SELF_AUTHENTICATING)
    }

    /// The principal that `registering` gives to `nonce`: SHA-224 of both, then `03` (ID-013).
    pub fn derived(registering: Self, nonce: &[u8]) -> Self {
        let hash = digest::sha224(&[&[registering.length], registering.as_slice(), nonce]);
        Self::hashed(hash, Self::DERIVED)
    }

    /// A principal from its bytes.
    ///
    /// # Errors
    /// [`PrincipalError::TooLong`] if there are more than 29.
    pub const fn try_from_slice(bytes: &[u8]) -> Result<Self, PrincipalError> {
        let mut padded = [0; Self::MAX_LENGTH];
        let Some((target, _)) = padded.split_at_mut_checked(bytes.len()) else {
            return Err(PrincipalError::TooLong { found: bytes.len() });
        };
        target.copy_from_slice(bytes);
        #[expect(
            clippy::as_conversions,
            reason = "at most 29, and `try_from` is not const"
        )]
        let length = bytes.len() as u8;
        Ok(Self {
            bytes: padded,
            length,
        })
    }

    /// The bytes, 0 to 29 of them.
    pub fn as_slice(&self) -> &[u8] {
        // `length` is at most 29 in every constructor, so this is always the first `length` bytes.
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// The number of bytes, 0 to 29.
    pub fn length(&self) -> usize {
        usize::from(self.length)
    }

    /// The text form, on the stack: what [`Display`](fmt::Display) writes, without a `String`.
    pub fn text(&self) -> PrincipalText {
        PrincipalText::of(self)
    }

    /// Where the principal came from, by its last byte (ID-010 to ID-015).
    pub fn class(&self) -> PrincipalClass {
        match self.as_slice() {
            [] => PrincipalClass::Management,
            [4] => PrincipalClass::Anonymous,
            [.., 1] => PrincipalClass::Opaque,
            [.., Self::SELF_AUTHENTICATING] if self.length() == Self::MAX_LENGTH => {
                PrincipalClass::SelfAuthenticating
            }
            [.., Self::DERIVED] if self.length() == Self::MAX_LENGTH => PrincipalClass::Derived,
            [.., 0x7f] => PrincipalClass::Reserved,
            _ => PrincipalClass::Unassigned,
        }
    }

    /// Whether this is the management canister (ID-010).
    pub fn is_management(&self) -> bool {
        self.length == 0
    }

    /// Whether this is the anonymous principal (ID-014).
    pub fn is_anonymous(&self) -> bool {
        *self == Self::ANONYMOUS
    }

    /// Whether the system made it, as it does for canisters (ID-011).
    pub fn is_opaque(&self) -> bool {
        self.class() == PrincipalClass::Opaque
    }

    /// Whether it is the hash of a public key (ID-012).
    pub fn is_self_authenticating(&self) -> bool {
        self.class() == PrincipalClass::SelfAuthenticating
    }

    /// Whether it is derived from another principal (ID-013).
    pub fn is_derived(&self) -> bool {
        self.class() == PrincipalClass::Derived
    }

    /// Whether it is reserved for applications (ID-015).
    pub fn is_reserved(&self) -> bool {
        self.class() == PrincipalClass::Reserved
    }

    /// At most 29 bytes, known when the crate is compiled.
    pub(crate) const fn short<const N: usize>(bytes: [u8; N]) -> Self {
        match Self::try_from_slice(&bytes) {
            Ok(principal) => principal,
            Err(_) => panic!("a principal has at most 29 bytes"),
        }
    }

    fn hashed(hash: [u8; 28], class: u8) -> Self {
        let mut bytes = [class; Self::MAX_LENGTH];
        for (byte, hashed) in bytes.iter_mut().zip(hash) {
            *byte = hashed;
        }
        Self { bytes, length: 29 }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl FromStr for Principal {
    type Err = PrincipalError;

    /// Reads the canonical text: dashes where they belong, upper or lower case (ID-020 to ID-026).
    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        text::parse(text.as_bytes())
    }
}

impl TryFrom<&[u8]> for Principal {
    type Error = PrincipalError;

    fn try_from(bytes: &[u8]) -> Result<Self, PrincipalError> {
        Self::try_from_slice(bytes)
    }
}

impl AsRef<[u8]> for Principal {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_001_at_most_29_bytes() {
        assert!(Principal::try_from_slice(&[7; 29]).is_ok());
        assert_eq!(
            Principal::try_from_slice(&[7; 30]),
            Err(PrincipalError::TooLong { found: 30 })
        );
    }

    #[test]
    fn id_003_order_is_that_of_the_bytes() {
        let all: [&[u8]; 9] = [
            &[],
            &[0],
            &[0, 0],
            &[0, 1],
            &[1],
            &[1, 0],
            &[1, 0, 5],
            &[2],
            &[255; 29],
        ];
        for a in all {
            for b in all {
                let (p, q) = (
                    Principal::try_from(a).unwrap(),
                    Principal::try_from(b).unwrap(),
                );
                assert_eq!(p.cmp(&q), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn id_010_to_015_classes() {
        let class = |bytes: &[u8]| Principal::try_from(bytes).unwrap().class();
        let ending = |last: u8| {
            let mut bytes = [9; 29];
            bytes[28] = last;
            bytes
        };
        assert_eq!(class(&[]), PrincipalClass::Management);
        assert_eq!(class(&[0, 1]), PrincipalClass::Opaque);
        assert_eq!(class(&ending(2)), PrincipalClass::SelfAuthenticating);
        assert_eq!(class(&[1, 2]), PrincipalClass::Unassigned);
        assert_eq!(class(&ending(3)), PrincipalClass::Derived);
        assert_eq!(class(&[4]), PrincipalClass::Anonymous);
        assert_eq!(class(&[0, 4]), PrincipalClass::Unassigned);
        assert_eq!(class(&[0x7f]), PrincipalClass::Reserved);
        assert_eq!(class(&ending(0x7f)), PrincipalClass::Reserved);
    }
}
