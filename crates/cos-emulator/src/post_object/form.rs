//! `multipart/form-data`, read as it arrives: fields first, the file last.

use bytes::{Bytes, BytesMut};

use crate::error::{Code, Error, Result};
use crate::head::Head;
use crate::payload::Payload;

/// All fields before the file together.
const MAX_FIELDS_BYTES: usize = 1024 * 1024;

/// The fields before the file; names in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The object's key, with `${filename}` replaced.
    ///
    /// # Errors
    /// `InvalidArgument` when there is none.
    pub(crate) fn key(&self, filename: &str) -> Result<String> {
        let key = self.get("key").filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Code::InvalidArgument.because("The form has no field key."))?;
        Ok(key
            .strip_prefix('/')
            .unwrap_or(key)
            .replace("${filename}", filename))
    }
}

/// A form whose file is still to be read.
#[derive(Debug)]
pub(crate) struct Form {
    fields: Fields,
    filename: String,
    /// CR LF, two hyphens, the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    done: bool,
}

fn malformed(why: &'static str) -> Error {
    Code::MalformedPOSTRequest.because(why)
}

impl Form {
    /// Reads up to the first byte of the file.
    ///
    /// # Errors
    /// `MalformedPOSTRequest`, `IncorrectNumberOfFiles…` as the same code, `EntityTooLarge` for too long fields.
    pub(crate) async fn begin(head: &Head, payload: &mut Payload) -> Result<Self> {
        let content_type = head.header("content-type").unwrap_or_default();
        let boundary = content_type
            .split(';')
            .find_map(|part| part.trim().strip_prefix("boundary="));
        let boundary = boundary
            .map(|b| b.trim_matches('"'))
            .filter(|b| !b.is_empty() && b.len() <= 70);
        let boundary = boundary.ok_or_else(|| malformed("The Content-Type names no boundary."))?;
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line end before it: giving it one makes all alike.
        let mut form = Self {
            fields: Fields::default(),
            filename: String::new(),
            delimiter,
            buffer: BytesMut::from(&b"\r\n"[..]),
            done: false,
        };
        let preamble = form.until_delimiter(payload).await?;
        if !preamble.is_empty() {
            return Err(malformed("The form does not begin with its boundary."));
        }
        loop {
            let head = form.until(b"\r\n\r\n", payload).await?;
            let head = String::from_utf8(head.to_vec())
                .map_err(|_| malformed("A part's header is not UTF-8."))?;
            if head.starts_with("--") {
                return Err(malformed("The form has no file."));
            }
            let name = attribute(&head, "name").ok_or_else(|| malformed("A part has no name."))?;
            if name == "file" {
                form.filename = attribute(&head, "filename").unwrap_or_default();
                return Ok(form);
            }
            let value = form.until_delimiter(payload).await?;
            let value = String::from_utf8(value.to_vec())
                .map_err(|_| malformed("A field is not UTF-8."))?;
            form.fields.0.push((name.to_ascii_lowercase(), value));
        }
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(crate) fn filename(&self) -> &str {
        &self.filename
    }

    /// The next bytes of the file, `None` at its end.
    ///
    /// # Errors
    /// `MalformedPOSTRequest` when the form ends without its last boundary.
    pub(crate) async fn next(&mut self, payload: &mut Payload) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        loop {
            if let Some(at) = find(&self.buffer, &self.delimiter) {
                let last = self.buffer.split_to(at).freeze();
                self.done = true;
                // What follows the file is of no interest, but the client wants to send it.
                while payload.next().await?.is_some() {}
                return Ok((!last.is_empty()).then_some(last));
            }
            // The end of the buffer may be the beginning of the delimiter.
            let safe = self.buffer.len().saturating_sub(self.delimiter.len());
            if safe > 0 {
                return Ok(Some(self.buffer.split_to(safe).freeze()));
            }
            self.more(payload).await?;
        }
    }

    async fn more(&mut self, payload: &mut Payload) -> Result<()> {
        let data = payload
            .next()
            .await?
            .ok_or_else(|| malformed("The form ends before its last boundary."))?;
        self.buffer.extend_from_slice(&data);
        Ok(())
    }

    /// What stands before `mark`, which is taken, too.
    async fn until(&mut self, mark: &[u8], payload: &mut Payload) -> Result<Bytes> {
        loop {
            if let Some(at) = find(&self.buffer, mark) {
                let found = self.buffer.split_to(at).freeze();
                let _ = self.buffer.split_to(mark.len());
                return Ok(found);
            }
            if self.buffer.starts_with(b"--\r\n") || self.buffer.len() > MAX_FIELDS_BYTES {
                return Err(malformed("The form has no file, or too much before it."));
            }
            self.more(payload).await?;
        }
    }

    async fn until_delimiter(&mut self, payload: &mut Payload) -> Result<Bytes> {
        let delimiter = self.delimiter.clone();
        self.until(&delimiter, payload).await
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    let first = *mark.first()?;
    let mut from = 0;
    while let Some(at) = text[from..]
        .iter()
        .position(|b| *b == first)
        .map(|at| from + at)
    {
        if text[at..].starts_with(mark) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// `name="…"` of a Content-Disposition line.
fn attribute(head: &str, name: &str) -> Option<String> {
    let line = head
        .lines()
        .find(|l| l.to_ascii_lowercase().starts_with("content-disposition:"))?;
    line.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_marks() {
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"aa", b"ab"), None);
    }

    #[test]
    fn reads_attributes() {
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\nContent-Type: x";
        assert_eq!(attribute(head, "name").as_deref(), Some("file"));
        assert_eq!(attribute(head, "filename").as_deref(), Some("a b.txt"));
    }
}
