use super::Gt;
use super::fixed_base::{equal, merge_limbs};

/// Part of one coefficient of an element of the target group, for looking it up in a table.
///
/// It does not tell an element from its inverse, and different elements may share it: a hit is a candidate, to be
/// confirmed by exponentiation.
pub(crate) type Fingerprint = u64;

impl Gt {
    /// The element of the list at this position, neutral if there is none: reads the whole list whatever the position.
    pub(crate) fn select(elements: &[Self], position: u64) -> Self {
        // Not `blst_fp12::default()`, which is one.
        let mut out = Self(blst::blst_fp12 {
            fp6: Default::default(),
        });
        let mut missing = u64::MAX;
        for (index, element) in (0..).zip(elements) {
            let mask = equal(index, position);
            missing &= !mask;
            out.merge(element, mask);
        }
        out.merge(&Self::one(), missing);
        out
    }

    /// Sets the bits that are set in both `source` and `mask`.
    fn merge(&mut self, source: &Self, mask: u64) {
        for (target, source) in self.0.fp6.iter_mut().zip(&source.0.fp6) {
            for (target, source) in target.fp2.iter_mut().zip(&source.fp2) {
                for (target, source) in target.fp.iter_mut().zip(&source.fp) {
                    merge_limbs(target, source, mask);
                }
            }
        }
    }

    /// The fingerprint of this element.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let [constant, _] = &self.0.fp6;
        let [first, ..] = &constant.fp2;
        let [real, _] = &first.fp;
        low_limb(real)
    }
}

/// An element with which many others are multiplied and divided, of which only the fingerprints are wanted.
///
/// With the target group inside F[w], w² = v over the cubic extension, the inverse of b₀ + b₁w is b₀ - b₁w; so the
/// constant coefficients of a·b and a/b are P + Q and P - Q for P = a₀b₀ and Q = v·a₁b₁. Of those one base-field number
/// is needed each: twelve multiplications for two fingerprints, where each of the two products would take 54.
pub(crate) struct Stride {
    /// The twelve factors, in the order of [`fingerprints`](Self::fingerprints).
    factors: [blst::blst_fp; 12],
}

impl Stride {
    /// For multiplying and dividing by `element`.
    pub(crate) fn new(element: &Gt) -> Self {
        let [b0, b1] = &element.0.fp6;
        let [b00, b01, b02] = &b0.fp2;
        let [b10, b11, b12] = &b1.fp2;
        // The real part of x·y is x₀y₀ - x₁y₁; that of (1 + u)·x·y is x₀(y₀ - y₁) - x₁(y₀ + y₁).
        let plain = |y: &blst::blst_fp2| y.fp;
        let twisted = |y: &blst::blst_fp2| {
            let [real, imaginary] = &y.fp;
            [sub(real, imaginary), add(real, imaginary)]
        };
        let [f0, f1] = plain(b00);
        let [f2, f3] = twisted(b02);
        let [f4, f5] = twisted(b01);
        let [f6, f7] = twisted(b12);
        let [f8, f9] = twisted(b11);
        let [f10, f11] = twisted(b10);
        Self {
            factors: [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11],
        }
    }

    /// The fingerprints of `element` multiplied and divided by this one.
    pub(crate) fn fingerprints(&self, element: &Gt) -> [Fingerprint; 2] {
        let [a0, a1] = &element.0.fp6;
        let [a00, a01, a02] = &a0.fp2;
        let [a10, a11, a12] = &a1.fp2;
        let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = &self.factors;
        let part = |x: &blst::blst_fp2, by_real, by_imaginary| {
            let [real, imaginary] = &x.fp;
            sub(&mul(real, by_real), &mul(imaginary, by_imaginary))
        };
        // P = a00·b00 + ξ(a01·b02 + a02·b01), Q = ξ(a10·b12 + a11·b11 + a12·b10), where ξ = 1 + u and v³ = ξ.
        let p = add(
            &part(a00, f0, f1),
            &add(&part(a01, f2, f3), &part(a02, f4, f5)),
        );
        let q = add(
            &part(a10, f6, f7),
            &add(&part(a11, f8, f9), &part(a12, f10, f11)),
        );
        [low_limb(&add(&p, &q)), low_limb(&sub(&p, &q))]
    }
}

/// blst keeps numbers reduced, so equal numbers have equal limbs.
fn low_limb(number: &blst::blst_fp) -> u64 {
    let [low, ..] = number.l;
    low
}

fn add(a: &blst::blst_fp, b: &blst::blst_fp) -> blst::blst_fp {
    let mut out = blst::blst_fp::default();
    // SAFETY: reads two references, writes the third.
    unsafe { blst::blst_fp_add(&mut out, a, b) };
    out
}

fn sub(a: &blst::blst_fp, b: &blst::blst_fp) -> blst::blst_fp {
    let mut out = blst::blst_fp::default();
    // SAFETY: reads two references, writes the third.
    unsafe { blst::blst_fp_sub(&mut out, a, b) };
    out
}

fn mul(a: &blst::blst_fp, b: &blst::blst_fp) -> blst::blst_fp {
    let mut out = blst::blst_fp::default();
    // SAFETY: reads two references, writes the third.
    unsafe { blst::blst_fp_mul(&mut out, a, b) };
    out
}

#[cfg(test)]
mod tests {
    use super::super::{G1Affine, G2Affine, Scalar, pairing};
    use super::*;

    #[test]
    fn fingerprints_of_products_and_quotients() {
        let base = pairing(&G1Affine::generator(), &G2Affine::generator());
        let power = |exponent| base.pow(&Scalar::from_u64(exponent));
        for (a, b) in [(5, 3), (1, 1), (70_000, 123), (12, 65_536)] {
            let (a, b) = (power(a), power(b));
            let expected = [(a * b).fingerprint(), (a * b.invert()).fingerprint()];
            assert_eq!(Stride::new(&b).fingerprints(&a), expected);
            assert_eq!(a.fingerprint(), a.invert().fingerprint());
            assert_eq!(Gt::select(&[a, b], 1), b);
            assert_eq!(Gt::select(&[a, b], 2), Gt::one());
        }
    }
}
