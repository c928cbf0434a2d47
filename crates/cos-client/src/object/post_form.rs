//! Uploads from a browser's form: the fields, and sending them.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use cos_sign_core::{KeyTime, SignKey, post_policy};
use cos_sts::CredentialRequest;
use http::Method;
use serde_json::{Value, json};

use super::PutObjectOutput;
use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::{Crc64, ObjectKey};

/// Makes the fields of a form; see [`Client::post_form`].
#[derive(Debug)]
#[must_use = "call sign()"]
pub struct PostForm {
    client: Client,
    key: String,
    expires: Duration,
    key_prefix: Option<String>,
    size: Option<RangeInclusive<u64>>,
    fields: Vec<(String, String)>,
}

/// A form that lets its holder upload one file. Debug hides the fields: they are a secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostFormFields {
    /// Where the form is sent, as `multipart/form-data`.
    pub url: String,
    /// The form's fields in order; the file comes last, named `file`.
    pub fields: Vec<(String, String)>,
    /// When it ends, Unix seconds: as asked, or with the temporary credentials if they end before.
    pub expired_time_s: u64,
}

impl fmt::Debug for PostFormFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("PostFormFields")
            .field("url", &self.url)
            .field("fields", &names)
            .field("expired_time_s", &self.expired_time_s)
            .finish()
    }
}

impl Client {
    /// Makes a form with which a web page uploads one file as `key`, good for `expires`
    /// (436/14690; `name/cos:PostObject`). `${filename}` in the key stands for the file's name.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use std::time::Duration;
    ///
    /// let form = client
    ///     .post_form("avatars/7.png", Duration::from_secs(600))
    ///     .content_length(1..=1_000_000)
    ///     .field("Content-Type", "image/png")
    ///     .sign()
    ///     .await?;
    /// for (name, value) in &form.fields {
    ///     // <input type="hidden" name="…" value="…">
    ///     assert!(!name.is_empty() && !value.is_empty());
    /// }
    ///
    /// // The page sends it; so can a program.
    /// client.post_object(&form, "me.png", "pixels").await?;
    /// let meta = client.head_object("avatars/7.png").send().await?;
    /// assert_eq!(meta.content_type.as_deref(), Some("image/png"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn post_form(&self, key: impl Into<String>, expires: Duration) -> PostForm {
        PostForm {
            client: self.clone(),
            key: key.into(),
            expires,
            key_prefix: None,
            size: None,
            fields: Vec::new(),
        }
    }

    /// Sends a form with a file, as a browser would: nothing but the form is asked for permission.
    /// The whole file is in memory.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use std::time::Duration;
    ///
    /// let form = client.post_form("notes/1", Duration::from_secs(60)).sign().await?;
    /// let stored = client.post_object(&form, "note.txt", "text").await?;
    /// assert!(stored.etag.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `AccessDenied` when the form's policy does not allow it or is over; `Integrity` when
    /// what arrived was not what was sent; see [`crate::ErrorKind`].
    pub async fn post_object(
        &self,
        form: &PostFormFields,
        file_name: &str,
        body: impl Into<Bytes>,
    ) -> Result<PutObjectOutput> {
        let body = body.into();
        let crc64 = Crc64::of(&body);
        let (boundary, content) = multipart(&form.fields, file_name, &body)?;
        let mut call =
            Call::new(Operation::PostObject, Method::POST).payload(Payload::bytes(content));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        call.headers.push(("content-type".into(), content_type));
        call.signed = false;
        let reply = self.execute(&call).await?;
        if let Some(theirs) = reply.crc64()
            && theirs != crc64
        {
            return Err(Error::integrity(format!(
                "the content arrived damaged: its CRC-64 is {theirs} there and {crc64} here"
            ))
            .with_operation(Operation::PostObject));
        }
        Ok(PutObjectOutput {
            etag: reply.etag(),
            crc64,
            version_id: reply.version_id(),
            status: reply.status,
            request_id: reply.request_id(),
        })
    }
}

impl PostForm {
    /// Lets the holder choose any key that begins with `prefix`; the form's own key is a
    /// suggestion then.
    pub fn key_starts_with(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = Some(prefix.into());
        self
    }

    /// The sizes the file may have, in bytes.
    pub fn content_length(mut self, bytes: RangeInclusive<u64>) -> Self {
        self.size = Some(bytes);
        self
    }

