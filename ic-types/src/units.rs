//! Amounts, each in its unit. Arithmetic that could leave the range says so.

#![deny(clippy::arithmetic_side_effects)]

use std::fmt;
use std::time::Duration;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, as the protocol counts them (HTTP-110).
///
/// Where it comes from is the embedder's business; no crate here reads a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last moment that can be written down, in the year 2554.
    pub const MAX: Self = Self(u64::MAX);

    /// This many nanoseconds after 1970-01-01T00:00:00Z.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This long after 1970-01-01T00:00:00Z; `None` after the year 2554.
    pub fn from_duration(since_epoch: Duration) -> Option<Self> {
        u64::try_from(since_epoch.as_nanos()).ok().map(Self)
    }

    /// The moment `duration` later; `None` if it cannot be written down.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ic_types::Time;
    ///
    /// let second = Time::EPOCH.checked_add(Duration::from_secs(1));
    /// assert_eq!(second, Some(Time::from_nanos(1_000_000_000)));
    /// ```
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0
            .checked_add(u64::try_from(duration.as_nanos()).ok()?)
            .map(Self)
    }

    /// The moment `duration` earlier; `None` before 1970.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.0
            .checked_sub(u64::try_from(duration.as_nanos()).ok()?)
            .map(Self)
    }

    /// The moment `duration` later, or the last one: for deadlines, where "never" is a fair answer.
    pub fn saturating_add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self::MAX)
    }

    /// How long after `earlier` this is; `None` if `earlier` is later.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }
}

/// Nanoseconds since 1970.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ns", self.0)
    }
}

/// An amount of cycles, the fuel that canisters pay with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cycles(u128);

impl Cycles {
    /// None at all.
    pub const ZERO: Self = Self(0);
    /// The greatest amount that can be written down.
    pub const MAX: Self = Self(u128::MAX);

    /// This many cycles.
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// The number of cycles.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` if it cannot be written down.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// `times` this; `None` if it cannot be written down.
    pub const fn checked_mul(self, times: u128) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// The difference, or none if `other` is more: for what is left of an allowance.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Cycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A number of Wasm instructions, as the cost table counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instructions(u64);

impl Instructions {
    /// None at all.
    pub const ZERO: Self = Self(0);
    /// The greatest amount that can be written down.
    pub const MAX: Self = Self(u64::MAX);

    /// This many instructions.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number of instructions.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` if it cannot be written down.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// `times` this; `None` if it cannot be written down.
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// The difference, or none if `other` is more: for what is left of an allowance.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteCount(u64);

impl ByteCount {
    /// None at all.
    pub const ZERO: Self = Self(0);
    /// The greatest amount that can be written down.
    pub const MAX: Self = Self(u64::MAX);

    /// This many bytes.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` if it cannot be written down.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference; `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// `times` this; `None` if it cannot be written down.
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// The difference, or none if `other` is more: for what is left of an allowance.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_do_not_leave_their_range() {
        assert_eq!(Time::MAX.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Time::EPOCH.checked_sub(Duration::from_nanos(1)), None);
        assert_eq!(Time::EPOCH.checked_add(Duration::MAX), None);
        assert_eq!(Time::EPOCH.saturating_add(Duration::MAX), Time::MAX);
        assert_eq!(Time::EPOCH.since(Time::MAX), None);
        assert_eq!(
            Time::from_nanos(7).since(Time::from_nanos(5)),
            Some(Duration::from_nanos(2))
        );
        assert_eq!(Time::from_duration(Duration::MAX), None);
    }

    #[test]
    fn amounts_do_not_leave_their_range() {
        assert_eq!(Cycles::MAX.checked_add(Cycles::new(1)), None);
        assert_eq!(Cycles::ZERO.checked_sub(Cycles::new(1)), None);
        assert_eq!(Instructions::MAX.checked_mul(2), None);
        assert_eq!(
            ByteCount::new(3).saturating_sub(ByteCount::new(5)),
            ByteCount::ZERO
        );
        assert_eq!(ByteCount::new(3).checked_mul(5), Some(ByteCount::new(15)));
    }
}
