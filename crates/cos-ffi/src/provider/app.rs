//! Credentials from the app: each fetch hands it a ticket on the callback thread and waits.

use core::ffi::c_void;
use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use cos_sts::{
    BoxFuture, Clock, CredentialError, CredentialErrorKind, CredentialRequest, CredentialSource,
    Credentials,
};
use tokio::sync::oneshot;

use super::ticket::cosffi_credential_request;
use crate::callback::UserData;
use crate::runtime::app_data::AppData;
use crate::runtime::shared::Shared;

/// Asks the app for credentials. It returns at once and answers later, from any thread.
pub type cosffi_fetch_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request: *mut cosffi_credential_request)>;

/// The app's callback with what it needs.
struct Callback {
    fetch: unsafe extern "C" fn(*mut c_void, *mut cosffi_credential_request),
    data: AppData,
}

/// A [`CredentialSource`] that is the app.
pub(crate) struct AppSource {
    callback: Arc<Callback>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

impl AppSource {
    pub(crate) fn new(
        shared: Arc<Shared>,
        fetch: unsafe extern "C" fn(*mut c_void, *mut cosffi_credential_request),
        user_data: UserData,
        clock: Arc<dyn Clock>,
        timeout: Duration,
    ) -> AppSource {
        AppSource {
            callback: Arc::new(Callback {
                fetch,
                data: AppData::new(user_data, shared),
            }),
            clock,
            timeout,
        }
    }

    async fn ask(&self, request: &CredentialRequest) -> Result<Credentials, CredentialError> {
        let (answer, wait) = oneshot::channel();
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        // Counted from here, not from when the app is told.
        let over = self.clock.sleep(self.timeout);
        let deadline_ms = self.clock.now_ms().saturating_add(timeout_ms);
        let ticket = cosffi_credential_request::new(request, deadline_ms, answer);
        let callback = Arc::clone(&self.callback);
        let job = Box::new(move || {
            if !ticket.is_over() {
                // SAFETY: the app gave this function for this pointer, and both live as long as
                // `callback`; the ticket becomes the app's.
                unsafe {
                    (callback.fetch)(callback.data.pointer(), Box::into_raw(Box::new(ticket)));
                }
            }
        });
        if self.callback.data.shared().queue.post(job).is_err() {
            return Err(CredentialError::new(
                CredentialErrorKind::Unavailable,
                "the runtime of the credential provider was shut down",
            ));
        }
        tokio::select! {
            biased;
            answer = wait => answer.unwrap_or_else(|_| {
                Err(CredentialError::new(
                    CredentialErrorKind::Unavailable,
                    "the app gave the credential request back without an answer",
                ))
            }),
            () = over => Err(CredentialError::new(
                CredentialErrorKind::Timeout,
                format!("the app did not answer the credential request within {timeout_ms} ms"),
            )),
        }
    }
}

impl CredentialSource for AppSource {
    fn fetch<'a>(
        &'a self,
        request: &'a CredentialRequest,
    ) -> BoxFuture<'a, Result<Credentials, CredentialError>> {
        Box::pin(self.ask(request))
    }
}

