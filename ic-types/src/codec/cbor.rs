//! CBOR values that have no type of their own.

use super::reader::Items;
use super::{DecodeError, Kind, Reader, SELF_DESCRIBED, ValueMap, Wire, Writer};
use crate::digest::Digest;
use crate::limits;
use crate::request::{HashValue, hash_of_array, hash_of_pairs};

/// Any CBOR value of the kinds that the Internet Computer uses: no floating point (HTTP-023), no `undefined`.
///
/// ```
/// use ic_types::codec::{Value, Wire};
///
/// let value = Value::map([("answer", Value::Nat(42)), ("name", Value::Text("foo".into()))]);
/// assert_eq!(Value::decode(&value.encode())?, value);
/// # Ok::<(), ic_types::codec::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Value {
    /// A number from 0; a bignum if it does not fit 64 bits.
    Nat(u128),
    /// The number `-1 - n`, so that every value has one form.
    Negative(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// A list.
    Array(Vec<Value>),
    /// A map, in the order of its keys.
    Map(ValueMap),
    /// A tagged value.
    Tag(u64, Box<Value>),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

/// A kind of value that has no representation-independent hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} has no representation-independent hash")]
pub struct Unhashable {
    /// What it is.
    pub kind: Kind,
}

impl Value {
    /// A map from texts.
    pub fn map<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Map(
            fields
                .into_iter()
                .map(|(name, value)| (Self::Text(name.into()), value))
                .collect(),
        )
    }

    /// The value behind the tag "this is CBOR", or this one if it has no such tag.
    pub fn untagged(&self) -> &Self {
        if let Self::Tag(SELF_DESCRIBED, value) = self {
            value
        } else {
            self
        }
    }

    /// The value at a key that is a text, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        // A linear search: a `Value` made of `name` would have to be allocated to search the map by its order.
        self.as_map()?
            .iter()
            .find_map(|(key, value)| (key.as_text() == Some(name)).then_some(value))
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&ValueMap> {
        if let Self::Map(map) = self {
            Some(map)
        } else {
            None
        }
    }

    /// The list, if this is one.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(elements) = self {
            Some(elements)
        } else {
            None
        }
    }

    /// The bytes, if these are some.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The natural number, if this is one.
    pub fn as_nat(&self) -> Option<u128> {
        if let Self::Nat(number) = self {
            Some(*number)
        } else {
            None
        }
    }

    /// The kind of this value.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Nat(_) => Kind::Nat,
            Self::Negative(_) => Kind::Negative,
            Self::Bytes(_) => Kind::Bytes,
            Self::Text(_) => Kind::Text,
            Self::Array(_) => Kind::Array,
            Self::Map(_) => Kind::Map,
            Self::Tag(..) => Kind::Tag,
            Self::Bool(_) => Kind::Bool,
            Self::Null => Kind::Null,
        }
    }

    /// The representation-independent hash (HTTP-120 to HTTP-125).
    ///
    /// # Errors
    /// [`Unhashable`] for truth values, null, tags, and maps with keys that are not texts.
    pub fn representation_independent_hash(&self) -> Result<Digest, Unhashable> {
        Ok(match self {
            Self::Nat(number) => HashValue::Nat(*number).hash(),
            Self::Negative(number) => HashValue::Int(-1 - i128::from(*number)).hash(),
            Self::Bytes(bytes) => HashValue::Blob(bytes).hash(),
            Self::Text(text) => HashValue::Text(text).hash(),
            Self::Array(elements) => {
                let hashes = elements.iter().map(Self::representation_independent_hash);
                hash_of_array(hashes.collect::<Result<Vec<_>, _>>()?.into_iter())
            }
            Self::Map(fields) => {
                let pair = |(key, value): (&Self, &Self)| {
                    let name = key.as_text().ok_or(Unhashable { kind: key.kind() })?;
                    let hash = value.representation_independent_hash()?;
                    Ok([*Digest::of(name.as_bytes()).as_bytes(), *hash.as_bytes()])
                };
                hash_of_pairs(fields.iter().map(pair).collect::<Result<_, _>>()?)
            }
            Self::Tag(..) | Self::Bool(_) | Self::Null => {
                return Err(Unhashable { kind: self.kind() });
            }
        })
    }

    /// Reads one value, of at most [`limits::CBOR_VALUES`] parts and [`limits::CBOR_DEPTH`] levels.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Budget {
            values: limits::CBOR_VALUES,
        }
        .value(reader, limits::CBOR_DEPTH)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Nat(number) => writer.nat128(*number),
            Self::Negative(number) => writer.negative(*number),
            Self::Bytes(bytes) => writer.bytes(bytes),
            Self::Text(text) => writer.text(text),
            Self::Array(elements) => {
                writer.array(elements.len());
                elements.iter().for_each(|element| element.write(writer));
                writer
            }
            Self::Map(fields) => {
                writer.map(fields.len());
                for (key, value) in fields.iter() {
                    key.write(writer);
                    value.write(writer);
                }
                writer
            }
            Self::Tag(number, value) => {
                writer.tag(*number);
                value.write(writer);
                writer
            }
            Self::Bool(value) => writer.bool(*value),
            Self::Null => writer.null(),
        };
    }
}

