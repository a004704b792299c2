//! Reading CBOR value by value, without copies and without recursion.

use std::collections::BTreeSet;
use std::fmt;

use super::{DecodeError, Excerpt, SELF_DESCRIBED};
use crate::limits;
use crate::principal::Principal;

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

/// What is left of an array or map.
#[derive(Clone, Copy, Debug)]
pub(super) enum Items {
    /// This many elements or pairs.
    Counted(usize),
    /// As many as there are before the end.
    UntilBreak,
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

    /// Reads a list with `read` for each element; more than `limit` of `what` are refused.
    ///
    /// # Errors
    /// Those of [`array`](Self::array) and of `read`, and [`DecodeError::OverLimit`].
    pub fn list<T>(
        &mut self,
        what: &'static str,
        limit: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut rest = self.items(Kind::Array)?;
        if let Items::Counted(found) = rest
            && found > limit
        {
            return Err(DecodeError::OverLimit { what, limit, found });
        }
        // Not `with_capacity`: an element takes more room here than the byte that it may have taken in the input.
        let mut elements = Vec::new();
        while self.more(&mut rest)? {
            if elements.len() == limit {
                return Err(DecodeError::OverLimit {
                    what,
                    limit,
                    found: limit.saturating_add(1),
                });
            }
            elements.push(read(self)?);
        }
        Ok(elements)
    }

