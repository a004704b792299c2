//! Who does what at a height, and how many are enough: the one place with n, f and c.

use std::collections::BTreeSet;
use std::sync::Arc;

use ic_crypto::randomness::{committee, ranking};
use ic_types::{Digest, NodeId, Randomness, Rank};

use crate::registry::SubnetRecord;

/// The number of members of a subnet, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(usize);

impl Size {
    /// A subnet of so many members.
    pub const fn of(members: usize) -> Self {
        Self(members)
    }

    /// f: how many members may do anything at all without harm, the largest number with 3f < n.
    pub const fn faults(self) -> usize {
        self.0.saturating_sub(1) / 3
    }

    /// How many members may propose at a height: one more than may be faulty.
    pub const fn makers(self) -> usize {
        if self.0 == 0 {
            0
        } else {
            self.faults().saturating_add(1)
        }
    }

    /// c = 3f + 1: how many members are notaries at a height.
    pub const fn notaries(self) -> usize {
        if self.0 == 0 {
            0
        } else {
            self.faults().saturating_mul(3).saturating_add(1)
        }
    }

    /// c - f = 2f + 1: how many notaries, or shares of the high-threshold key, make a decision.
    pub const fn quorum(self) -> usize {
        self.notaries().saturating_sub(self.faults())
    }

    /// f + 1: how many shares of the low-threshold key make randomness. One of them is honest.
    pub const fn low_threshold(self) -> usize {
        self.makers()
    }
}

/// Makers and notaries of one height.
#[derive(Clone, Debug)]
pub(crate) struct Committee {
    pub(crate) record: Arc<SubnetRecord>,
    makers: Vec<NodeId>,
    notaries: BTreeSet<NodeId>,
    size: Size,
}

impl Committee {
    /// Draws the committee from the beacon of the height before.
    pub(crate) fn draw(record: Arc<SubnetRecord>, beacon: &Digest) -> Self {
        let size = Size::of(record.members().len());
        let seed = Randomness::new(*beacon.as_bytes());
        let members = || record.members().keys().copied();
        let makers = ranking(&seed, members())
            .into_iter()
            .take(size.makers())
            .collect();
        let notaries = committee(&seed, members(), size.notaries())
            .into_iter()
            .collect();
        Self {
            record,
            makers,
            notaries,
            size,
        }
    }

    /// The maker's place in the round; `None` if it may not propose.
    pub(crate) fn rank(&self, node: &NodeId) -> Option<Rank> {
        let position = self.makers.iter().position(|maker| maker == node)?;
        u32::try_from(position).ok().map(Rank::new)
    }

    pub(crate) fn is_notary(&self, node: &NodeId) -> bool {
        self.notaries.contains(node)
    }

    /// How many notaries make a decision.
    pub(crate) fn quorum(&self) -> usize {
        self.size.quorum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle: the definitions of the protocol, by search and not by formula.
    #[test]
    fn quorums_intersect_and_can_be_reached() {
        for n in 1..=200 {
            let size = Size::of(n);
            let f = (0..n).rev().find(|f| 3 * f < n).expect("0 will do");
            let (c, t) = (size.notaries(), size.quorum());
            assert_eq!(size.faults(), f);
            assert!(c <= n);
            assert!(
                c - (t - f) < t,
                "safety: f double votes do not make a second quorum, n = {n}"
            );
            assert!(
                c - f >= t,
                "liveness: the honest notaries are enough, n = {n}"
            );
            assert_eq!(size.makers(), f + 1, "one maker is honest");
            assert_eq!(size.low_threshold(), f + 1);
        }
    }

    #[test]
    fn an_empty_subnet_has_no_quorum_by_accident() {
        assert_eq!((Size::of(0).makers(), Size::of(0).notaries()), (0, 0));
    }
}
