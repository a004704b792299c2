//! From gt^m back to m: fast for the chunks of honest dealers, possible for those of others.
//!
//! Both ways are Shanks' baby steps and giant steps. [`honest`] covers the 2¹⁶ chunks and takes the same time whatever the
//! chunk. [`Search`] covers all that the chunking proof lets through (the paper's section 6.5): numbers m for which Δ·m, for
//! some Δ from 1 to 255, is within the bound Z of the proof; its time depends on the number, which the dealer knows anyhow.

use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::chunking::{CHUNK_BITS, LARGEST_CHALLENGE, bound};
use crate::bls::arithmetic::{Fingerprint, G1Affine, G2Affine, Gt, Scalar, Stride, pairing};

/// e(g1, g2).
static GENERATOR: LazyLock<Gt> =
    LazyLock::new(|| pairing(&G1Affine::generator(), &G2Affine::generator()));

static HONEST: LazyLock<Honest> = LazyLock::new(Honest::new);

/// Bits of a baby step in [`honest`].
const BABY_BITS: usize = 12;

/// Bits that one multiplication of [`Honest::power`] takes care of.
const POWER_BITS: usize = 4;

struct Honest {
    /// Short fingerprints of gt^0, gt^1, .., gt^4095.
    baby: Vec<u32>,
    /// gt^-4096.
    giant: Gt,
    /// For each four bits of an exponent, the powers with those bits.
    powers: Vec<Vec<Gt>>,
}

impl Honest {
    fn new() -> Self {
        let baby = powers(*GENERATOR).take(1 << BABY_BITS);
        let giant = powers(*GENERATOR).nth(1 << BABY_BITS).unwrap_or(Gt::one());
        let bases = std::iter::successors(Some(*GENERATOR), |base| {
            Some((0..POWER_BITS).fold(*base, |power, _| power.square()))
        });
        let bases = bases.take(CHUNK_BITS / POWER_BITS);
        Self {
            baby: baby.map(|power| short(power.fingerprint())).collect(),
            giant: giant.invert(),
            powers: bases
                .map(|base| powers(base).take(1 << POWER_BITS).collect())
                .collect(),
        }
    }

    /// gt^chunk, in the same time whatever the chunk.
    fn power(&self, chunk: u32) -> Gt {
        let digits = (0..)
            .step_by(POWER_BITS)
            .map(|shift: u32| u64::from(chunk >> shift) & 15);
        let factors = self.powers.iter().zip(digits);
        factors.fold(Gt::one(), |power, (table, digit)| {
            power * Gt::select(table, digit)
        })
    }
}

/// The chunk m with gt^m = `target`, if there is one below 2¹⁶.
///
/// # Cost
/// 20 multiplications in the target group and 2¹⁶ comparisons, for every chunk alike. One chunk in a hundred thousand has a
/// neighbour with the same short fingerprint and takes twice as long.
pub(super) fn honest(target: &Gt) -> Option<u32> {
    let honest = &*HONEST;
    let mut giant = Zeroizing::new(*target);
    let mut found = 0_u32;
    for step in 0..1_u32 << (CHUNK_BITS - BABY_BITS) {
        let fingerprint = short(giant.fingerprint());
        for (baby, candidate) in (step << BABY_BITS..).zip(&honest.baby) {
            // No branch: the compiler turns this into vector instructions.
            let difference = fingerprint ^ candidate;
            let differs = (difference | difference.wrapping_neg()) >> 31;
            let mask = differs.wrapping_sub(1);
            found = (found & !mask) | (baby & mask);
        }
        *giant *= honest.giant;
    }
    if honest.power(found) == *target {
        return Some(found);
    }
    let mut giant = Zeroizing::new(*target);
    for step in 0..1_u32 << (CHUNK_BITS - BABY_BITS) {
        let fingerprint = short(giant.fingerprint());
        for (baby, candidate) in (step << BABY_BITS..).zip(&honest.baby) {
            if *candidate == fingerprint && honest.power(baby) == *target {
                return Some(baby);
            }
        }
        *giant *= honest.giant;
    }
    None
}

