use std::fmt;
use std::ops::{Mul, MulAssign};

use zeroize::Zeroize;

use super::{G1Affine, G2Affine, Scalar};

/// Lines of one Miller loop: one for each doubling and each addition along the bits of |z| = 0xd201000000010000.
const LINES: usize = 68;

/// Doublings that follow each addition of the Miller loop, from the second highest set bit of |z| down.
const DOUBLINGS_AFTER_ADDITION: [usize; 5] = [2, 3, 9, 32, 16];

/// An element of the target group, of order r.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Gt(pub(super) blst::blst_fp12);

impl Gt {
    /// Length of [`to_tag_bytes`](Self::to_tag_bytes).
    pub const BYTES: usize = 576;

    /// The neutral element.
    pub fn one() -> Self {
        // SAFETY: the function returns a pointer to a constant of the library.
        Self(unsafe { *blst::blst_fp12_one() })
    }

    /// Whether this is the neutral element.
    pub fn is_one(&self) -> bool {
        *self == Self::one()
    }

    /// The element whose product with this one is neutral: in this group, the conjugate.
    pub fn invert(&self) -> Self {
        let mut out = *self;
        // SAFETY: reads and writes one reference.
        unsafe { blst::blst_fp12_conjugate(&mut out.0) };
        out
    }

    /// This element squared.
    pub fn square(&self) -> Self {
        let mut out = blst::blst_fp12::default();
        // SAFETY: reads one reference, writes the other. Every `Gt` is in the cyclotomic subgroup, as the function needs.
        unsafe { blst::blst_fp12_cyclotomic_sqr(&mut out, &self.0) };
        Self(out)
    }

    /// This element to the power of a scalar. Variable time in the scalar.
    pub fn pow(&self, exponent: &Scalar) -> Self {
        let mut out = Self::one();
        for byte in exponent.to_be_bytes() {
            for bit in (0..8).rev() {
                out = out.square();
                if byte >> bit & 1 == 1 {
                    out *= *self;
                }
            }
        }
        out
    }

    /// 576 bytes, the highest coefficient first at each level of the tower: the form that the network's protocols hash.
    pub fn to_tag_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let half = self.0.fp6.iter().rev();
        let sixth = half.flat_map(|half| half.fp2.iter().rev());
        let twelfth = sixth.flat_map(|sixth| sixth.fp.iter().rev());
        for (chunk, coefficient) in out.chunks_exact_mut(48).zip(twelfth) {
            // SAFETY: writes the 48 bytes of `chunk`, reads the reference.
            unsafe { blst::blst_bendian_from_fp(chunk.as_mut_ptr(), coefficient) };
        }
        out
    }
}

impl Mul for Gt {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut out = blst::blst_fp12::default();
        // SAFETY: reads two references, writes the third.
        unsafe { blst::blst_fp12_mul(&mut out, &self.0, &other.0) };
        Self(out)
    }
}

impl MulAssign for Gt {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl Zeroize for Gt {
    fn zeroize(&mut self) {
        zeroize_all(&mut self.0.fp6);
    }
}

/// Erases the numbers of which extension fields are made.
fn zeroize_all(parts: &mut [blst::blst_fp6]) {
    for number in parts
        .iter_mut()
        .flat_map(|part| &mut part.fp2)
        .flat_map(|part| &mut part.fp)
    {
        number.l.zeroize();
    }
}

impl fmt::Debug for Gt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gt(..)")
    }
}

/// A point of G2 with the lines of its Miller loop: worth keeping (19.6 kB) for a point that is paired more than once.
#[derive(Clone)]
pub struct PreparedG2 {
    /// Empty for the neutral element, which contributes nothing to a product.
    lines: Vec<blst::blst_fp6>,
}

impl PreparedG2 {
    /// Computes the lines.
    pub fn new(point: &G2Affine) -> Self {
        if point.is_identity() {
            return Self { lines: Vec::new() };
        }
        let mut lines = vec![blst::blst_fp6::default(); LINES];
        // SAFETY: `lines` has room for the 68 lines that the function writes; it reads the reference.
        unsafe { blst::blst_precompute_lines(lines.as_mut_ptr(), &point.0) };
        Self { lines }
    }
}

impl Zeroize for PreparedG2 {
    /// What is left are the lines of the neutral element.
    fn zeroize(&mut self) {
        zeroize_all(&mut self.lines);
        self.lines.clear();
    }
}

