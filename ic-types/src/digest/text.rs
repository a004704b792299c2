//! Digests and what is named by one, from their text.

use std::str::FromStr;

use super::{Digest, RequestId, StateRoot};

/// Why a text is no digest, request id or state root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestTextError {
    /// Not 64 bytes of text behind `0x` or nothing.
    #[error("expected a hash as 64 hexadecimal digits, found {found} bytes of text")]
    Length {
        /// The number of bytes, without those of `0x`.
        found: usize,
    },
    /// Something other than a hexadecimal digit.
    #[error(
        "expected a hexadecimal digit at position {position} of a hash, found byte {found:#04x}"
    )]
    Character {
        /// Where, counted in bytes from 0, behind `0x` if that is there.
        position: usize,
        /// The byte that stands there.
        found: u8,
    },
}

/// Reads 64 hexadecimal digits of either case, behind `0x` or nothing.
impl FromStr for Digest {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
        let found = digits.len();
        if found != 2 * Self::LENGTH {
            return Err(DigestTextError::Length { found });
        }
        let mut bytes = [0_u8; Self::LENGTH];
        for (position, found) in digits.iter().copied().enumerate() {
            let digit = match found {
                b'0'..=b'9' => found - b'0',
                b'a'..=b'f' => found - b'a' + 10,
                b'A'..=b'F' => found - b'A' + 10,
                _ => return Err(DigestTextError::Character { position, found }),
            };
            if let Some(byte) = bytes.get_mut(position / 2) {
                *byte = (*byte << 4) | digit;
            }
        }
        Ok(Self(bytes))
    }
}

/// As a [`Digest`] is read.
impl FromStr for RequestId {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        text.parse().map(Self::new)
    }
}

/// As a [`Digest`] is read.
impl FromStr for StateRoot {
    type Err = DigestTextError;

    fn from_str(text: &str) -> Result<Self, DigestTextError> {
        text.parse().map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_again() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let (id, root) = (RequestId::new(digest), StateRoot::new(digest));
        assert_eq!(
            id.to_string().to_uppercase().replace("0X", "0x").parse(),
            Ok(id)
        );
        assert_eq!(root.to_string().parse(), Ok(root));
        assert_eq!(
            "0xabc".parse::<Digest>(),
            Err(DigestTextError::Length { found: 3 })
        );
        assert_eq!(
            format!("{}+a", "00".repeat(31)).parse::<RequestId>(),
            Err(DigestTextError::Character {
                position: 62,
                found: b'+'
            })
        );
    }
}
