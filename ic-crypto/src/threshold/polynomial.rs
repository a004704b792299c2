//! Polynomials over the scalars, their commitments in G2, and interpolation at 0.

use std::fmt;

use zeroize::Zeroize;

use super::ShareIndex;
use crate::bls::arithmetic::{G2, G2Affine, Scalar};
use crate::generator::Generator;
use crate::secret::SecretScalar;

/// A secret polynomial: coefficients, the constant first. Erased when dropped.
pub struct Polynomial(Vec<Scalar>);

impl Polynomial {
    /// A polynomial with `length` coefficients, drawn one after the other from a generator.
    pub fn random(length: u32, generator: &mut Generator) -> Self {
        Self(
            (0..length)
                .map(|_| Scalar::random(|bytes| generator.fill(bytes)))
                .collect(),
        )
    }

    /// The same polynomial with another constant.
    pub(crate) fn with_constant(mut self, value: &Scalar) -> Self {
        if let Some(constant) = self.0.first_mut() {
            *constant = *value;
        }
        self
    }

    /// The coefficients, the constant first.
    pub(crate) fn coefficients(&self) -> &[Scalar] {
        &self.0
    }

    /// The value at a point.
    pub(crate) fn evaluate(&self, index: ShareIndex) -> SecretScalar {
        let point = index.scalar();
        SecretScalar::new(
            self.0
                .iter()
                .rev()
                .fold(Scalar::zero(), |value, coefficient| {
                    value * point + *coefficient
                }),
        )
    }

    /// The coefficients times g2: what may be published.
    pub fn commit(&self) -> Vec<G2Affine> {
        let points: Vec<G2> = self
            .0
            .iter()
            .map(|coefficient| G2::generator() * *coefficient)
            .collect();
        G2::to_affine_all(&points)
    }
}

impl Drop for Polynomial {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Polynomial(..)")
    }
}

/// The value at a point of the polynomial that was committed to, times g2.
///
/// # Cost
/// By Horner's rule: for each coefficient one multiplication by the index, which has few bits, and one addition.
pub fn evaluate_commitment(coefficients: &[G2Affine], index: ShareIndex) -> G2 {
    let point = u64::from(index.get());
    coefficients
        .iter()
        .rev()
        .fold(G2::identity(), |value, coefficient| {
            value.mul_small(point) + *coefficient
        })
}

/// The factors λᵢ with a(0) = Σ λᵢ · a(i) for every polynomial a with at most as many coefficients as there are indices:
/// λᵢ = Π j / (j - i) over the other indices j. `None` if an index occurs twice.
pub fn lagrange_at_zero(indices: &[ShareIndex]) -> Option<Vec<Scalar>> {
    let points: Vec<Scalar> = indices.iter().map(|index| index.scalar()).collect();
    let all: Scalar = points.iter().copied().product();
    // λᵢ = (Π j) / (i · Π (j - i)), where the products run over all indices and over all others.
    let mut factors: Vec<Scalar> = points
        .iter()
        .enumerate()
        .map(|(own, point)| {
            let others = points.iter().enumerate().filter(|(other, _)| *other != own);
            others.map(|(_, other)| *other - *point).product::<Scalar>() * *point
        })
        .collect();
    if factors.iter().any(Scalar::is_zero) {
        return None;
    }
    Scalar::invert_all(&mut factors);
    Some(factors.into_iter().map(|factor| factor * all).collect())
}

/// The largest index for which [`IntegerLagrange`] is tried: beyond any subnet.
const LARGEST_SMALL_INDEX: u32 = 1024;

/// The most indices for which [`IntegerLagrange`] is tried: with more, the integers rarely fit, and finding out takes
/// longer than they save.
const MOST_INDICES: usize = 100;

/// The factors of [`lagrange_at_zero`] as short integers over one denominator: λᵢ = ±cᵢ / d.
///
/// With indices up to 40 the cᵢ have at most 68 bits instead of 255, so a sum of multiples by them costs a fraction; the
/// division by d is one multiplication at the end.
pub(crate) struct IntegerLagrange {
    /// cᵢ and whether its sign is negative.
    pub(crate) numerators: Vec<(u128, bool)>,
    /// 1 / d.
    pub(crate) inverse_denominator: Scalar,
}