    /// Reads a map whose keys are texts: `field` is given each key that is in `known`, before the value is read, and
    /// has to read the value. Every other key is refused. `known` has at most 64 names.
    ///
    /// # Errors
    /// Those of `field`, [`DecodeError::UnknownField`] and [`DecodeError::DuplicateKey`].
    pub fn fields(
        &mut self,
        known: &[&'static str],
        field: impl FnMut(&'static str, &mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.text_map(known, false, field)
    }

    /// The same, but every other key is skipped together with its value: for answers, which may say more than we know
    /// (HTTP-190).
    ///
    /// # Errors
    /// Those of `field`, of [`skip`](Self::skip), and [`DecodeError::DuplicateKey`].
    pub fn fields_among_others(
        &mut self,
        known: &[&'static str],
        field: impl FnMut(&'static str, &mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.text_map(known, true, field)
    }

    fn text_map(
        &mut self,
        known: &[&'static str],
        others: bool,
        mut field: impl FnMut(&'static str, &mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        // One bit for each known name: the lists are short, and written down in this crate.
        let mut seen = 0_u64;
        let mut seen_others = BTreeSet::new();
        let mut rest = self.items(Kind::Map)?;
        while self.more(&mut rest)? {
            let position = self.position;
            let name = self.text()?;
            let known = known.iter().enumerate().find(|(_, known)| **known == name);
            let new = match known {
                Some((index, _)) => {
                    let bit = u32::try_from(index)
                        .ok()
                        .and_then(|index| 1_u64.checked_shl(index))
                        .unwrap_or_default();
                    let new = seen & bit == 0;
                    seen |= bit;
                    new
                }
                None if others => seen_others.insert(name),
                None => {
                    return Err(DecodeError::UnknownField {
                        position,
                        field: Excerpt::of(name),
                    });
                }
            };
            match known {
                _ if !new => return Err(DecodeError::DuplicateKey { position }),
                Some((_, name)) => field(name, self)?,
                None => self.skip()?,
            }
        }
        Ok(())
    }

    /// Skips one value with everything in it. Its parts are checked as if they were read; keys of maps are not
    /// compared.
    ///
    /// # Errors
    /// What reading its parts would have said, and values nested deeper than [`limits::CBOR_DEPTH`].
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        // What is still to be skipped at each level, the outermost first.
        let mut open = [Items::Counted(0); limits::CBOR_DEPTH];
        let mut depth = 0;
        loop {
            let position = self.position;
            let inner = match self.kind()? {
                Kind::Nat | Kind::Negative => self.int().map(|_| None)?,
                Kind::Bytes => self.bytes().map(|_| None)?,
                Kind::Text => self.text().map(|_| None)?,
                Kind::Array => Some(self.items(Kind::Array)?),
                Kind::Map => Some(match self.items(Kind::Map)? {
                    // Not more than there are bytes: no overflow.
                    Items::Counted(pairs) => Items::Counted(pairs * 2),
                    open => open,
                }),
                Kind::Tag => self.tag().map(|_| Some(Items::Counted(1)))?,
                Kind::Bool | Kind::Null => self.header(7, "a simple value").map(|_| None)?,
                found @ Kind::Other => return Err(self.unexpected("a value", found)),
            };
            if let Some(inner) = inner {
                let level = open.get_mut(depth);
                *level.ok_or(DecodeError::TooDeep {
                    position,
                    limit: limits::CBOR_DEPTH,
                })? = inner;
                depth += 1;
            }
            // Leaves every level of which nothing is left.
            loop {
                let Some(level) = depth.checked_sub(1).and_then(|last| open.get_mut(last)) else {
                    return Ok(());
                };
                if self.more(level)? {
                    break;
                }
                depth -= 1;
            }
        }
    }

    /// The bytes of the next value, checked as by [`skip`](Self::skip).
    ///
    /// # Errors
    /// Those of [`skip`](Self::skip).
    pub fn raw(&mut self) -> Result<&'a [u8], DecodeError> {
        let start = self.position;
        self.skip()?;
        Ok(self.input.get(start..self.position).unwrap_or_default())
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

    /// Reads the head of an array or map, which may be open-ended.
    pub(super) fn items(&mut self, kind: Kind) -> Result<Items, DecodeError> {
        let open = if kind == Kind::Map { 0xbf } else { 0x9f };
        if self.remaining().first() == Some(&open) {
            self.position += 1;
            return Ok(Items::UntilBreak);
        }
        if kind == Kind::Map {
            self.map()
        } else {
            self.array()
        }
        .map(Items::Counted)
    }

    /// Whether another element or pair follows, which is counted; reads the end of what is open-ended.
    pub(super) fn more(&mut self, items: &mut Items) -> Result<bool, DecodeError> {
        match items {
            Items::Counted(0) => Ok(false),
            Items::Counted(count) => {
                *count -= 1;
                Ok(true)
            }
            Items::UntilBreak => {
                let position = self.position;
                match self.remaining().first() {
                    Some(0xff) => {
                        self.position += 1;
                        Ok(false)
                    }
                    Some(_) => Ok(true),
                    None => Err(DecodeError::Truncated { position }),
                }
            }
        }
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
mod tests {
    use super::*;

    #[test]
    fn http_022_numbers_in_their_shortest_form_only() {
        let nat = |bytes: &[u8]| Reader::new(bytes).nat();
        assert_eq!(nat(&[0x17]), Ok(23));
        assert_eq!(nat(&[0x18, 24]), Ok(24));
        assert_eq!(
            nat(&[0x18, 23]),
            Err(DecodeError::NotShortest { position: 0 })
        );
        assert_eq!(
            nat(&[0x19, 0, 255]),
            Err(DecodeError::NotShortest { position: 0 })
        );
        assert_eq!(
            nat(&[0x1a, 0, 0, 255, 255]),
            Err(DecodeError::NotShortest { position: 0 })
        );
        assert_eq!(
            nat(&[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]),
            Err(DecodeError::NotShortest { position: 0 })
        );
        assert_eq!(
            nat(&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
            Ok(u64::MAX)
        );
        assert_eq!(nat(&[0xc2, 0x42, 1, 0]), Ok(256));
        assert_eq!(
            nat(&[0xc2, 0x42, 0, 1]),
            Err(DecodeError::NotShortest { position: 0 })
        );
        assert_eq!(
            nat(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(DecodeError::NumberTooLarge {
                position: 0,
                bits: 64
            })
        );
        assert_eq!(
            Reader::new(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0]).nat128(),
            Ok(1 << 64)
        );
        assert_eq!(
            Reader::new(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]).int(),
            Ok(-(1 << 64))
        );
    }

    #[test]
    fn http_023_no_floating_point() {
        for bytes in [
            &[0xf9, 0, 0][..],
            &[0xfa, 0, 0, 0, 0],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let error = DecodeError::Unexpected {
                position: 0,
                expected: "a natural number",
                found: Kind::Other,
            };
            assert_eq!(Reader::new(bytes).nat(), Err(error));
            assert!(Reader::new(bytes).skip().is_err());
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        assert_eq!(
            Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255, 1])
                .bytes()
                .ok(),
            None
        );
        assert_eq!(
            Reader::new(&[0x9a, 255, 255, 255, 255, 1]).array(),
            Err(DecodeError::Truncated { position: 0 })
        );
        assert_eq!(
            Reader::new(&[0xa1, 0]).map(),
            Err(DecodeError::Truncated { position: 0 })
        );
        assert_eq!(
            Reader::new(&[0x5f, 0x41, 0, 0xff]).bytes(),
            Err(DecodeError::Indefinite { position: 0 })
        );
    }

    #[test]
    fn skipping_reads_one_value_and_no_more() {
        let value = [0x83, 0xa1, 0x61, b'a', 0x80, 0xd9, 0xd9, 0xf7, 0x40, 0xf6];
        let mut input = value.to_vec();
        input.push(0x07);
        let mut reader = Reader::new(&input);
        assert_eq!(reader.raw(), Ok(&value[..]));
        assert_eq!(reader.nat(), Ok(7));
    }

    #[test]
    fn open_ended_containers_end_with_a_break() {
        let value = [
            0xbf, 0x61, b'a', 0x9f, 0x01, 0x9f, 0xff, 0xff, 0x61, b'b', 0x80, 0xff,
        ];
        assert_eq!(Reader::new(&value).raw(), Ok(&value[..]));
        for length in 0..value.len() {
            assert!(Reader::new(&value[..length]).skip().is_err());
        }
        // A map that breaks between key and value.
        assert!(
            Reader::new(&[0xbf, 0x61, b'a', 0xff])
                .fields(&["a"], |_, reader| reader.skip())
                .is_err()
        );
        let over = Reader::new(&[0x9f, 1, 2, 3, 0xff]).list("numbers", 2, Reader::nat);
        assert_eq!(
            over,
            Err(DecodeError::OverLimit {
                what: "numbers",
                limit: 2,
                found: 3
            })
        );
    }

    #[test]
    fn skipping_is_bounded() {
        let deep = [vec![0x81; limits::CBOR_DEPTH], vec![0]].concat();
        assert_eq!(Reader::new(&deep).skip(), Ok(()));
        let deeper = [vec![0x81; limits::CBOR_DEPTH + 1], vec![0]].concat();
        let error = DecodeError::TooDeep {
            position: limits::CBOR_DEPTH,
            limit: limits::CBOR_DEPTH,
        };
        assert_eq!(Reader::new(&deeper).skip(), Err(error));
    }
}
