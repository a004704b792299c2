//! Which canisters a subnet speaks for (CERT-081, CERT-083, CERT-120, CERT-121).
//!
//! No ranges, no authority: what a certificate does not show, it does not permit.

use ic_types::codec::{DecodeError, Wire};
use ic_types::{CanisterId, CanisterRange, CanisterRanges, SubnetId};

use crate::hash_tree::lookup::{SubTree, SubTreeLookup};
use crate::paths::label;
use crate::{HashTree, Lookup};

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

/// The lists of ranges that `tree` shows for `subnet`: the shards that are shown, or else, if there are none, the flat list
/// (CERT-083).
enum Lists<'a> {
    /// By the first id in each, in order.
    Shards(SubTree<'a>),
    Flat(&'a [u8]),
}

fn lists(tree: &HashTree, subnet: SubnetId) -> Result<Lists<'_>, RangesError> {
    match tree.subtree([label::CANISTER_RANGES, subnet.as_slice()]) {
        SubTreeLookup::Found(shards) if shards.children().len() > 0 => {
            return Ok(Lists::Shards(shards));
        }
        SubTreeLookup::Found(_) | SubTreeLookup::Absent | SubTreeLookup::Unknown => {}
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
/// The tree shows no ranges or hides the shard that counts, or what it shows does not decode.
pub fn contains(
    tree: &HashTree,
    subnet: SubnetId,
    canister: CanisterId,
) -> Result<bool, RangesError> {
    let shards = match lists(tree, subnet)? {
        Lists::Flat(list) => return Ok(decode(list, subnet)?.contains(canister)),
        Lists::Shards(shards) => shards,
    };
    if let Some((_, shard)) = shards.child_up_to(canister.as_slice()) {
        let list = shard.value().ok_or(RangesError::NotShown { subnet })?;
        if decode(list, subnet)?.contains(canister) {
            return Ok(true);
        }
    }
    if shards.hides_up_to(canister.as_slice()) {
        return Err(RangesError::NotShown { subnet });
    }
    Ok(false)
}

/// All ranges that `tree`, of the root subnet, shows for `subnet`. Shards that are not shown are left out.
///
/// # Errors
/// The tree shows no ranges, or what it shows does not decode.
pub fn shown(tree: &HashTree, subnet: SubnetId) -> Result<Vec<CanisterRange>, RangesError> {
    match lists(tree, subnet)? {
        Lists::Flat(list) => Ok(decode(list, subnet)?.as_slice().to_vec()),
        Lists::Shards(shards) => {
            let mut ranges = Vec::new();
            for list in shards.children().filter_map(|(_, shard)| shard.value()) {
                ranges.extend_from_slice(decode(list, subnet)?.as_slice());
            }
            Ok(ranges)
        }
    }
}

fn decode(list: &[u8], subnet: SubnetId) -> Result<CanisterRanges, RangesError> {
    CanisterRanges::decode(list).map_err(|reason| RangesError::Malformed { subnet, reason })
}