impl IntegerLagrange {
    /// `None` if an index occurs twice, if one is too large, if there are too many, or if the integers do not fit into 128 bits.
    pub(crate) fn at_zero(indices: &[ShareIndex]) -> Option<Self> {
        if indices.len() > MOST_INDICES {
            return None;
        }
        let largest = indices
            .iter()
            .map(|index| index.get())
            .max()
            .filter(|largest| *largest <= LARGEST_SMALL_INDEX)?;
        let primes: Vec<u32> = (2..=largest)
            .filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
            .collect();
        // The powers of the primes in each number up to the largest index.
        let powers: Vec<Vec<i16>> = (0..=largest)
            .map(|number| powers_in(number, &primes))
            .collect();
        let powers_of = |number: u32| {
            usize::try_from(number)
                .ok()
                .and_then(|number| powers.get(number))
        };
        // λᵢ as a product of primes to positive and negative powers.
        let mut exponents: Vec<Vec<i16>> = Vec::with_capacity(indices.len());
        for own in indices {
            let mut product = vec![0; primes.len()];
            for other in indices.iter().filter(|other| *other != own) {
                let above = powers_of(other.get())?;
                let below = powers_of(other.get().abs_diff(own.get()))?;
                for (power, (above, below)) in product.iter_mut().zip(above.iter().zip(below)) {
                    *power += above - below;
                }
            }
            exponents.push(product);
        }
        let signs = indices
            .iter()
            .map(|own| indices.iter().filter(|other| *other < own).count() % 2 == 1);
        let least = |prime| {
            exponents
                .iter()
                .filter_map(|powers| powers.get(prime))
                .min()
                .copied()
                .unwrap_or_default()
        };
        let least: Vec<i16> = (0..primes.len()).map(least).collect();
        let numerators: Option<Vec<(u128, bool)>> = exponents
            .iter()
            .zip(signs)
            .map(|(powers, sign)| {
                let factors = primes.iter().zip(powers.iter().zip(&least));
                let product = factors
                    .map(|(prime, (power, least))| (u128::from(*prime), power - least))
                    .try_fold(1_u128, |product, (prime, power)| {
                        product.checked_mul(prime.checked_pow(u32::try_from(power).ok()?)?)
                    })?;
                Some((product, sign))
            })
            .collect();
        // d = Π p^(-least); a prime that divides all numerators would have a positive least power and lands in 1 / d.
        let mut inverse_denominator = Scalar::one();
        let mut denominator = Scalar::one();
        for (prime, power) in primes.iter().zip(&least) {
            let part = Scalar::from_u64(u64::from(*prime)).pow(u64::from(power.unsigned_abs()));
            if *power < 0 {
                denominator *= part
            } else {
                inverse_denominator *= part
            }
        }
        let distinct = indices
            .iter()
            .enumerate()
            .all(|(at, index)| indices.iter().skip(at + 1).all(|other| other != index));
        if !distinct {
            return None;
        }
        inverse_denominator *= denominator.invert()?;
        Some(Self {
            numerators: numerators?,
            inverse_denominator,
        })
    }
}

/// The powers of the primes in a number, of which they are all prime factors.
fn powers_in(mut number: u32, primes: &[u32]) -> Vec<i16> {
    let mut power_of = |prime: u32| {
        let mut power = 0;
        while number > 1 && number.is_multiple_of(prime) {
            number /= prime;
            power += 1;
        }
        power
    };
    primes.iter().map(|prime| power_of(*prime)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(points: &[u32]) -> Vec<ShareIndex> {
        points
            .iter()
            .filter_map(|point| ShareIndex::new(*point))
            .collect()
    }

    #[test]
    fn interpolation_gives_the_constant() {
        let mut generator = Generator::new(&[3; 32]);
        let polynomial = Polynomial::random(4, &mut generator);
        for points in [
            &[1, 2, 3, 4][..],
            &[9, 40, 1, 17],
            &[5, 4, 3, 2, 1],
            &[1023, 1, 512, 77, 3],
        ] {
            let indices = indices(points);
            let factors = lagrange_at_zero(&indices).unwrap();
            let sum: Scalar = indices
                .iter()
                .zip(factors)
                .map(|(index, factor)| *polynomial.evaluate(*index) * factor)
                .sum();
            assert!(sum == polynomial.0[0], "{points:?}");
        }
    }

    #[test]
    fn integers_are_the_same_factors() {
        for points in [
            &[1][..],
            &[7],
            &[1, 2, 3],
            &[2, 4, 6],
            &[40, 39, 1, 13, 22],
            &[1023, 2, 500],
        ] {
            let indices = indices(points);
            let integers = IntegerLagrange::at_zero(&indices).unwrap();
            for (factor, (numerator, negative)) in lagrange_at_zero(&indices)
                .unwrap()
                .into_iter()
                .zip(integers.numerators)
            {
                let value = Scalar::from_u128(numerator) * integers.inverse_denominator;
                assert!(
                    factor == if negative { -value } else { value },
                    "{points:?}"
                );
            }
        }
    }

    #[test]
    fn integers_are_short_for_subnets() {
        for (required, total, bits) in [(9, 13, 18), (19, 28, 46), (27, 40, 68)] {
            let worst = (0..=total - required).map(|skip| {
                let points: Vec<u32> = (1 + skip..=required + skip).collect();
                let integers = IntegerLagrange::at_zero(&indices(&points)).unwrap();
                integers
                    .numerators
                    .iter()
                    .map(|(numerator, _)| 128 - numerator.leading_zeros())
                    .max()
                    .unwrap()
            });
            assert!(worst.max().unwrap() <= bits, "{required} of {total}");
        }
    }

    #[test]
    fn no_integers_for_many_indices() {
        // Those of 1, 2, .., n are binomial coefficients: they would fit up to 130.
        let points: Vec<u32> = (1..=101).collect();
        assert!(IntegerLagrange::at_zero(&indices(&points[..100])).is_some());
        assert!(IntegerLagrange::at_zero(&indices(&points)).is_none());
    }

    #[test]
    fn an_index_twice_has_no_factors() {
        assert!(lagrange_at_zero(&indices(&[1, 2, 1])).is_none());
        assert!(IntegerLagrange::at_zero(&indices(&[1, 2, 1])).is_none());
    }
}
