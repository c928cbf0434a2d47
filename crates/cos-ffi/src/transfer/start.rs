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

#[cfg(test)]
mod tests {
    use core::ffi::c_void;
    use std::sync::mpsc;

    use cos_sts::{Credentials, StaticProvider};

    use super::*;
    use crate::error::cosffi_error;
    use crate::result::cosffi_result;
    use crate::transfer::callbacks::cosffi_transfer_callbacks;

    #[derive(Debug, PartialEq)]
    enum Event {
        Progress(u64, u64),
        Complete(cosffi_result),
        Dropped,
    }

    type Ear = mpsc::Sender<Event>;

    unsafe extern "C" fn on_progress(user_data: *mut c_void, done: u64, total: u64) {
        // SAFETY: a boxed sender until on_drop.
        let ear = unsafe { &*user_data.cast::<Ear>() };
        ear.send(Event::Progress(done, total)).unwrap();
    }

    unsafe extern "C" fn on_complete(
        user_data: *mut c_void,
        result: cosffi_result,
        response: *const cosffi_response,
        error: *const cosffi_error,
    ) {
        assert_ne!(response.is_null(), error.is_null());
        // SAFETY: as above.
        let ear = unsafe { &*user_data.cast::<Ear>() };
        ear.send(Event::Complete(result)).unwrap();
    }

    unsafe extern "C" fn on_drop(user_data: *mut c_void) {
        // SAFETY: called once.
        let ear = unsafe { Box::from_raw(user_data.cast::<Ear>()) };
        ear.send(Event::Dropped).unwrap();
    }

    /// Runs `work` to the end of its runtime; what the app heard.
    fn heard<Work>(work: impl FnOnce(Client, Arc<Cell>) -> Work) -> Vec<Event>
    where
        Work: Future<Output = Result<cosffi_response, Failure>> + Send + 'static,
    {
        let shared = Shared::start(2).unwrap();
        let credentials = Credentials::permanent("id", "key").unwrap();
        let client = Client::builder()
            .bucket("demo-1250000000")
            .region("ap-guangzhou")
            .credentials(StaticProvider::new(credentials))
            .build()
            .unwrap();
        let (ear, events) = mpsc::channel();
        let callbacks = cosffi_transfer_callbacks {
            struct_size: size_of::<cosffi_transfer_callbacks>(),
            user_data: Box::into_raw(Box::new(ear)).cast(),
            on_progress: Some(on_progress),
            on_complete: Some(on_complete),
            drop: Some(on_drop),
            queue: core::ptr::null(),
        };
        // SAFETY: a live struct whose functions fit its data.
        let callbacks = unsafe { Callbacks::read(&callbacks) }.unwrap();
        start(&shared, &client, callbacks, None, work).unwrap();
        assert!(shared.close(None).is_ok());
        assert!(shared.wait_finished(None));
        events.try_iter().collect()
    }

    #[test]
    fn a_panic_in_the_work_completes_too() {
        assert_eq!(
            heard(|_, _| async { panic!("a bug") }),
            [
                Event::Complete(cosffi_result::COSFFI_ERROR_PANIC),
                Event::Dropped
            ]
        );
    }

    #[test]
    fn the_last_progress_comes_before_completion_and_none_after() {
        let events = heard(|_, cell| async move {
            for done in 0..=1000 {
                cell.progress(done, 1000);
            }
            tokio::spawn(async move { cell.progress(7, 1000) });
            Ok(cosffi_response::default())
        });
        let end = events.len() - 2;
        assert_eq!(
            events[end..],
            [Event::Complete(cosffi_result::COSFFI_OK), Event::Dropped]
        );
        // The straggler may come before or after the end, but the end saw whatever was latest then.
        assert!(matches!(events[end - 1], Event::Progress(1000 | 7, 1000)));
    }

    #[test]
    fn shutdown_reaches_work_that_waits_for_a_cancel() {
        assert_eq!(
            heard(|_, cell| async move {
                cell.cancelled().await;
                Err(super::super::cell::cancelled())
            }),
            [
                Event::Complete(cosffi_result::COSFFI_ERROR_CANCELLED),
                Event::Dropped
            ]
        );
    }
}
