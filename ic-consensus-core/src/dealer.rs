//! A subnet whose keys all come from one place: for tests, examples and subnets that never change their members.

use std::collections::BTreeMap;

use ic_crypto::threshold::{Threshold, dealing};
use ic_crypto::{Seed, multisig, node_key};
use ic_types::SubnetId;

use crate::config::Config;
use crate::keys::{NodeKeys, NodeRecord};
use crate::registry::{InconsistentRecord, SubnetRecord};

/// Makes a subnet of so many members: its record, and the secrets of each member in the order of their ids. The same
/// seed makes the same subnet.
///
/// Whoever knows the seed knows every secret of the subnet. Its name is that of its public key.
///
/// # Errors
/// If there can be no subnet of so many members.
///
/// ```
/// use ic_consensus_core::{Config, deal};
/// use ic_crypto::Seed;
///
/// let (record, keys) = deal(Seed::from_bytes(b"an example has no entropy"), 4, Config::default())?;
/// assert!(record.members().keys().copied().eq(keys.iter().map(|keys| keys.node())));
/// # Ok::<(), ic_consensus_core::InconsistentRecord>(())
/// ```
pub fn deal(
    seed: Seed,
    members: u32,
    config: Config,
) -> Result<(SubnetRecord, Vec<NodeKeys>), InconsistentRecord> {
    let impossible = InconsistentRecord::Members {
        found: usize::try_from(members).unwrap_or(usize::MAX),
    };
    let (Ok(low), Ok(high)) = (Threshold::low(members), Threshold::high(members)) else {
        return Err(impossible);
    };
    if usize::try_from(members).is_ok_and(|members| members > crate::artifact::MAX_SIGNERS) {
        return Err(impossible);
    }
    let mut generator = seed.into_generator();
    let (low, low_shares) = dealing::deal(low, Seed::from_generator(&mut generator));
    let (high, high_shares) = dealing::deal(high, Seed::from_generator(&mut generator));

    // Which share a member gets depends on the order of the ids, so all of them come first.
    let mut own = BTreeMap::new();
    let mut records = BTreeMap::new();
    for _ in 0..members {
        let signing = node_key::SecretKey::from_seed(Seed::from_generator(&mut generator));
        let committee = multisig::SecretKey::from_seed(Seed::from_generator(&mut generator));
        let key = signing.public_key();
        let node = key.node_id();
        records.insert(
            node,
            NodeRecord {
                signing: key,
                committee: committee.public_key(),
            },
        );
        own.insert(node, (signing, committee));
    }
    let shares = low_shares.into_iter().zip(high_shares);
    let keys = own.into_values().zip(shares);
    let keys = keys
        .map(|((signing, committee), (low, high))| NodeKeys::new(signing, committee, low, high))
        .collect();
    let subnet = SubnetId::of_key(&high.group_key().to_der());
    Ok((SubnetRecord::new(subnet, records, low, high, config)?, keys))
}