impl fmt::Debug for AppSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSource")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::cosffi_credentials;
    use crate::provider::ticket::{
        cosffi_credential_request_complete, cosffi_credential_request_fail,
        cosffi_credential_request_free,
    };
    use crate::result::cosffi_result;
    use crate::text::cosffi_str;
    use cos_sts::ManualClock;
    use std::sync::Mutex;
    use std::sync::mpsc;

    /// What the pretended app does with tickets, and that its data was dropped.
    struct App {
        tickets: Mutex<mpsc::Sender<usize>>,
        dropped: mpsc::Sender<std::thread::ThreadId>,
    }

    unsafe extern "C" fn fetch(user_data: *mut c_void, request: *mut cosffi_credential_request) {
        // SAFETY: the tests pass a boxed App that `dropped` takes back.
        let app = unsafe { &*user_data.cast::<App>() };
        app.tickets.lock().unwrap().send(request as usize).unwrap();
    }

    unsafe extern "C" fn dropped(user_data: *mut c_void) {
        // SAFETY: called once, by the last user of the box.
        let app = unsafe { Box::from_raw(user_data.cast::<App>()) };
        app.dropped.send(std::thread::current().id()).unwrap();
    }

    struct Scene {
        shared: Arc<Shared>,
        source: Arc<AppSource>,
        clock: ManualClock,
        tickets: mpsc::Receiver<usize>,
        dropped: mpsc::Receiver<std::thread::ThreadId>,
    }

    fn scene() -> Scene {
        let shared = Shared::start(1).unwrap();
        let (send, tickets) = mpsc::channel();
        let (send_dropped, dropped_at) = mpsc::channel();
        let app = Box::into_raw(Box::new(App {
            tickets: Mutex::new(send),
            dropped: send_dropped,
        }));
        let clock = ManualClock::new(1_000);
        let source = Arc::new(AppSource::new(
            Arc::clone(&shared),
            fetch,
            UserData::new(app.cast(), Some(dropped)),
            Arc::new(clock.clone()),
            Duration::from_secs(30),
        ));
        Scene {
            shared,
            source,
            clock,
            tickets,
            dropped: dropped_at,
        }
    }

    impl Scene {
        /// Starts a fetch and waits for its ticket.
        fn ticket(
            &self,
        ) -> (
            Box<cosffi_credential_request>,
            mpsc::Receiver<Result<Credentials, CredentialError>>,
        ) {
            let (send, outcome) = mpsc::channel();
            let source = Arc::clone(&self.source);
            self.shared.spawn(async move {
                let request = CredentialRequest::new().with_bucket("b-1");
                let got = source.fetch(&request).await;
                drop(source);
                send.send(got).unwrap();
            });
            let ticket = self.tickets.recv().unwrap() as *mut cosffi_credential_request;
            // SAFETY: the callback above sent a ticket it was given.
            (unsafe { Box::from_raw(ticket) }, outcome)
        }

        fn end(self) {
            let callbacks = self.shared.queue.clone();
            drop(self.source);
            // Dropped once, and on the callback thread because that still lives.
            let (send, id) = mpsc::channel();
            assert!(
                callbacks
                    .post(Box::new(move || send
                        .send(std::thread::current().id())
                        .unwrap()))
                    .is_ok()
            );
            assert_eq!(self.dropped.recv().unwrap(), id.recv().unwrap());
            assert!(self.shared.close(None).is_ok());
            assert!(self.shared.wait_finished(None));
            assert!(self.dropped.try_recv().is_err());
        }
    }

    #[test]
    fn an_answer_from_another_thread_is_used() {
        let scene = scene();
        let (ticket, outcome) = scene.ticket();
        let credentials = cosffi_credentials::into_raw(
            Credentials::temporary("id", "key", "token", None, 2_000).unwrap(),
        );
        // SAFETY: just made.
        let credentials = unsafe { Box::from_raw(credentials) };
        assert_eq!(
            cosffi_credential_request_complete(Some(ticket), Some(&credentials)),
            cosffi_result::COSFFI_OK
        );
        assert_eq!(outcome.recv().unwrap().unwrap().secret_id(), "id");
        scene.end();
    }

    #[test]
    fn refusals_and_forgotten_tickets_end_the_wait() {
        let scene = scene();
        let (ticket, outcome) = scene.ticket();
        let text = "no such user";
        let message = cosffi_str {
            data: text.as_ptr().cast(),
            len: text.len(),
        };
        // SAFETY: live text.
        let result = unsafe {
            cosffi_credential_request_fail(
                Some(ticket),
                cosffi_result::COSFFI_ERROR_ACCESS_DENIED as i32,
                message,
            )
        };
        assert_eq!(result, cosffi_result::COSFFI_OK);
        let error = outcome.recv().unwrap().unwrap_err();
        assert_eq!(error.message(), "no such user");
        assert_eq!(error.kind(), CredentialErrorKind::Denied);

        let (ticket, outcome) = scene.ticket();
        cosffi_credential_request_free(Some(ticket));
        let error = outcome.recv().unwrap().unwrap_err();
        assert!(error.message().contains("without an answer"));

        let (ticket, outcome) = scene.ticket();
        assert_eq!(
            cosffi_credential_request_complete(Some(ticket), None),
            cosffi_result::COSFFI_ERROR_INVALID_ARGUMENT
        );
        assert!(outcome.recv().unwrap().is_err());
        scene.end();
    }

    #[test]
    fn a_late_answer_is_ignored() {
        let scene = scene();
        let (ticket, outcome) = scene.ticket();
        assert!(!ticket.is_over());
        scene.clock.advance(Duration::from_secs(31));
        let error = outcome.recv().unwrap().unwrap_err();
        assert_eq!(error.kind(), CredentialErrorKind::Timeout);
        assert!(error.is_retryable() && ticket.is_over());
        cosffi_credential_request_free(Some(ticket));
        scene.end();
    }
}
