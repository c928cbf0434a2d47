//! One large file of a tree: a transfer of its own.

use crate::client::Client;
use crate::error::Result;
use crate::transfer::handle::Transfer;

/// Waits for a transfer. When the tree ends first, the transfer is ended in the background, where
/// [`Client::wait_for_cleanup`] knows of it: what it has done is kept for a resume, or removed.
pub(super) async fn finish<T: Send + 'static>(
    client: &Client,
    transfer: Transfer<T>,
    keeps: bool,
) -> Result<T> {
    let mut part = Part {
        client: client.clone(),
        transfer: Some(transfer),
        keeps,
    };
    let result = match &mut part.transfer {
        Some(transfer) => transfer.await,
        None => Err(crate::error::Error::cancelled()),
    };
    part.transfer = None;
    result
}

struct Part<T: Send + 'static> {
    client: Client,
    transfer: Option<Transfer<T>>,
    keeps: bool,
}

impl<T: Send + 'static> Drop for Part<T> {
    fn drop(&mut self) {
        let Some(transfer) = self.transfer.take() else {
            return;
        };
        if self.keeps {
            transfer.stop();
        } else {
            transfer.cancel();
        }
        self.client.spawn_cleanup(async move {
            let _ = transfer.await;
        });
    }
}
