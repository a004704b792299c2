//! Calls that wait for a block, each of a proved sender; bounded, and forgotten when they expire.

use std::collections::{BTreeMap, BTreeSet};

use ic_crypto::Authenticated;
use ic_types::codec::Wire;
use ic_types::{Call, CanisterId, Content, Envelope, RequestId, Time, UserId};

/// The bounds of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Calls, at most.
    pub calls: usize,
    /// Bytes of encoded calls, at most.
    pub bytes: usize,
    /// Bytes of one encoded call, at most. No more than the subnet's blocks take.
    pub call_bytes: usize,
    /// Calls of one sender, at most. All that do not sign are one sender.
    pub calls_of_sender: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            calls: 20_000,
            bytes: 256 * 1024 * 1024,
            call_bytes: 2 * 1024 * 1024,
            calls_of_sender: 4_000,
        }
    }
}

/// Why a call does not wait for a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPooled {
    /// It cannot get into any block any more.
    #[error("the call expired at {expiry}, and it is {now}")]
    Expired {
        /// When it expired.
        expiry: Time,
        /// When it came.
        now: Time,
    },
    /// It is too large for a block.
    #[error("the call has {found} bytes, and at most {limit} fit into a block")]
    TooLarge {
        /// Bytes that a call may have.
        limit: usize,
        /// Bytes that it has.
        found: usize,
    },
    /// The pool is full.
    #[error("too many calls are waiting")]
    Full,
    /// The sender has too many calls in the pool.
    #[error("{sender} has {limit} calls waiting, which is as many as it may have")]
    SenderFull {
        /// The sender.
        sender: UserId,
        /// Calls that it may have waiting.
        limit: usize,
    },
}

/// A call that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) envelope: Envelope<Call>,
    /// Bytes of its encoding.
    pub(super) bytes: usize,
    arrival: u64,
}

/// Calls by name, and in the orders in which they are looked for.
#[derive(Debug, Default)]
pub(super) struct Waitings {
    calls: BTreeMap<RequestId, Waiting>,
    expiries: BTreeSet<(Time, RequestId)>,
    canisters: BTreeMap<CanisterId, BTreeSet<(u64, RequestId)>>,
    senders: BTreeMap<UserId, usize>,
    bytes: usize,
    arrivals: u64,
}

impl Waitings {
    /// Takes a call in, or says why not. A call that waits already is left as it is.
    pub(super) fn insert(
        &mut self,
        call: Authenticated<Call>,
        now: Time,
        limits: &PoolLimits,
    ) -> Result<(), NotPooled> {
        self.forget_expired(now);
        let (id, sender) = (call.id(), call.content().sender);
        if self.calls.contains_key(&id) {
            return Ok(());
        }
        let expiry = call.content().expiry();
        if expiry < now {
            return Err(NotPooled::Expired { expiry, now });
        }
        let bytes = call.envelope().encode().len();
        let limit = limits.call_bytes.min(crate::artifact::MAX_CALL_BYTES);
        if bytes > limit {
            return Err(NotPooled::TooLarge {
                limit,
                found: bytes,
            });
        }
        if self.calls.len() >= limits.calls || self.bytes.saturating_add(bytes) > limits.bytes {
            return Err(NotPooled::Full);
        }
        let waiting_of_sender = self.senders.entry(sender).or_default();
        if *waiting_of_sender >= limits.calls_of_sender {
            return Err(NotPooled::SenderFull {
                sender,
                limit: limits.calls_of_sender,
            });
        }
        *waiting_of_sender = waiting_of_sender.saturating_add(1);
        self.arrivals = self.arrivals.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.expiries.insert((expiry, id));
        self.canisters
            .entry(call.content().canister)
            .or_default()
            .insert((self.arrivals, id));
        self.calls.insert(
            id,
            Waiting {
                envelope: call.into_envelope(),
                bytes,
                arrival: self.arrivals,
            },
        );
        Ok(())
    }

    pub(super) fn remove(&mut self, id: &RequestId) {
        let Some(waiting) = self.calls.remove(id) else {
            return;
        };
        let content = &waiting.envelope.content;
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        self.expiries.remove(&(content.expiry, *id));
        if let Some(queue) = self.canisters.get_mut(&content.canister) {
            queue.remove(&(waiting.arrival, *id));
            if queue.is_empty() {
                self.canisters.remove(&content.canister);
            }
        }
        if let Some(count) = self.senders.get_mut(&content.sender) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.senders.remove(&content.sender);
            }
        }
    }

    /// Drops what expired before `now`.
    pub(super) fn forget_expired(&mut self, now: Time) {
        while let Some((expiry, id)) = self.expiries.first().copied() {
            if expiry >= now {
                return;
            }
            self.remove(&id);
        }
    }

    pub(super) fn get(&self, id: &RequestId) -> Option<&Waiting> {
        self.calls.get(id)
    }

    /// The calls of each canister, oldest first, by the order of the canisters' ids.
    pub(super) fn queues(
        &self,
    ) -> impl Iterator<Item = impl Iterator<Item = (RequestId, &Waiting)>> {
        self.canisters.values().map(|queue| {
            queue
                .iter()
                .filter_map(|(_, id)| Some((*id, self.calls.get(id)?)))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