impl From<&G2Affine> for PreparedG2 {
    fn from(point: &G2Affine) -> Self {
        Self::new(point)
    }
}

impl fmt::Debug for PreparedG2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedG2(..)")
    }
}

/// e(p, q).
pub fn pairing(p: &G1Affine, q: &G2Affine) -> Gt {
    product_of_pairings(&[(*p, &PreparedG2::new(q))])
}

/// The product of e(p, q) over all pairs: the squarings of the Miller loops and the final exponentiation are shared.
pub fn product_of_pairings(pairs: &[(G1Affine, &PreparedG2)]) -> Gt {
    let mut out = miller_loop(pairs);
    let f = out;
    // SAFETY: reads one reference, writes the other.
    unsafe { blst::blst_final_exp(&mut out, &f) };
    Gt(out)
}

/// Whether the product of e(p, q) over all pairs is one: the form in which every equation of this crate is checked. That of
/// no pairs at all is not: nothing to check is not a pass.
pub fn products_cancel(pairs: &[(G1Affine, &PreparedG2)]) -> bool {
    !pairs.is_empty() && product_of_pairings(pairs).is_one()
}

/// One Miller loop over all pairs. blst exports a loop that shares the squarings and one that takes prepared lines; this
/// one does both, from its field operations.
fn miller_loop(pairs: &[(G1Affine, &PreparedG2)]) -> blst::blst_fp12 {
    let mut loops: Vec<_> = pairs
        .iter()
        .filter(|(p, q)| !p.is_identity() && !q.lines.is_empty())
        .map(|(p, q)| (LineEvaluation::at(p), q.lines.iter()))
        .collect();
    let mut f = Gt::one().0;
    step(&mut f, &mut loops);
    for doublings in DOUBLINGS_AFTER_ADDITION {
        step(&mut f, &mut loops);
        for _ in 0..doublings {
            let before = f;
            // SAFETY: reads one reference, writes the other.
            unsafe { blst::blst_fp12_sqr(&mut f, &before) };
            step(&mut f, &mut loops);
        }
    }
    // SAFETY: reads and writes one reference. (z is negative: the loop ran over |z|.)
    unsafe { blst::blst_fp12_conjugate(&mut f) };
    f
}

/// Multiplies the next line of each pair into `f`.
fn step(
    f: &mut blst::blst_fp12,
    loops: &mut [(LineEvaluation, std::slice::Iter<'_, blst::blst_fp6>)],
) {
    for (point, lines) in loops {
        let Some(line) = lines.next() else { continue };
        let line = point.evaluate(line);
        let before = *f;
        // SAFETY: reads two references, writes the third.
        unsafe { blst::blst_fp12_mul_by_xy00z0(f, &before, &line) };
    }
}

/// The coordinates of a point of G1 as a prepared line wants them: -2x and 2y.
struct LineEvaluation {
    x: blst::blst_fp,
    y: blst::blst_fp,
}

impl LineEvaluation {
    fn at(point: &G1Affine) -> Self {
        let (mut x, mut y) = (blst::blst_fp::default(), blst::blst_fp::default());
        let mut twice = blst::blst_fp::default();
        // SAFETY: each function reads references and writes one local that it does not read.
        unsafe {
            blst::blst_fp_add(&mut twice, &point.0.x, &point.0.x);
            blst::blst_fp_cneg(&mut x, &twice, true);
            blst::blst_fp_add(&mut y, &point.0.y, &point.0.y);
        }
        Self { x, y }
    }

    /// The three coefficients of the line at the point. (blst packs them into the type of a cubic extension.)
    fn evaluate(&self, line: &blst::blst_fp6) -> blst::blst_fp6 {
        let mut out = *line;
        let [_, by_x, by_y] = &mut out.fp2;
        let [_, line_by_x, line_by_y] = &line.fp2;
        for (out, coefficient) in by_x.fp.iter_mut().zip(&line_by_x.fp) {
            // SAFETY: reads two references, writes the third.
            unsafe { blst::blst_fp_mul(out, coefficient, &self.x) };
        }
        for (out, coefficient) in by_y.fp.iter_mut().zip(&line_by_y.fp) {
            // SAFETY: reads two references, writes the third.
            unsafe { blst::blst_fp_mul(out, coefficient, &self.y) };
        }
        out
    }
}
