//! Writing CBOR value by value.

use super::SELF_DESCRIBED;

/// Writes the CBOR that [`Reader`](super::Reader) reads: shortest forms and definite lengths.
///
/// ```
/// use ic_types::codec::Writer;
///
/// let mut writer = Writer::new();
/// writer.array(2).nat(1).bytes(&[2, 3]);
/// assert_eq!(writer.into_vec(), [0x82, 0x01, 0x42, 0x02, 0x03]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// A writer that has written nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A writer that has written nothing, with room for `capacity` bytes: what fits is never copied to another place.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// A writer that has written the tag "this is CBOR" (HTTP-020), with room for `capacity` bytes.
    pub fn self_described(capacity: usize) -> Self {
        let mut writer = Self(Vec::with_capacity(capacity));
        writer.tag(SELF_DESCRIBED);
        writer
    }

    /// What has been written.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// Writes a natural number.
    pub fn nat(&mut self, number: u64) -> &mut Self {
        self.header(0, number)
    }

    /// Writes a natural number, as a bignum if it does not fit 64 bits (HTTP-022).
    pub fn nat128(&mut self, number: u128) -> &mut Self {
        match u64::try_from(number) {
            Ok(number) => self.nat(number),
            Err(_) => {
                let bytes = number.to_be_bytes();
                let start = bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
                self.tag(2).bytes(bytes.get(start..).unwrap_or_default())
            }
        }
    }

    /// Writes a negative number: `-1 - number`.
    pub fn negative(&mut self, number: u64) -> &mut Self {
        self.header(1, number)
    }

    /// Writes bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(2, bytes.len());
        self.raw(bytes)
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.length(3, text.len());
        self.raw(text.as_bytes())
    }

    /// Writes the head of an array; `count` elements have to follow.
    pub fn array(&mut self, count: usize) -> &mut Self {
        self.length(4, count)
    }

    /// Writes the head of a map; `count` pairs of key and value have to follow.
    pub fn map(&mut self, count: usize) -> &mut Self {
        self.length(5, count)
    }

    /// Writes a tag; the tagged value has to follow.
    pub fn tag(&mut self, number: u64) -> &mut Self {
        self.header(6, number)
    }

    /// Writes a truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.header(7, if value { 21 } else { 20 })
    }

    /// Writes null.
    pub fn null(&mut self) -> &mut Self {
        self.header(7, 22)
    }

    /// Writes bytes that are CBOR already.
    pub fn raw(&mut self, encoded: &[u8]) -> &mut Self {
        self.0.extend_from_slice(encoded);
        self
    }

    #[expect(
        clippy::as_conversions,
        reason = "no platform has lengths of more than 64 bits"
    )]
    fn length(&mut self, major: u8, length: usize) -> &mut Self {
        self.header(major, length as u64)
    }

    fn header(&mut self, major: u8, number: u64) -> &mut Self {
        let major = major << 5;
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        match number {
            0..24 => self.0.push(major | h),
            24..0x100 => self.0.extend_from_slice(&[major | 24, h]),
            0x100..0x1_0000 => self.0.extend_from_slice(&[major | 25, g, h]),
            0x1_0000..0x1_0000_0000 => self.0.extend_from_slice(&[major | 26, e, f, g, h]),
            _ => self
                .0
                .extend_from_slice(&[major | 27, a, b, c, d, e, f, g, h]),
        }
        self
    }
}
