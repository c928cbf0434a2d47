//! Cleaning up after uploads that did not come to their end.

use std::time::Duration;

use crate::client::Client;
use crate::types::{ObjectKey, UploadId};

/// Aborting what a failed transfer left takes at most this long.
const CLEANUP_LIMIT: Duration = Duration::from_secs(5);

/// Removes the parts of an upload. Whether nothing of it remains.
pub(super) async fn abort(client: &Client, key: &ObjectKey, upload_id: &UploadId) -> bool {
    let abort = client
        .abort_multipart_upload(key.as_str(), upload_id)
        .max_attempts(2);
    match tokio::time::timeout(CLEANUP_LIMIT, abort.send()).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) if error.code() == Some("NoSuchUpload") => return true,
        Ok(Err(error)) => tracing::warn!(%error, "parts of an unfinished upload remain"),
        Err(_) => tracing::warn!("no answer to aborting an upload; parts may remain"),
    }
    false
}

/// Does `work` now, or on its own when nobody should wait for it.
pub(super) async fn clean_up(
    client: &Client,
    in_background: bool,
    work: impl Future<Output = ()> + Send + 'static,
) {
    if in_background {
        client.spawn_cleanup(work);
    } else {
        work.await;
    }
}
