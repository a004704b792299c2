//! What holds for every input: the group operations against their definitions, batches against one by one.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::Generator;
use ic_crypto::bls::arithmetic::{
    G1, G1Affine, G2, G2Affine, Gt, PreparedG2, Scalar, pairing, product_of_pairings,
    products_cancel,
};
use proptest::prelude::*;

fn scalars(seed: u64, count: usize) -> Vec<Scalar> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut generator = Generator::new(&key);
    (0..count)
        .map(|_| Scalar::random(|bytes| generator.fill(bytes)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sums_of_multiples_are_sums_of_multiples(seed: u64, count in 0_usize..70, zeros in 0_usize..3) {
        let mut factors = scalars(seed, count);
        factors.iter_mut().take(zeros).for_each(|factor| *factor = Scalar::zero());
        let points: Vec<G1> = scalars(!seed, count).into_iter().map(|x| G1::generator() * x).collect();
        let mut points = G1::to_affine_all(&points);
        points.iter_mut().rev().take(zeros).for_each(|point| *point = G1::identity().to_affine());
        let expected: G1 = points.iter().zip(&factors).map(|(point, factor)| *point * *factor).sum();
        prop_assert_eq!(G1::multi_mul(&points, &factors), expected);
        let points: Vec<G2> = scalars(!seed, count).into_iter().map(|x| G2::generator() * x).collect();
        let points = G2::to_affine_all(&points);
        let expected: G2 = points.iter().zip(&factors).map(|(point, factor)| *point * *factor).sum();
        prop_assert_eq!(G2::multi_mul(&points, &factors), expected);
    }

    #[test]
    fn short_factors_are_factors(seed: u64, factors in prop::collection::vec(any::<u128>(), 0..40), shift in 0_u32..128) {
        let factors: Vec<u128> = factors.into_iter().map(|factor| factor >> shift).collect();
        let points: Vec<G1> = scalars(seed, factors.len()).into_iter().map(|x| G1::generator() * x).collect();
        let points = G1::to_affine_all(&points);
        let long: Vec<Scalar> = factors.iter().map(|factor| Scalar::from_u128(*factor)).collect();
        prop_assert_eq!(G1::multi_mul_short(&points, &factors), G1::multi_mul(&points, &long));
        let points: Vec<G2> = scalars(seed, factors.len()).into_iter().map(|x| G2::generator() * x).collect();
        let points = G2::to_affine_all(&points);
        prop_assert_eq!(G2::multi_mul_short(&points, &factors), G2::multi_mul(&points, &long));
    }

    #[test]
    fn small_multiples_are_multiples(factor: u64) {
        prop_assert_eq!(G1::generator().mul_small(factor), G1::generator() * Scalar::from_u64(factor));
        prop_assert_eq!(G2::generator().mul_small(factor), G2::generator() * Scalar::from_u64(factor));
    }

    #[test]
    fn the_pairing_is_bilinear(seed: u64) {
        let [a, b] = scalars(seed, 2)[..] else { unreachable!("two scalars") };
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let left = pairing(&(g1 * a).to_affine(), &(g2 * b).to_affine());
        prop_assert_eq!(left, pairing(&g1, &g2).pow(&(a * b)));
        prop_assert_eq!(left * left.invert(), Gt::one());
        prop_assert_eq!(left.square(), left * left);
        let lines = PreparedG2::new(&g2);
        let minus = -(g1 * (a + b)).to_affine();
        prop_assert!(products_cancel(&[((g1 * a).to_affine(), &lines), ((g1 * b).to_affine(), &lines), (minus, &lines)]));
        prop_assert!(!products_cancel(&[((g1 * a).to_affine(), &lines), (minus, &lines)]));
    }

    #[test]
    fn scalars_are_a_field(seed: u64) {
        let [a, b, c] = scalars(seed, 3)[..] else { unreachable!("three scalars") };
        prop_assert!(a * (b + c) == a * b + a * c);
        prop_assert!(a - a == Scalar::zero() && a + -a == Scalar::zero());
        prop_assert!(a * a.invert().unwrap() == Scalar::one());
        prop_assert!(a.square() == a * a && a.pow(3) == a * a * a);
        prop_assert_eq!(Scalar::from_be_bytes(&a.to_be_bytes()).map(|again| again == a), Ok(true));
        let mut all = [a, Scalar::zero(), b, c];
        Scalar::invert_all(&mut all);
        prop_assert!(all == [a.invert().unwrap(), Scalar::zero(), b.invert().unwrap(), c.invert().unwrap()]);
        let wide = [a.to_be_bytes(), b.to_be_bytes()].concat();
        let two_to_256 = Scalar::from_u64(2).pow(256);
        prop_assert!(Scalar::from_be_bytes_reduced(&wide) == a * two_to_256 + b);
    }

    #[test]
    fn decoding_never_panics_and_is_canonical(mut bytes in prop::array::uniform32(any::<u8>()), flags in 0_u8..8) {
        let mut g1 = [0; 48];
        g1[16..].copy_from_slice(&bytes);
        g1[0] = flags << 5;
        if let Ok(point) = G1Affine::from_compressed(&g1) {
            prop_assert_eq!(point.to_compressed(), g1);
        }
        bytes[0] |= 0x80;
        prop_assert!(Scalar::from_be_bytes(&bytes).is_err());
    }
}

#[test]
fn the_identity_pairs_to_one() {
    let identity = PreparedG2::new(&G2::identity().to_affine());
    assert!(product_of_pairings(&[]).is_one());
    assert!(product_of_pairings(&[(G1Affine::generator(), &identity)]).is_one());
    assert!(pairing(&G1::identity().to_affine(), &G2Affine::generator()).is_one());
    assert!(!pairing(&G1Affine::generator(), &G2Affine::generator()).is_one());
    assert_eq!(Scalar::zero().invert().map(|_| ()), None);
    Scalar::invert_all(&mut []);
}
