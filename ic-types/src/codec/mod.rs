//! How values become bytes and come back: CBOR and LEB128, strict and under limits.
//!
//! [`Reader`] and [`Writer`] are the CBOR that every format of the Internet Computer is made of: shortest forms, no
//! floating point (HTTP-020 to HTTP-023). [`Value`] is for what has no type of its own. A type
//! that travels implements [`Wire`].
//!
//! Whatever the input, decoding ends with a [`DecodeError`] or a value: it never panics, and takes no more memory and
//! time than a small multiple of the length of the input.

mod cbor;
mod error;
pub mod leb128;
mod map;
mod reader;
mod writer;

pub use cbor::{Unhashable, Value};
pub use error::{DecodeError, Excerpt};
pub use map::ValueMap;
pub use reader::{Kind, Reader};
pub use writer::Writer;

/// The tag that says "this is CBOR" before a whole message (HTTP-020).
pub const SELF_DESCRIBED: u64 = 55799;

/// Something that travels as bytes of its own.
pub trait Wire: Sized {
    /// The bytes: the same for equal values.
    fn encode(&self) -> Vec<u8>;

    /// The value that `bytes` stand for: all of them, within the limits of [`crate::limits`].
    ///
    /// # Errors
    /// [`DecodeError`], with the position of what is wrong.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;
}

/// Tries `Self::read` on the whole input, behind an optional [`SELF_DESCRIBED`] tag.
pub(crate) fn decode_whole<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}
