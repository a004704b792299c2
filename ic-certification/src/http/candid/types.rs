//! The types that a message brings along.

use ic_types::codec::leb128;

use super::CandidError;
use super::reader::{Input, utf8};

/// Definitions and fields in a table, at most. Ours: a table of 64 KiB fields is no interface.
pub(super) const LIMIT: usize = 65_536;

/// A type: one that needs no definition, or one from the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Type {
    Primitive(Primitive),
    /// The position in the table. Within the table: [`read_table`] makes sure of it.
    Defined(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Primitive {
    Null,
    Bool,
    /// Natural numbers and integers of any size.
    Unbounded,
    UnboundedSigned,
    Nat8,
    Nat16,
    /// All others that always take as many bytes: their opcode tells which.
    Fixed {
        opcode: i8,
        size: u8,
    },
    Text,
    Reserved,
    Empty,
    Principal,
}

/// What a definition of the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) enum Definition {
    Opt(Type),
    Vec(Type),
    /// Fields in the order of their ids, which is that of their values.
    Record(Vec<(u32, Type)>),
    Variant(Vec<(u32, Type)>),
    /// In a box: it is rare, and the largest.
    Func(Box<Function>),
    Service(Vec<(Vec<u8>, Type)>),
    /// A type of a later version of Candid, which says how long it is.
    Future {
        opcode: i64,
        content: Vec<u8>,
    },
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Function {
    pub(in crate::http) arguments: Vec<Type>,
    pub(in crate::http) results: Vec<Type>,
    pub(in crate::http) annotations: Vec<u8>,
}

/// The id of a field or an alternative.
pub(in crate::http) const fn field_id(name: &str) -> u32 {
    let mut rest = name.as_bytes();
    let mut id: u32 = 0;
    while let [byte, others @ ..] = rest {
        #[expect(clippy::as_conversions, reason = "widening; `From` is not const")]
        let byte = *byte as u32;
        id = id.wrapping_mul(223).wrapping_add(byte);
        rest = others;
    }
    id
}

const OPT: i64 = -18;
const VEC: i64 = -19;
const RECORD: i64 = -20;
const VARIANT: i64 = -21;
const FUNC: i64 = -22;
const SERVICE: i64 = -23;
const PRINCIPAL: i64 = -24;

/// Primitive types by their opcode, from -1 downwards.
const PRIMITIVES: [Primitive; 17] = [
    Primitive::Null,
    Primitive::Bool,
    Primitive::Unbounded,
    Primitive::UnboundedSigned,
    Primitive::Nat8,
    Primitive::Nat16,
    fixed(-7, 4),
    fixed(-8, 8),
    fixed(-9, 1),
    fixed(-10, 2),
    fixed(-11, 4),
    fixed(-12, 8),
    fixed(-13, 4),
    fixed(-14, 8),
    Primitive::Text,
    Primitive::Reserved,
    Primitive::Empty,
];

const fn fixed(opcode: i8, size: u8) -> Primitive {
    Primitive::Fixed { opcode, size }
}

impl Primitive {
    fn of(opcode: i64) -> Option<Self> {
        if opcode == PRINCIPAL {
            return Some(Self::Principal);
        }
        let position = usize::try_from(-1 - opcode).ok()?;
        PRIMITIVES.get(position).copied()
    }

    fn opcode(self) -> i64 {
        match self {
            Self::Null => -1,
            Self::Bool => -2,
            Self::Unbounded => -3,
            Self::UnboundedSigned => -4,
            Self::Nat8 => -5,
            Self::Nat16 => -6,
            Self::Fixed { opcode, .. } => i64::from(opcode),
            Self::Text => -15,
            Self::Reserved => -16,
            Self::Empty => -17,
            Self::Principal => PRINCIPAL,
        }
    }

    /// How many bytes any value takes.
    pub(super) fn size(self) -> Option<u8> {
        match self {
            Self::Null | Self::Reserved => Some(0),
            Self::Bool | Self::Nat8 => Some(1),
            Self::Nat16 => Some(2),
            Self::Fixed { size, .. } => Some(size),
            Self::Unbounded
            | Self::UnboundedSigned
            | Self::Text
            | Self::Empty
            | Self::Principal => None,
        }
    }
}

/// The table of a message.
pub(super) fn read_table(input: &mut Input<'_>) -> Result<Vec<Definition>, CandidError> {
    let length = input.count(LIMIT)?;
    let mut left = LIMIT.saturating_sub(length);
    let table = (0..length)
        .map(|_| read_definition(input, length, &mut left))
        .collect::<Result<Vec<_>, _>>()?;
    let is_function = |kind: &Type| match kind {
        Type::Primitive(_) => false,
        Type::Defined(position) => matches!(table.get(*position), Some(Definition::Func(_))),
    };
    let all_functions = table.iter().all(|definition| match definition {
        Definition::Service(methods) => methods.iter().all(|(_, kind)| is_function(kind)),
        Definition::Opt(_)
        | Definition::Vec(_)
        | Definition::Record(_)
        | Definition::Variant(_)
        | Definition::Func(_)
        | Definition::Future { .. } => true,
    });
    if all_functions {
        Ok(table)
    } else {
        malformed("a method that is not a function")
    }
}

/// A type that is mentioned, with so many in the table.
pub(super) fn read_type(input: &mut Input<'_>, table: usize) -> Result<Type, CandidError> {
    let opcode = input.signed()?;
    if let Ok(position) = usize::try_from(opcode) {
        return if position < table {
            Ok(Type::Defined(position))
        } else {
            malformed("a type that is not in the table")
        };
    }
    match Primitive::of(opcode) {
        Some(primitive) => Ok(Type::Primitive(primitive)),
        None => malformed("a type that is neither primitive nor in the table"),
    }
}

fn read_definition(
    input: &mut Input<'_>,
    table: usize,
    left: &mut usize,
) -> Result<Definition, CandidError> {
    let mut count = |input: &mut Input<'_>| {
        let count = input.count(*left)?;
        *left = left.saturating_sub(count);
        Ok::<_, CandidError>(count)
    };
    Ok(match input.signed()? {
        OPT => Definition::Opt(read_type(input, table)?),
        VEC => Definition::Vec(read_type(input, table)?),
        RECORD => {
            let fields = count(input)?;
            Definition::Record(read_fields(input, table, fields)?)
        }
        VARIANT => {
            let fields = count(input)?;
            Definition::Variant(read_fields(input, table, fields)?)
        }
        FUNC => {
            let mut types = || -> Result<Vec<Type>, CandidError> {
                let types = count(input)?;
                (0..types).map(|_| read_type(input, table)).collect()
            };
            let arguments = types()?;
            let results = types()?;
            let annotations = count(input)?;
            let annotation = |_| match input.byte()? {
                // Query, oneway, composite query.
                known @ 1..=3 => Ok(known),
                _ => malformed("an annotation that functions do not have"),
            };
            let annotations = (0..annotations).map(annotation);
            Definition::Func(Box::new(Function {
                arguments,
                results,
                annotations: annotations.collect::<Result<_, _>>()?,
            }))
        }
        SERVICE => {
            let count = count(input)?;
            let mut methods: Vec<(Vec<u8>, Type)> = Vec::new();
            for _ in 0..count {
                let name = utf8(input.bytes()?)?.as_bytes();
                if methods
                    .last()
                    .is_some_and(|(last, _)| last.as_slice() >= name)
                {
                    return malformed("methods that are not in the order of their names");
                }
                methods.push((name.to_vec(), read_type(input, table)?));
            }
            Definition::Service(methods)
        }
        opcode if opcode < PRINCIPAL => Definition::Future {
            opcode,
            content: input.bytes()?.to_vec(),
        },
        _ => return malformed("a definition that defines nothing"),
    })
}

