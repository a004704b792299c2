//! Reads operations out of an input: what is missing at its end is zero, and [`Source::more`] says when to stop.

/// The rest of an input.
pub struct Source<'a>(pub &'a [u8]);

impl<'a> Source<'a> {
    /// Whether there is anything left.
    pub fn more(&self) -> bool {
        !self.0.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    /// A number below `end`, which is at most 256.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    /// Bytes, `length` at most.
    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// A key: short, of few letters, so that keys meet and begin alike.
    pub fn key(&mut self) -> Vec<u8> {
        let length = self.below(4);
        let letters = self.bytes(length).iter();
        letters
            .map(|byte| b"abcd\0\xff"[usize::from(byte % 6)])
            .collect()
    }
}
