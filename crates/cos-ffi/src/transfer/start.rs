//! Starting work: the one place where tasks are made.

use core::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

use cos_client::Client;

use super::callbacks::Callbacks;
use super::cell::{Cell, Finisher};
use super::cosffi_transfer;
use crate::error::Failure;
use crate::response::cosffi_response;
use crate::runtime::shared::Shared;

/// How long a cancelled upload may take to give back what it had sent, at shutdown.
const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// Starts `work` on the runtime of `shared` and hands out its transfer. `work` is given the cell, to
/// report progress and to hear of a cancel, which it must obey promptly.
///
/// On an error nothing was started; the callbacks are dropped, and with them the app's data.
pub(crate) fn start<Work>(
    shared: &Arc<Shared>,
    client: &Client,
    callbacks: Callbacks,
    out: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    work: impl FnOnce(Client, Arc<Cell>) -> Work,
) -> Result<(), Failure>
where
    Work: Future<Output = Result<cosffi_response, Failure>> + Send + 'static,
{
    let hold = Arc::new(shared.hold()?);
    let cell = Cell::new(Arc::clone(shared), callbacks);
    if let Some(out) = out {
        // Before anything can call back.
        out.write(cosffi_transfer::into_raw(Arc::clone(&cell)));
    }
    let finisher = Finisher::new(Arc::clone(&cell), Arc::clone(&hold));
    let work = work(client.clone(), Arc::clone(&cell));
    let client = client.clone();
    shared.spawn(async move {
        let outcome = work.await;
        let tidies_up = outcome.is_err();
        finisher.finish(outcome);
        if tidies_up {
            // The app has its answer; the hold only keeps a shutdown from cutting this short.
            let _ = tokio::time::timeout(CLEANUP_LIMIT, client.wait_for_cleanup()).await;
        }
        drop(hold);
    });
    Ok(())
}