/// 1, base, base², ..
fn powers(base: Gt) -> impl Iterator<Item = Gt> {
    std::iter::successors(Some(Gt::one()), move |power| Some(*power * base))
}

#[expect(
    clippy::as_conversions,
    reason = "the low half is as good as any part of a fingerprint"
)]
fn short(fingerprint: Fingerprint) -> u32 {
    fingerprint as u32
}

/// Finds chunks that are not chunks, but for which the chunking proof holds.
///
/// # Cost
/// To set up: 2²² baby steps, about a second, and 64 MiB of memory until dropped. To search: with n receivers at most
/// 255 · 2Z / 2²³ = n · 10⁶ giant steps, a third of a microsecond each: about 10 s for 28 receivers if there is nothing to
/// find. Small numbers, negative or positive, are found first.
pub(super) struct Search {
    /// Open addressing with the high bits of the fingerprint as address: its other bits, and the exponent plus one.
    table: Vec<u64>,
    giant: Walk,
    /// Giant steps in each direction that cover the bound.
    reach: u64,
}

/// Bits of an address in the table; half of it is filled.
const ADDRESS_BITS: u32 = 23;

/// Bits of an entry that hold the exponent.
const EXPONENT_BITS: u32 = 24;

/// Strides to each side of a walk's center.
const STRIDES: u64 = 256;

/// Centers of the walk over the baby steps: with their strides almost 2²² exponents.
const BABY_CENTERS: u64 = 8_170;

/// The fingerprints of base^(x · step) for many x around a center, for the price of a sixth of a multiplication each.
struct Walk {
    strides: Vec<Stride>,
    /// From one center to the next.
    leap: Gt,
}

impl Walk {
    /// Exponents from one center to the next.
    const LEAP: u64 = 2 * STRIDES + 1;

    fn new(step: Gt) -> Self {
        let strides = powers(step).skip(1).zip(0..STRIDES);
        Self {
            strides: strides.map(|(power, _)| Stride::new(&power)).collect(),
            leap: step.pow(&Scalar::from_u64(Self::LEAP)),
        }
    }

    /// The distances from the center and the fingerprints there.
    fn around(&self, center: &Gt) -> impl Iterator<Item = (i64, Fingerprint)> {
        let at_center = std::iter::once((0, center.fingerprint()));
        let sides = (1..)
            .zip(&self.strides)
            .flat_map(move |(distance, stride)| {
                let [after, before] = stride.fingerprints(center);
                [(distance, after), (-distance, before)]
            });
        at_center.chain(sides)
    }
}

impl Search {
    /// For dealings to so many receivers.
    pub(super) fn new(receivers: usize) -> Self {
        let baby = Walk::new(*GENERATOR);
        let mut search = Self {
            table: vec![0; 1 << ADDRESS_BITS],
            giant: Walk::new(GENERATOR.pow(&Scalar::from_u64(2 * LARGEST_BABY + 1))),
            reach: 0,
        };
        let centers = powers(baby.leap).zip((0_u64..).step_by(513));
        for (center, exponent) in centers.take(usize::try_from(BABY_CENTERS).unwrap_or_default()) {
            for (distance, fingerprint) in baby.around(&center) {
                if let Some(exponent) = exponent.checked_add_signed(distance) {
                    search.insert(fingerprint, exponent);
                }
            }
        }
        // Each center covers LEAP giant steps of 2 · LARGEST_BABY + 1.
        search.reach = bound(receivers).div_ceil(Walk::LEAP * (2 * LARGEST_BABY + 1));
        search
    }

    /// The m with gt^m = `target`, if Δ·m is small for a Δ from 1 to 255.
    pub(super) fn find(&self, target: &Gt) -> Option<Scalar> {
        let multiples = powers(*target).skip(1).zip(1..=LARGEST_CHALLENGE);
        multiples.into_iter().find_map(|(multiple, factor)| {
            let product = self.small(&multiple)?;
            let chunk = product * Scalar::from_u64(factor).invert()?;
            (GENERATOR.pow(&chunk) == *target).then_some(chunk)
        })
    }

