//! What things cost, and where every cycle is (limits and costs, COST-002 to COST-050; ABS-014, ABS-015, ABS-022).
//!
//! Prices are those of a subnet of 13 nodes, scaled by the number of nodes: `price * nodes / 13`, in integers
//! and truncated. Sums saturate (ABS-022): no balance reaches 2^128 by honest means.

use ic_types::{Cycles, Instructions};

/// Seconds of a day.
const DAY: u128 = 86_400;
/// Bytes of a GiB.
const GIB: u128 = 1 << 30;

/// The sum, saturating (ABS-022).
pub fn sum(parts: impl IntoIterator<Item = Cycles>) -> Cycles {
    parts.into_iter().fold(Cycles::ZERO, add)
}

/// The sum of two, saturating (ABS-022).
pub fn add(a: Cycles, b: Cycles) -> Cycles {
    a.checked_add(b).unwrap_or(Cycles::MAX)
}

/// What a subnet charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Nodes by which prices are scaled; 0 if everything is free.
    scale: u128,
}

impl Prices {
    /// The prices of an application subnet with this many nodes.
    pub fn application(nodes: usize) -> Self {
        Self {
            scale: u128::try_from(nodes).unwrap_or(0),
        }
    }

    /// Nothing costs anything: a system subnet (COST-012).
    pub fn free() -> Self {
        Self { scale: 0 }
    }

    fn scaled(&self, price: u128) -> Cycles {
        Cycles::new(price.saturating_mul(self.scale) / 13)
    }

    /// Creating a canister (COST-002).
    pub fn creation(&self) -> Cycles {
        self.scaled(500_000_000_000)
    }

    /// One execution: a base fee and a fee for each instruction, which a 64-bit module pays twice (COST-004,
    /// COST-005, COST-020).
    pub fn execution(&self, instructions: Instructions, wide: bool) -> Cycles {
        add(
            self.scaled(5_000_000),
            self.instructions(instructions, wide),
        )
    }

    /// The instructions of an execution alone: what is given back for those that were not used.
    pub fn instructions(&self, instructions: Instructions, wide: bool) -> Cycles {
        let each = if wide { 2 } else { 1 };
        self.scaled(u128::from(instructions.get()).saturating_mul(each))
    }

    /// Taking in a user's message (COST-008, COST-009).
    pub fn ingress(&self, bytes: usize) -> Cycles {
        self.scaled(1_200_000_u128.saturating_add(wide(bytes).saturating_mul(2_000)))
    }

    /// Sending a call, with method name and argument (COST-006, COST-007).
    pub fn request(&self, bytes: usize) -> Cycles {
        self.scaled(260_000_u128.saturating_add(wide(bytes).saturating_mul(1_000)))
    }

    /// Sending an answer, which the caller pays in advance for the largest (COST-007, COST-021).
    pub fn answer(&self, bytes: usize) -> Cycles {
        self.scaled(wide(bytes).saturating_mul(1_000))
    }

    /// An HTTP outcall (COST-040).
    pub fn http_request(&self, request: u64, response: u64) -> Cycles {
        let nodes = self.scale;
        let base = 60_000_u128.saturating_mul(nodes).saturating_add(3_000_000);
        let bytes = u128::from(request)
            .saturating_mul(400)
            .saturating_add(u128::from(response).saturating_mul(800));
        Cycles::new(base.saturating_add(bytes).saturating_mul(nodes))
    }

    /// What a canister pays each day for `memory` bytes and `compute` percent (COST-003, COST-010, ABS-014).
    pub fn idle_per_day(&self, memory: u64, compute: u8) -> Cycles {
        let memory = u128::from(memory).saturating_mul(127_000 * DAY) / GIB;
        let compute = u128::from(compute).saturating_mul(10_000_000 * DAY);
        add(self.scaled(memory), self.scaled(compute))
    }

    /// The balance below which a canister is frozen, before its reserved balance is counted (ABS-014).
    pub fn freezing_limit(&self, memory: u64, compute: u8, seconds: u64) -> Cycles {
        let daily = self.idle_per_day(memory, compute).get();
        Cycles::new(daily.saturating_mul(u128::from(seconds)) / DAY)
    }

    /// What `seconds` of memory and compute cost.
    pub fn idle(&self, memory: u64, compute: u8, seconds: u64) -> Cycles {
        self.freezing_limit(memory, compute, seconds)
    }
}

fn wide(bytes: usize) -> u128 {
    u128::try_from(bytes).unwrap_or(u128::MAX)
}

/// What one canister has paid for, by use, since it was created (MGMT-080, MGMT-140). None of it ever decreases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Memory.
    pub memory: Cycles,
    /// Compute allocation.
    pub compute_allocation: Cycles,
    /// Taking in users' messages.
    pub ingress_induction: Cycles,
    /// Executions.
    pub instructions: Cycles,
    /// Sending calls and receiving answers.
    pub transmission: Cycles,
    /// Lost because it could not pay any more.
    pub uninstall: Cycles,
    /// Its creation.
    pub creation: Cycles,
    /// Burned by its code.
    pub burned: Cycles,
}

/// Counts `amount` in one of the fields of [`Consumed`].
pub(crate) fn count(field: &mut Cycles, amount: Cycles) {
    *field = add(*field, amount);
}

/// Where the cycles of a subnet are: `held` is what was `minted` and not `burned`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// In balances, in messages, and set aside for answers.
    pub held: Cycles,
    /// Made out of nothing, by the provisional methods.
    pub minted: Cycles,
    /// Paid for work and storage, burned by code, or lost with a deleted canister.
    pub burned: Cycles,
}

impl Ledger {
    /// Whether no cycle was lost or made on the way (`minted = held + burned`).
    pub fn balances(&self) -> bool {
        add(self.held, self.burned) == self.minted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_those_of_the_specification() {
        // COST-002 to COST-010: the columns for 13 and 34 nodes
        let (base, large) = (Prices::application(13), Prices::application(34));
        assert_eq!(base.creation().get(), 500_000_000_000);
        assert_eq!(large.creation().get(), 1_307_692_307_692);
        assert_eq!(base.execution(Instructions::ZERO, false).get(), 5_000_000);
        assert_eq!(large.execution(Instructions::ZERO, false).get(), 13_076_923);
        assert_eq!(base.instructions(Instructions::new(7), false).get(), 7);
        assert_eq!(base.instructions(Instructions::new(7), true).get(), 14);
        assert_eq!(base.request(0).get(), 260_000);
        assert_eq!(large.request(0).get(), 680_000);
        assert_eq!(base.answer(1).get(), 1_000);
        assert_eq!(large.answer(1).get(), 2_615);
        assert_eq!(base.ingress(0).get(), 1_200_000);
        assert_eq!(large.ingress(0).get(), 3_138_461);
        assert_eq!(base.ingress(1).get() - base.ingress(0).get(), 2_000);
        assert_eq!(base.idle_per_day(1 << 30, 0).get(), 127_000 * 86_400);
        assert_eq!(base.idle_per_day(0, 1).get(), 10_000_000 * 86_400);
        assert_eq!(
            base.http_request(1, 0).get() - base.http_request(0, 0).get(),
            5_200
        );
        assert_eq!(
            base.http_request(0, 1).get() - base.http_request(0, 0).get(),
            10_400
        );
        assert_eq!(base.http_request(0, 0).get(), 49_140_000);
        assert_eq!(large.http_request(0, 0).get(), 171_360_000);
        assert_eq!(Prices::free().creation(), Cycles::ZERO);
    }
}
