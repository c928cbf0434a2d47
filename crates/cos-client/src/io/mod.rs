//! Objects behind Tokio's `AsyncRead`, `AsyncSeek` and `AsyncWrite`.

mod reader;
mod window;
mod writer;

use std::io;

pub use reader::{ObjectReader, OpenReader};
use tokio::io::AsyncBufRead;
use tokio_util::io::StreamReader;
pub use writer::{ObjectWriter, OpenWriter};

use crate::error::{Error, ErrorKind};
use crate::object::{GetObjectOutput, ObjectBody};

impl From<Error> for io::Error {
    /// The whole error stays inside: `io_error.get_ref()` downcasts to it.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::AccessDenied | ErrorKind::Credential => io::ErrorKind::PermissionDenied,
            ErrorKind::Precondition if error.code() == Some("FileAlreadyExists") => {
                io::ErrorKind::AlreadyExists
            }
            ErrorKind::Network => io::ErrorKind::ConnectionAborted,
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Integrity => io::ErrorKind::InvalidData,
            ErrorKind::Config => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl ObjectBody {
    /// The content as a reader, with the same checks: of a whole object the last read fails when
    /// its CRC-64 is wrong.
    pub fn into_async_read(self) -> impl AsyncBufRead + Send + Unpin + 'static {
        use futures_util::TryStreamExt;
        StreamReader::new(self.into_stream().map_err(io::Error::from))
    }
}

impl GetObjectOutput {
    /// The content as a reader; see [`ObjectBody::into_async_read`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use tokio::io::AsyncBufReadExt;
    /// # client.put_object("log", "one\ntwo\n").send().await?;
    ///
    /// let mut lines = client.get_object("log").send().await?.into_async_read().lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("one"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_async_read(self) -> impl AsyncBufRead + Send + Unpin + 'static {
        self.body.into_async_read()
    }
}
