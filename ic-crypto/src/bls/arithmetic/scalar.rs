use std::fmt;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use zeroize::Zeroize;

use super::InvalidScalar;

/// A number modulo r, the order of the groups. Arithmetic takes the same time whatever the value.
///
/// `Debug` shows nothing: a scalar is a secret more often than not. It is `Copy` because formulas need it; what holds one
/// for longer than a formula erases it when dropped.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scalar(pub(super) blst::blst_fr);

impl Scalar {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = 32;

    /// The number 0.
    pub fn zero() -> Self {
        Self::default()
    }

    /// The number 1.
    pub fn one() -> Self {
        Self::from_u64(1)
    }

    /// The number `value`.
    pub fn from_u64(value: u64) -> Self {
        Self::from_limbs([value, 0, 0, 0])
    }

    /// The number `value`.
    #[expect(clippy::as_conversions, reason = "splits 128 bits into two halves")]
    pub fn from_u128(value: u128) -> Self {
        Self::from_limbs([value as u64, (value >> 64) as u64, 0, 0])
    }

    fn from_limbs(limbs: [u64; 4]) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: `limbs` is the four words that the function reads; it writes nothing but `out`.
        unsafe { blst::blst_fr_from_uint64(&mut out, limbs.as_ptr()) };
        Self(out)
    }

    /// Reads 32 bytes, most significant first.
    ///
    /// # Errors
    /// The number is not below the group order.
    pub fn from_be_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidScalar> {
        let mut scalar = blst::blst_scalar::default();
        let mut out = blst::blst_fr::default();
        // SAFETY: `bytes` is the 32 bytes that the first function reads; the others read and write the two locals.
        let canonical = unsafe {
            blst::blst_scalar_from_bendian(&mut scalar, bytes.as_ptr());
            let canonical = blst::blst_scalar_fr_check(&scalar);
            blst::blst_fr_from_scalar(&mut out, &scalar);
            canonical
        };
        scalar.zeroize();
        if canonical {
            Ok(Self(out))
        } else {
            Err(InvalidScalar)
        }
    }

    /// The remainder modulo r of a number of any length, most significant byte first.
    pub fn from_be_bytes_reduced(bytes: &[u8]) -> Self {
        let mut scalar = blst::blst_scalar::default();
        let mut out = blst::blst_fr::default();
        // SAFETY: pointer and length describe `bytes`; the other two locals are valid for the writes made to them. The
        // result of the first function only says whether the remainder is zero, which is a remainder like any other.
        unsafe {
            blst::blst_scalar_from_be_bytes(&mut scalar, bytes.as_ptr(), bytes.len());
            blst::blst_fr_from_scalar(&mut out, &scalar);
        }
        scalar.zeroize();
        Self(out)
    }

    /// The 32 bytes, most significant first.
    pub fn to_be_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = self.to_le_bytes();
        out.reverse();
        out
    }

    /// The 32 bytes, least significant first.
    pub fn to_le_bytes(&self) -> [u8; Self::BYTES] {
        let mut scalar = self.to_blst();
        let out = scalar.b;
        scalar.zeroize();
        out
    }

    /// The form that blst's multiplications read.
    pub(super) fn to_blst(self) -> blst::blst_scalar {
        let mut scalar = blst::blst_scalar::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_scalar_from_fr(&mut scalar, &self.0) };
        scalar
    }

    /// A number drawn from a source of uniform bytes, by the network's rule: 32 bytes with the top bit cleared, drawn again
    /// while they are not below r.
    pub fn random(mut fill: impl FnMut(&mut [u8; Self::BYTES])) -> Self {
        let mut bytes = [0; Self::BYTES];
        loop {
            fill(&mut bytes);
            let [top, ..] = &mut bytes;
            *top &= 0x7f;
            if let Ok(scalar) = Self::from_be_bytes(&bytes) {
                bytes.zeroize();
                return scalar;
            }
        }
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// This number squared.
    pub fn square(&self) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_fr_sqr(&mut out, &self.0) };
        Self(out)
    }

    /// The number whose product with this one is 1; `None` for 0.
    pub fn invert(&self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        let mut out = blst::blst_fr::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_fr_inverse(&mut out, &self.0) };
        Some(Self(out))
    }

    /// Replaces every number by its inverse, for the price of one inversion and three multiplications a number; zeros stay
    /// zero.
    pub fn invert_all(scalars: &mut [Self]) {
        let mut product = Self::one();
        let mut before = Vec::with_capacity(scalars.len());
        for scalar in scalars.iter().filter(|scalar| !scalar.is_zero()) {
            before.push(product);
            product *= *scalar;
        }
        let Some(mut inverse) = product.invert() else {
            return;
        };
        for scalar in scalars.iter_mut().rev().filter(|scalar| !scalar.is_zero()) {
            let Some(others) = before.pop() else { return };
            let own = inverse * others;
            inverse *= *scalar;
            *scalar = own;
        }
    }

    /// This number to the power of `exponent`. Variable time in the exponent.
    pub fn pow(&self, exponent: u64) -> Self {
        let mut out = Self::one();
        for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
            out = out.square();
            if exponent >> bit & 1 == 1 {
                out *= *self;
            }
        }
        out
    }
}

impl Add for Scalar {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: reads two references, writes the third.
        unsafe { blst::blst_fr_add(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl Sub for Scalar {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: reads two references, writes the third.
        unsafe { blst::blst_fr_sub(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl Mul for Scalar {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: reads two references, writes the third.
        unsafe { blst::blst_fr_mul(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl Neg for Scalar {
    type Output = Self;

    fn neg(self) -> Self {
        let mut out = blst::blst_fr::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_fr_cneg(&mut out, &self.0, true) };
        Self(out)
    }
}

impl AddAssign for Scalar {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Scalar {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for Scalar {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl std::iter::Sum for Scalar {
    fn sum<I: Iterator<Item = Self>>(scalars: I) -> Self {
        scalars.fold(Self::zero(), Add::add)
    }
}

impl std::iter::Product for Scalar {
    fn product<I: Iterator<Item = Self>>(scalars: I) -> Self {
        scalars.fold(Self::one(), Mul::mul)
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.l.zeroize();
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(..)")
    }
}
