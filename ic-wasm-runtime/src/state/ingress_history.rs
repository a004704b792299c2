//! The status of users' requests, forgotten in time (HTTP-185 to HTTP-189, ABS-072 to ABS-073, ABS-165 to ABS-167).

use std::{sync::Arc, time::Duration};

use ic_types::{CanisterId, RequestId, Time, UserId};

use super::shared_map::SharedMap;
use crate::executor::Refusal;

/// How long an outcome stays readable after it came about (LIM-013).
pub const RETENTION: Duration = Duration::from_secs(300);
/// Requests that are remembered at once.
pub const CAPACITY: usize = 600_000;

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// In the replicated state, not begun.
    Received,
    /// Begun, not answered.
    Processing,
    /// Answered.
    Replied(Arc<[u8]>),
    /// Refused.
    Rejected(Refusal),
    /// Answered or refused, and the answer is forgotten.
    Done,
}

impl Status {
    /// Whether nothing more will happen.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Received | Self::Processing => false,
            Self::Replied(_) | Self::Rejected(_) | Self::Done => true,
        }
    }

    /// The text under `/request_status/<id>/status` (CERT-130).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processing => "processing",
            Self::Replied(_) => "replied",
            Self::Rejected(_) => "rejected",
            Self::Done => "done",
        }
    }
}

/// What is remembered of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// How far it has come.
    pub status: Status,
    /// Who sent it: nobody else may read the status (HTTP-167).
    pub sender: UserId,
    /// The canister that it was sent to, `aaaaa-aa` included (HTTP-087).
    pub canister: CanisterId,
    /// The canister whose address it came through (HTTP-167).
    pub effective: CanisterId,
    /// When the request expires.
    pub expiry: Time,
}

/// All requests of the last minutes.
#[derive(Clone, Debug, Default)]
pub struct IngressHistory {
    records: SharedMap<RequestId, Arc<RequestRecord>>,
    /// When each finished request may be forgotten.
    due: SharedMap<(Time, RequestId), ()>,
}

impl IngressHistory {
    /// What is known of a request.
    pub fn record(&self, id: &RequestId) -> Option<&RequestRecord> {
        self.records.get(id).map(Arc::as_ref)
    }

    /// All records, by request id.
    pub fn iter(&self) -> impl Iterator<Item = (&RequestId, &Arc<RequestRecord>)> {
        self.records.iter()
    }

    /// How many requests are remembered.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no request is remembered.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Remembers a new request. Returns whether it was new: one that is known stays as it is.
    pub fn insert(&mut self, id: RequestId, record: RequestRecord, now: Time) -> bool {
        if self.records.contains_key(&id) {
            return false;
        }
        if record.status.is_terminal() {
            self.due.insert((forget_at(&record, now), id), ());
        }
        self.records.insert(id, Arc::new(record));
        true
    }

    /// The request goes on to `status`, unless it is finished or unknown.
    pub fn advance(&mut self, id: &RequestId, status: Status, now: Time) {
        let Some(record) = self.records.get_mut(id) else {
            return;
        };
        if record.status.is_terminal() {
            return;
        }
        let record = Arc::make_mut(record);
        record.status = status;
        if record.status.is_terminal() {
            self.due.insert((forget_at(record, now), *id), ());
        }
    }

    /// Forgets what may be forgotten: the outcome was readable for [`RETENTION`], and the request has expired,
    /// so it cannot come again (HTTP-114). Returns what was forgotten.
    pub fn prune(&mut self, now: Time) -> Vec<RequestId> {
        let mut forgotten = Vec::new();
        while let Some((due, id)) = self.due.first().copied() {
            if due >= now {
                break;
            }
            self.due.remove(&(due, id));
            self.records.remove(&id);
            forgotten.push(id);
        }
        forgotten
    }
}

fn forget_at(record: &RequestRecord, now: Time) -> Time {
    record
        .expiry
        .max(now.checked_add(RETENTION).unwrap_or(Time::MAX))
}
