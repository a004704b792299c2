//! Puts a message together.

use super::MAGIC;
use super::types::{Definition, Type, write_length};

/// The types of a message that is being written.
#[derive(Default)]
pub(in crate::http) struct Table(Vec<Definition>);

/// The fields of a record, with their values.
#[derive(Default)]
pub(in crate::http) struct Record(Vec<(u32, Type, Vec<u8>)>);

impl Table {
    pub(in crate::http) fn add(&mut self, definition: Definition) -> Type {
        self.0.push(definition);
        Type::Defined(self.0.len().saturating_sub(1))
    }

    /// Takes in a table of its own, and says what `kind` of it is called here.
    pub(in crate::http) fn embed(&mut self, others: &[Definition], kind: Type) -> Type {
        let offset = self.0.len();
        self.0
            .extend(others.iter().map(|other| other.clone().moved(offset)));
        kind.moved(offset)
    }

    /// A type, then as its value a record, both with the fields in order.
    pub(in crate::http) fn record(&mut self, mut record: Record) -> (Type, Vec<u8>) {
        record.0.sort_by_key(|(id, ..)| *id);
        let fields = record.0.iter().map(|(id, kind, _)| (*id, *kind)).collect();
        let values = record.0.iter().map(|(.., value)| value.as_slice());
        let value = values.collect::<Vec<_>>().concat();
        (self.add(Definition::Record(fields)), value)
    }

    /// The whole message, with one argument.
    pub(in crate::http) fn message(&self, (kind, value): (Type, &[u8])) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        write_length(&mut out, self.0.len());
        for definition in &self.0 {
            definition.write(&mut out);
        }
        write_length(&mut out, 1);
        kind.write(&mut out);
        out.extend(value);
        out
    }
}

impl Record {
    pub(in crate::http) fn field(&mut self, id: u32, kind: Type, value: Vec<u8>) {
        self.0.push((id, kind, value));
    }
}

/// A length alone.
pub(in crate::http) fn length(length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    write_length(&mut out, length);
    out
}

/// Text and blobs: the length before the bytes.
pub(in crate::http) fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().saturating_add(5));
    write_length(&mut out, bytes.len());
    out.extend(bytes);
    out
}
