//! Requests of test users, and what becomes of them.

use std::time::Duration;

use ic_crypto::user_key::SecretKey;
use ic_crypto::{BadDelegation, NoCanisterSignatures, Seed, Unauthenticated, authenticate};
use ic_types::{
    Call, CanisterId, Content, Delegation, DelegationChain, Envelope, Query, ReadState,
    SignedDelegation, Time, UserId,
};

pub(crate) const NOW: Time = Time::from_nanos(1_700_000_000_000_000_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const COUNTER: u64 = 7;

pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::ed25519(Seed::from_bytes(name.as_bytes()))
}

pub(crate) fn call(sender: UserId) -> Call {
    Call {
        sender,
        expiry: NOW.saturating_add(MINUTE),
        nonce: None,
        canister: CanisterId::from_u64(COUNTER),
        method: "inc".into(),
        argument: Vec::new(),
        sender_info: None,
    }
}

pub(crate) fn query(sender: UserId) -> Query {
    let Call {
        sender,
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
    } = call(sender);
    Query {
        sender,
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
    }
}

pub(crate) fn read_state(sender: UserId) -> ReadState {
    ReadState {
        sender,
        expiry: NOW.saturating_add(MINUTE),
        nonce: None,
        paths: Vec::new(),
    }
}

pub(crate) fn to(key: &SecretKey) -> Delegation {
    Delegation {
        key: key.der_public_key(),
        expiration: NOW.saturating_add(MINUTE),
        targets: None,
        permissions: None,
    }
}

pub(crate) fn chain(delegations: Vec<SignedDelegation>) -> DelegationChain {
    DelegationChain::try_from(delegations).unwrap()
}

pub(crate) fn check<C: Content>(envelope: Envelope<C>) -> Result<(), Unauthenticated> {
    authenticate(envelope, NOW, &NoCanisterSignatures).map(|_| ())
}

/// The reason for which the delegation at the position is refused.
pub(crate) fn refusal(position: usize, reason: BadDelegation) -> Result<(), Unauthenticated> {
    Err(Unauthenticated::Delegation { position, reason })
}
