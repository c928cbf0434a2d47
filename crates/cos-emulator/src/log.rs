//! One record per request; no secret, token or signature.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// Records kept; older ones go.
const KEPT: usize = 100_000;

/// What happened to one request.
#[derive(Debug, Clone, Serialize)]
pub struct LogRecord {
    /// Counts requests from 1.
    pub seq: u64,
    /// Unix seconds on the emulator's clock.
    pub time: u64,
    /// `PutObject`, `AssumeRole` …
    pub operation: String,
    /// HTTP method.
    pub method: String,
    /// As the client named it.
    pub host: String,
    /// Decoded, without the query.
    pub path: String,
    /// HTTP status; 0 when the connection was ended without an answer.
    pub status: u16,
    /// The service's error code.
    pub code: Option<String>,
    /// Public half of the key that signed.
    pub secret_id: Option<String>,
    /// Bytes of the request's body that arrived.
    pub bytes_in: u64,
    /// Bytes of the answer's body handed to the connection so far.
    pub bytes_out: u64,
    /// What the policies said.
    pub decision: Option<String>,
    /// The fault rule's action that was applied.
    pub fault: Option<String>,
    /// `x-cos-request-id` of the answer.
    pub request_id: String,
}

#[derive(Debug)]
struct Entry {
    record: LogRecord,
    bytes_in: Arc<AtomicU64>,
    bytes_out: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    next: AtomicU64,
    entries: Mutex<VecDeque<Entry>>,
}

impl Log {
    /// The number of the next request.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn add(
        &self,
        record: LogRecord,
        bytes_in: Arc<AtomicU64>,
        bytes_out: Arc<AtomicU64>,
    ) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(Entry {
            record,
            bytes_in,
            bytes_out,
        });
    }

    /// Records with a number above `seq`, in order of their numbers.
    pub(crate) fn since(&self, seq: u64) -> Vec<LogRecord> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records: Vec<LogRecord> = entries
            .iter()
            .filter(|e| e.record.seq > seq)
            .map(|e| LogRecord {
                bytes_in: e.bytes_in.load(Ordering::Relaxed),
                bytes_out: e.bytes_out.load(Ordering::Relaxed),
                ..e.record.clone()
            })
            .collect();
        records.sort_by_key(|r| r.seq);
        records
    }

    pub(crate) fn clear(&self) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.next.store(0, Ordering::Relaxed);
    }
}