    /// A further field, such as `Content-Type`, `x-cos-meta-…`, `success_action_status`; the
    /// holder cannot change it.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Signs it. Sends nothing but what the credential provider sends.
    ///
    /// # Errors
    /// `Config` for a malformed key or field, `Credential` when there are no credentials.
    pub async fn sign(self) -> Result<PostFormFields> {
        let client = &self.client;
        let key = ObjectKey::new(self.key)?;
        let wanted = CredentialRequest::new()
            .with_bucket(client.bucket().as_str())
            .with_region(client.region().as_str())
            .with_key(key.as_str())
            .with_action("name/cos:PostObject");
        let credentials = client.credentials(&wanted).await?;
        let now_s = client.now().s;
        let end = now_s.saturating_add(self.expires.as_secs());
        let bad = |e| Error::config(format!("the form cannot be signed: {e}"));
        // A minute back, for holders' clocks.
        let window = KeyTime::new(now_s.saturating_sub(60), end).map_err(bad)?;
        let sign_key = SignKey::derive(credentials.secret_key().expose(), window).map_err(bad)?;
        let key_time = window.to_string();

        let key_condition = match (&self.key_prefix, key.as_str().split_once("${filename}")) {
            (Some(prefix), _) => json!(["starts-with", "$key", prefix]),
            // The service compares what the name was replaced with.
            (None, Some((before, _))) => json!(["starts-with", "$key", before]),
            (None, None) => json!({"key": key.as_str()}),
        };
        let mut conditions = vec![
            json!({"bucket": client.bucket().as_str()}),
            key_condition,
            json!({"q-sign-algorithm": "sha1"}),
            json!({"q-ak": credentials.secret_id()}),
            json!({"q-sign-time": key_time}),
        ];
        if let Some(size) = &self.size {
            conditions.push(json!(["content-length-range", size.start(), size.end()]));
        }
        for (name, value) in &self.fields {
            check_field(name)?;
            let pair = (name.clone(), Value::from(value.as_str()));
            conditions.push(Value::Object([pair].into_iter().collect()));
        }
        let policy = json!({
            "expiration": crate::time::format_iso(end),
            "conditions": conditions,
        })
        .to_string();
        let signature = post_policy::signature(&sign_key, &policy);

        let mut fields = vec![("key".to_owned(), key.as_str().to_owned())];
        fields.extend(self.fields);
        for (name, value) in [
            ("policy", STANDARD.encode(&policy)),
            ("q-sign-algorithm", "sha1".to_owned()),
            ("q-ak", credentials.secret_id().to_owned()),
            ("q-key-time", key_time),
            ("q-signature", signature.as_str().to_owned()),
        ] {
            fields.push((name.to_owned(), value));
        }
        if let Some(token) = credentials.session_token() {
            fields.push(("x-cos-security-token".to_owned(), token.to_owned()));
        }
        Ok(PostFormFields {
            url: format!("{}/", client.endpoint().public_base()),
            fields,
            expired_time_s: credentials.expired_time_s().map_or(end, |e| e.min(end)),
        })
    }
}

/// Names go between quotes in a header of the form.
fn check_field(name: &str) -> Result<()> {
    let reserved = ["key", "policy", "file", "bucket"];
    let lower = name.to_ascii_lowercase();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Error::config(format!("{name:?} is not a form field")));
    }
    if reserved.contains(&lower.as_str()) || lower.starts_with("q-") {
        return Err(Error::config(format!(
            "field {name} is set by the form itself"
        )));
    }
    Ok(())
}

/// The body of the request, and the boundary in it.
fn multipart(fields: &[(String, String)], file_name: &str, file: &[u8]) -> Result<(String, Bytes)> {
    let unquotable = |c: char| c.is_control() || c == '"' || c == ';';
    if file_name.contains(unquotable) {
        return Err(Error::config(format!(
            "the file name {file_name:?} holds control characters, quotes or semicolons"
        )));
    }
    // 190 random bits: it is in no file by chance.
    let boundary: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(32)
        .collect();
    let mut out = BytesMut::with_capacity(file.len() + 4096);
    let begin = |out: &mut BytesMut, disposition: &str| {
        out.put_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{disposition}\"\r\n\r\n"
            )
            .as_bytes(),
        );
    };
    for (name, value) in fields {
        begin(&mut out, name);
        out.put_slice(value.as_bytes());
        out.put_slice(b"\r\n");
    }
    begin(&mut out, &format!("file\"; filename=\"{file_name}"));
    out.put_slice(file);
    out.put_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Ok((boundary, out.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_and_fields() {
        let fields = [("key".to_owned(), "k".to_owned())];
        let (boundary, body) = multipart(&fields, "a b.txt", b"data").unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(
            text,
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                 --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
                 filename=\"a b.txt\"\r\n\r\ndata\r\n--{boundary}--\r\n"
            )
        );
        for bad in ["a\"b", "a\r\nb", "a;b"] {
            assert!(multipart(&fields, bad, b"").is_err(), "{bad}");
        }
        for bad in ["", "a b", "q-ak", "Key", "file", "a\"b"] {
            assert!(check_field(bad).is_err(), "{bad}");
        }
        assert!(check_field("x-cos-meta-a").is_ok());
    }
}
