//! The data directory: blobs and the records that name them.
//!
//! `blobs/<id>` holds bytes, written and synced before any record names them. Records are small JSON files that are
//! replaced whole (written aside, synced, renamed, directory synced), so that after a crash each record is either
//! the old or the new one. Blobs that no record names are removed at start.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

use super::content::{Blob, Content, FileBlob, Segment, SegmentRecord};

/// Bytes gathered before one write to the file.
const WRITE_BYTES: usize = 1024 * 1024;

/// A directory that holds everything.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// Distinguishes the blobs of this run from those of earlier ones.
    run: String,
    next: AtomicU64,
    alive: Arc<AtomicBool>,
    known: Mutex<HashMap<String, Weak<FileBlob>>>,
}

impl Disk {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        for dir in ["blobs", "records", "tmp"] {
            fs::create_dir_all(root.join(dir))?;
        }
        for entry in fs::read_dir(root.join("tmp"))? {
            fs::remove_file(entry?.path())?;
        }
        sync_dir(root)?;
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ok(Self {
            root: root.to_owned(),
            run: format!(
                "{:x}-{:x}",
                since.map_or(0, |d| d.as_nanos()),
                std::process::id()
            ),
            next: AtomicU64::new(0),
            alive: Arc::new(AtomicBool::new(true)),
            known: Mutex::default(),
        })
    }

    /// From now on nothing is deleted: the process is about to let go of everything.
    pub(crate) fn retire(&self) {
        self.alive.store(false, Ordering::Release);
    }

    fn unique(&self) -> String {
        format!(
            "{}-{:x}",
            self.run,
            self.next.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// A new blob; it is gone again unless finished.
    pub(crate) fn create_blob(&self) -> io::Result<BlobWriter> {
        let id = self.unique();
        let path = self.root.join("blobs").join(&id);
        let file = File::create_new(&path)?;
        let blob = FileBlob {
            id,
            path,
            alive: Arc::clone(&self.alive),
        };
        Ok(BlobWriter {
            file: Some(file),
            pending: Vec::new(),
            pending_bytes: 0,
            blob,
        })
    }

    /// Replaces the record at `place`. It survives a crash once this returns.
    pub(crate) fn save(&self, place: &Path, json: &[u8]) -> io::Result<()> {
        let target = self.root.join("records").join(place);
        let parent = target.parent().unwrap_or(&self.root);
        if !parent.exists() {
            fs::create_dir_all(parent)?;
            let mut dir = parent;
            while let Some(above) = dir.parent().filter(|_| dir != self.root) {
                sync_dir(above)?;
                dir = above;
            }
        }
        let aside = self.root.join("tmp").join(self.unique());
        let mut file = File::create_new(&aside)?;
        file.write_all(json)?;
        file.sync_all()?;
        fs::rename(&aside, &target)?;
        sync_dir(parent)
    }

    /// Removes a record or a directory of records. What is not there is no error.
    pub(crate) fn remove(&self, place: &Path) -> io::Result<()> {
        let target = self.root.join("records").join(place);
        let result = if target.is_dir() {
            fs::remove_dir_all(&target)
        } else {
            fs::remove_file(&target)
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
        target.parent().map_or(Ok(()), sync_dir)
    }

    /// The records directly inside the directory `place`, with their names.
    pub(crate) fn records(&self, place: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut out = Vec::new();
        for (name, path) in self.entries(place)? {
            if path.is_file() {
                out.push((name, fs::read(path)?));
            }
        }
        Ok(out)
    }

    /// The directories directly inside the directory `place`.
    pub(crate) fn directories(&self, place: &Path) -> io::Result<Vec<String>> {
        Ok(self
            .entries(place)?
            .into_iter()
            .filter(|(_, path)| path.is_dir())
            .map(|(name, _)| name)
            .collect())
    }

    fn entries(&self, place: &Path) -> io::Result<Vec<(String, PathBuf)>> {
        let mut out = Vec::new();
        let entries = match fs::read_dir(self.root.join("records").join(place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(out),
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            out.push((
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            ));
        }
        out.sort();
        Ok(out)
    }

    /// The content that a record describes, or `None` when a blob is missing or short.
    pub(crate) fn content(&self, records: &[SegmentRecord]) -> Option<Content> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut segments = Vec::with_capacity(records.len());
        for record in records {
            let blob = match known.get(&record.blob).and_then(Weak::upgrade) {
                Some(blob) => blob,
                None => {
                    let path = self.root.join("blobs").join(&record.blob);
                    let whole =
                        fs::metadata(&path).is_ok_and(|m| m.len() >= record.start + record.len);
                    if !whole {
                        return None;
                    }
                    let blob = Arc::new(FileBlob {
                        id: record.blob.clone(),
                        path,
                        alive: Arc::clone(&self.alive),
                    });
                    known.insert(record.blob.clone(), Arc::downgrade(&blob));
                    blob
                }
            };
            segments.push(Segment {
                blob: Blob::File(blob),
                start: record.start,
                len: record.len,
            });
        }
        Some(Content::new(segments))
    }

    /// Removes blobs that no record named. Call once, after all records were read.
    pub(crate) fn collect_garbage(&self) -> io::Result<()> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in fs::read_dir(self.root.join("blobs"))? {
            let entry = entry?;
            if !known.contains_key(&*entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path())?;
            }
        }
        known.clear();
        Ok(())
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    // Directories cannot be opened for syncing on every system; there the rename alone must do.
    match File::open(dir) {
        Ok(file) => file
            .sync_all()
            .or_else(|e| if cfg!(unix) { Err(e) } else { Ok(()) }),
        Err(error) if cfg!(unix) => Err(error),
        Err(_) => Ok(()),
    }
}

/// Writes a blob in large pieces, off the threads that serve.
#[derive(Debug)]
pub(crate) struct BlobWriter {
    file: Option<File>,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    // Dropped unfinished, it removes the file.
    blob: FileBlob,
}

impl BlobWriter {
    pub(crate) async fn write(&mut self, data: Bytes) -> io::Result<()> {
        self.pending_bytes += data.len();
        self.pending.push(data);
        if self.pending_bytes >= WRITE_BYTES {
            self.flush(false).await
        } else {
            Ok(())
        }
    }

    async fn flush(&mut self, sync: bool) -> io::Result<()> {
        let Some(mut file) = self.file.take() else {
            return Err(io::Error::other("an earlier write failed"));
        };
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        let dir = self.blob.path.parent().map(Path::to_owned);
        let written = tokio::task::spawn_blocking(move || {
            for chunk in &pending {
                file.write_all(chunk)?;
            }
            if sync {
                file.sync_all()?;
                dir.as_deref().map_or(Ok(()), sync_dir)?;
            }
            Ok::<_, io::Error>(file)
        });
        self.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> io::Result<Arc<FileBlob>> {
        self.flush(true).await?;
        Ok(Arc::new(self.blob))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn blob_and_record_survive() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path()).unwrap();
        let mut writer = disk.create_blob().unwrap();
        writer.write(Bytes::from_static(b"hello ")).await.unwrap();
        writer.write(Bytes::from_static(b"world")).await.unwrap();
        let blob = writer.finish().await.unwrap();
        let content = Content::new(vec![Segment {
            blob: Blob::File(blob),
            start: 0,
            len: 11,
        }]);
        let records = content.slice(3..9).records();
        disk.save(
            Path::new("a/b.json"),
            &serde_json::to_vec(&records).unwrap(),
        )
        .unwrap();
        drop(disk.create_blob().unwrap());
        disk.retire();
        drop(content);

        fs::write(dir.path().join("blobs/stray"), b"x").unwrap();
        fs::write(dir.path().join("tmp/stray"), b"x").unwrap();
        let disk = Disk::open(dir.path()).unwrap();
        let found = disk.records(Path::new("a")).unwrap();
        let records: Vec<SegmentRecord> = serde_json::from_slice(&found[0].1).unwrap();
        let content = disk.content(&records).unwrap();
        disk.collect_garbage().unwrap();
        assert_eq!(content.to_vec(), b"lo wor");
        assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1);
        drop(content);
        assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 0);
        disk.remove(Path::new("a/b.json")).unwrap();
        disk.remove(Path::new("a/b.json")).unwrap();
        assert!(disk.records(Path::new("a")).unwrap().is_empty());
    }
}
