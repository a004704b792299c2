//! The payloads that we ship: calls of users, chosen fairly, checked again by every node, in no block twice.

mod pool;
mod selection;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ic_crypto::{Authenticated, CanisterSignatures, NoCanisterSignatures, authenticate};
use ic_types::codec::Wire;
use ic_types::{Batch, Call, Content, Envelope, RequestId, Time};

pub use pool::{NotPooled, PoolLimits};

use crate::artifact::Payload;
use crate::payload::{PayloadFault, Payloads, ProposalContext, Verdict};
use pool::{Waiting, Waitings};

/// How long after a block's time a call in it may expire.
pub const MAX_INGRESS_TTL: Duration = Duration::from_secs(5 * 60);

/// Bytes of a call in a block beside its own: its length.
const LENGTH_BYTES: usize = 4;

/// Calls that wait for a block, and the names of those that were in one, until they expire.
///
/// `C` verifies canister signatures, which are certificates and so beyond this crate.
///
/// # Determinism
/// Which calls wait here differs from node to node, and decides only what this node proposes. Whether a payload is
/// valid depends on the payload, the block's place and the chain before it.
#[derive(Debug, Default)]
pub struct IngressPool<C = NoCanisterSignatures> {
    limits: PoolLimits,
    canister_signatures: C,
    waiting: Waitings,
    delivered: BTreeMap<RequestId, Time>,
    delivered_by_expiry: BTreeSet<(Time, RequestId)>,
}

impl<C: CanisterSignatures> IngressPool<C> {
    /// An empty pool.
    pub fn new(limits: PoolLimits, canister_signatures: C) -> Self {
        Self {
            limits,
            canister_signatures,
            waiting: Waitings::default(),
            delivered: BTreeMap::new(),
            delivered_by_expiry: BTreeSet::new(),
        }
    }

    /// Lets a call wait for a block. One that waits already, or was in a block, is left as it is: to send a call twice
    /// is to send it once.
    ///
    /// # Errors
    /// If it expired before `now`, is too large, or the pool or its sender's part of it is full.
    pub fn insert(&mut self, call: Authenticated<Call>, now: Time) -> Result<(), NotPooled> {
        if self.delivered.contains_key(&call.id()) {
            return Ok(());
        }
        self.waiting.insert(call, now, &self.limits)
    }

    /// Says that a call was executed: for states that were fetched or loaded, whose batches do not pass by here.
    pub fn remember(&mut self, id: RequestId, expiry: Time) {
        self.waiting.remove(&id);
        self.delivered.insert(id, expiry);
        self.delivered_by_expiry.insert((expiry, id));
    }

    /// Whether a call waits here.
    pub fn contains(&self, id: &RequestId) -> bool {
        self.waiting.get(id).is_some()
    }

    /// Calls that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no call waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the calls that wait.
    pub fn bytes(&self) -> usize {
        self.waiting.bytes()
    }

    /// Whether the call may be in the block, but for what else is in it.
    fn check(&self, call: &Envelope<Call>, id: RequestId, time: Time) -> Result<(), PayloadFault> {
        let (found, latest) = (call.content.expiry(), time.saturating_add(MAX_INGRESS_TTL));
        if found < time || found > latest {
            return Err(PayloadFault::Expiry {
                id,
                earliest: time,
                latest,
                found,
            });
        }
        match authenticate(call.clone(), time, &self.canister_signatures) {
            Ok(_) => Ok(()),
            Err(reason) => Err(PayloadFault::Unauthenticated {
                id,
                reason: reason.to_string(),
            }),
        }
    }

    /// The names of the calls in the blocks before this one that are not delivered yet.
    fn undelivered(context: &ProposalContext<'_>) -> BTreeSet<RequestId> {
        context
            .ancestors
            .iter()
            .flat_map(|calls| calls.iter())
            .map(|call| call.content.id())
            .collect()
    }
}

impl<C: CanisterSignatures> Payloads for IngressPool<C> {
    fn build(&mut self, context: &ProposalContext<'_>) -> Payload {
        let time = context.time();
        let earlier = Self::undelivered(context);
        let eligible = |(id, waiting): &(RequestId, &Waiting)| {
            let expiry = waiting.envelope.content.expiry;
            waiting.bytes <= context.call_bytes
                && expiry >= time
                && expiry <= time.saturating_add(MAX_INGRESS_TTL)
                && !earlier.contains(id)
        };
        let sized =
            |(id, waiting): (RequestId, &Waiting)| (waiting.bytes.saturating_add(LENGTH_BYTES), id);
        let queues = self
            .waiting
            .queues()
            .map(|queue| queue.filter(eligible).map(sized).collect::<Vec<_>>());
        let mut queues: Vec<_> = queues.filter(|queue| !queue.is_empty()).collect();
        // Not always the same canister first.
        if let Some(turn) = u64::try_from(queues.len())
            .ok()
            .and_then(|count| context.height.get().checked_rem(count))
        {
            queues.rotate_left(usize::try_from(turn).unwrap_or_default());
        }
        let room = context.block_bytes.saturating_sub(LENGTH_BYTES);
        let mut calls = Vec::new();
        for id in selection::select(queues, room, context.block_calls) {
            let Some(waiting) = self.waiting.get(&id) else {
                continue;
            };
            // A delegation may have expired since the call came.
            if self.check(&waiting.envelope, id, time).is_ok() {
                calls.push(waiting.envelope.clone());
            } else {
                self.waiting.remove(&id);
            }
        }
        Payload { calls }
    }

    fn validate(
        &self,
        payload: &Payload,
        context: &ProposalContext<'_>,
    ) -> Result<(), Verdict<PayloadFault>> {
        let (limit, found) = (context.block_calls, payload.calls.len());
        if found > limit {
            return Err(Verdict::Invalid(PayloadFault::TooManyCalls {
                limit,
                found,
            }));
        }
        let sizes: Vec<usize> = payload
            .calls
            .iter()
            .map(|call| call.encode().len())
            .collect();
        let framed = sizes.iter().map(|size| size.saturating_add(LENGTH_BYTES));
        let (limit, found) = (
            context.block_bytes,
            framed.sum::<usize>().saturating_add(LENGTH_BYTES),
        );
        if found > limit {
            return Err(Verdict::Invalid(PayloadFault::TooManyBytes {
                limit,
                found,
            }));
        }
        let mut known = Self::undelivered(context);
        for (call, found) in payload.calls.iter().zip(sizes) {
            let id = call.content.id();
            let limit = context.call_bytes;
            if found > limit {
                return Err(Verdict::Invalid(PayloadFault::CallTooLarge {
                    id,
                    limit,
                    found,
                }));
            }
            if self.delivered.contains_key(&id) || !known.insert(id) {
                return Err(Verdict::Invalid(PayloadFault::Repeated { id }));
            }
            self.check(call, id, context.time())
                .map_err(Verdict::Invalid)?;
        }
        Ok(())
    }

    fn delivered(&mut self, batch: &Batch) {
        for call in &batch.messages {
            self.remember(call.id(), call.expiry);
        }
        // No later block can hold what expired before this one's time.
        while let Some((expiry, id)) = self.delivered_by_expiry.first().copied() {
            if expiry >= batch.time {
                break;
            }
            self.delivered_by_expiry.remove(&(expiry, id));
            self.delivered.remove(&id);
        }
        self.waiting.forget_expired(batch.time);
    }
}

#[cfg(test)]
mod tests;
