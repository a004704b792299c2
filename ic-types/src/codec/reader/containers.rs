//! What reads whole containers: lists, maps with texts as keys, and whatever is skipped. Here they may be open-ended.

use std::collections::BTreeSet;

use super::{Kind, Reader};
use crate::codec::{DecodeError, Excerpt};
use crate::limits;

/// What is left of an array or map.
#[derive(Clone, Copy, Debug)]
pub(in crate::codec) enum Items {
    /// This many elements or pairs.
    Counted(usize),
    /// As many as there are before the end.
    UntilBreak,
    /// Keys and values one by one, as many as there are before an end that stands where a key could.
    PairsUntilBreak {
        /// Whether a value is next.
        value: bool,
    },
}

impl<'a> Reader<'a> {
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
    /// has to read the value. Every other key is refused. Fastest with at most 64 names in `known`.
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
        // One bit for each of the first 64 known names, which are all in this crate; the others are kept in the set.
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
                        .and_then(|index| 1_u64.checked_shl(index));
                    if let Some(bit) = bit {
                        let new = seen & bit == 0;
                        seen |= bit;
                        new
                    } else {
                        seen_others.insert(name)
                    }
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
                    Items::UntilBreak | Items::PairsUntilBreak { .. } => {
                        Items::PairsUntilBreak { value: false }
                    }
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

    /// Reads the head of an array or map, which may be open-ended.
    pub(in crate::codec) fn items(&mut self, kind: Kind) -> Result<Items, DecodeError> {
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
    pub(in crate::codec) fn more(&mut self, items: &mut Items) -> Result<bool, DecodeError> {
        match items {
            Items::Counted(0) => Ok(false),
            Items::Counted(count) => {
                *count -= 1;
                Ok(true)
            }
            // The end in place of a value is left to whoever reads the value, and is none.
            Items::PairsUntilBreak { value } if *value => {
                *value = false;
                Ok(true)
            }
            Items::UntilBreak | Items::PairsUntilBreak { .. } => {
                let position = self.position;
                match self.remaining().first() {
                    Some(0xff) => {
                        self.position += 1;
                        Ok(false)
                    }
                    Some(_) => {
                        if let Items::PairsUntilBreak { value } = items {
                            *value = true;
                        }
                        Ok(true)
                    }
                    None => Err(DecodeError::Truncated { position }),
                }
            }
        }
    }
}
