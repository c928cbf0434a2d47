//! Two ascending sides side by side, in constant memory.

use std::future::ready;

use futures_util::StreamExt;

use super::entry::{Entry, Item, Problem, Side};
use crate::error::Result;

/// What comes next of the two sides.
#[derive(Debug)]
pub(crate) enum Pair {
    Source(Entry),
    Target(Entry),
    Both(Entry, Entry),
    /// Of the source; those of the target are left out.
    Problem(Problem),
}

pub(crate) struct Merge {
    source: Ahead,
    target: Ahead,
}

/// A side and the one item that was looked at.
struct Ahead {
    side: Option<Side>,
    item: Option<Item>,
}

impl Ahead {
    async fn look(&mut self) -> Result<()> {
        if self.item.is_none()
            && let Some(side) = &mut self.side
        {
            self.item = side.next().await.transpose()?;
            if self.item.is_none() {
                self.side = None;
            }
        }
        Ok(())
    }
}

impl Merge {
    /// `target`: none when it does not matter what is there.
    pub(crate) fn new(source: Side, target: Option<Side>) -> Self {
        let ahead = |side| Ahead { side, item: None };
        let is_entry = |item: &Result<Item>| ready(!matches!(item, Ok(Item::Problem(_))));
        let target = target.map(|side| side.filter(is_entry).boxed());
        Self {
            source: ahead(Some(source)),
            target: ahead(target),
        }
    }

    /// The next pair, by name.
    pub(crate) async fn next(&mut self) -> Result<Option<Pair>> {
        // Both at once: a page of a listing takes its time.
        tokio::try_join!(self.source.look(), self.target.look())?;
        let order = match (&self.source.item, &self.target.item) {
            (None, None) => return Ok(None),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(s), Some(t)) => s.name().as_bytes().cmp(t.name().as_bytes()),
        };
        // What is in the way at the target is told when something would be written over it; a
        // problem of the source comes before what it protects.
        if order.is_eq() && matches!(self.source.item, Some(Item::Entry(_))) {
            let pair = (self.source.item.take(), self.target.item.take());
            if let (Some(Item::Entry(source)), Some(Item::Entry(target))) = pair {
                return Ok(Some(Pair::Both(source, target)));
            }
        }
        let side = if order.is_gt() {
            &mut self.target
        } else {
            &mut self.source
        };
        Ok(side.item.take().map(|item| match item {
            Item::Problem(problem) => Pair::Problem(problem),
            Item::Entry(entry) if order.is_gt() => Pair::Target(entry),
            Item::Entry(entry) => Pair::Source(entry),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::stream::iter;
    use proptest::prelude::*;

    use super::*;

    fn side(names: &BTreeSet<String>) -> Side {
        let items = names.iter().map(|name| {
            Ok(Item::Entry(Entry {
                name: name.clone(),
                size: 0,
                modified: None,
                is_empty_folder: false,
            }))
        });
        iter(items.collect::<Vec<_>>()).boxed()
    }

    proptest! {
        #[test]
        fn pairs_are_the_two_sets(a in prop::collection::btree_set("[a-c/.]{1,3}", 0..20),
                                  b in prop::collection::btree_set("[a-c/.]{1,3}", 0..20)) {
            let mut merge = Merge::new(side(&a), Some(side(&b)));
            let (mut only_a, mut only_b, mut both) = (vec![], vec![], vec![]);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                while let Some(pair) = merge.next().await.unwrap() {
                    match pair {
                        Pair::Source(e) => only_a.push(e.name),
                        Pair::Target(e) => only_b.push(e.name),
                        Pair::Both(e, f) => {
                            assert_eq!(e, f);
                            both.push(e.name);
                        }
                        _ => panic!("no problems here"),
                    }
                }
            });
            prop_assert_eq!(only_a, a.difference(&b).cloned().collect::<Vec<_>>());
            prop_assert_eq!(only_b, b.difference(&a).cloned().collect::<Vec<_>>());
            prop_assert_eq!(both, a.intersection(&b).cloned().collect::<Vec<_>>());
        }
    }
}
