use bytes::Bytes;
use http::Method;

use super::object_headers;
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::{Call, Data, Headers};
use crate::types::{Crc64, ETag, ObjectKey};

/// Adds to the end of an object; see [`Client::append_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct AppendObject {
    client: Client,
    key: String,
    position: u64,
    body: Data,
    so_far: Option<Crc64>,
    headers: Headers,
}

/// What appending answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendObjectOutput {
    /// The object's length now: the position of the next piece.
    pub next_position: u64,
    /// CRC-64 of the whole object, where it can be told: see [`AppendObject::so_far`].
    pub crc64: Option<Crc64>,
    /// Tag of the object.
    pub etag: Option<ETag>,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Adds `body` at `position`, which must be the object's present length; 0 creates it
    /// (`name/cos:AppendObject`).
    ///
    /// Only objects that were begun this way can grow, in buckets that never had versioning, up to
    /// 5 GB. A lost answer is followed by a second attempt; when the first had been carried out,
    /// the object's length and CRC-64 tell so, and the call succeeds.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// let mut log = client.append_object("app.log", 0, "started\n").send().await?;
    /// for line in ["working\n", "done\n"] {
    ///     let mut more = client.append_object("app.log", log.next_position, line);
    ///     if let Some(crc64) = log.crc64 {
    ///         more = more.so_far(crc64);
    ///     }
    ///     log = more.send().await?;
    /// }
    /// assert_eq!(log.crc64, Some(cos_client::Crc64::of(b"started\nworking\ndone\n")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn append_object(
        &self,
        key: impl Into<String>,
        position: u64,
        body: impl Into<Bytes>,
    ) -> AppendObject {
        AppendObject {
            client: self.clone(),
            key: key.into(),
            position,
            body: Data(body.into()),
            so_far: (position == 0).then(|| Crc64::of(b"")),
            headers: Headers::default(),
        }
    }
}

impl AppendObject {
    object_headers!();

    /// The CRC-64 of what the object holds before this piece, as the append before told it. With
    /// it the result is checked as a whole.
    pub fn so_far(mut self, crc64: Crc64) -> Self {
        self.so_far = Some(crc64);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Code `AppendPositionErr` when the object has another length, `ObjectNotAppendable`;
    /// `Integrity` when the whole is not what it should be; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<AppendObjectOutput> {
        let key = ObjectKey::new(self.key)?;
        let end = self.position.saturating_add(self.body.0.len() as u64);
        let expected = self
            .so_far
            .map(|before| before.then(Crc64::of(&self.body.0), self.body.0.len() as u64));
        let call = Call::new(Operation::AppendObject, Method::POST)
            .key(key.clone())
            .param("append", "")
            .param("position", self.position.to_string())
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(self.body.0));
        let reply = match self.client.execute(&call).await {
            Ok(reply) => reply,
            Err(e) if e.code() == Some("AppendPositionErr") && e.attempts() > 1 => {
                return recovered(&self.client, &key, end, expected, e).await;
            }
            Err(e) => return Err(e),
        };
        let next = reply.header("x-cos-next-append-position");
        let next_position = next.and_then(|n| n.trim().parse().ok()).unwrap_or(end);
        let broken = |what: String| Err(Error::integrity(what).with_operation(call.operation));
        if next_position != end {
            return broken(format!(
                "the object is {next_position} bytes long instead of {end}"
            ));
        }
        // Where the service sends one, it is that of the whole object.
        if let (Some(theirs), Some(ours)) = (reply.crc64(), expected)
            && theirs != ours
        {
            return broken(format!(
                "the object's CRC-64 is {theirs} there and {ours} here"
            ));
        }
        Ok(AppendObjectOutput {
            next_position,
            crc64: expected,
            etag: reply.etag(),
            request_id: reply.request_id(),
        })
    }
}

/// An earlier attempt may have done it and its answer was lost: the object tells.
async fn recovered(
    client: &Client,
    key: &ObjectKey,
    end: u64,
    expected: Option<Crc64>,
    error: Error,
) -> Result<AppendObjectOutput> {
    let unsure = "an earlier attempt of this call may have appended; compare the object's length";
    let Ok(meta) = client.head_object(key.as_str()).send().await else {
        return Err(error.with_hint_text(unsure));
    };
    if meta.size != end || expected.is_none() || meta.crc64 != expected {
        return Err(
            error.with_hint_text(format!("{unsure}, which is {} now, with {end}", meta.size))
        );
    }
    Ok(AppendObjectOutput {
        next_position: end,
        crc64: expected,
        etag: meta.etag,
        request_id: meta.request_id,
    })
}
