//! What can be wrong with a message.

use ic_types::codec::leb128::Leb128Error;

/// Why bytes are not the Candid message that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CandidError {
    /// The message does not begin with `DIDL`.
    #[error("not Candid: the message does not begin with DIDL")]
    Magic,
    /// The message ends too early.
    #[error("expected {expected} bytes more, found {found}")]
    Truncated {
        /// How many are missing here.
        expected: u64,
        /// How many there are.
        found: usize,
    },
    /// A length, an index or a tag is not a number.
    #[error("a number: {0}")]
    Number(#[source] Leb128Error),
    /// Something that Candid does not have.
    #[error("not Candid: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The table has more definitions and fields together than a reader takes.
    #[error("the table of types has more than {limit} definitions and fields")]
    TooManyTypes {
        /// How many there may be.
        limit: usize,
    },
    /// Reading would take more steps than the length of the message justifies, or go deeper than anybody needs.
    #[error("the message takes more work than its length justifies")]
    TooComplex,
    /// The message has no argument.
    #[error("expected one argument, found none")]
    NoArgument,
    /// A value is of another type.
    #[error("expected {expected}, found another type")]
    OtherType {
        /// What was expected.
        expected: &'static str,
    },
    /// A record does not have a field that is needed.
    #[error("the field {field} is missing")]
    MissingField {
        /// Its name.
        field: &'static str,
    },
    /// A text is not UTF-8.
    #[error("a text that is not UTF-8")]
    NotUtf8,
    /// A principal has more bytes than principals have (ID-001).
    #[error("a principal of {found} bytes")]
    NotAPrincipal {
        /// How many it has.
        found: usize,
    },
    /// A reference that says nothing outside the system that made it.
    #[error("an opaque reference")]
    OpaqueReference,
    /// Bytes after the last argument.
    #[error("{count} bytes after the end of the message")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

impl CandidError {
    /// Whether the value is in order, but not of the type that was asked for: an `opt` of it is null then.
    pub(super) fn is_of_type(&self) -> bool {
        matches!(self, Self::OtherType { .. } | Self::MissingField { .. })
    }
}