    /// The x with gt^x = `target` within the bound.
    fn small(&self, target: &Gt) -> Option<Scalar> {
        let mut up = *target;
        let mut down = *target;
        let back = self.giant.leap.invert();
        for leaps in 0..=self.reach {
            let leaps = i64::try_from(leaps * Walk::LEAP).ok()?;
            if let Some(found) = self.near(&up, leaps, target) {
                return Some(found);
            }
            if leaps > 0
                && let Some(found) = self.near(&down, -leaps, target)
            {
                return Some(found);
            }
            up *= self.giant.leap;
            down *= back;
        }
        None
    }

    /// The same around target · giant^steps = `center`.
    fn near(&self, center: &Gt, steps: i64, target: &Gt) -> Option<Scalar> {
        self.giant
            .around(center)
            .find_map(|(distance, fingerprint)| {
                let baby = Scalar::from_u64(self.lookup(fingerprint)?);
                // gt^(x + (steps + distance) · giant) = gt^±baby.
                let giant = signed(steps + distance) * Scalar::from_u64(2 * LARGEST_BABY + 1);
                let candidates = [baby - giant, -baby - giant];
                candidates.into_iter().find(|x| GENERATOR.pow(x) == *target)
            })
    }

    fn insert(&mut self, fingerprint: Fingerprint, exponent: u64) {
        let entry = fingerprint << EXPONENT_BITS | (exponent + 1);
        let mut address = address(fingerprint);
        // Half of the table stays empty, so there is room.
        while let Some(slot) = self.table.get_mut(address) {
            if *slot == 0 {
                *slot = entry;
                return;
            }
            address = (address + 1) & ((1 << ADDRESS_BITS) - 1);
        }
    }

    fn lookup(&self, fingerprint: Fingerprint) -> Option<u64> {
        let tag = fingerprint << EXPONENT_BITS;
        let mut address = address(fingerprint);
        loop {
            let entry = *self.table.get(address)?;
            if entry == 0 {
                return None;
            }
            if (entry ^ tag) >> EXPONENT_BITS == 0 {
                return Some((entry & ((1 << EXPONENT_BITS) - 1)) - 1);
            }
            address = (address + 1) & ((1 << ADDRESS_BITS) - 1);
        }
    }
}

/// The largest exponent in the table; the same number of inverses is covered with it.
const LARGEST_BABY: u64 = (BABY_CENTERS - 1) * Walk::LEAP + STRIDES;

const _: () =
    assert!(LARGEST_BABY * 2 < 1 << ADDRESS_BITS && LARGEST_BABY + 1 < 1 << EXPONENT_BITS);

/// Where in the table a fingerprint belongs.
fn address(fingerprint: Fingerprint) -> usize {
    usize::try_from(fingerprint >> (u64::BITS - ADDRESS_BITS)).unwrap_or_default()
}

fn signed(number: i64) -> Scalar {
    let magnitude = Scalar::from_u64(number.unsigned_abs());
    if number < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_chunks_are_found() {
        for chunk in [0, 1, 4_095, 4_096, 4_097, 32_768, 65_535] {
            let target = GENERATOR.pow(&Scalar::from_u64(chunk.into()));
            assert_eq!(honest(&target), Some(chunk));
        }
        for other in [Scalar::from_u64(65_536), -Scalar::one()] {
            assert_eq!(honest(&GENERATOR.pow(&other)), None);
        }
    }

    #[test]
    fn dishonest_chunks_are_found() {
        let search = Search::new(1);
        let bound = Scalar::from_u64(bound(1) - 1);
        let fraction = |x: Scalar, factor| x * Scalar::from_u64(factor).invert().unwrap();
        for chunk in [
            Scalar::from_u64(0),
            Scalar::from_u64(LARGEST_BABY),
            Scalar::from_u64(LARGEST_BABY + 1),
            -Scalar::from_u64(65_536),
            bound,
            -bound,
            fraction(bound, 255),
            fraction(-Scalar::one(), 254),
        ] {
            assert!(search.find(&GENERATOR.pow(&chunk)) == Some(chunk));
        }
        let no_chunk = fraction(Scalar::one(), 1_000_003);
        assert!(search.find(&GENERATOR.pow(&no_chunk)).is_none());
    }
}
