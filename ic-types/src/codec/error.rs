//! Why bytes are not what they should be.

use std::fmt;

use super::Kind;
use crate::principal::PrincipalError;
use crate::ranges::RangesError;

/// Why bytes do not decode. Positions are counted in bytes from the start of the input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input ends before the value does, or a length promises more than is there.
    #[error("the input ends within the value that begins at byte {position}")]
    Truncated {
        /// Where the value begins.
        position: usize,
    },
    /// Something follows the value.
    #[error("the value ends at byte {position}, but more follows")]
    TrailingBytes {
        /// Where the value ends.
        position: usize,
    },
    /// Another kind of value.
    #[error("expected {expected} at byte {position}, found {found}")]
    Unexpected {
        /// Where.
        position: usize,
        /// What the format wants.
        expected: &'static str,
        /// What is there.
        found: Kind,
    },
    /// A number or length in more bytes than it needs.
    #[error("the number at byte {position} is not in its shortest form")]
    NotShortest {
        /// Where.
        position: usize,
    },
    /// A value of unknown length where the format wants a definite one: everywhere but in requests and answers.
    #[error("the value at byte {position} has no definite length")]
    Indefinite {
        /// Where.
        position: usize,
    },
    /// A number that its type cannot hold.
    #[error("the number at byte {position} is out of range: at most {bits} bits")]
    NumberTooLarge {
        /// Where.
        position: usize,
        /// The width of the type.
        bits: u32,
    },
    /// Text that is not UTF-8.
    #[error("the text at byte {position} is not UTF-8")]
    NotUtf8 {
        /// Where.
        position: usize,
    },
    /// Values within values beyond a limit.
    #[error("values are nested deeper than {limit} at byte {position}")]
    TooDeep {
        /// Where.
        position: usize,
        /// The limit.
        limit: usize,
    },
    /// More of something than the specification allows.
    #[error("{what}: at most {limit}, found {found}")]
    OverLimit {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// Bytes or an array of the wrong length.
    #[error("{what} at byte {position}: expected {expected}, found {found}")]
    Length {
        /// Where.
        position: usize,
        /// What is counted.
        what: &'static str,
        /// How many there have to be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Bytes that are no principal.
    #[error("the bytes at byte {position} are no principal")]
    Principal {
        /// Where.
        position: usize,
        /// Why.
        #[source]
        reason: PrincipalError,
    },
    /// Ranges of canister ids that are not sorted and disjoint.
    #[error("the ranges of canister ids are not sorted and disjoint")]
    Ranges {
        /// Why.
        #[source]
        reason: RangesError,
    },
    /// The bytes have the right length but are no such thing: not a point of a group, say.
    #[error("the bytes at byte {position} are not {expected}")]
    Value {
        /// Where the bytes begin.
        position: usize,
        /// What they should have been, as "a point of G1".
        expected: &'static str,
    },
    /// A map without a field that it must have.
    #[error("the field `{field}` is missing")]
    MissingField {
        /// Its name.
        field: &'static str,
    },
    /// A map with the same key twice (HTTP-023).
    #[error("the key at byte {position} was there before in the same map")]
    DuplicateKey {
        /// Where the second one is.
        position: usize,
    },
    /// A field that nobody knows, where every field has a meaning (HTTP-024).
    #[error("the field `{field}` at byte {position} is unknown")]
    UnknownField {
        /// Where.
        position: usize,
        /// The beginning of its name.
        field: Excerpt,
    },
    /// A text other than the ones that may stand there.
    #[error("expected {expected} at byte {position}, found `{found}`")]
    UnexpectedText {
        /// Where.
        position: usize,
        /// What may stand there.
        expected: &'static str,
        /// The beginning of what does.
        found: Excerpt,
    },
    /// A number other than the ones that may stand there.
    #[error("expected {expected} at byte {position}, found {found}")]
    UnexpectedNumber {
        /// Where.
        position: usize,
        /// What may stand there.
        expected: &'static str,
        /// What does.
        found: u64,
    },
    /// A signature without a key, a key without a signature, or delegations without both (HTTP-031 to HTTP-034).
    #[error("sender_pubkey and sender_sig come together, and sender_delegation only with them")]
    IncompleteProof,
}

impl DecodeError {
    /// The HTTP status for a request that does not decode: 400, whatever the reason (HTTP-016). The text of the error
    /// is fit to be shown to the sender: it holds nothing but positions, limits and the sender's own names of fields.
    pub const fn http_status(&self) -> u16 {
        400
    }
}

/// The beginning of a text from outside, short enough to be put into an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// How many characters are kept.
    const CHARACTERS: usize = 40;

    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(Self::CHARACTERS).collect())
    }

    /// The beginning of the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Escaped, so that an error never writes line breaks or terminal controls of a stranger.
        fmt::Display::fmt(&self.0.escape_debug(), f)
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
