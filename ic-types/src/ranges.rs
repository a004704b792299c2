//! Ranges of canister ids: which canisters a subnet holds (ID-030 to ID-036).

use crate::codec::{DecodeError, Reader, Wire, Writer, decode_whole};
use crate::ids::CanisterId;
use crate::principal::Principal;

/// All principals from `start` to `end`, both included, in the order of their bytes (ID-030, ID-032).
///
/// There are principals within that name no canister (ID-004).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanisterRange {
    start: Principal,
    end: Principal,
}

/// Ranges that are no sorted list of disjoint ranges (ID-030).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangesError {
    /// A range ends before it starts.
    #[error("the range at position {position} ends before it starts")]
    Reversed {
        /// Which one, counted from 0.
        position: usize,
    },
    /// A range starts before the one in front of it ends.
    #[error("the range at position {position} does not start after the end of the one before it")]
    Unsorted {
        /// Which one, counted from 0.
        position: usize,
    },
}

impl CanisterRange {
    /// The range from `start` to `end`; `None` if `end` is before `start`.
    pub fn new(start: Principal, end: Principal) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// The first principal.
    pub const fn start(&self) -> Principal {
        self.start
    }

    /// The last principal.
    pub const fn end(&self) -> Principal {
        self.end
    }

    /// Whether `principal` lies within (ID-032).
    pub fn contains(&self, principal: Principal) -> bool {
        (self.start..=self.end).contains(&principal)
    }

    /// The `block`-th million of ids, more exactly 2^20, as subnets of a fresh network get them (ID-036). `None` if
    /// counters of 64 bits do not go so far.
    pub fn block(block: u64) -> Option<Self> {
        let first = block.checked_mul(1 << 20)?;
        let last = first.checked_add((1 << 20) - 1)?;
        Self::new(
            CanisterId::from_u64(first).principal(),
            CanisterId::from_u64(last).principal(),
        )
    }

    /// How many ids made from counters lie within; 0 if its ends are not made from counters.
    pub fn counters(&self) -> u64 {
        let ends = (
            CanisterId::new(self.start).to_u64(),
            CanisterId::new(self.end).to_u64(),
        );
        let (Some(start), Some(end)) = ends else {
            return 0;
        };
        end.saturating_sub(start).saturating_add(1)
    }
}

/// Disjoint ranges in the order of their starts: what a subnet says that it holds.
///
/// The form on the wire, also that of a leaf of the state tree, is an array of pairs behind the tag "this is CBOR"
/// (ID-031).
///
/// ```
/// use ic_types::codec::Wire;
/// use ic_types::{CanisterId, CanisterRange, CanisterRanges};
///
/// let ranges = CanisterRanges::new(CanisterRange::block(1).into_iter().collect())?;
/// assert!(ranges.contains(CanisterId::from_u64(1 << 20)));
/// assert!(!ranges.contains(CanisterId::from_u64(0)));
/// assert_eq!(CanisterRanges::decode(&ranges.encode()).ok(), Some(ranges));
/// # Ok::<(), ic_types::RangesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CanisterRanges(Vec<CanisterRange>);

impl CanisterRanges {
    /// No range at all: nothing is contained.
    pub const EMPTY: Self = Self(Vec::new());

    /// These ranges.
    ///
    /// # Errors
    /// [`RangesError`] if they are not sorted and disjoint.
    pub fn new(ranges: Vec<CanisterRange>) -> Result<Self, RangesError> {
        for (position, (before, after)) in ranges.iter().zip(ranges.iter().skip(1)).enumerate() {
            if before.end >= after.start {
                return Err(RangesError::Unsorted {
                    position: position.saturating_add(1),
                });
            }
        }
        Ok(Self(ranges))
    }

    /// The ranges, in order.
    pub fn as_slice(&self) -> &[CanisterRange] {
        &self.0
    }

    /// Whether `canister` lies within one of them (ID-032). Takes time logarithmic in their number.
    pub fn contains(&self, canister: CanisterId) -> bool {
        let principal = canister.principal();
        let after = self.0.partition_point(|range| range.start <= principal);
        after
            .checked_sub(1)
            .and_then(|index| self.0.get(index))
            .is_some_and(|range| range.contains(principal))
    }
}

