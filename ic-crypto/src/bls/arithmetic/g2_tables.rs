use std::fmt;

use super::straus::{self, Coordinates, Table};
use super::{G2, G2Affine};

/// Entries of a table: one addition takes care of seven bits of a factor.
const ENTRIES: usize = 64;

/// The first multiples of points that are summed up often: 12 kB for a point.
///
/// Variable time: for public values only.
pub(crate) struct G2Tables(Vec<Table<blst::blst_fp2, ENTRIES>>);

impl G2Tables {
    /// The tables of these points.
    pub(crate) fn new(points: &[G2Affine]) -> Self {
        let points: Vec<Coordinates<_>> = points.iter().map(G2Affine::coordinates).collect();
        Self(straus::tables(&points))
    }

    /// Σ factor · point over some of the points, each given by its position. Positions beyond the points do not count.
    pub(crate) fn multi_mul_short(&self, terms: &[(usize, u128)]) -> G2 {
        let (tables, factors): (Vec<&Table<_, ENTRIES>>, Vec<[u8; 16]>) = terms
            .iter()
            .filter_map(|(position, factor)| Some((self.0.get(*position)?, factor.to_le_bytes())))
            .unzip();
        let longest = terms
            .iter()
            .map(|(_, factor)| u128::BITS - factor.leading_zeros())
            .max();
        let bits = usize::try_from(longest.unwrap_or_default()).unwrap_or(128);
        G2::multi_mul_straus(tables, &factors, bits)
    }
}

impl fmt::Debug for G2Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("G2Tables(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bls::arithmetic::Scalar;

    #[test]
    fn tables_sum() {
        let points: Vec<G2> = (1..20)
            .map(|factor| G2::generator().mul_small(factor * factor))
            .collect();
        let points = G2::to_affine_all(&points);
        let tables = G2Tables::new(&points);
        for positions in [
            &[][..],
            &[3],
            &[18, 0, 7],
            &[4, 4],
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        ] {
            for factor in [0, 1, 31, 32, 33, u128::MAX / 3, u128::MAX] {
                let rotated = |at: &usize| factor.rotate_left(u32::try_from(*at).unwrap());
                let terms: Vec<(usize, u128)> =
                    positions.iter().map(|at| (*at, rotated(at))).collect();
                // One by one, without the method under test.
                let expected = terms
                    .iter()
                    .map(|(at, factor)| points[*at] * Scalar::from_u128(*factor))
                    .sum::<G2>();
                assert_eq!(tables.multi_mul_short(&terms), expected);
            }
        }
        assert_eq!(tables.multi_mul_short(&[(99, 1)]), G2::identity());
        assert_eq!(G2Tables::new(&[]).multi_mul_short(&[]), G2::identity());
    }
}