fn read_fields(
    input: &mut Input<'_>,
    table: usize,
    count: usize,
) -> Result<Vec<(u32, Type)>, CandidError> {
    let mut fields: Vec<(u32, Type)> = Vec::new();
    for _ in 0..count {
        let id = input.unsigned()?;
        let Ok(id) = u32::try_from(id) else {
            return malformed("a field whose id does not fit 32 bits");
        };
        if fields.last().is_some_and(|(last, _)| *last >= id) {
            return malformed("fields that are not in the order of their ids");
        }
        fields.push((id, read_type(input, table)?));
    }
    Ok(fields)
}

fn malformed<T>(what: &'static str) -> Result<T, CandidError> {
    Err(CandidError::Malformed { what })
}

impl Definition {
    /// The types that are mentioned.
    fn mentioned(&mut self) -> Vec<&mut Type> {
        match self {
            Self::Opt(inner) | Self::Vec(inner) => vec![inner],
            Self::Record(fields) | Self::Variant(fields) => {
                fields.iter_mut().map(|(_, kind)| kind).collect()
            }
            Self::Func(function) => {
                let Function {
                    arguments, results, ..
                } = function.as_mut();
                arguments.iter_mut().chain(results).collect()
            }
            Self::Service(methods) => methods.iter_mut().map(|(_, kind)| kind).collect(),
            Self::Future { .. } => Vec::new(),
        }
    }

