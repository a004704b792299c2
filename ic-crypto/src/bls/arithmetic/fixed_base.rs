use std::hint::black_box;

use zeroize::Zeroize;

use super::{G1, G1Affine, G2, G2Affine, Scalar};

/// Bits of a scalar that one addition takes care of.
const WINDOW: usize = 5;

/// Multiples of a point in one window: 0 to 31 times a power of 32.
const ENTRIES: usize = 1 << WINDOW;

/// Windows of a scalar: 51 · 5 = 255 bits.
const WINDOWS: usize = 51;

/// Tables of the multiples of one point: 51 additions for a multiplication, no doublings.
///
/// Takes the same time and reads the same memory whatever the scalar, so it may be given a secret. About 160 kB for a
/// point of G1, twice as much for G2, and the time of some 20 multiplications to set up.
pub(crate) struct FixedBase<P: Point>(Vec<[P::Affine; ENTRIES]>);

/// What both groups have in common.
pub(crate) trait Point: Copy + Default {
    type Affine: Copy + Default;

    fn add(self, other: Self) -> Self;
    fn add_affine(self, other: &Self::Affine) -> Self;
    fn to_affine_all(points: &[Self]) -> Vec<Self::Affine>;
    fn from_affine(point: &Self::Affine) -> Self;
    /// Sets the bits of `target` that are set in both `source` and `mask`.
    fn merge(target: &mut Self::Affine, source: &Self::Affine, mask: u64);
}

impl<P: Point> FixedBase<P> {
    /// The tables for a point.
    pub(crate) fn new(point: &P::Affine) -> Self {
        let mut multiples = Vec::with_capacity(WINDOWS * ENTRIES);
        let mut base = P::from_affine(point);
        for _ in 0..WINDOWS {
            let mut multiple = P::default();
            for _ in 0..ENTRIES {
                multiples.push(multiple);
                multiple = multiple.add(base);
            }
            base = multiple;
        }
        Self(P::to_affine_all(&multiples).as_chunks().0.to_vec())
    }

    /// The point times a scalar.
    pub(crate) fn mul(&self, scalar: &Scalar) -> P {
        let mut bytes = scalar.to_le_bytes();
        let point = self.mul_le(&bytes, WINDOWS);
        bytes.zeroize();
        point
    }

    /// The point times a number of at most `bits` bits: the time depends on `bits`, not on the number.
    pub(crate) fn mul_short(&self, number: u64, bits: usize) -> P {
        let mut bytes = number.to_le_bytes();
        let point = self.mul_le(&bytes, bits.div_ceil(WINDOW));
        bytes.zeroize();
        point
    }

    fn mul_le(&self, bytes: &[u8], windows: usize) -> P {
        let mut sum = P::default();
        for (window, table) in self.0.iter().take(windows).enumerate() {
            let digit = digit(bytes, window * WINDOW);
            let mut entry = P::Affine::default();
            for (value, candidate) in (0..).zip(table) {
                P::merge(&mut entry, candidate, equal(value, digit));
            }
            sum = sum.add_affine(&entry);
        }
        sum
    }
}

/// The `WINDOW` bits from bit `position` of a number, least significant byte first.
fn digit(bytes: &[u8], position: usize) -> u64 {
    let byte = |index| bytes.get(index).copied().unwrap_or_default();
    let two = u16::from_le_bytes([byte(position / 8), byte(position / 8 + 1)]);
    u64::from(two >> (position % 8)) & 31
}

/// All bits set if the two are equal, none if they are not; without a branch.
pub(super) fn equal(a: u64, b: u64) -> u64 {
    let difference = a ^ b;
    let nonzero = (difference | difference.wrapping_neg()) >> 63;
    black_box(nonzero).wrapping_sub(1)
}

/// Sets the bits of `target` that are set in both `source` and `mask`.
pub(super) fn merge_limbs(target: &mut blst::blst_fp, source: &blst::blst_fp, mask: u64) {
    for (target, source) in target.l.iter_mut().zip(source.l) {
        *target |= source & mask;
    }
}

impl Point for G1 {
    type Affine = G1Affine;

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn add_affine(self, other: &G1Affine) -> Self {
        self + *other
    }

    fn to_affine_all(points: &[Self]) -> Vec<G1Affine> {
        Self::to_affine_all(points)
    }

    fn from_affine(point: &G1Affine) -> Self {
        point.to_projective()
    }

    fn merge(target: &mut G1Affine, source: &G1Affine, mask: u64) {
        merge_limbs(&mut target.0.x, &source.0.x, mask);
        merge_limbs(&mut target.0.y, &source.0.y, mask);
    }
}

impl Point for G2 {
    type Affine = G2Affine;

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn add_affine(self, other: &G2Affine) -> Self {
        self + *other
    }

    fn to_affine_all(points: &[Self]) -> Vec<G2Affine> {
        Self::to_affine_all(points)
    }

    fn from_affine(point: &G2Affine) -> Self {
        point.to_projective()
    }

    fn merge(target: &mut G2Affine, source: &G2Affine, mask: u64) {
        let coordinates = [
            (&mut target.0.x, &source.0.x),
            (&mut target.0.y, &source.0.y),
        ];
        for (target, source) in coordinates {
            for (target, source) in target.fp.iter_mut().zip(&source.fp) {
                merge_limbs(target, source, mask);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_multiply() {
        let g1 = FixedBase::<G1>::new(&G1Affine::generator());
        let g2 = FixedBase::<G2>::new(&G2Affine::generator());
        let largest = -Scalar::one();
        for scalar in [
            Scalar::zero(),
            Scalar::one(),
            Scalar::from_u64(31),
            Scalar::from_u64(1 << 40),
            largest,
        ] {
            assert_eq!(g1.mul(&scalar), G1::generator() * scalar);
            assert_eq!(g2.mul(&scalar), G2::generator() * scalar);
        }
        for number in [0, 1, 32, 65_535, (1 << 48) - 1] {
            assert_eq!(
                g1.mul_short(number, 48),
                G1::generator() * Scalar::from_u64(number)
            );
        }
    }
}
