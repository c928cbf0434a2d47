//! What each thread remembers of the credentials it read last. Reading them again takes no lock, and
//! counts the clone where hardly any other thread counts.
//!
//! A thread remembers without keeping: credentials that their cache lets go of are wiped, whoever
//! remembers them.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::life::Life;
use super::sync::thread_local;
use crate::Credentials;
use crate::credentials::WeakCredentials;

/// Names what a cell holds: a new version follows every change, and no two cells share an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    pub(super) cell: u64,
    pub(super) version: u64,
}

/// A number for a new cell.
pub(super) fn cell_id() -> u64 {
    static CELLS: AtomicU64 = AtomicU64::new(0);
    CELLS.fetch_add(1, Ordering::Relaxed)
}

struct Remembered {
    edition: Edition,
    life: Life,
    credentials: WeakCredentials,
}

/// So many cells a thread can read in turn before it forgets one for another.
const PLACES: usize = 8;

thread_local! {
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's knows no const")]
    static MEMORY: RefCell<[Option<Remembered>; PLACES]> = RefCell::new([const { None }; PLACES]);
}

#[allow(clippy::cast_possible_truncation, reason = "the rest is below PLACES")]
const fn place(edition: Edition) -> usize {
    edition.cell as usize % PLACES
}

/// The credentials of this edition, if this thread remembers them and they need not be renewed yet.
pub(super) fn recall(edition: Edition, now_ms: u64) -> Option<Credentials> {
    // A thread at its end remembers nothing.
    let found = MEMORY.try_with(|memory| {
        let memory = memory.borrow();
        let found = memory[place(edition)].as_ref()?;
        (found.edition == edition && found.life.is_fresh(now_ms))
            .then(|| found.credentials.upgrade())?
    });
    found.ok()?
}

/// Remembers credentials in place of what had the same place.
pub(super) fn remember(edition: Edition, life: Life, credentials: &Credentials) {
    let remembered = Remembered {
        edition,
        life,
        credentials: credentials.downgrade(),
    };
    // At the end of a thread there is nothing to remember for.
    let _ = MEMORY.try_with(|memory| memory.borrow_mut()[place(edition)] = Some(remembered));
}

#[cfg(test)]
#[cfg(not(cos_loom))]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        since_ms: 10,
        renew_ms: 20,
        end_ms: 30,
    };

    fn edition(cell: u64, version: u64) -> Edition {
        Edition { cell, version }
    }

    fn credentials() -> Credentials {
        Credentials::temporary("id", "key", "token", None, 30).unwrap()
    }

    #[test]
    fn only_this_edition_and_only_while_it_is_fresh() {
        let kept = credentials().with_generation(7);
        remember(edition(1, 1), LIFE, &kept);
        let recalled = recall(edition(1, 1), 10).unwrap();
        assert_eq!((recalled.secret_id(), recalled.generation()), ("id", 7));
        for now_ms in [9, 20, 30] {
            assert!(recall(edition(1, 1), now_ms).is_none(), "at {now_ms}");
        }
        assert!(recall(edition(1, 2), 10).is_none(), "changed since");
        assert!(
            recall(edition(1 + PLACES as u64, 1), 10).is_none(),
            "another cell"
        );
        std::thread::spawn(|| assert!(recall(edition(1, 1), 10).is_none(), "another thread"))
            .join()
            .unwrap();
    }

    #[test]
    fn cells_have_places_of_their_own_up_to_a_number() {
        let kept = credentials();
        for cell in 0..=PLACES as u64 {
            remember(edition(cell, 1), LIFE, &kept);
        }
        assert!(
            recall(edition(0, 1), 10).is_none(),
            "the last took its place"
        );
        for cell in 1..=PLACES as u64 {
            assert!(recall(edition(cell, 1), 10).is_some(), "cell {cell}");
        }
    }

    #[test]
    fn remembering_keeps_nothing() {
        let dropped = credentials();
        remember(edition(1, 1), LIFE, &dropped);
        drop(dropped);
        assert!(recall(edition(1, 1), 10).is_none());
    }
}
