//! Reading CBOR value by value, without copies and without recursion.

use std::fmt;

use super::{DecodeError, SELF_DESCRIBED};
use crate::principal::Principal;

mod containers;

pub(super) use containers::Items;

/// What kind of value stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number from 0.
    Nat,
    /// A number below 0.
    Negative,
    /// A byte string.
    Bytes,
    /// A text.
    Text,
    /// A list.
    Array,
    /// A map.
    Map,
    /// A value with a tag before it.
    Tag,
    /// True or false.
    Bool,
    /// Null.
    Null,
    /// A floating point number, or one of the simple values that no format here has.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nat => "a natural number",
            Self::Negative => "a negative number",
            Self::Bytes => "bytes",
            Self::Text => "text",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Tag => "a tag",
            Self::Bool => "a truth value",
            Self::Null => "null",
            Self::Other => "a floating point number or a simple value",
        })
    }
}

/// A pull reader of CBOR that borrows from its input.
///
/// Strict: shortest forms, definite lengths, UTF-8. One exception: where [`fields`](Self::fields) and
/// [`list`](Self::list) read, and in what is skipped, maps and arrays may be open-ended, because Rust agents of some
/// years wrote requests so, and a request id does not depend on it. Bounded: no length is believed before as many bytes are there, and
/// an array or map never claims more elements than bytes follow. It keeps no stack: nesting is the caller's, who
/// should not recurse without a limit.
///
/// ```
/// use ic_types::codec::Reader;
///
/// // [1, h'0203']
/// let mut reader = Reader::new(&[0x82, 0x01, 0x42, 0x02, 0x03]);
/// assert_eq!(reader.array()?, 2);
/// assert_eq!(reader.nat()?, 1);
/// assert_eq!(reader.bytes()?, [2, 3]);
/// reader.finish()?;
/// # Ok::<(), ic_types::codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `input`.
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, position: 0 }
    }

    /// How many bytes have been read.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What has not been read.
    pub fn remaining(&self) -> &'a [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] if anything is left.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.remaining().is_empty() {
            Ok(())
        } else {
            Err(DecodeError::TrailingBytes {
                position: self.position,
            })
        }
    }

    /// The kind of the next value, which stays unread.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the input.
    pub fn kind(&self) -> Result<Kind, DecodeError> {
        let first = self.remaining().first().ok_or(DecodeError::Truncated {
            position: self.position,
        })?;
        Ok(match first >> 5 {
            0 => Kind::Nat,
            1 => Kind::Negative,
            2 => Kind::Bytes,
            3 => Kind::Text,
            4 => Kind::Array,
            5 => Kind::Map,
            6 => Kind::Tag,
            _ => match first & 31 {
                20 | 21 => Kind::Bool,
                22 => Kind::Null,
                _ => Kind::Other,
            },
        })
    }

    /// Reads a natural number of at most 64 bits, as a number or as a bignum (HTTP-022).
    ///
    /// A bignum is accepted for small numbers too: the JavaScript agents of some years wrote every large number so.
    ///
    /// # Errors
    /// Another kind of value, not the shortest form, more than 64 bits, or the end of the input.
    #[inline]
    pub fn nat(&mut self) -> Result<u64, DecodeError> {
        let position = self.position;
        if self.kind()? == Kind::Tag {
            let number = self.bignum()?;
            return u64::try_from(number)
                .map_err(|_| DecodeError::NumberTooLarge { position, bits: 64 });
        }
        self.header(0, "a natural number")
    }

    /// Reads a natural number of at most 128 bits, as a number or as a bignum (HTTP-022).
    ///
    /// # Errors
    /// Another kind of value, not the shortest form, more than 128 bits, or the end of the input.
    pub fn nat128(&mut self) -> Result<u128, DecodeError> {
        if self.kind()? == Kind::Tag {
            self.bignum()
        } else {
            self.header(0, "a natural number").map(u128::from)
        }
    }

    /// Reads an integer of at most 64 bits and a sign.
    ///
    /// # Errors
    /// Another kind of value, not the shortest form, or the end of the input.
    pub fn int(&mut self) -> Result<i128, DecodeError> {
        if self.kind()? == Kind::Negative {
            self.header(1, "an integer")
                .map(|number| -1 - i128::from(number))
        } else {
            self.header(0, "an integer").map(i128::from)
        }
    }

    /// Reads a negative number: `n` stands for `-1 - n`.
    pub(super) fn negative(&mut self) -> Result<u64, DecodeError> {
        self.header(1, "a negative number")
    }

    /// Reads bytes, without a copy.
    ///
    /// # Errors
    /// Another kind of value, an indefinite or not shortest length, or the end of the input.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let position = self.position;
        let length = self.header(2, "bytes")?;
        self.take(length, position)
    }

    /// Reads exactly `N` bytes; `what` they are, as "bytes of a hash", goes into the error.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and another length.
    pub fn byte_array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let position = self.position;
        let bytes = self.bytes()?;
        let length = DecodeError::Length {
            position,
            what,
            expected: N,
            found: bytes.len(),
        };
        bytes.try_into().map_err(|_| length)
    }

    /// Reads a principal (HTTP-025).
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and more than 29 bytes.
    pub fn principal(&mut self) -> Result<Principal, DecodeError> {
        let position = self.position;
        Principal::try_from_slice(self.bytes()?)
            .map_err(|reason| DecodeError::Principal { position, reason })
    }

    /// Reads text, without a copy.
    ///
    /// # Errors
    /// Another kind of value, an indefinite or not shortest length, no UTF-8, or the end of the input.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let position = self.position;
        let length = self.header(3, "text")?;
        str::from_utf8(self.take(length, position)?).map_err(|_| DecodeError::NotUtf8 { position })
    }

    /// Reads the head of an array: how many elements follow.
    ///
    /// # Errors
    /// Another kind of value, an indefinite or not shortest length, or more elements than bytes.
    #[inline]
    pub fn array(&mut self) -> Result<usize, DecodeError> {
        self.count(4, "an array", 1)
    }

    /// Reads the head of a map: how many pairs of key and value follow.
    ///
    /// # Errors
    /// Another kind of value, an indefinite or not shortest length, or more pairs than bytes.
    pub fn map(&mut self) -> Result<usize, DecodeError> {
        self.count(5, "a map", 2)
    }

    /// Reads a tag; the tagged value follows.
    ///
    /// # Errors
    /// Another kind of value, not the shortest form, or the end of the input.
    pub fn tag(&mut self) -> Result<u64, DecodeError> {
        self.header(6, "a tag")
    }

    /// Reads the tag that says "this is CBOR", if it is there (HTTP-020). Says whether it was.
    ///
    /// # Errors
    /// Another tag.
    pub fn self_described(&mut self) -> Result<bool, DecodeError> {
        let position = self.position;
        if self.remaining().first().is_none_or(|first| first >> 5 != 6) {
            return Ok(false);
        }
        match self.tag()? {
            SELF_DESCRIBED => Ok(true),
            found => Err(DecodeError::UnexpectedNumber {
                position,
                expected: "the tag 55799 or none",
                found,
            }),
        }
    }

    /// Reads a truth value.
    ///
    /// # Errors
    /// Another kind of value, or the end of the input.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        let found = self.kind()?;
        if found == Kind::Bool {
            Ok(self.header(7, "a truth value")? == 21)
        } else {
            Err(self.unexpected("a truth value", found))
        }
    }

    /// Reads null, if it is there. Says whether it was.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end of the input.
    pub fn null(&mut self) -> Result<bool, DecodeError> {
        let null = self.kind()? == Kind::Null;
        if null {
            self.header(7, "null")?;
        }
        Ok(null)
    }

    /// Reads null as `None`, and everything else with `read`: some clients write null for what they leave out.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn nullable<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.null()? {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    pub(super) fn unexpected(&self, expected: &'static str, found: Kind) -> DecodeError {
        DecodeError::Unexpected {
            position: self.position,
            expected,
            found,
        }
    }

    fn bignum(&mut self) -> Result<u128, DecodeError> {
        let position = self.position;
        match self.tag()? {
            2 => {}
            found => {
                return Err(DecodeError::UnexpectedNumber {
                    position,
                    expected: "the tag 2 or none",
                    found,
                });
            }
        }
        let bytes = self.bytes()?;
        if bytes.first() == Some(&0) {
            return Err(DecodeError::NotShortest { position });
        }
        let mut padded = [0; 16];
        let start = padded.len().checked_sub(bytes.len());
        let target = start.and_then(|start| padded.get_mut(start..));
        target
            .ok_or(DecodeError::NumberTooLarge {
                position,
                bits: 128,
            })?
            .copy_from_slice(bytes);
        Ok(u128::from_be_bytes(padded))
    }

    /// Reads an array or map head whose elements need at least `least` bytes each.
    #[inline]
    fn count(
        &mut self,
        major: u8,
        expected: &'static str,
        least: usize,
    ) -> Result<usize, DecodeError> {
        let position = self.position;
        let count = self.header(major, expected)?;
        match usize::try_from(count) {
            Ok(count) if count <= self.remaining().len() / least => Ok(count),
            Ok(_) | Err(_) => Err(DecodeError::Truncated { position }),
        }
    }

    #[inline]
    fn take(&mut self, length: u64, position: usize) -> Result<&'a [u8], DecodeError> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.remaining().get(..length));
        let taken = taken.ok_or(DecodeError::Truncated { position })?;
        self.position += taken.len();
        Ok(taken)
    }

    /// Reads the first byte of a value and the number in it or behind it, in its shortest form.
    #[inline]
    fn header(&mut self, major: u8, expected: &'static str) -> Result<u64, DecodeError> {
        let position = self.position;
        let rest = self.remaining();
        let first = *rest.first().ok_or(DecodeError::Truncated { position })?;
        if first >> 5 != major {
            return Err(self.unexpected(expected, self.kind()?));
        }
        let (number, used, least) = match (first & 31, rest) {
            (small @ 0..24, _) => {
                self.position += 1;
                return Ok(small.into());
            }
            (24, [_, a, ..]) => (u64::from(*a), 2, 24),
            (25, [_, a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 3, 1 << 8),
            (26, [_, a, b, c, d, ..]) => {
                (u64::from(u32::from_be_bytes([*a, *b, *c, *d])), 5, 1 << 16)
            }
            (27, [_, a, b, c, d, e, f, g, h, ..]) => (
                u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
                9,
                1 << 32,
            ),
            (31, _) => return Err(DecodeError::Indefinite { position }),
            (28..=30, _) => return Err(DecodeError::NotShortest { position }),
            _ => return Err(DecodeError::Truncated { position }),
        };
        if number < least {
            return Err(DecodeError::NotShortest { position });
        }
        self.position += used;
        Ok(number)
    }
}

#[cfg(test)]
mod tests;
