//! Which canisters a subnet speaks for (CERT-081, CERT-083, CERT-120, CERT-121).
//!
//! No ranges, no authority: what a certificate does not show, it does not permit.

use ic_types::codec::{DecodeError, Reader, Writer};
use ic_types::{CanisterId, SubnetId};

use crate::hash_tree::lookup::{SubTree, SubTreeLookup};
use crate::paths::label;
use crate::{HashTree, Lookup};

/// Canister ids from `first` to `last`, both included, in the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanisterRange {
    /// The least id.
    pub first: CanisterId,
    /// The greatest id.
    pub last: CanisterId,
}

impl CanisterRange {
    /// Whether the range holds `canister`. A range whose ends are the wrong way round holds nothing.
    pub fn contains(&self, canister: CanisterId) -> bool {
        self.first.as_slice() <= canister.as_slice() && canister.as_slice() <= self.last.as_slice()
    }
}

/// The wire form of a list of ranges: `#6.55799([* [bytes, bytes]])`.
pub fn encode(ranges: &[CanisterRange]) -> Vec<u8> {
    let mut writer = Writer::self_described(8 + ranges.len() * 24);
    writer.array(ranges.len());
    for range in ranges {
        writer
            .array(2)
            .bytes(range.first.as_slice())
            .bytes(range.last.as_slice());
    }
    writer.into_vec()
}

/// The ranges of a list in its wire form.
///
/// # Errors
/// Anything but a list of pairs of principals.
pub fn decode(bytes: &[u8]) -> Result<Vec<CanisterRange>, DecodeError> {
    let mut ranges = Vec::new();
    for_each(bytes, |range| ranges.push(range))?;
    Ok(ranges)
}

fn for_each(bytes: &[u8], mut then: impl FnMut(CanisterRange)) -> Result<(), DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    for _ in 0..reader.array()? {
        let position = reader.position();
        let found = reader.array()?;
        if found != 2 {
            return Err(DecodeError::Length {
                position,
                what: "a range of canisters",
                expected: 2,
                found,
            });
        }
        let first = CanisterId::new(reader.principal()?);
        let last = CanisterId::new(reader.principal()?);
        then(CanisterRange { first, last });
    }
    reader.finish()
}

/// What the root subnet's tree says about the ranges of a subnet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangesError {
    /// Neither layout shows any range.
    #[error("the certificate shows no canister ranges of subnet {subnet}")]
    NotShown {
        /// Whose ranges.
        subnet: SubnetId,
    },
    /// A list of ranges that does not decode.
    #[error("the canister ranges of subnet {subnet}: {reason}")]
    Malformed {
        /// Whose ranges.
        subnet: SubnetId,
        /// Why.
        #[source]
        reason: DecodeError,
    },
}

/// The lists of ranges that `tree` shows for `subnet`: the shards that are shown, or else the flat list (CERT-083).
enum Lists<'a> {
    /// By the first id in each, in order.
    Shards(SubTree<'a>),
    Flat(&'a [u8]),
}

fn lists(tree: &HashTree, subnet: SubnetId) -> Result<Lists<'_>, RangesError> {
    match tree.subtree([label::CANISTER_RANGES, subnet.as_slice()]) {
        SubTreeLookup::Found(shards) => return Ok(Lists::Shards(shards)),
        SubTreeLookup::Absent | SubTreeLookup::Unknown => {}
    }
    match tree.lookup([label::SUBNET, subnet.as_slice(), label::CANISTER_RANGES]) {
        Lookup::Found(list) => Ok(Lists::Flat(list)),
        Lookup::SubTree | Lookup::Absent | Lookup::Unknown => Err(RangesError::NotShown { subnet }),
    }
}

/// Whether `tree`, of the root subnet, shows that `subnet` speaks for `canister`.
///
/// In shards, the one that counts is that with the greatest label up to the id (CERT-083).
///
/// # Errors
/// The tree shows no ranges, or what it shows does not decode.
pub fn contains(
    tree: &HashTree,
    subnet: SubnetId,
    canister: CanisterId,
) -> Result<bool, RangesError> {
    let list = match lists(tree, subnet)? {
        Lists::Flat(list) => list,
        Lists::Shards(shards) => {
            let Some((_, shard)) = shards.child_up_to(canister.as_slice()) else {
                return Ok(false);
            };
            shard.value().ok_or(RangesError::NotShown { subnet })?
        }
    };
    let mut found = false;
    for_each(list, |range| found |= range.contains(canister))
        .map_err(|reason| RangesError::Malformed { subnet, reason })?;
    Ok(found)
}

/// All ranges that `tree`, of the root subnet, shows for `subnet`. Shards that are not shown are left out.
///
/// # Errors
/// The tree shows no ranges, or what it shows does not decode.
pub fn shown(tree: &HashTree, subnet: SubnetId) -> Result<Vec<CanisterRange>, RangesError> {
    let mut ranges = Vec::new();
    let mut add = |list: &[u8]| {
        for_each(list, |range| ranges.push(range))
            .map_err(|reason| RangesError::Malformed { subnet, reason })
    };
    match lists(tree, subnet)? {
        Lists::Flat(list) => add(list)?,
        Lists::Shards(shards) => {
            for (_, shard) in shards.children() {
                if let Some(list) = shard.value() {
                    add(list)?;
                }
            }
        }
    }
    Ok(ranges)
}
