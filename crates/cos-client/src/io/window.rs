//! How much to ask for at once when nobody knows how much will be read.

/// The first request after opening or seeking.
const FIRST: u64 = 1 << 20;
/// As far as it grows.
const LARGEST: u64 = 64 << 20;
/// A seek forward within this distance reads on instead of asking anew.
const NEAR: u64 = 256 << 10;

/// The size of the next request: it doubles while one follows the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window(u64);

impl Window {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// The next range `first..end` at `position` of an object of `size` bytes; `None` at its end.
    pub(super) fn next(&mut self, position: u64, size: u64) -> Option<(u64, u64)> {
        if position >= size {
            return None;
        }
        let end = position.saturating_add(self.0).min(size);
        self.0 = (self.0 * 2).min(LARGEST);
        Some((position, end))
    }
}

/// Bytes to skip to get from `position` to `target`, if skipping is better than asking anew.
/// `end` is where the present request ends.
pub(super) fn skip(position: u64, target: u64, end: u64) -> Option<u64> {
    let distance = target.checked_sub(position)?;
    (distance <= NEAR && target < end).then_some(distance)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// One after the other they cover everything once, in few requests.
        #[test]
        fn windows_cover_the_object(start in 0_u64..1 << 31, len in 0_u64..1 << 33) {
            let size = start + len;
            let (mut window, mut at, mut count) = (Window::new(), start, 0);
            while let Some((first, end)) = window.next(at, size) {
                prop_assert_eq!(first, at);
                prop_assert!(end > first && end <= size && end - first <= LARGEST);
                (at, count) = (end, count + 1);
            }
            prop_assert_eq!(at, size);
            prop_assert!(count <= 7 + len / LARGEST + 1);
        }

        #[test]
        fn skips_are_short_and_forward(position: u64, target: u64, end: u64) {
            if let Some(bytes) = skip(position, target, end) {
                prop_assert!(bytes <= NEAR && position + bytes == target && target < end);
            }
        }
    }
}
