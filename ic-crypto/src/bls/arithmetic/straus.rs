//! Sums of multiples of few points, by Straus's method on affine points.
//!
//! Adding two affine points takes a division. Here all additions that do not depend on each other share one, which makes an
//! addition cheaper than in any form without divisions. blst does the same within one window of bits; for the sizes of
//! committees its windows are too small for it, so the additions of all windows are made together here.
//!
//! Variable time: for public values only.

/// A field of coordinates.
pub(super) trait Field: Copy + Default + PartialEq {
    fn one() -> Self;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;
    fn invert(&self) -> Self;
}

/// A point of a curve y² = x³ + b as its coordinates, and the neutral element as (0, 0), which is on neither curve.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) struct Coordinates<F> {
    pub(super) x: F,
    pub(super) y: F,
}

impl<F: Field> Coordinates<F> {
    fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    fn negate(&self) -> Self {
        Self {
            x: self.x,
            y: F::default().sub(&self.y),
        }
    }
}

/// What there is to do for a pair.
#[derive(Clone, Copy)]
enum Sum {
    /// Follow the line through both points.
    Chord,
    /// Follow the line that touches the curve, because the two are equal.
    Tangent,
    /// One of the two is the neutral element.
    First,
    Second,
    /// The two are opposite.
    Identity,
}

impl Sum {
    fn of<F: Field>(p: &Coordinates<F>, q: &Coordinates<F>) -> Self {
        if q.is_identity() {
            Self::First
        } else if p.is_identity() {
            Self::Second
        } else if p.x != q.x {
            Self::Chord
        } else if p.y == q.y {
            Self::Tangent
        } else {
            Self::Identity
        }
    }

    /// The denominator of the slope; `None` if there is no line. No point of the subgroup has order 2, so it is never zero.
    fn denominator<F: Field>(self, p: &Coordinates<F>, q: &Coordinates<F>) -> Option<F> {
        match self {
            Self::Chord => Some(q.x.sub(&p.x)),
            Self::Tangent => Some(p.y.add(&p.y)),
            Self::First | Self::Second | Self::Identity => None,
        }
    }

    /// The sum, given the inverse of the denominator.
    fn complete<F: Field>(
        self,
        p: &Coordinates<F>,
        q: &Coordinates<F>,
        inverse: &F,
    ) -> Coordinates<F> {
        let numerator = match self {
            Self::Chord => q.y.sub(&p.y),
            Self::Tangent => {
                let square = p.x.square();
                square.add(&square).add(&square)
            }
            Self::First => return *p,
            Self::Second => return *q,
            Self::Identity => return Coordinates::default(),
        };
        let slope = numerator.mul(inverse);
        let x = slope.square().sub(&p.x).sub(&q.x);
        Coordinates {
            x,
            y: slope.mul(&p.x.sub(&x)).sub(&p.y),
        }
    }
}

/// p + q for all pairs, with one inversion for all of them.
fn add_all<F: Field>(pairs: &[(Coordinates<F>, Coordinates<F>)]) -> Vec<Coordinates<F>> {
    let mut product = F::one();
    // With each pair, the product of all denominators before its own.
    let steps: Vec<(Sum, F)> = pairs
        .iter()
        .map(|(p, q)| {
            let (sum, before) = (Sum::of(p, q), product);
            if let Some(denominator) = sum.denominator(p, q) {
                product = product.mul(&denominator);
            }
            (sum, before)
        })
        .collect();
    // The inverse of the product of all denominators up to the current pair.
    let mut inverse = product.invert();
    let mut sums = vec![Coordinates::default(); pairs.len()];
    for (((p, q), (sum, before)), out) in pairs.iter().zip(&steps).zip(&mut sums).rev() {
        *out = sum.complete(p, q, &inverse.mul(before));
        if let Some(denominator) = sum.denominator(p, q) {
            inverse = inverse.mul(&denominator);
        }
    }
    sums
}

/// Multiples of a point: 1 to `ENTRIES` times, which is a power of two. With 2^(w - 1) entries, one addition takes care of w bits of
/// a factor, because digits are signed.
pub(super) type Table<F, const ENTRIES: usize> = [Coordinates<F>; ENTRIES];

/// Entries for points that are used once: more cost more than they save.
pub(super) const FEW: usize = 8;

/// Bits of a factor that one addition takes care of.
pub(super) const fn window(entries: usize) -> usize {
    let mut bits = 1;
    while 1 << (bits - 1) < entries {
        bits += 1;
    }
    bits
}

