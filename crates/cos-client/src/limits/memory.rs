//! Bytes that transfers hold because they cannot be read again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// What is counted at a time: a semaphore counts to 2^32, memory beyond.
const UNIT: u64 = 64 << 10;

/// The most that is set aside at once; larger rooms grow as they fill.
const RESERVED: u64 = 64 << 20;

/// A number of bytes that are handed out and come back.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    units: Arc<Semaphore>,
    all: u32,
    /// Buffers that came back, for rooms of their size: allocators keep what is given back to them, and
    /// would hold the bytes a second time. Together with what is handed out never more than there is.
    idle: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .max(1);
        Self(Arc::new(Shared {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
            idle: Mutex::default(),
        }))
    }

    /// Room for so many bytes, held until dropped; first come, first served. Asking for more than
    /// there is takes everything: one large part goes alone rather than never.
    pub(crate) async fn take(&self, bytes: u64) -> Result<Room> {
        let shared = &self.0;
        let units = u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .min(shared.all);
        let taken = Arc::clone(&shared.units).acquire_many_owned(units).await;
        // The semaphore is never closed.
        let permit = taken.map_err(|_| Error::cancelled())?;
        let wanted = usize::try_from(bytes.min(RESERVED)).unwrap_or(usize::MAX);
        Ok(Room {
            buffer: shared.buffer(wanted),
            shared: Arc::clone(shared),
            permit: Some(permit),
        })
    }
}

impl Shared {
    fn buffer(&self, wanted: usize) -> Vec<u8> {
        let mut idle = self.idle();
        let fitting = idle.iter().position(|b| b.capacity() == wanted);
        let buffer = fitting.map(|at| idle.swap_remove(at));
        // What the others take is gone, whether they found a buffer that fits or not.
        let free = self.units.available_permits() as u64 * UNIT;
        while idle.iter().map(|b| b.capacity() as u64).sum::<u64>() > free {
            idle.pop();
        }
        drop(idle);
        buffer.unwrap_or_else(|| Vec::with_capacity(wanted))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        // A list of buffers is good after any panic.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room in memory and what is in it.
#[derive(Debug)]
pub(crate) struct Room {
    buffer: Vec<u8>,
    shared: Arc<Shared>,
    /// Always there, until it is dropped.
    permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// What is in it; the room is free again when the last reference to it is dropped.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Room {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut idle = self.shared.idle();
        let held = self.permit.as_ref().map_or(0, |p| p.num_permits() as u64);
        // Before others can take the room, so that they find the buffer.
        if buffer.capacity() as u64 <= held * UNIT {
            buffer.clear();
            idle.push(buffer);
        }
        drop(self.permit.take());
        if self.shared.units.available_permits() == self.shared.all as usize {
            // Nobody transfers.
            idle.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_immediate;

    #[tokio::test]
    async fn large_parts_go_alone_and_small_ones_together() {
        let memory = Memory::new(4 * UNIT);
        let a = memory.take(UNIT).await.unwrap();
        let b = memory.take(3 * UNIT).await.unwrap();
        assert_eq!(memory.0.units.available_permits(), 0);
        let mut all = Box::pin(memory.take(1 << 40));
        assert!(poll_immediate(&mut all).await.is_none());
        drop(a);
        assert!(poll_immediate(&mut all).await.is_none());
        drop(b);
        drop(all.await.unwrap());
        assert_eq!(memory.0.units.available_permits(), 4);
    }

    #[tokio::test]
    async fn buffers_are_used_again_and_never_make_it_more() {
        let unit = UNIT as usize;
        let memory = Memory::new(4 * UNIT);
        let idle = || -> Vec<usize> { memory.0.idle().iter().map(Vec::capacity).collect() };
        let mut a = memory.take(UNIT).await.unwrap();
        a.buffer().extend_from_slice(b"abc");
        let b = memory.take(2 * UNIT).await.unwrap();
        let place = a.buffer.as_ptr();
        let content = a.freeze();
        let copy = content.slice(1..);
        drop(content);
        assert_eq!((&copy[..], idle()), (&b"bc"[..], vec![]));
        drop(copy);
        assert_eq!(idle(), [unit]);
        let again = memory.take(UNIT).await.unwrap();
        assert!(again.buffer.is_empty() && again.buffer.as_ptr() == place);
        drop(b);
        assert_eq!(idle(), [2 * unit]);
        // Two are free, and an idle buffer holds both.
        let other = memory.take(UNIT).await.unwrap();
        assert_eq!(idle(), [2 * unit]);
        let last = memory.take(UNIT).await.unwrap();
        assert_eq!(idle(), [] as [usize; 0]);
        drop((again, other));
        assert_eq!(idle(), [unit, unit]);
        drop(last);
        assert_eq!(idle(), [] as [usize; 0], "nobody transfers");
    }
}
