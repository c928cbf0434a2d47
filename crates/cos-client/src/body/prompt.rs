//! Where file work is done: at once, on the thread that moves the network's bytes, or on a blocking
//! thread. Files in the page cache answer sooner than another thread can be woken, which is most of
//! the processor time a transfer would take; files on a slow disk must not hold up the network.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// As long as this a piece of file work may hold up the network. A processor shared with others may
/// take as long for nothing, so it is not less.
const PROMPT: Duration = Duration::from_millis(4);
/// So many prompt ones in a row, on blocking threads, are believed to go on.
const ROW: u32 = 8;

/// How promptly a file answered lately.
#[derive(Debug, Default)]
pub(crate) struct Prompt {
    row: AtomicU32,
}

impl Prompt {
    /// Whether work on the file may be done at once.
    pub(crate) fn is_prompt(&self) -> bool {
        self.row.load(Ordering::Relaxed) >= ROW
    }

    /// Does some work, wherever that is, and remembers how long it took.
    pub(crate) fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        self.note(began.elapsed());
        result
    }

    fn note(&self, took: Duration) {
        let row = match self.row.load(Ordering::Relaxed) {
            _ if took > PROMPT => 0,
            row => (row + 1).min(ROW),
        };
        // Several parts may do this at once; whichever is last is right enough.
        self.row.store(row, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believed_after_a_row_and_no_more_after_one_wait() {
        let file = Prompt::default();
        for _ in 0..ROW {
            assert!(!file.is_prompt());
            file.note(Duration::from_micros(50));
        }
        assert!(file.is_prompt());
        file.note(PROMPT * 2);
        assert!(!file.is_prompt());
        assert_eq!(file.timed(|| 7), 7);
    }
}