/// The tables of some points: twice, then three and four times, then five to eight times, and so on.
pub(super) fn tables<F: Field, const ENTRIES: usize>(
    points: &[Coordinates<F>],
) -> Vec<Table<F, ENTRIES>> {
    let mut tables: Vec<Table<F, ENTRIES>> = points.iter().map(|point| [*point; ENTRIES]).collect();
    let mut known = 1;
    while known < ENTRIES {
        // With 1 to k known, k + 1 to 2k are k times plus each of them.
        let pairs: Vec<_> = tables
            .iter()
            .flat_map(|table| {
                let (low, _) = table.split_at(known);
                low.iter()
                    .filter_map(move |entry| Some((*low.last()?, *entry)))
            })
            .collect();
        let sums = add_all(&pairs);
        for (table, sums) in tables.iter_mut().zip(sums.chunks_exact(known)) {
            if let Some(target) = table.get_mut(known..2 * known) {
                target.copy_from_slice(sums);
            }
        }
        known *= 2;
    }
    tables
}

/// The sums of all windows, the most significant first: for each, the sum of the entry that each factor chooses there. The
/// result is Σ 2^(w · window) · sum.
pub(super) fn window_sums<'a, F: Field + 'a, const ENTRIES: usize>(
    tables: impl Iterator<Item = &'a Table<F, ENTRIES>>,
    factors: impl Iterator<Item = &'a [u8]>,
    bits: usize,
) -> Vec<Coordinates<F>> {
    // One window more than the bits, for the last carry.
    let windows = bits.div_ceil(window(ENTRIES)) + 1;
    let mut sums: Vec<Vec<Coordinates<F>>> = vec![Vec::new(); windows];
    for (table, factor) in tables.zip(factors) {
        let mut carry = 0;
        for (position, terms) in sums.iter_mut().rev().enumerate() {
            let value = digit(factor, position * window(ENTRIES), window(ENTRIES)) + carry;
            carry = usize::from(value > ENTRIES);
            let term = if value > ENTRIES {
                (2 * ENTRIES - value)
                    .checked_sub(1)
                    .and_then(|at| table.get(at))
                    .map(Coordinates::negate)
            } else {
                value.checked_sub(1).and_then(|at| table.get(at)).copied()
            };
            terms.extend(term);
        }
    }
    while sums.iter().any(|terms| terms.len() > 1) {
        let pairs: Vec<_> = sums
            .iter()
            .flat_map(|terms| terms.as_chunks::<2>().0)
            .map(|[p, q]| (*p, *q))
            .collect();
        let mut added = add_all(&pairs).into_iter();
        for terms in &mut sums {
            let (pairs, rest) = terms.as_chunks::<2>();
            *terms = added
                .by_ref()
                .take(pairs.len())
                .chain(rest.iter().copied())
                .collect();
        }
    }
    sums.into_iter()
        .map(|terms| terms.first().copied().unwrap_or_default())
        .collect()
}

/// `bits` bits, at most eight, of a number from a position, least significant byte first.
fn digit(factor: &[u8], position: usize, bits: usize) -> usize {
    let byte = |at: usize| factor.get(at).copied().unwrap_or_default();
    let two = u16::from_le_bytes([byte(position / 8), byte(position / 8 + 1)]);
    usize::from(two >> (position % 8)) & ((1 << bits) - 1)
}

macro_rules! field {
    ($field:ty, $one:expr, $add:ident, $sub:ident, $mul:ident, $square:ident, $invert:ident) => {
        impl Field for $field {
            fn one() -> Self {
                $one
            }

            fn add(&self, other: &Self) -> Self {
                let mut out = Self::default();
                // SAFETY: reads two references, writes the third.
                unsafe { blst::$add(&mut out, self, other) };
                out
            }

            fn sub(&self, other: &Self) -> Self {
                let mut out = Self::default();
                // SAFETY: reads two references, writes the third.
                unsafe { blst::$sub(&mut out, self, other) };
                out
            }

            fn mul(&self, other: &Self) -> Self {
                let mut out = Self::default();
                // SAFETY: reads two references, writes the third.
                unsafe { blst::$mul(&mut out, self, other) };
                out
            }

            fn square(&self) -> Self {
                let mut out = Self::default();
                // SAFETY: reads one reference, writes the other.
                unsafe { blst::$square(&mut out, self) };
                out
            }

            fn invert(&self) -> Self {
                let mut out = Self::default();
                // SAFETY: reads one reference, writes the other.
                unsafe { blst::$invert(&mut out, self) };
                out
            }
        }
    };
}

field!(
    blst::blst_fp,
    {
        let mut one = Self::default();
        // SAFETY: reads the six words of the array, writes the local.
        unsafe { blst::blst_fp_from_uint64(&mut one, [1, 0, 0, 0, 0, 0].as_ptr()) };
        one
    },
    blst_fp_add,
    blst_fp_sub,
    blst_fp_mul,
    blst_fp_sqr,
    blst_fp_eucl_inverse
);
field!(
    blst::blst_fp2,
    Self {
        fp: [blst::blst_fp::one(), blst::blst_fp::default()]
    },
    blst_fp2_add,
    blst_fp2_sub,
    blst_fp2_mul,
    blst_fp2_sqr,
    blst_fp2_eucl_inverse
);
