//! Takes a message apart.

use ic_types::Principal;
use ic_types::codec::leb128::{self, Leb128Error};

use super::types::{Definition, LIMIT, Primitive, Type, extract, read_table, read_type};
use super::{CandidError, MAGIC};

/// How deep values may be nested where they are not read. Lists that are nested in their last field do not count.
const DEPTH: usize = 1_024;

/// Bytes that were not read yet.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, CandidError> {
        let taken = self.take(1)?;
        taken.first().copied().ok_or(truncated(1, taken))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], CandidError> {
        let split = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or(truncated(length, self.rest))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, CandidError> {
        leb128::read_unsigned_padded(&mut self.rest).map_err(CandidError::Number)
    }

    /// Types are the only signed numbers that are looked at: they fit 32 bits.
    pub(super) fn signed(&mut self) -> Result<i64, CandidError> {
        let mut number: i64 = 0;
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let sign = i64::from(byte & 0x40 != 0);
                return Ok(number - (sign << (shift + 7)));
            }
        }
        Err(CandidError::Number(Leb128Error::TooLarge { bits: 32 }))
    }

    /// How many of something: at most so many as there are bytes.
    pub(super) fn count(&mut self, limit: usize) -> Result<usize, CandidError> {
        let count = self.unsigned()?;
        match usize::try_from(count) {
            Ok(count) if count > self.rest.len() => Err(truncated(
                u64::try_from(count).unwrap_or(u64::MAX),
                self.rest,
            )),
            Ok(count) if count <= limit => Ok(count),
            Ok(_) | Err(_) => Err(CandidError::TooManyTypes { limit }),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], CandidError> {
        let length = self.unsigned()?;
        self.take(length)
    }

    fn skip_number(&mut self) -> Result<(), CandidError> {
        while self.byte()? & 0x80 != 0 {}
        Ok(())
    }

    fn principal(&mut self) -> Result<Principal, CandidError> {
        self.transparent()?;
        let bytes = self.bytes()?;
        Principal::try_from_slice(bytes)
            .map_err(|_| CandidError::NotAPrincipal { found: bytes.len() })
    }

    fn transparent(&mut self) -> Result<(), CandidError> {
        match self.byte()? {
            1 => Ok(()),
            0 => Err(CandidError::OpaqueReference),
            _ => Err(CandidError::Malformed {
                what: "a reference that is neither opaque nor transparent",
            }),
        }
    }
}

fn truncated(expected: u64, rest: &[u8]) -> CandidError {
    CandidError::Truncated {
        expected,
        found: rest.len(),
    }
}

/// The values of a message, with their types at hand.
pub(in crate::http) struct Reader<'a, 't> {
    types: &'t [Definition],
    input: Input<'a>,
    /// How many values may still be looked at.
    steps: usize,
    /// How deep values may be nested.
    depth: usize,
}

/// Reads the first argument. Others are skipped: whoever expects fewer ignores them.
pub(in crate::http) fn read_one<'a, T>(
    message: &'a [u8],
    read: impl FnOnce(&mut Reader<'a, '_>, Type) -> Result<T, CandidError>,
) -> Result<T, CandidError> {
    let rest = message.strip_prefix(MAGIC).ok_or(CandidError::Magic)?;
    let mut input = Input { rest };
    let types = read_table(&mut input)?;
    let arguments = input.count(LIMIT)?;
    let mut kinds = Vec::new();
    for _ in 0..arguments {
        kinds.push(read_type(&mut input, types.len())?);
    }
    let (first, others) = kinds.split_first().ok_or(CandidError::NoArgument)?;
    let mut reader = Reader {
        types: &types,
        input,
        // A value of some bytes takes a few steps; values without bytes take some too.
        steps: message.len().saturating_mul(16).saturating_add(1_024),
        // Each level takes a byte of the value, or has a definition of its own, unless it has no end.
        depth: DEPTH.min(message.len()),
    };
    let value = read(&mut reader, *first)?;
    for kind in others {
        reader.skip(*kind)?;
    }
    match reader.input.rest.len() {
        0 => Ok(value),
        count => Err(CandidError::TrailingBytes { count }),
    }
}

/// What a value is made of.
enum Shape<'t> {
    Primitive(Primitive),
    Defined(&'t Definition),
}

/// What is left to skip.
enum Left<'t> {
    Items(Type, u64),
    Fields(&'t [(u32, Type)]),
}

