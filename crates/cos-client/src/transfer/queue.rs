//! Which pieces the next request of a download asks for.
//!
//! Each request costs a way to the service and back in which nothing arrives. So one asks for several
//! pieces that follow each other, but the last ones go one by one, so that all who fetch come to the end
//! at about the same time.

use std::collections::VecDeque;

use super::plan::Piece;

/// A request asks for no more bytes than this, or one piece: who is more important waits no longer.
const LONGEST_RUN: u64 = 64 << 20;
/// So many pieces for each who fetches are left to be asked for one by one.
const SINGLE: usize = 4;

/// The pieces nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    workers: usize,
}

impl Queue {
    /// For so many who take pieces out of it.
    pub(super) fn new(pieces: Vec<Piece>, workers: usize) -> Self {
        Self {
            pieces: pieces.into(),
            workers: workers.max(1),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The pieces for one request, without a gap between them; none when all are taken.
    pub(super) fn run(&mut self) -> Vec<Piece> {
        let share = self.pieces.len() / self.workers;
        let most = share.saturating_sub(SINGLE).max(1);
        let mut run: Vec<Piece> = self.one().into_iter().collect();
        while let (Some(first), Some(last), Some(next)) =
            (run.first(), run.last(), self.pieces.front())
        {
            let fits = run.len() < most
                && next.offset == last.offset + last.len
                && next.offset + next.len - first.offset <= LONGEST_RUN;
            if !fits {
                break;
            }
            run.extend(self.pieces.pop_front());
        }
        run
    }

    /// The next piece alone.
    pub(super) fn one(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// Takes back what was not asked for after all.
    pub(super) fn give_back(&mut self, pieces: impl DoubleEndedIterator<Item = Piece>) {
        for piece in pieces.rev() {
            self.pieces.push_front(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::transfer::plan::Ranges;

    fn queue(pieces: u64, piece: u64, workers: usize) -> Queue {
        let ranges = Ranges {
            total: pieces * piece,
            piece,
        };
        Queue::new(ranges.pieces().collect(), workers)
    }

    #[test]
    fn long_at_first_and_short_at_the_end() {
        let mut queue = queue(128, 8 << 20, 8);
        let mut lengths = Vec::new();
        while !queue.is_empty() {
            lengths.push(queue.run().len());
        }
        assert_eq!(lengths[0], 8, "64 MiB");
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
        assert!(lengths.ends_with(&[1; 8 * SINGLE]), "{lengths:?}");
        assert!(lengths.len() <= 64, "half as many: {lengths:?}");
        assert_eq!(queue.run(), []);
    }

    #[test]
    fn few_or_large_ones_go_alone() {
        assert_eq!(queue(47, 1 << 20, 8).run().len(), 1);
        assert_eq!(queue(5, 1 << 20, 1).run().len(), 1);
        assert_eq!(queue(1000, 65 << 20, 8).run().len(), 1);
        assert_eq!(queue(1000, 30 << 20, 8).run().len(), 2);
    }

    proptest! {
        /// Whatever is missing and given back: every piece comes once, in order within its run,
        /// without a gap, within the limit.
        #[test]
        fn every_piece_once(missing in prop::collection::btree_set(0_u32..300, 0..200),
                            piece in 1_u64..(40 << 20), workers in 1_usize..20,
                            given_back in prop::collection::vec(0_usize..4, 1..8)) {
            let ranges = Ranges { total: 300 * piece - piece / 2, piece };
            let pieces: Vec<Piece> = missing.iter().map(|index| ranges.at(*index)).collect();
            let mut queue = Queue::new(pieces, workers);
            let mut seen = BTreeSet::new();
            let mut back = given_back.into_iter().chain(std::iter::repeat(0));
            while !queue.is_empty() {
                let run = queue.run();
                prop_assert!(!run.is_empty());
                for pair in run.windows(2) {
                    prop_assert_eq!(pair[0].offset + pair[0].len, pair[1].offset);
                }
                let bytes: u64 = run.iter().map(|p| p.len).sum();
                prop_assert!(run.len() == 1 || bytes <= LONGEST_RUN);
                let keep = run.len() - back.next().unwrap().min(run.len() - 1);
                queue.give_back(run[keep..].iter().copied());
                for piece in &run[..keep] {
                    prop_assert!(seen.insert(piece.index));
                }
            }
            prop_assert_eq!(seen, missing);
        }
    }
}
