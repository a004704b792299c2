//! The four roles of a principal. Two roles are two types, although the bytes are alike: a subnet never goes where a
//! canister is wanted.
//!
//! ```compile_fail,E0308
//! use ic_types::{CanisterId, Principal, SubnetId};
//!
//! fn route(canister: CanisterId) {}
//!
//! route(SubnetId::new(Principal::MANAGEMENT)); // does not compile
//! ```

use std::fmt;
use std::str::FromStr;

use crate::key::DerPublicKey;
use crate::principal::{Principal, PrincipalError};

/// The name of a canister.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanisterId(Principal);

impl CanisterId {
    /// The management canister, `aaaaa-aa`: answered by the system itself (ID-010).
    pub const MANAGEMENT: Self = Self(Principal::MANAGEMENT);

    /// Says in words that this principal names a canister. There is no `From`, so that `.into()` never says it.
    pub const fn new(principal: Principal) -> Self {
        Self(principal)
    }

    /// The principal, without its role.
    pub const fn principal(&self) -> Principal {
        self.0
    }

    /// The bytes, 0 to 29 of them.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for CanisterId {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Display for CanisterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for CanisterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CanisterId {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        text.parse().map(Self)
    }
}

impl CanisterId {
    /// The id with this counter: eight bytes, most significant first, then `01 01` (ID-011).
    ///
    /// ```
    /// use ic_types::CanisterId;
    ///
    /// assert_eq!(CanisterId::from_u64(2).to_string(), "ryjl3-tyaaa-aaaaa-aaaba-cai");
    /// ```
    pub const fn from_u64(counter: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = counter.to_be_bytes();
        Self(Principal::short([a, b, c, d, e, f, g, h, 1, 1]))
    }

    /// The counter of an id made like [`from_u64`](Self::from_u64); `None` for every other principal.
    pub fn to_u64(&self) -> Option<u64> {
        match *self.as_slice() {
            [a, b, c, d, e, f, g, h, 1, 1] => Some(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    }

    /// The id with the next counter; `None` after the last, or if this id has no counter.
    pub fn next(&self) -> Option<Self> {
        self.to_u64()?.checked_add(1).map(Self::from_u64)
    }
}

/// The name of a subnet: on the public network the hash of its public key (ID-017).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubnetId(Principal);

impl SubnetId {
    /// Says in words that this principal names a subnet. There is no `From`, so that `.into()` never says it.
    pub const fn new(principal: Principal) -> Self {
        Self(principal)
    }

    /// The principal, without its role.
    pub const fn principal(&self) -> Principal {
        self.0
    }

    /// The bytes, 0 to 29 of them.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for SubnetId {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for SubnetId {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        text.parse().map(Self)
    }
}

impl SubnetId {
    /// The id of the subnet that holds `key`: the self-authenticating principal of the key (ID-017, HTTP-225).
    pub fn of_key(key: &DerPublicKey) -> Self {
        Self(Principal::self_authenticating(key))
    }
}

/// The name of a node: the hash of the public key that signs its artifacts (ID-017).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Principal);

impl NodeId {
    /// Says in words that this principal names a node. There is no `From`, so that `.into()` never says it.
    pub const fn new(principal: Principal) -> Self {
        Self(principal)
    }

    /// The principal, without its role.
    pub const fn principal(&self) -> Principal {
        self.0
    }

    /// The bytes, 0 to 29 of them.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for NodeId {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for NodeId {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        text.parse().map(Self)
    }
}

impl NodeId {
    /// The id of the node that holds `key`: the self-authenticating principal of the key (ID-017).
    pub fn of_key(key: &DerPublicKey) -> Self {
        Self(Principal::self_authenticating(key))
    }
}

/// The name of whoever sends a request: a user, or a canister.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Principal);

impl UserId {
    /// Whoever does not sign, `2vxsx-fae` (ID-014).
    pub const ANONYMOUS: Self = Self(Principal::ANONYMOUS);

    /// Says in words that this principal names a sender. There is no `From`, so that `.into()` never says it.
    pub const fn new(principal: Principal) -> Self {
        Self(principal)
    }

    /// The principal, without its role.
    pub const fn principal(&self) -> Principal {
        self.0
    }

    /// The bytes, 0 to 29 of them.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for UserId {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for UserId {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        text.parse().map(Self)
    }
}

impl UserId {
    /// The id of the user that holds `key`: the self-authenticating principal of the key (ID-012, HTTP-035).
    pub fn of_key(key: &DerPublicKey) -> Self {
        Self(Principal::self_authenticating(key))
    }

    /// Whether this is whoever does not sign.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_anonymous()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_036_canister_ids_count_upwards() {
        let first = CanisterId::from_u64(0);
        assert_eq!(first.to_string(), "rwlgt-iiaaa-aaaaa-aaaaa-cai");
        assert_eq!(first.next(), Some(CanisterId::from_u64(1)));
        assert!(first.next() > Some(first));
        assert_eq!(CanisterId::from_u64(u64::MAX).next(), None);
        assert_eq!(CanisterId::MANAGEMENT.next(), None);
    }
}
