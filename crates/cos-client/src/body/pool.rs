//! Buffers that are read into, sent, and used again: no allocation and no zeroing per read.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes read and sent at a time. Large enough to make the work per read small, small enough to
/// stay in the processor's cache between checksum and socket.
pub(crate) const CHUNK: usize = 256 << 10;

/// Keeps buffers nobody uses at the moment.
#[derive(Debug)]
pub(crate) struct BufferPool {
    free: Mutex<Vec<Box<[u8]>>>,
    keep: usize,
}

impl BufferPool {
    /// Keeps at most `keep` idle buffers.
    pub(crate) fn new(keep: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Mutex::new(Vec::new()),
            keep,
        })
    }

    pub(crate) fn take(self: &Arc<Self>) -> Buffer {
        let idle = self.lock().pop();
        Buffer {
            data: idle.unwrap_or_else(|| vec![0; CHUNK].into_boxed_slice()),
            len: CHUNK,
            pool: Arc::clone(self),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        // A panic elsewhere leaves a list of buffers, still good.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One buffer; goes back to its pool when the last reference to its bytes is dropped.
pub(crate) struct Buffer {
    data: Box<[u8]>,
    len: usize,
    pool: Arc<BufferPool>,
}

impl Buffer {
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The first `len` bytes, ready to be sent.
    pub(crate) fn freeze(mut self, len: usize) -> Bytes {
        self.len = len.min(self.data.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.data[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        let mut free = self.pool.lock();
        if free.len() < self.pool.keep {
            free.push(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_when_their_bytes_are_gone() {
        let pool = BufferPool::new(1);
        let mut buffer = pool.take();
        buffer.as_mut()[..3].copy_from_slice(b"abc");
        let bytes = buffer.freeze(3);
        let second = bytes.slice(1..);
        drop(bytes);
        assert_eq!(pool.lock().len(), 0);
        assert_eq!(&second[..], b"bc");
        drop(second);
        assert_eq!(pool.lock().len(), 1);
        let (a, b) = (pool.take(), pool.take());
        drop((a, b));
        assert_eq!(pool.lock().len(), 1, "only as many are kept as asked");
    }
}
