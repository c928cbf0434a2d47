//! The file that is sent around.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::commands::cp;
use crate::exit::{Failure, Result};

/// Size of the file that is made when none is given.
const MADE_BYTES: usize = 64 << 20;

/// A file of the caller's, or one of random bytes.
pub(super) struct Material {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) made: bool,
}

impl Material {
    /// Checks the caller's file, or makes one in `folder`.
    pub(super) async fn take(given: Option<&Path>, folder: &Path) -> Result<Self> {
        let (given, folder) = (given.map(Path::to_owned), folder.to_owned());
        blocking(move || match given {
            Some(path) => {
                cp::check(&path)?;
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
                Self::new(path, name.unwrap_or_else(|| "file".to_owned()), false)
            }
            None => {
                let path = folder.join("random.bin");
                make(&path).map_err(|e| Failure::local("write", &path, &e))?;
                Self::new(path, "random.bin".to_owned(), true)
            }
        })
        .await
    }

    fn new(path: PathBuf, name: String, made: bool) -> Result<Self> {
        let meta = std::fs::metadata(&path).map_err(|e| Failure::local("read", &path, &e))?;
        Ok(Self {
            path,
            name,
            bytes: meta.len(),
            made,
        })
    }

    /// Compares with another file, byte for byte.
    pub(super) async fn compare(&self, other: &Path) -> Result {
        let (ours, theirs) = (self.path.clone(), other.to_owned());
        blocking(move || compare(&ours, &theirs)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::internal(e.to_string()))?
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut block = vec![0; 1 << 20];
    for _ in 0..MADE_BYTES / block.len() {
        fastrand::fill(&mut block);
        file.write_all(&block)?;
    }
    file.flush()
}

fn compare(ours: &Path, theirs: &Path) -> Result {
    let open = |path: &Path| File::open(path).map_err(|e| Failure::local("read", path, &e));
    let (mut a, mut b) = (open(ours)?, open(theirs)?);
    let mut offset = 0_u64;
    let (mut block_a, mut block_b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read_a = fill(&mut a, &mut block_a).map_err(|e| Failure::local("read", ours, &e))?;
        let read_b = fill(&mut b, &mut block_b).map_err(|e| Failure::local("read", theirs, &e))?;
        let (part_a, part_b) = (&block_a[..read_a], &block_b[..read_b]);
        if part_a != part_b {
            let same = part_a.iter().zip(part_b).take_while(|(x, y)| x == y);
            let at = offset + same.count() as u64;
            return Err(Failure::integrity(format!(
                "what was downloaded differs from what was uploaded at byte {at}"
            )));
        }
        if read_a == 0 {
            return Ok(());
        }
        offset += read_a as u64;
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_difference() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let mut big = vec![7; (1 << 20) + 10];
        let one = file("one", &big);
        assert!(compare(&one, &file("same", &big)).is_ok());
        big[(1 << 20) + 3] = 8;
        let e = compare(&one, &file("other", &big)).unwrap_err();
        assert!(e.to_string().ends_with("at byte 1048579"), "{e}");
        let e = compare(&one, &file("short", &big[..5])).unwrap_err();
        assert!(e.to_string().ends_with("at byte 5"), "{e}");
        assert!(compare(&file("a", b""), &file("b", b"")).is_ok());
        assert!(compare(&file("a", b""), &file("b", b"x")).is_err());
    }
}
