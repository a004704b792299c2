//! What a canister printed (SYS-164, ABS-129, ABS-320).

use std::{collections::VecDeque, sync::Arc};

use ic_types::Time;

/// Bytes of log content that one canister keeps (LIM-031).
pub const LOG_BYTES: u64 = 4096;

/// One line of a canister's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Counts from 0 and never repeats.
    pub index: u64,
    /// The canister's time when it printed this.
    pub time: Time,
    /// What it printed.
    pub content: Vec<u8>,
}

/// The newest lines of a canister's log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    next: u64,
    bytes: u64,
    records: VecDeque<Arc<LogRecord>>,
}

impl Log {
    /// Adds one line and drops the oldest lines until at most `limit` bytes are left.
    ///
    /// A line that is longer than the limit is cut, so that the newest line is always there.
    pub fn push(&mut self, time: Time, mut content: Vec<u8>, limit: u64) {
        let limit = limit.min(LOG_BYTES);
        content.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        self.bytes = self.bytes.saturating_add(length(&content));
        self.records.push_back(Arc::new(LogRecord {
            index: self.next,
            time,
            content,
        }));
        self.next = self.next.saturating_add(1);
        while self.bytes > limit {
            let Some(dropped) = self.records.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(length(&dropped.content));
        }
    }

    /// Drops all lines; the count goes on.
    pub fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }

    /// The lines, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &LogRecord> {
        self.records.iter().map(Arc::as_ref)
    }

    /// The bytes of content kept.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn length(content: &[u8]) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_lines_within_the_limit() {
        // ABS-320, LIM-031
        let mut log = Log::default();
        for line in 0..10u8 {
            log.push(Time::from_nanos(0), vec![line; 1000], LOG_BYTES);
        }
        let kept: Vec<u64> = log.records().map(|record| record.index).collect();
        assert_eq!(kept, [6, 7, 8, 9]);
        assert_eq!(log.bytes(), 4000);
        log.push(Time::from_nanos(0), vec![1; 9000], LOG_BYTES);
        assert_eq!(
            log.records()
                .map(|record| record.content.len())
                .collect::<Vec<_>>(),
            [4096]
        );
        log.clear();
        log.push(Time::from_nanos(0), vec![], LOG_BYTES);
        assert_eq!(log.records().next().map(|record| record.index), Some(11));
    }
}
