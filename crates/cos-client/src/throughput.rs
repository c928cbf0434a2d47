//! Cutting connections that still move, but too slowly. Pure: times and bytes in, a verdict out.

use std::time::Duration;

/// A connection must carry at least this much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MinThroughput {
    pub bytes_per_s: u64,
    /// Measured over stretches of this length.
    pub window: Duration,
}

/// What one direction of one connection carried in the present stretch.
#[derive(Debug)]
pub(crate) struct Gauge {
    limit: MinThroughput,
    waited: Duration,
    bytes: u64,
}

impl Gauge {
    pub(crate) fn new(limit: MinThroughput) -> Self {
        Self {
            limit,
            waited: Duration::ZERO,
            bytes: 0,
        }
    }

    /// How long the stretch still lasts; never zero.
    pub(crate) fn left(&self) -> Duration {
        let left = self.limit.window.saturating_sub(self.waited);
        left.max(Duration::from_millis(1))
    }

    /// Adds what came after waiting for the network; `Err` tells why the connection is cut.
    pub(crate) fn note(&mut self, waited: Duration, bytes: u64) -> Result<(), String> {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < self.limit.window {
            return Ok(());
        }
        let needed = self.limit.bytes_per_s as f64 * self.waited.as_secs_f64();
        let (got, waited) = (self.bytes, self.waited);
        (self.waited, self.bytes) = (Duration::ZERO, 0);
        if got as f64 >= needed {
            return Ok(());
        }
        Err(format!(
            "only {got} bytes moved in {waited:.1?}, less than {} bytes per second",
            self.limit.bytes_per_s
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gauge() -> Gauge {
        Gauge::new(MinThroughput {
            bytes_per_s: 100,
            window: Duration::from_secs(10),
        })
    }

    #[test]
    fn judged_at_the_end_of_each_stretch() {
        let mut g = gauge();
        let s = Duration::from_secs;
        assert!(g.note(s(9), 0).is_ok());
        assert_eq!(g.left(), s(1));
        assert!(g.note(s(1), 1_000).is_ok());
        assert!(g.note(s(9), 899).is_ok(), "what came before does not count");
        let why = g.note(s(1), 100).unwrap_err();
        assert!(why.contains("999 bytes") && why.contains("10.0s"), "{why}");
    }

    proptest! {
        #[test]
        fn fast_enough_is_never_cut(steps in prop::collection::vec((0_u64..5_000, 0_u64..500), 0..100)) {
            let mut g = gauge();
            for (ms, more) in steps {
                // At least a tenth of a byte per millisecond.
                let bytes = ms.div_ceil(10) + more;
                prop_assert!(g.note(Duration::from_millis(ms), bytes).is_ok());
                prop_assert!(g.left() > Duration::ZERO);
            }
        }

        #[test]
        fn too_slow_is_cut_within_one_stretch(ms in 1_u64..5_000) {
            let mut g = gauge();
            let mut waited = 0;
            while g.note(Duration::from_millis(ms), ms / 11).is_ok() {
                waited += ms;
                prop_assert!(waited < 10_000);
            }
        }
    }
}
