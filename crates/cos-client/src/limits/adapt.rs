//! How many requests in flight are good: fewer when the service says it is too much, more while more
//! bytes move. Pure: what happened and when in, a number out.

use std::time::Duration;

use tokio::time::Instant;

/// Throughput is measured over stretches of this length.
const STRETCH: Duration = Duration::from_secs(1);
/// A step up must bring this much, or it is taken back.
const GAIN: f64 = 1.05;
/// Stretches to wait after a step that brought nothing, before the next try.
const HOLD: u32 = 10;

/// Decides the number of requests in flight.
#[derive(Debug)]
pub(crate) struct Adapt {
    /// Where it starts and what it returns to by itself.
    usual: usize,
    max: usize,
    limit: usize,
    stretch: Option<Stretch>,
    /// Bytes per second at the number before the last step up.
    before: Option<f64>,
    hold: u32,
    slowed: Option<Instant>,
}

#[derive(Debug)]
struct Stretch {
    began: Instant,
    bytes: u64,
    /// Whether somebody waited: only then would more help.
    wanted_more: bool,
}

impl Adapt {
    /// Starts with `usual` and never exceeds `max`.
    pub(crate) fn new(usual: usize, max: usize) -> Self {
        Self {
            usual,
            max: max.max(usual),
            limit: usual,
            stretch: None,
            before: None,
            hold: 0,
            slowed: None,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The service said that it is too much: half as many, at most once in a stretch, since all
    /// requests in flight will hear the same.
    pub(crate) fn slow_down(&mut self, now: Instant) {
        if self.slowed.is_some_and(|then| now - then < STRETCH) {
            return;
        }
        self.slowed = Some(now);
        self.limit = (self.limit / 2).max(1);
        self.stretch = None;
        self.before = None;
        self.hold = HOLD;
    }

    /// A request moved bytes; `waiting` tells whether others wait for their turn.
    pub(crate) fn moved(&mut self, bytes: u64, waiting: bool, now: Instant) {
        let stretch = self.stretch.get_or_insert(Stretch {
            began: now,
            bytes: 0,
            wanted_more: false,
        });
        stretch.bytes += bytes;
        stretch.wanted_more |= waiting;
        let took = now - stretch.began;
        if took < STRETCH {
            return;
        }
        let speed = stretch.bytes as f64 / took.as_secs_f64();
        let wanted_more = stretch.wanted_more;
        self.stretch = None;
        if wanted_more {
            self.step(speed);
        }
    }

    fn step(&mut self, speed: f64) {
        if self.limit < self.usual {
            // Back to where nobody complained, one at a time.
            self.limit += 1;
            return;
        }
        match self.before.take() {
            Some(before) if speed < before * GAIN => {
                self.limit = shrunk(self.limit).max(self.usual);
                self.hold = HOLD;
            }
            _ if self.hold > 0 => self.hold -= 1,
            _ if self.limit < self.max => {
                self.before = Some(speed);
                self.limit = grown(self.limit).min(self.max);
            }
            _ => {}
        }
    }
}

fn grown(limit: usize) -> usize {
    limit + (limit / 4).max(1)
}

/// The number that `grown` made this of, or a little less.
fn shrunk(limit: usize) -> usize {
    limit - (limit / 5).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lets stretches pass in which `speed(limit)` bytes per second move.
    async fn run(adapt: &mut Adapt, stretches: usize, speed: impl Fn(usize) -> u64) {
        for _ in 0..stretches {
            adapt.moved(0, true, Instant::now());
            tokio::time::advance(STRETCH).await;
            adapt.moved(speed(adapt.limit()), true, Instant::now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn grows_while_it_helps_and_settles_where_it_does_not() {
        let mut adapt = Adapt::new(8, 64);
        // Each request brings as much as the one before, up to 30.
        run(&mut adapt, 100, |limit| limit.min(30) as u64 * 1_000_000).await;
        assert!((24..=40).contains(&adapt.limit()), "{}", adapt.limit());
        let mut flat = Adapt::new(8, 64);
        run(&mut flat, 100, |_| 1_000_000).await;
        assert!((8..=10).contains(&flat.limit()), "{}", flat.limit());
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_service_gets_half_and_then_one_more_at_a_time() {
        let mut adapt = Adapt::new(8, 8);
        for _ in 0..8 {
            adapt.slow_down(Instant::now());
        }
        assert_eq!(adapt.limit(), 4, "all in flight heard the same");
        run(&mut adapt, 2, |_| 1).await;
        assert_eq!(adapt.limit(), 6);
        run(&mut adapt, 20, |_| 1).await;
        assert_eq!(adapt.limit(), 8);
    }

    proptest! {
        #[test]
        fn stays_within_its_bounds(
            usual in 1_usize..64, more in 0_usize..64,
            events in prop::collection::vec((0_u8..3, 0_u64..3_000, 0_u64..1_000_000_000), 0..300),
        ) {
            let mut adapt = Adapt::new(usual, usual + more);
            let mut now = Instant::now();
            for (event, ms, bytes) in events {
                now += Duration::from_millis(ms);
                match event {
                    0 => adapt.slow_down(now),
                    1 => adapt.moved(bytes, true, now),
                    _ => adapt.moved(bytes, false, now),
                }
                prop_assert!((1..=usual + more).contains(&adapt.limit()));
            }
        }
    }
}
