use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use zeroize::Zeroize;

use super::straus::{self, Coordinates, Table};
use super::{InvalidPoint, Scalar};

/// Beyond so many points, blst's bucket method is faster.
const MAX_STRAUS: usize = 40;

/// A point of G2 in projective form: the form in which points are added and multiplied.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct G2(pub(super) blst::blst_p2);

/// A point of G2 in affine form: the form in which points are compared, encoded, paired and summed in bulk.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct G2Affine(pub(super) blst::blst_p2_affine);

impl G2 {
    /// The neutral element, also called the point at infinity.
    pub fn identity() -> Self {
        Self::default()
    }

    /// The standard generator g2.
    pub fn generator() -> Self {
        // SAFETY: the function returns a pointer to a constant of the library.
        Self(unsafe { *blst::blst_p2_generator() })
    }

    /// RFC 9380 `hash_to_curve`, suite `BLS12381G2_XMD:SHA-256_SSWU_RO_`, under the domain separation tag of a protocol.
    pub fn hash(message: &[u8], tag: &[u8]) -> Self {
        Self::hash_parts(&[], message, tag)
    }

    /// As [`hash`](Self::hash) of `prefix` followed by `message`.
    pub fn hash_parts(prefix: &[u8], message: &[u8], tag: &[u8]) -> Self {
        let mut out = blst::blst_p2::default();
        // SAFETY: each pointer comes with the length of the slice behind it; the function writes nothing but `out`.
        unsafe {
            blst::blst_hash_to_g2(
                &mut out,
                message.as_ptr(),
                message.len(),
                tag.as_ptr(),
                tag.len(),
                prefix.as_ptr(),
                prefix.len(),
            );
        }
        Self(out)
    }

    /// Whether this is the neutral element.
    pub fn is_identity(&self) -> bool {
        // SAFETY: reads one reference.
        unsafe { blst::blst_p2_is_inf(&self.0) }
    }

