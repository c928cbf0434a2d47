//! Results go to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::exit::{Failure, Result};

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON document (or one per line for lists) instead of text.
    pub(crate) json: bool,
    /// Progress bars, if stderr is a terminal.
    pub(crate) progress: bool,
}

impl Output {
    /// Prints a line on stdout.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result {
        let mut out = io::stdout().lock();
        let written = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
        written.or_else(reader_gone)
    }

    /// Prints a JSON document as one line.
    pub(crate) fn json(&self, document: &impl Serialize) -> Result {
        let text = serde_json::to_string(document)
            .map_err(|e| Failure::internal(format!("cannot write JSON: {e}")))?;
        self.line(text)
    }

    /// Prints a message on stderr.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        // With stderr closed there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
    }

    /// Whether to draw progress bars.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress && io::stderr().is_terminal()
    }
}

/// The reader of our output has seen enough (`cos ls | head`): stop, without a complaint.
fn reader_gone(error: io::Error) -> Result {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Err(Failure::internal(format!(
        "cannot write to stdout: {error}"
    )))
}

/// Writes raw bytes to stdout.
pub(crate) fn raw(bytes: &[u8]) -> Result {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .or_else(reader_gone)
}

/// Text from elsewhere, safe for a terminal: a key may hold a line break or an escape sequence.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(printable("a/夏 b"), "a/夏 b");
        assert_eq!(printable("a\n\u{1b}[31m"), "a\\n\\u{1b}[31m");
    }
}
