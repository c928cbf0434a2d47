//! A descriptor that is readable while there are events.

use std::io;

/// A pipe that holds one byte or none, so that writing never blocks.
#[cfg(unix)]
pub(crate) struct Wake {
    reader: io::PipeReader,
    writer: io::PipeWriter,
    is_set: bool,
}

#[cfg(unix)]
impl Wake {
    pub(crate) fn new() -> io::Result<Wake> {
        let (reader, writer) = io::pipe()?;
        Ok(Wake {
            reader,
            writer,
            is_set: false,
        })
    }

    pub(crate) fn set(&mut self) {
        use io::Write as _;
        // A pipe that cannot take one byte is broken; the app then still has its time-out.
        self.is_set = self.is_set || self.writer.write_all(&[1]).is_ok();
    }

    pub(crate) fn clear(&mut self) {
        use io::Read as _;
        if self.is_set {
            self.is_set = self.reader.read_exact(&mut [0]).is_err();
        }
    }

    pub(crate) fn descriptor(&self) -> i32 {
        use std::os::fd::AsRawFd as _;
        self.reader.as_raw_fd()
    }
}

/// Elsewhere there is no such thing.
#[cfg(not(unix))]
pub(crate) struct Wake;

#[cfg(not(unix))]
impl Wake {
    pub(crate) fn new() -> io::Result<Wake> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn set(&mut self) {}

    pub(crate) fn clear(&mut self) {}

    pub(crate) fn descriptor(&self) -> i32 {
        -1
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_sets_is_one_byte() {
        use io::Read as _;
        let mut wake = Wake::new().unwrap();
        for _ in 0..100_000 {
            wake.set();
        }
        wake.clear();
        wake.clear();
        wake.set();
        drop(wake.writer);
        let mut rest = Vec::new();
        wake.reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [1]);
    }
}
