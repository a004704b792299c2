//! Positions: in the chain, in a round, in the registry. None is a number of anything else, so none is made with
//! `From`.

use std::fmt;

/// A position in the chain of blocks. Genesis is at height 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Height(u64);

impl Height {
    /// Where every chain begins.
    pub const GENESIS: Self = Self(0);

    /// The height with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this; `None` after the greatest number.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The one before this; `None` at 0.
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// How many lie between `earlier` and this one; `None` if `earlier` is later.
    pub fn since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }

    /// The one `count` after this; `None` beyond the greatest number.
    pub fn checked_add(self, count: u64) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }

    /// The one `count` before this; `None` below 0.
    pub fn checked_sub(self, count: u64) -> Option<Self> {
        self.0.checked_sub(count).map(Self)
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The place of a block maker in a round: 0 proposes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(u32);

impl Rank {
    /// Whoever proposes first.
    pub const LEADER: Self = Self(0);

    /// The rank with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The one after this; `None` after the greatest number.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The one before this; `None` at 0.
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// How many lie between `earlier` and this one; `None` if `earlier` is later.
    pub fn since(self, earlier: Self) -> Option<u32> {
        self.0.checked_sub(earlier.0)
    }

    /// The one `count` after this; `None` beyond the greatest number.
    pub fn checked_add(self, count: u32) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }

    /// The one `count` before this; `None` below 0.
    pub fn checked_sub(self, count: u32) -> Option<Self> {
        self.0.checked_sub(count).map(Self)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A version of the registry: which nodes and keys there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryVersion(u64);

impl RegistryVersion {
    /// The version before every change.
    pub const FIRST: Self = Self(0);

    /// The version with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this; `None` after the greatest number.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The one before this; `None` at 0.
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// How many lie between `earlier` and this one; `None` if `earlier` is later.
    pub fn since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }

    /// The one `count` after this; `None` beyond the greatest number.
    pub fn checked_add(self, count: u64) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }

    /// The one `count` before this; `None` below 0.
    pub fn checked_sub(self, count: u64) -> Option<Self> {
        self.0.checked_sub(count).map(Self)
    }
}

impl fmt::Display for RegistryVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_do_not_leave_their_range() {
        assert_eq!(Height::new(7).since(Height::new(5)), Some(2));
        assert_eq!(Height::GENESIS.since(Height::new(5)), None);
        assert_eq!(Height::GENESIS.previous(), None);
        assert_eq!(Height::new(u64::MAX).next(), None);
        assert_eq!(Rank::LEADER.next(), Some(Rank::new(1)));
        assert_eq!(RegistryVersion::new(3).checked_sub(4), None);
    }
}