    /// The same in a table that has `offset` definitions before it.
    pub(super) fn moved(mut self, offset: usize) -> Self {
        for kind in self.mentioned() {
            *kind = kind.moved(offset);
        }
        self
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let unsigned = |out: &mut Vec<u8>, number: usize| write_length(out, number);
        let fields = |out: &mut Vec<u8>, fields: &[(u32, Type)]| {
            unsigned(out, fields.len());
            for (id, kind) in fields {
                out.extend(leb128::unsigned(u128::from(*id)).as_slice());
                kind.write(out);
            }
        };
        write_signed(out, self.opcode());
        match self {
            Self::Opt(inner) | Self::Vec(inner) => inner.write(out),
            Self::Record(of) | Self::Variant(of) => fields(out, of),
            Self::Func(function) => {
                for types in [&function.arguments, &function.results] {
                    unsigned(out, types.len());
                    types.iter().for_each(|kind| kind.write(out));
                }
                unsigned(out, function.annotations.len());
                out.extend(&function.annotations);
            }
            Self::Service(methods) => {
                unsigned(out, methods.len());
                for (name, kind) in methods {
                    unsigned(out, name.len());
                    out.extend(name);
                    kind.write(out);
                }
            }
            Self::Future { content, .. } => {
                unsigned(out, content.len());
                out.extend(content);
            }
        }
    }

    fn opcode(&self) -> i64 {
        match self {
            Self::Opt(_) => OPT,
            Self::Vec(_) => VEC,
            Self::Record(_) => RECORD,
            Self::Variant(_) => VARIANT,
            Self::Func(_) => FUNC,
            Self::Service(_) => SERVICE,
            Self::Future { opcode, .. } => *opcode,
        }
    }
}

impl Type {
    pub(super) fn moved(self, offset: usize) -> Self {
        match self {
            Self::Primitive(_) => self,
            Self::Defined(position) => Self::Defined(position.saturating_add(offset)),
        }
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        let opcode = match self {
            Self::Primitive(primitive) => i128::from(primitive.opcode()),
            Self::Defined(position) => i128::try_from(position).unwrap_or(i128::MAX),
        };
        out.extend(leb128::signed(opcode).as_slice());
    }
}

fn write_signed(out: &mut Vec<u8>, number: i64) {
    out.extend(leb128::signed(i128::from(number)).as_slice());
}

pub(super) fn write_length(out: &mut Vec<u8>, length: usize) {
    let length = u128::try_from(length).unwrap_or(u128::MAX);
    out.extend(leb128::unsigned(length).as_slice());
}

/// The definitions that `kind` needs, in the order in which they are met, and what `kind` is called among them: equal types
/// from different tables mostly become equal.
pub(super) fn extract(table: &[Definition], kind: Type) -> (Vec<Definition>, Type) {
    let mut names: Vec<Option<usize>> = vec![None; table.len()];
    let mut order: Vec<usize> = Vec::new();
    let mut name = |kind: Type, order: &mut Vec<usize>| match kind {
        Type::Primitive(_) => kind,
        Type::Defined(position) => match names.get_mut(position) {
            Some(Some(known)) => Type::Defined(*known),
            Some(unknown @ None) => {
                *unknown = Some(order.len());
                order.push(position);
                Type::Defined(order.len().saturating_sub(1))
            }
            None => kind,
        },
    };
    let kind = name(kind, &mut order);
    let mut found = Vec::new();
    while let Some(position) = order.get(found.len()) {
        let Some(mut definition) = table.get(*position).cloned() else {
            break;
        };
        for mentioned in definition.mentioned() {
            *mentioned = name(*mentioned, &mut order);
        }
        found.push(definition);
    }
    (found, kind)
}
