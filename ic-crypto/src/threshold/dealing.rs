//! A trusted dealer: one party makes the key, hands out the shares and forgets. For tests, and for subnets that are fixed
//! by whoever starts them; nodes that trust nobody generate their key together.

use super::polynomial::Polynomial;
use super::{SecretShare, Threshold, Transcript};
use crate::Seed;

/// Makes a key and its shares from a seed. The shares are in the order of their indices.
pub fn deal(threshold: Threshold, seed: Seed) -> (Transcript, Vec<SecretShare>) {
    let mut generator = seed.into_generator();
    loop {
        let polynomial = Polynomial::random(threshold.required(), &mut generator);
        let Ok(transcript) = Transcript::from_points(threshold, polynomial.commit()) else {
            continue;
        };
        let shares = threshold
            .indices()
            .map(|index| SecretShare::new(index, polynomial.evaluate(index)))
            .collect();
        return (transcript, shares);
    }
}
