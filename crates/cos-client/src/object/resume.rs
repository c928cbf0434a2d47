//! Going on with a content whose connection broke.

use std::fmt;

use super::meta::content_range;
use crate::client::Client;
use crate::error::hint;
use crate::error::{Error, ErrorKind, Result};
use crate::judge;
use crate::operation::Operation;
use crate::request::Call;
use crate::response::{Body, BodyStream};
use crate::types::ETag;

/// What it takes to ask for the rest.
pub(crate) struct Resume {
    client: Client,
    /// Asks for the rest of this very version.
    call: Call,
    /// Offset in the object of the next byte, and one past the last.
    next: u64,
    end: u64,
    /// Attempts since a byte arrived.
    failures: u32,
}

impl Resume {
    /// For the answer to `call` that carries the bytes from `next` to `end` of the version `etag`.
    pub(crate) fn new(client: Client, mut call: Call, etag: &ETag, next: u64, end: u64) -> Self {
        let replaced = |name: &str| name == "range" || name.starts_with("if-");
        call.headers.retain(|(name, _)| !replaced(name));
        call.headers
            .push(("if-match".into(), etag.as_str().to_owned()));
        Self {
            client,
            call,
            next,
            end,
            failures: 0,
        }
    }

    pub(crate) fn received(&mut self, bytes: usize) {
        self.next += bytes as u64;
        self.failures = 0;
    }

    /// Waits and asks for the rest, or gives `error` back when that was done often enough.
    pub(crate) async fn reopen(&mut self, error: Error) -> Result<BodyStream> {
        let settings = self.client.settings();
        self.failures += 1;
        if self.failures >= settings.retry.max_attempts {
            return Err(error.with_attempts(self.failures));
        }
        // The first one follows bytes that arrived; the others repeat what brought none.
        if self.failures > 1 && !self.client.budget().take() {
            return Err(hint::budget_used_up(error.with_attempts(self.failures)));
        }
        tracing::debug!(%error, at = self.next, "going on with the content");
        let after = judge::back_off(&settings.retry, self.failures, 1, fastrand::f64());
        settings.clock.sleep(after).await;
        let (first, last) = (self.next, self.end.saturating_sub(1));
        self.call.headers.retain(|(name, _)| name != "range");
        self.call
            .headers
            .push(("range".into(), format!("bytes={first}-{last}")));
        let reply = self.client.execute(&self.call).await.map_err(changed)?;
        let range = content_range(&reply.headers);
        let fits = reply.status == 206 && range.is_some_and(|r| r.first == first && r.last == last);
        match reply.body {
            Body::Stream(stream) if fits => Ok(*stream),
            _ => Err(
                Error::integrity("the answer is not the range that was asked for")
                    .with_operation(Operation::GetObject)
                    .with_hint_text("a cache between here and the bucket may not support ranges"),
            ),
        }
    }
}

/// Other content has the key now; the two must not be mixed.
pub(crate) fn changed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Precondition => {
            error.with_hint_text("the object changed while it was read; read it again")
        }
        _ => error,
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resume({}..{})", self.next, self.end)
    }
}