impl<'a, 't> Reader<'a, 't> {
    fn shape(&mut self, kind: Type) -> Result<Shape<'t>, CandidError> {
        self.steps = self.steps.checked_sub(1).ok_or(CandidError::TooComplex)?;
        match kind {
            Type::Primitive(primitive) => Ok(Shape::Primitive(primitive)),
            Type::Defined(position) => match self.types.get(position) {
                Some(definition) => Ok(Shape::Defined(definition)),
                None => Err(CandidError::Malformed {
                    what: "a type that is not in the table",
                }),
            },
        }
    }

    /// Text.
    pub(in crate::http) fn text(&mut self, kind: Type) -> Result<&'a str, CandidError> {
        match self.shape(kind)? {
            Shape::Primitive(Primitive::Text) => utf8(self.input.bytes()?),
            Shape::Primitive(_) | Shape::Defined(_) => other("text"),
        }
    }

    /// `vec nat8`.
    pub(in crate::http) fn blob(&mut self, kind: Type) -> Result<&'a [u8], CandidError> {
        match self.shape(kind)? {
            Shape::Defined(Definition::Vec(Type::Primitive(Primitive::Nat8))) => self.input.bytes(),
            // What writers without types make of a list without elements.
            Shape::Defined(Definition::Vec(Type::Primitive(Primitive::Empty))) => {
                match self.input.unsigned()? {
                    0 => Ok(&[]),
                    _ => self.skip_primitive(Primitive::Empty).map(|()| &[][..]),
                }
            }
            Shape::Primitive(_) | Shape::Defined(_) => other("blob"),
        }
    }

    /// `nat16`.
    pub(in crate::http) fn nat16(&mut self, kind: Type) -> Result<u16, CandidError> {
        match self.shape(kind)? {
            Shape::Primitive(Primitive::Nat16) => {
                let low = self.input.byte()?;
                Ok(u16::from_le_bytes([low, self.input.byte()?]))
            }
            Shape::Primitive(_) | Shape::Defined(_) => other("nat16"),
        }
    }

    /// `bool`.
    pub(in crate::http) fn boolean(&mut self, kind: Type) -> Result<bool, CandidError> {
        match self.shape(kind)? {
            Shape::Primitive(Primitive::Bool) => self.flag(),
            Shape::Primitive(_) | Shape::Defined(_) => other("bool"),
        }
    }

    fn flag(&mut self) -> Result<bool, CandidError> {
        match self.input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CandidError::Malformed {
                what: "a flag that is neither 0 nor 1",
            }),
        }
    }

    /// `opt T` from whatever Candid lets one be read from: null, an `opt`, or a `T` alone. A value of another type is null.
    pub(in crate::http) fn optional<T>(
        &mut self,
        kind: Type,
        read: impl FnOnce(&mut Self, Type) -> Result<T, CandidError>,
    ) -> Result<Option<T>, CandidError> {
        let inner = match self.shape(kind)? {
            Shape::Primitive(Primitive::Null | Primitive::Reserved) => return Ok(None),
            Shape::Defined(Definition::Opt(inner)) => {
                if !self.flag()? {
                    return Ok(None);
                }
                *inner
            }
            Shape::Primitive(_) | Shape::Defined(_) => kind,
        };
        let start = self.input;
        match read(self, inner) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_of_type() => {
                self.input = start;
                self.skip(inner)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// `vec T`.
    pub(in crate::http) fn list<T>(
        &mut self,
        kind: Type,
        mut read: impl FnMut(&mut Self, Type) -> Result<T, CandidError>,
    ) -> Result<Vec<T>, CandidError> {
        match self.shape(kind)? {
            Shape::Defined(Definition::Vec(inner)) => {
                let length = self.input.unsigned()?;
                (0..length).map(|_| read(self, *inner)).collect()
            }
            Shape::Primitive(_) | Shape::Defined(_) => other("vec"),
        }
    }

    /// A record, field by field in the order of their ids. `read` says whether it read the field; if not, it is skipped.
    pub(in crate::http) fn record(
        &mut self,
        kind: Type,
        mut read: impl FnMut(&mut Self, u32, Type) -> Result<bool, CandidError>,
    ) -> Result<(), CandidError> {
        let Shape::Defined(Definition::Record(fields)) = self.shape(kind)? else {
            return other("record");
        };
        for (id, kind) in fields {
            if !read(self, *id, *kind)? {
                self.skip(*kind)?;
            }
        }
        Ok(())
    }

    /// A variant: which alternative, and the type of what comes with it.
    pub(in crate::http) fn variant(&mut self, kind: Type) -> Result<(u32, Type), CandidError> {
        match self.shape(kind)? {
            Shape::Defined(Definition::Variant(alternatives)) => self.alternative(alternatives),
            Shape::Primitive(_) | Shape::Defined(_) => other("variant"),
        }
    }

    fn alternative(&mut self, of: &[(u32, Type)]) -> Result<(u32, Type), CandidError> {
        let position = usize::try_from(self.input.unsigned()?).ok();
        let chosen = position.and_then(|position| of.get(position));
        chosen.copied().ok_or(CandidError::Malformed {
            what: "an alternative that the variant does not have",
        })
    }

    /// A function: whose, and its name.
    pub(in crate::http) fn function(
        &mut self,
        kind: Type,
    ) -> Result<(Principal, &'a str), CandidError> {
        let Shape::Defined(Definition::Func(_)) = self.shape(kind)? else {
            return other("func");
        };
        self.input.transparent()?;
        let whose = self.input.principal()?;
        Ok((whose, utf8(self.input.bytes()?)?))
    }

    /// A value of any type: the definitions that it needs, its type, its bytes.
    pub(in crate::http) fn any(
        &mut self,
        kind: Type,
    ) -> Result<(Vec<Definition>, Type, &'a [u8]), CandidError> {
        let before = self.input.rest;
        self.skip(kind)?;
        let length = before.len().saturating_sub(self.input.rest.len());
        let (types, kind) = extract(self.types, kind);
        Ok((types, kind, before.get(..length).unwrap_or_default()))
    }

    /// Passes over a value. Does not recurse.
    pub(in crate::http) fn skip(&mut self, kind: Type) -> Result<(), CandidError> {
        let mut stack = vec![];
        let mut next = Some(kind);
        while let Some(kind) = next {
            next = match self.shape(kind)? {
                Shape::Primitive(primitive) => {
                    self.skip_primitive(primitive)?;
                    None
                }
                Shape::Defined(definition) => self.enter(definition, &mut stack)?,
            };
            if next.is_none() {
                next = continue_with(&mut stack);
            }
            if stack.len() > self.depth {
                return Err(CandidError::TooComplex);
            }
        }
        Ok(())
    }

    fn skip_primitive(&mut self, primitive: Primitive) -> Result<(), CandidError> {
        match primitive {
            Primitive::Bool => self.flag().map(drop),
            Primitive::Unbounded | Primitive::UnboundedSigned => self.input.skip_number(),
            Primitive::Text => utf8(self.input.bytes()?).map(drop),
            Primitive::Principal => self.input.principal().map(drop),
            Primitive::Empty => Err(CandidError::Malformed {
                what: "a value of the type that has none",
            }),
            Primitive::Null
            | Primitive::Nat8
            | Primitive::Nat16
            | Primitive::Fixed { .. }
            | Primitive::Reserved => {
                let size = primitive.size().unwrap_or_default();
                self.input.take(u64::from(size)).map(drop)
            }
        }
    }

    /// What is to be skipped next of a value with parts.
    fn enter(
        &mut self,
        definition: &'t Definition,
        stack: &mut Vec<Left<'t>>,
    ) -> Result<Option<Type>, CandidError> {
        match definition {
            Definition::Opt(inner) => return Ok(self.flag()?.then_some(*inner)),
            Definition::Vec(inner) => {
                let length = self.input.unsigned()?;
                match inner {
                    // At once: there may be millions.
                    Type::Primitive(Primitive::Nat8 | Primitive::Fixed { size: 1, .. }) => {
                        self.input.take(length)?;
                    }
                    Type::Primitive(_) | Type::Defined(_) => {
                        stack.push(Left::Items(*inner, length))
                    }
                }
            }
            Definition::Record(fields) => stack.push(Left::Fields(fields)),
            Definition::Variant(alternatives) => {
                return self.alternative(alternatives).map(|(_, kind)| Some(kind));
            }
            Definition::Func(_) => {
                self.input.transparent()?;
                self.input.principal()?;
                utf8(self.input.bytes()?)?;
            }
            Definition::Service(_) => {
                self.input.principal()?;
            }
            Definition::Future { .. } => {
                let length = self.input.unsigned()?;
                if self.input.unsigned()? != 0 {
                    return Err(CandidError::OpaqueReference);
                }
                self.input.take(length)?;
            }
        }
        Ok(None)
    }
}

/// The next part of what was begun last. What has no further part is forgotten before its last one is looked at.
fn continue_with(stack: &mut Vec<Left<'_>>) -> Option<Type> {
    while let Some(last) = stack.pop() {
        match last {
            Left::Items(_, 0) | Left::Fields([]) => {}
            Left::Items(kind, 1) => return Some(kind),
            Left::Fields([(_, kind)]) => return Some(*kind),
            Left::Items(kind, left) => {
                stack.push(Left::Items(kind, left.saturating_sub(1)));
                return Some(kind);
            }
            Left::Fields([(_, kind), rest @ ..]) => {
                stack.push(Left::Fields(rest));
                return Some(*kind);
            }
        }
    }
    None
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, CandidError> {
    std::str::from_utf8(bytes).map_err(|_| CandidError::NotUtf8)
}

fn other<T>(expected: &'static str) -> Result<T, CandidError> {
    Err(CandidError::OtherType { expected })
}
