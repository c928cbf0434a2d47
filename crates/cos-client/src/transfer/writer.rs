//! Takes the pieces of one range as they arrive and writes them at their place: at once where the file
//! takes them at once, else off the network's thread, one batch behind.

use std::ops::Range;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::lent::Lent;
use super::piece::Sink;
use super::target::TargetFile;
use super::write_back::STEP;
use crate::body::CHUNK;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::progress::Share;
use cos_crc64::Running;

/// Writes one range.
pub(crate) struct RangeWriter {
    target: Lent<TargetFile>,
    offset: u64,
    /// Bytes handed over, written or not.
    received: u64,
    /// Bytes known to be written.
    written: u64,
    /// Bytes the disk was given.
    given: u64,
    batch: Vec<Bytes>,
    batch_len: usize,
    writing: Option<JoinHandle<Result<(Running, u64)>>>,
    /// Not here while a batch is being written.
    crc: Option<Running>,
    share: Share,
}

impl RangeWriter {
    pub(crate) fn new(target: Lent<TargetFile>, offset: u64, share: Share) -> Self {
        Self {
            target,
            offset,
            received: 0,
            written: 0,
            given: 0,
            batch: Vec::new(),
            batch_len: 0,
            writing: None,
            crc: Some(Running::new()),
            share,
        }
    }

    /// Writes what is left and gives the CRC-64 of everything received.
    pub(crate) async fn finish(mut self) -> Result<u64> {
        self.flush(true).await?;
        if self.target.is_prompt()
            && let Some(stretch) = self.due(self.written, true)
        {
            self.target.write_back(stretch);
        }
        Ok(self.crc.as_ref().map_or(0, Running::value))
    }

    fn write_now(&mut self, piece: &[u8]) -> Result<()> {
        // It is here when nothing is being written.
        if let Some(crc) = &mut self.crc {
            crc.update(piece);
        }
        self.target
            .write_all_at(piece, self.offset + self.written)?;
        self.wrote(piece.len() as u64);
        if let Some(stretch) = self.due(self.written, false) {
            self.target.write_back(stretch);
        }
        Ok(())
    }

    fn wrote(&mut self, bytes: u64) {
        self.written += bytes;
        self.share.reach(self.written);
    }

    /// What the disk is to be given once so many bytes are written.
    fn due(&mut self, written: u64, is_last: bool) -> Option<Range<u64>> {
        let given = self.given;
        // A range that is small as a whole is left to the sync.
        let is_due = written - given >= STEP || (is_last && (1..written).contains(&given));
        is_due.then(|| {
            self.given = written;
            self.offset + given..self.offset + written
        })
    }

    async fn flush(&mut self, is_last: bool) -> Result<()> {
        if self.batch_len > 0 {
            self.write_batch(is_last).await?;
        }
        self.wait().await
    }

    async fn write_batch(&mut self, is_last: bool) -> Result<()> {
        self.wait().await?;
        let Some(mut crc) = self.crc.take() else {
            return Err(Error::cancelled());
        };
        let batch = std::mem::take(&mut self.batch);
        let len = std::mem::take(&mut self.batch_len) as u64;
        let mut at = self.offset + self.written;
        let stretch = self.due(self.written + len, is_last);
        let target = self.target.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            for piece in batch {
                crc.update(&piece);
                target.write_all_at(&piece, at)?;
                at += piece.len() as u64;
            }
            if let Some(stretch) = stretch {
                target.write_back(stretch);
            }
            Ok((crc, len))
        }));
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        let Some(writing) = self.writing.take() else {
            return Ok(());
        };
        let shutting_down = |_| Error::new(ErrorKind::Cancelled, "the runtime is shutting down");
        let (crc, len) = writing.await.map_err(shutting_down)??;
        self.crc = Some(crc);
        self.wrote(len);
        Ok(())
    }
}

impl Sink for RangeWriter {
    fn received(&self) -> u64 {
        self.received
    }

    /// Waits only when the disk is slower than the network.
    async fn push(&mut self, piece: Bytes) -> Result<()> {
        self.received += piece.len() as u64;
        if self.target.is_prompt() {
            self.flush(false).await?;
            return self.write_now(&piece);
        }
        self.batch_len += piece.len();
        self.batch.push(piece);
        if self.batch_len >= CHUNK {
            self.write_batch(false).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::progress::Meter;
    use crate::transfer::target::Target;

    #[tokio::test]
    async fn pieces_of_any_size_land_in_place() {
        let data: Vec<u8> = (0..CHUNK + 12_345).map(|i| (i % 253) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let size = data.len() as u64 + 7;
        let target = Target::create(&path, size).unwrap();
        let meter = Meter::new();
        let mut writer = RangeWriter::new(target.file(), 7, meter.share());
        let mut rest = Bytes::copy_from_slice(&data);
        let mut step = 1;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(step));
            writer.push(piece).await.unwrap();
            step = (step * 3).min(100_000);
        }
        assert_eq!(writer.received(), data.len() as u64);
        assert_eq!(writer.finish().await.unwrap(), cos_crc64::checksum(&data));
        assert_eq!(meter.now().done_bytes, data.len() as u64);
        target.commit(size).unwrap();
        let file = std::fs::read(&path).unwrap();
        assert_eq!(file[..7], [0; 7]);
        assert_eq!(file[7..], data);
    }
}
