//! Ctrl-C and SIGTERM: the first asks for a clean stop, the second ends at once.

use tokio::sync::watch;

use crate::exit::{Exit, Failure, Result};

/// Tells when to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Starts listening; inside a Tokio runtime.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signal().await;
            let _ = sender.send(true);
            signal().await;
            std::process::exit(Exit::Interrupted as i32);
        });
        Self(receiver)
    }

    /// Waits for the first signal.
    pub(crate) async fn wait(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            // The listener never ends before a signal; if it did, nothing would ever interrupt.
            std::future::pending::<()>().await;
        }
    }

    /// The result of `work`, unless a signal comes first.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut this = self.clone();
        tokio::select! {
            done = work => done,
            () = this.wait() => Err(Failure::interrupted()),
        }
    }
}

async fn signal() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminate => {}
    }
}
