//! Cleaning up after uploads that did not come to their end.

use std::time::Duration;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::types::{ObjectKey, UploadId};

/// Aborting what a failed transfer left takes at most this long.
const CLEANUP_LIMIT: Duration = Duration::from_secs(5);

/// Removes the parts of an upload that did not come to its end, whichever way it ended.
pub(super) struct AbortGuard {
    client: Client,
    key: ObjectKey,
    upload_id: UploadId,
    armed: bool,
}

impl AbortGuard {
    pub(super) fn new(client: &Client, key: &ObjectKey, upload_id: &UploadId) -> Self {
        Self {
            client: client.clone(),
            key: key.clone(),
            upload_id: upload_id.clone(),
            armed: true,
        }
    }

    pub(super) fn disarm(mut self) {
        self.armed = false;
    }

    /// After a failure the caller waits for the clean-up, unless the network is what failed.
    pub(super) async fn abort(mut self, error: &Error) {
        if matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout) {
            return; // Dropping the guard tries in the background.
        }
        let work = self.work();
        self.armed = false;
        work.await;
    }

    fn work(&self) -> impl Future<Output = ()> + Send + 'static {
        let abort = self
            .client
            .abort_multipart_upload(self.key.as_str(), &self.upload_id)
            .max_attempts(2);
        async move {
            match tokio::time::timeout(CLEANUP_LIMIT, abort.send()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.code() == Some("NoSuchUpload") => {}
                Ok(Err(error)) => tracing::warn!(%error, "parts of a failed upload remain"),
                Err(_) => tracing::warn!("no answer to aborting a failed upload; parts may remain"),
            }
        }
    }
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        if self.armed {
            self.client.spawn_cleanup(self.work());
        }
    }
}
