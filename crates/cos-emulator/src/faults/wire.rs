//! Response bodies that arrive slowly, short, wrong, or not to the end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::{FaultAction, ResetWhen};
use crate::body::Body;

/// Time to write out what precedes a broken end.
const FLUSH: Duration = Duration::from_millis(20);

/// Applies what `action` does to a response body. `reset` makes the connection end with a TCP reset.
pub(crate) fn spoil(
    body: Body,
    action: &FaultAction,
    corrupt: bool,
    reset: Arc<AtomicBool>,
) -> Body {
    let corrupt_at = action.corrupt_byte_at.filter(|_| corrupt);
    let reset_after = match action.reset {
        Some(ResetWhen::AfterResponseBytes(n)) => Some(n),
        _ => None,
    };
    let end = [action.truncate_after, reset_after]
        .into_iter()
        .flatten()
        .min();
    let rate = action.bytes_per_second;
    if corrupt_at.is_none() && end.is_none() && rate.is_none() {
        return body;
    }
    let length = body.length();
    let state = (body, 0_u64, false);
    let stream = futures_util::stream::unfold(state, move |(mut body, at, over)| {
        let reset = Arc::clone(&reset);
        async move {
            if over {
                return None;
            }
            if end.is_some_and(|end| at >= end) {
                // What was sent before must leave first: hyper writes out while it waits for more.
                tokio::time::sleep(FLUSH).await;
                if reset_after.is_some_and(|n| n == at) {
                    reset.store(true, Ordering::Relaxed);
                }
                return Some((
                    Err(io::Error::other("ended by a fault rule")),
                    (body, at, true),
                ));
            }
            let mut data = match body.next().await? {
                Ok(data) => data,
                Err(error) => return Some((Err(error), (body, at, true))),
            };
            if let Some(end) = end {
                data.truncate(usize::try_from(end - at).unwrap_or(usize::MAX));
            }
            if let Some(rate) = rate {
                pace(data.len() as u64, rate).await;
            }
            let data = flip(data, at, corrupt_at);
            let next = at + data.len() as u64;
            Some((Ok(data), (body, next, false)))
        }
    });
    Body::stream(Box::pin(stream), length)
}

/// A body that comes no faster than `rate` bytes per second.
pub(crate) fn slowed(body: Body, rate: u64) -> Body {
    let action = FaultAction {
        bytes_per_second: Some(rate),
        ..FaultAction::default()
    };
    spoil(body, &action, false, Arc::default())
}

/// Waits as long as `bytes` take at `rate` bytes per second.
pub(crate) async fn pace(bytes: u64, rate: u64) {
    tokio::time::sleep(Duration::from_secs_f64(bytes as f64 / rate as f64)).await;
}

/// Changes the byte at position `wrong`, when it lies in `data`, which starts at position `at`.
pub(crate) fn flip(data: Bytes, at: u64, wrong: Option<u64>) -> Bytes {
    match wrong
        .and_then(|w| w.checked_sub(at))
        .and_then(|i| usize::try_from(i).ok())
    {
        Some(index) if index < data.len() => {
            let mut copy = BytesMut::from(&data[..]);
            copy[index] ^= 0x55;
            copy.freeze()
        }
        _ => data,
    }
}
