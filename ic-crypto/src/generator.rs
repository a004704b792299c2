//! A deterministic generator: ChaCha20 under a key, read as a stream of 32-bit words.

use std::fmt;

use zeroize::Zeroize;

const WORDS: usize = 16;

/// ChaCha20 with 20 rounds, a block counter of 64 bits from zero and stream 0: the generator of all of the network's
/// protocols. Whoever knows the key knows every byte, so it is erased when dropped and there is no `Clone`.
///
/// # Determinism
/// The consumption rule is part of the protocols: everything is drawn in whole words of 32 bits, least significant byte
/// first, and what [`fill`](Self::fill) does not need of its last word is dropped.
pub struct Generator {
    key: [u32; 8],
    block: u64,
    words: [u32; WORDS],
    used: usize,
}

impl Generator {
    /// The generator under this key.
    pub fn new(key: &[u8; 32]) -> Self {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(key.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self {
            key: words,
            block: 0,
            words: [0; WORDS],
            used: WORDS,
        }
    }

    /// The next word.
    pub fn next_u32(&mut self) -> u32 {
        if self.used >= WORDS {
            self.words = block(&self.key, self.block);
            self.block = self.block.wrapping_add(1);
            self.used = 0;
        }
        let word = self.words.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        word
    }

    /// The next two words, the low one first.
    pub fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        low | u64::from(self.next_u32()) << 32
    }

    /// Fills `out` with as many words as it takes.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(4) {
            for (out, byte) in chunk.iter_mut().zip(self.next_u32().to_le_bytes()) {
                *out = byte;
            }
        }
    }

    /// A number below `bound`, all equally likely: the sampling of the network's shuffles. Zero for a bound of zero.
    ///
    /// Draws a word, multiplies it by the bound and takes the upper half, unless the lower half falls into the last,
    /// incomplete stretch of the words; then draws again.
    #[expect(clippy::as_conversions, reason = "splits 64 bits into two halves")]
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        let zone = (bound << bound.leading_zeros()).wrapping_sub(1);
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 <= zone {
                return (product >> 32) as u32;
            }
        }
    }

    /// Shuffles a list: Fisher and Yates, from the last place down.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            // A list of 2^32 elements is beyond any subnet; the part of it beyond 2^32 would stay in place.
            let Ok(bound) = u32::try_from(last + 1) else {
                continue;
            };
            let Ok(other) = usize::try_from(self.below(bound)) else {
                continue;
            };
            list.swap(last, other);
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.key.zeroize();
        self.words.zeroize();
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generator(..)")
    }
}

/// One block of key stream (RFC 8439, section 2.3, with the counter extended to 64 bits over the first word of the nonce,
/// as in the original ChaCha).
#[expect(clippy::as_conversions, reason = "splits the counter into two halves")]
fn block(key: &[u32; 8], counter: u64) -> [u32; WORDS] {
    let [k0, k1, k2, k3, k4, k5, k6, k7] = *key;
    let mut state = [
        0x6170_7865,
        0x3320_646e,
        0x7962_2d32,
        0x6b20_6574, //
        k0,
        k1,
        k2,
        k3, //
        k4,
        k5,
        k6,
        k7, //
        counter as u32,
        (counter >> 32) as u32,
        0,
        0,
    ];
    let start = state;
    for _ in 0..10 {
        let [
            a0,
            a1,
            a2,
            a3,
            b0,
            b1,
            b2,
            b3,
            c0,
            c1,
            c2,
            c3,
            d0,
            d1,
            d2,
            d3,
        ] = &mut state;
        quarter_round(a0, b0, c0, d0);
        quarter_round(a1, b1, c1, d1);
        quarter_round(a2, b2, c2, d2);
        quarter_round(a3, b3, c3, d3);
        quarter_round(a0, b1, c2, d3);
        quarter_round(a1, b2, c3, d0);
        quarter_round(a2, b3, c0, d1);
        quarter_round(a3, b0, c1, d2);
    }
    for (word, start) in state.iter_mut().zip(start) {
        *word = word.wrapping_add(start);
    }
    state
}

fn quarter_round(a: &mut u32, b: &mut u32, c: &mut u32, d: &mut u32) {
    *a = a.wrapping_add(*b);
    *d = (*d ^ *a).rotate_left(16);
    *c = c.wrapping_add(*d);
    *b = (*b ^ *c).rotate_left(12);
    *a = a.wrapping_add(*b);
    *d = (*d ^ *a).rotate_left(8);
    *c = c.wrapping_add(*d);
    *b = (*b ^ *c).rotate_left(7);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8439_block() {
        // RFC 8439, appendix A.1, test vectors 1 and 2: the zero key, nonce zero, blocks 0 and 1.
        let mut generator = Generator::new(&[0; 32]);
        assert_eq!(generator.next_u32(), 0xade0_b876);
        for _ in 1..16 {
            generator.next_u32();
        }
        assert_eq!(generator.next_u32(), 0xbee7_079f);
    }

    #[test]
    fn bytes_come_in_whole_words() {
        let (mut a, mut b) = (Generator::new(&[1; 32]), Generator::new(&[1; 32]));
        let (mut five, mut eight) = ([0; 5], [0; 8]);
        a.fill(&mut five);
        b.fill(&mut eight);
        assert_eq!(five, eight[..5]);
        assert_eq!(a.next_u32(), b.next_u32());
    }
}
