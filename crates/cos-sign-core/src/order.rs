//! Sorting name/value pairs without a heap.
//!
//! COS orders pairs by the escaped, lower-cased name; equal names are ordered by raw value
//! (signing.md of the Go SDK; other SDKs lose duplicates). Up to [`INLINE`] pairs are sorted on the
//! stack. Longer lists use the heap where the `alloc` feature gives one, and otherwise look for the
//! next pair again and again: slower, never wrong, never a panic.

use core::cmp::Ordering;

use crate::encode::rank;

/// Pairs sorted on the stack.
const INLINE: usize = 64;

type Pair<'a> = (&'a str, &'a str);

/// The pairs' order; `Equal` only for pairs that sign alike.
fn compare(a: Pair<'_>, b: Pair<'_>) -> Ordering {
    compare_names(a.0, b.0).then_with(|| a.1.as_bytes().cmp(b.1.as_bytes()))
}

/// The names' order after escaping and lower-casing.
fn compare_names(a: &str, b: &str) -> Ordering {
    for (&x, &y) in a.as_bytes().iter().zip(b.as_bytes()) {
        if x != y {
            let order = rank(x).cmp(&rank(y));
            if order != Ordering::Equal {
                return order;
            }
        }
    }
    a.len().cmp(&b.len())
}

/// The order of a list of pairs: found once, used for the canonical text and for the list of names.
pub(crate) enum Order {
    Inline {
        places: [u8; INLINE],
        len: usize,
    },
    #[cfg(feature = "alloc")]
    Heap(alloc::vec::Vec<usize>),
    #[cfg(not(feature = "alloc"))]
    Selection,
}

impl Order {
    #[inline]
    pub(crate) fn of(pairs: &[Pair<'_>]) -> Self {
        if pairs.len() > INLINE {
            return Self::of_many(pairs);
        }
        let mut places = [0; INLINE];
        for (at, place) in places.iter_mut().enumerate().take(pairs.len()) {
            *place = at as u8;
        }
        insertion_sort(pairs, &mut places[..pairs.len()]);
        Self::Inline {
            places,
            len: pairs.len(),
        }
    }

    #[cfg(feature = "alloc")]
    fn of_many(pairs: &[Pair<'_>]) -> Self {
        let mut places: alloc::vec::Vec<usize> = (0..pairs.len()).collect();
        places.sort_by(|&a, &b| compare(pairs[a], pairs[b]));
        Self::Heap(places)
    }

    #[cfg(not(feature = "alloc"))]
    fn of_many(_: &[Pair<'_>]) -> Self {
        Self::Selection
    }

    #[inline]
    /// Calls `visit` with the place and each pair in order; `pairs` is the list the order was made of.
    pub(crate) fn each<'a, E>(
        &self,
        pairs: &[Pair<'a>],
        mut visit: impl FnMut(usize, Pair<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Inline { places, len } => places[..*len]
                .iter()
                .try_for_each(|&at| visit(at.into(), pairs[usize::from(at)])),
            #[cfg(feature = "alloc")]
            Self::Heap(places) => places.iter().try_for_each(|&at| visit(at, pairs[at])),
            #[cfg(not(feature = "alloc"))]
            Self::Selection => by_selection(pairs, visit),
        }
    }
}

/// Few pairs, most often sorted already: insertion sort beats anything cleverer here.
fn insertion_sort(pairs: &[Pair<'_>], order: &mut [u8]) {
    for end in 1..order.len() {
        let item = order[end];
        let mut at = end;
        while at > 0
            && compare(pairs[order[at - 1] as usize], pairs[item as usize]) == Ordering::Greater
        {
            order[at] = order[at - 1];
            at -= 1;
        }
        order[at] = item;
    }
}

/// Quadratic in time, constant in memory.
#[cfg(any(not(feature = "alloc"), test))]
fn by_selection<'a, E>(
    pairs: &[Pair<'a>],
    mut visit: impl FnMut(usize, Pair<'a>) -> Result<(), E>,
) -> Result<(), E> {
    // Places break ties, so that equal pairs are each visited once.
    let before = |a: usize, b: usize| compare(pairs[a], pairs[b]).then(a.cmp(&b));
    let mut last: Option<usize> = None;
    for _ in 0..pairs.len() {
        let next = (0..pairs.len())
            .filter(|&at| last.is_none_or(|last| before(at, last) == Ordering::Greater))
            .min_by(|&a, &b| before(a, b));
        let Some(next) = next else { break };
        visit(next, pairs[next])?;
        last = Some(next);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{string::String, vec::Vec};

    fn collect<'a>(pairs: &[Pair<'a>]) -> Vec<Pair<'a>> {
        let mut out = Vec::new();
        let done: Result<(), ()> = Order::of(pairs).each(pairs, |_, pair| {
            out.push(pair);
            Ok(())
        });
        done.unwrap();
        out
    }

    proptest! {
        #[test]
        fn every_way_of_sorting_agrees(
            owned in prop::collection::vec(("[A-Ca-c+/é]{0,3}", "[ab]{0,2}"), 0..100)
        ) {
            let pairs: Vec<Pair<'_>> =
                owned.iter().map(|(n, v): &(String, String)| (n.as_str(), v.as_str())).collect();
            let mut slow = Vec::new();
            let done: Result<(), ()> = by_selection(&pairs, |_, pair| { slow.push(pair); Ok(()) });
            done.unwrap();
            prop_assert_eq!(collect(&pairs), slow.clone());
            prop_assert_eq!(slow.len(), pairs.len());
            prop_assert!(slow.windows(2).all(|w| compare(w[0], w[1]) != Ordering::Greater));
        }
    }
}