    /// This point added to itself.
    pub fn double(&self) -> Self {
        let mut out = blst::blst_p2::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_p2_double(&mut out, &self.0) };
        Self(out)
    }

    /// This point multiplied by a small number. Variable time in the number: about one addition for each of its bits, so
    /// much faster than the general multiplication for the indices of nodes.
    pub fn mul_small(&self, factor: u64) -> Self {
        let mut out = Self::identity();
        for bit in (0..u64::BITS - factor.leading_zeros()).rev() {
            out = out.double();
            if factor >> bit & 1 == 1 {
                out += *self;
            }
        }
        out
    }

    /// Σ scalar · point. Variable time: for public values only. Points beyond the shorter of the two slices do not count.
    pub fn multi_mul(points: &[G2Affine], scalars: &[Scalar]) -> Self {
        let bytes: Vec<[u8; 32]> = scalars.iter().map(Scalar::to_le_bytes).collect();
        Self::multi_mul_le(points, &bytes, 255)
    }

    /// Σ factor · point for numbers of 128 bits, in half the time of [`multi_mul`](Self::multi_mul). Variable time.
    pub fn multi_mul_short(points: &[G2Affine], factors: &[u128]) -> Self {
        let bytes: Vec<[u8; 16]> = factors.iter().map(|factor| factor.to_le_bytes()).collect();
        let bits = factors
            .iter()
            .map(|factor| u128::BITS - factor.leading_zeros())
            .max()
            .unwrap_or(0);
        Self::multi_mul_le(
            points,
            &bytes,
            usize::try_from(bits.next_multiple_of(8)).unwrap_or(128),
        )
    }

    /// `bits` of each factor count; `N` is at least that many bytes.
    fn multi_mul_le<const N: usize>(points: &[G2Affine], factors: &[[u8; N]], bits: usize) -> Self {
        let count = points.len().min(factors.len());
        if count == 0 || bits == 0 {
            return Self::identity();
        }
        if count <= MAX_STRAUS {
            let points: Vec<Coordinates<_>> = points.iter().map(G2Affine::coordinates).collect();
            return Self::multi_mul_straus(
                &straus::tables::<_, { straus::FEW }>(&points),
                factors,
                bits,
            );
        }
        let mut out = blst::blst_p2::default();
        // With fewer bits than the array holds, blst would take the next factor from the wrong place: give it each address.
        let factors: Vec<*const u8> = factors
            .iter()
            .take(count)
            .map(|factor| factor.as_ptr())
            .collect();
        let points = [
            points.as_ptr().cast::<blst::blst_p2_affine>(),
            std::ptr::null(),
        ];
        // SAFETY: `count` is at least one. `points[0]` is the start of at least `count` affine points, which follow each
        // other because `G2Affine` is a transparent wrapper, and the null after it says so; `factors` holds `count`
        // addresses of at least `bits` bits each; the scratch space is as large as the library asks for, aligned for limbs.
        unsafe {
            let scratch = blst::blst_p2s_mult_pippenger_scratch_sizeof(count);
            let mut scratch: Vec<u64> = vec![0; scratch.div_ceil(8)];
            let scratch = scratch.as_mut_ptr().cast();
            blst::blst_p2s_mult_pippenger(
                &mut out,
                points.as_ptr(),
                count,
                factors.as_ptr(),
                bits,
                scratch,
            );
        }
        Self(out)
    }

    /// Σ factor · point, given the tables of the points.
    pub(super) fn multi_mul_straus<'a, const ENTRIES: usize, const N: usize>(
        tables: impl IntoIterator<Item = &'a Table<blst::blst_fp2, ENTRIES>>,
        factors: &'a [[u8; N]],
        bits: usize,
    ) -> Self {
        let factors = factors.iter().map(|factor| &factor[..]);
        let sums = straus::window_sums(tables.into_iter(), factors, bits);
        sums.into_iter().fold(Self::identity(), |mut total, sum| {
            for _ in 0..straus::window(ENTRIES) {
                total = total.double();
            }
            total + G2Affine(blst::blst_p2_affine { x: sum.x, y: sum.y })
        })
    }

    /// The affine form. One inversion: convert many points with [`to_affine_all`](Self::to_affine_all).
    pub fn to_affine(&self) -> G2Affine {
        let mut out = blst::blst_p2_affine::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_p2_to_affine(&mut out, &self.0) };
        G2Affine(out)
    }

    /// The affine forms of many points, with one inversion for all of them.
    pub fn to_affine_all(points: &[Self]) -> Vec<G2Affine> {
        let mut out = vec![G2Affine::default(); points.len()];
        if !points.is_empty() {
            let pointers = [points.as_ptr().cast::<blst::blst_p2>(), std::ptr::null()];
            // SAFETY: `pointers[0]` is the start of `points.len()` points that follow each other because `G2` is a
            // transparent wrapper, and the null after it says so; `out` has room for as many results.
            unsafe {
                blst::blst_p2s_to_affine(out.as_mut_ptr().cast(), pointers.as_ptr(), points.len())
            };
        }
        out
    }
}

impl G2Affine {
    /// Length of the compressed encoding in bytes.
    pub const BYTES: usize = 96;

    /// The standard generator g2.
    pub fn generator() -> Self {
        // SAFETY: the function returns a pointer to a constant of the library.
        Self(unsafe { *blst::blst_p2_affine_generator() })
    }