impl Wire for CanisterRanges {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(64);
        writer.array(self.0.len());
        for range in &self.0 {
            writer
                .array(2)
                .bytes(range.start.as_slice())
                .bytes(range.end.as_slice());
        }
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut position = 0;
        let mut before: Option<Principal> = None;
        // Each range is checked before the next one is read: what is out of order takes no memory.
        let ranges = decode_whole(bytes, |reader| {
            reader.list("canister ranges", usize::MAX, |reader| {
                let (start, end) = read_pair(reader)?;
                let range =
                    CanisterRange::new(start, end).ok_or(RangesError::Reversed { position });
                let range = match before {
                    Some(before) if before >= start => Err(RangesError::Unsorted { position }),
                    _ => range,
                };
                before = Some(end);
                position += 1;
                range.map_err(|reason| DecodeError::Ranges { reason })
            })
        })?;
        Ok(Self(ranges))
    }
}

fn read_pair(reader: &mut Reader<'_>) -> Result<(Principal, Principal), DecodeError> {
    let position = reader.position();
    match reader.array()? {
        2 => Ok((reader.principal()?, reader.principal()?)),
        found => Err(DecodeError::Length {
            position,
            what: "ends of a canister range",
            expected: 2,
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, end: u64) -> CanisterRange {
        CanisterRange::new(
            CanisterId::from_u64(start).principal(),
            CanisterId::from_u64(end).principal(),
        )
        .unwrap()
    }

    #[test]
    fn id_032_both_ends_are_within() {
        let ranges = CanisterRanges::new(vec![range(1, 3), range(5, 5), range(9, 12)]).unwrap();
        let within: Vec<u64> = (0..15)
            .filter(|counter| ranges.contains(CanisterId::from_u64(*counter)))
            .collect();
        assert_eq!(within, [1, 2, 3, 5, 9, 10, 11, 12]);
        assert!(!CanisterRanges::EMPTY.contains(CanisterId::MANAGEMENT));
    }

    #[test]
    fn id_004_other_principals_lie_within_too() {
        let ranges = CanisterRanges::new(vec![range(0, 1)]).unwrap();
        let between = Principal::try_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 9]).unwrap();
        assert!(ranges.contains(CanisterId::new(between)));
    }

    #[test]
    fn id_030_sorted_and_disjoint() {
        assert_eq!(
            CanisterRanges::new(vec![range(1, 3), range(3, 4)]),
            Err(RangesError::Unsorted { position: 1 })
        );
        assert_eq!(
            CanisterRanges::new(vec![range(5, 6), range(1, 2)]),
            Err(RangesError::Unsorted { position: 1 })
        );
        assert_eq!(
            CanisterRange::new(Principal::ANONYMOUS, Principal::MANAGEMENT),
            None
        );
        let reversed = [0xd9, 0xd9, 0xf7, 0x81, 0x82, 0x41, 4, 0x40];
        let reason = RangesError::Reversed { position: 0 };
        assert_eq!(
            CanisterRanges::decode(&reversed),
            Err(DecodeError::Ranges { reason })
        );
    }

    #[test]
    fn id_030_the_first_pair_out_of_order_ends_the_decoding() {
        // [3, 4], [3, 4], and then something that is no pair.
        let pair = [0x82, 0x41, 3, 0x41, 4];
        let unsorted = [&[0xd9, 0xd9, 0xf7, 0x83][..], &pair, &pair, &[0]].concat();
        assert_eq!(
            CanisterRanges::decode(&unsorted),
            Err(DecodeError::Ranges {
                reason: RangesError::Unsorted { position: 1 }
            })
        );
    }

    #[test]
    fn id_036_blocks() {
        assert_eq!(CanisterRange::block(0), Some(range(0, 0xf_ffff)));
        assert_eq!(
            CanisterRange::block(0).map(|range| range.counters()),
            Some(1 << 20)
        );
        assert_eq!(
            CanisterRange::block((1 << 44) - 1).map(|range| range.end()),
            Some(CanisterId::from_u64(u64::MAX).principal())
        );
        assert_eq!(CanisterRange::block(1 << 44), None);
    }
}