impl Wire for Value {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.into_vec()
    }

    /// The tag "this is CBOR" is kept, as a value like any other: [`Value::untagged`] looks behind it.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// How many values may still be made.
struct Budget {
    values: usize,
}

impl Budget {
    /// `levels`: how many may be nested within one another, so recursion ends.
    fn value(&mut self, reader: &mut Reader<'_>, levels: usize) -> Result<Value, DecodeError> {
        let (limit, position) = (limits::CBOR_VALUES, reader.position());
        self.values = self.values.checked_sub(1).ok_or(DecodeError::OverLimit {
            what: "values",
            limit,
            found: limit + 1,
        })?;
        let inner = || {
            levels.checked_sub(1).ok_or(DecodeError::TooDeep {
                position,
                limit: limits::CBOR_DEPTH,
            })
        };
        Ok(match reader.kind()? {
            Kind::Nat => Value::Nat(reader.nat()?.into()),
            Kind::Negative => Value::Negative(reader.negative()?),
            Kind::Bytes => Value::Bytes(reader.bytes()?.to_vec()),
            Kind::Text => Value::Text(reader.text()?.to_owned()),
            Kind::Array => {
                let (mut rest, levels) = (reader.items(Kind::Array)?, inner()?);
                let mut elements = few(rest);
                while reader.more(&mut rest)? {
                    elements.push(self.value(reader, levels)?);
                }
                Value::Array(elements)
            }
            Kind::Map => {
                let (mut rest, levels) = (reader.items(Kind::Map)?, inner()?);
                let (first, count) = (reader.clone(), rest);
                let mut pairs = few(rest);
                while reader.more(&mut rest)? {
                    let key = self.value(reader, levels)?;
                    pairs.push((key, self.value(reader, levels)?));
                }
                match ValueMap::of(pairs) {
                    Ok(map) => Value::Map(map),
                    Err(twice) => {
                        let position = last(&twice, first, count, levels)?;
                        return Err(DecodeError::DuplicateKey { position });
                    }
                }
            }
            Kind::Tag => {
                let (number, levels) = (reader.clone().tag()?, inner()?);
                if number == 2 {
                    // Smaller numbers are not written as bignums: a value would have two forms.
                    return match reader.nat128()? {
                        small if u64::try_from(small).is_ok() => {
                            Err(DecodeError::NotShortest { position })
                        }
                        number => Ok(Value::Nat(number)),
                    };
                }
                reader.tag()?;
                Value::Tag(number, Box::new(self.value(reader, levels)?))
            }
            Kind::Bool => Value::Bool(reader.bool()?),
            Kind::Null => {
                reader.null()?;
                Value::Null
            }
            found @ Kind::Other => return Err(reader.unexpected("a value", found)),
        })
    }
}

/// Room for the elements of a small list or map and no more: many small ones must not take much more than their own.
fn few<T>(items: Items) -> Vec<T> {
    match items {
        Items::Counted(count) => Vec::with_capacity(count.min(4)),
        Items::UntilBreak | Items::PairsUntilBreak { .. } => Vec::new(),
    }
}

/// Where `key` comes for the last time in a map. What is read was read before.
fn last(
    key: &Value,
    mut reader: Reader<'_>,
    mut rest: Items,
    levels: usize,
) -> Result<usize, DecodeError> {
    let mut budget = Budget {
        values: limits::CBOR_VALUES,
    };
    let mut last = reader.position();
    while reader.more(&mut rest)? {
        let position = reader.position();
        if budget.value(&mut reader, levels)? == *key {
            last = position;
        }
        reader.skip()?;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_023_duplicate_keys_are_refused() {
        let twice = [0xa2, 0x61, b'a', 1, 0x61, b'a', 2];
        assert_eq!(
            Value::decode(&twice),
            Err(DecodeError::DuplicateKey { position: 4 })
        );
        // Not in order, open-ended, and within another.
        let within = [
            0x81, 0xbf, 0x61, b'b', 0xa1, 1, 2, 0x61, b'a', 1, 0x61, b'b', 2, 0xff,
        ];
        assert_eq!(
            Value::decode(&within),
            Err(DecodeError::DuplicateKey { position: 10 })
        );
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |levels: usize| [vec![0x81; levels], vec![0]].concat();
        assert!(Value::decode(&nested(limits::CBOR_DEPTH)).is_ok());
        let error = DecodeError::TooDeep {
            position: limits::CBOR_DEPTH,
            limit: limits::CBOR_DEPTH,
        };
        assert_eq!(Value::decode(&nested(limits::CBOR_DEPTH + 1)), Err(error));

        let list = |count: u32| {
            [
                vec![0x9a],
                count.to_be_bytes().to_vec(),
                vec![0; usize::try_from(count).unwrap()],
            ]
            .concat()
        };
        let most = u32::try_from(limits::CBOR_VALUES).unwrap();
        assert!(Value::decode(&list(most - 1)).is_ok());
        let error = DecodeError::OverLimit {
            what: "values",
            limit: limits::CBOR_VALUES,
            found: limits::CBOR_VALUES + 1,
        };
        assert_eq!(Value::decode(&list(most)), Err(error));
    }

    #[test]
    fn values_without_a_hash_say_so() {
        assert_eq!(
            Value::map([("a", Value::Null)]).representation_independent_hash(),
            Err(Unhashable { kind: Kind::Null })
        );
    }
}