    /// Reads a compressed point. The neutral element is a point like any other here.
    ///
    /// # Errors
    /// The flags are not those of a compressed point, the coordinate is not reduced, there is no such point, or it is not
    /// in the subgroup of order r.
    pub fn from_compressed(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidPoint> {
        let mut out = blst::blst_p2_affine::default();
        // SAFETY: `bytes` is the 96 bytes that the first function reads; it writes nothing but `out`, which the second reads
        // only if it holds a point of the curve.
        let valid = unsafe {
            blst::blst_p2_uncompress(&mut out, bytes.as_ptr()) == blst::BLST_ERROR::BLST_SUCCESS
                && blst::blst_p2_affine_in_g2(&out)
        };
        if valid {
            Ok(Self(out))
        } else {
            Err(InvalidPoint)
        }
    }

    /// The compressed encoding: 96 bytes, the three top bits are flags.
    pub fn to_compressed(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        // SAFETY: writes 96 bytes to `out`, reads the reference.
        unsafe { blst::blst_p2_affine_compress(out.as_mut_ptr(), &self.0) };
        out
    }

    /// Whether this is the neutral element.
    pub fn is_identity(&self) -> bool {
        // SAFETY: reads one reference.
        unsafe { blst::blst_p2_affine_is_inf(&self.0) }
    }

    /// The coordinates; (0, 0) for the neutral element.
    pub(super) fn coordinates(&self) -> Coordinates<blst::blst_fp2> {
        Coordinates {
            x: self.0.x,
            y: self.0.y,
        }
    }

    /// The projective form.
    pub fn to_projective(&self) -> G2 {
        let mut out = blst::blst_p2::default();
        // SAFETY: reads one reference, writes the other.
        unsafe { blst::blst_p2_from_affine(&mut out, &self.0) };
        G2(out)
    }
}

impl Add for G2 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut out = blst::blst_p2::default();
        // SAFETY: reads two references, writes the third; this addition is complete (equal and opposite points included).
        unsafe { blst::blst_p2_add_or_double(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl Add<G2Affine> for G2 {
    type Output = Self;

    fn add(self, other: G2Affine) -> Self {
        let mut out = blst::blst_p2::default();
        // SAFETY: reads two references, writes the third; this addition is complete (equal and opposite points included).
        unsafe { blst::blst_p2_add_or_double_affine(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl Sub for G2 {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for G2 {
    type Output = Self;

    fn neg(mut self) -> Self {
        // SAFETY: reads and writes one reference.
        unsafe { blst::blst_p2_cneg(&mut self.0, true) };
        self
    }
}

impl Neg for G2Affine {
    type Output = Self;

    fn neg(mut self) -> Self {
        // SAFETY: the function negates one coordinate in place; `y` is valid for reading and writing.
        unsafe {
            let y: *mut blst::blst_fp2 = &mut self.0.y;
            blst::blst_fp2_cneg(y, y, true);
        }
        self
    }
}

impl Mul<Scalar> for G2 {
    type Output = Self;

    /// Takes the same time whatever the scalar.
    fn mul(self, scalar: Scalar) -> Self {
        let mut scalar = scalar.to_blst();
        let mut out = blst::blst_p2::default();
        // SAFETY: reads the point and the 32 bytes of the scalar, writes `out`.
        unsafe { blst::blst_p2_mult(&mut out, &self.0, scalar.b.as_ptr(), 255) };
        scalar.zeroize();
        Self(out)
    }
}

impl Mul<Scalar> for G2Affine {
    type Output = G2;

    /// Takes the same time whatever the scalar.
    fn mul(self, scalar: Scalar) -> G2 {
        self.to_projective() * scalar
    }
}

impl AddAssign for G2 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl AddAssign<G2Affine> for G2 {
    fn add_assign(&mut self, other: G2Affine) {
        *self = *self + other;
    }
}

impl SubAssign for G2 {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for G2 {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::identity(), Add::add)
    }
}

impl std::iter::Sum<G2Affine> for G2 {
    fn sum<I: Iterator<Item = G2Affine>>(points: I) -> Self {
        points.fold(Self::identity(), Add::add)
    }
}

impl From<G2> for G2Affine {
    fn from(point: G2) -> Self {
        point.to_affine()
    }
}

impl From<G2Affine> for G2 {
    fn from(point: G2Affine) -> Self {
        point.to_projective()
    }
}

impl PartialEq for G2 {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: reads two references.
        unsafe { blst::blst_p2_is_equal(&self.0, &other.0) }
    }
}

impl Eq for G2 {}

impl PartialEq for G2Affine {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: reads two references.
        unsafe { blst::blst_p2_affine_is_equal(&self.0, &other.0) }
    }
}

impl Eq for G2Affine {}

impl Zeroize for G2 {
    fn zeroize(&mut self) {
        for coordinate in [&mut self.0.x, &mut self.0.y, &mut self.0.z] {
            for part in &mut coordinate.fp {
                part.l.zeroize();
            }
        }
    }
}

impl Zeroize for G2Affine {
    fn zeroize(&mut self) {
        for coordinate in [&mut self.0.x, &mut self.0.y] {
            for part in &mut coordinate.fp {
                part.l.zeroize();
            }
        }
    }
}

impl fmt::Debug for G2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("G2(..)")
    }
}

impl fmt::Debug for G2Affine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("G2Affine(")?;
        for byte in self.to_compressed() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}
