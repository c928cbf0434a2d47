//! A bar on the terminal.

use std::sync::Arc;

use cos_client::{Progress, TreeProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// Shows how far a transfer is; nothing unless stderr is a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Bar(Arc<ProgressBar>);

impl Bar {
    /// A bar under a short title.
    pub(crate) fn new(output: &Output, title: &str) -> Self {
        if !output.shows_progress() {
            return Self(Arc::new(ProgressBar::hidden()));
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let template =
            "   {msg:10} {bar:32} {bytes:>11} / {total_bytes:11} {bytes_per_sec:>13}  {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(title.to_owned());
        Self(Arc::new(bar))
    }

    /// What a transfer's builder takes.
    pub(crate) fn callback(&self) -> impl Fn(Progress) + Send + Sync + 'static {
        let bar = Arc::clone(&self.0);
        move |progress| {
            if let Some(total) = progress.total_bytes {
                bar.set_length(total);
            }
            bar.set_position(progress.done_bytes);
        }
    }

    /// Takes the bar away, so that the next line starts clean.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Shows how far many files are.
#[derive(Clone, Debug)]
pub(crate) struct TreeBar(Arc<ProgressBar>);

impl TreeBar {
    /// A bar, if stderr is a terminal.
    pub(crate) fn new(output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(Arc::new(ProgressBar::hidden()));
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let template =
            "   {msg:>22} {bar:24} {bytes:>11} / {total_bytes:11} {bytes_per_sec:>13}  {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(Arc::new(bar))
    }

    /// What a tree's builder takes.
    pub(crate) fn callback(&self) -> impl Fn(TreeProgress) + Send + Sync + 'static {
        let bar = Arc::clone(&self.0);
        move |now| {
            // While both sides are still read, there is more to come than what was found.
            let more = if now.is_complete { "" } else { "+" };
            bar.set_message(format!(
                "{} of {}{more} files",
                now.files_done, now.files_found
            ));
            bar.set_length(now.bytes_found);
            bar.set_position(now.bytes_done);
        }
    }

    /// Prints something without the bar in between.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Takes the bar away, so that the next line starts clean.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
