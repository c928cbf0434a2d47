use http::Method;

use crate::body::Payload;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::ObjectKey;

const TARGET: &str = "x-cos-symlink-target";

/// Makes a link to an object; see [`Client::put_symlink`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct PutSymlink {
    client: Client,
    key: String,
    target: String,
    headers: Headers,
}

impl Client {
    /// Makes `key` a link to the object `target` in the same bucket (`name/cos:PutSymlink`).
    /// Reading the link reads the object. The service checks the target when the link is read.
    ///
    /// ```no_run
    /// # async fn example(client: cos_client::Client) -> cos_client::Result<()> {
    /// client.put_symlink("latest", "builds/42.zip").send().await?;
    /// assert_eq!(client.get_symlink("latest").await?, "builds/42.zip");
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_symlink(&self, key: impl Into<String>, target: impl Into<String>) -> PutSymlink {
        PutSymlink {
            client: self.clone(),
            key: key.into(),
            target: target.into(),
            headers: Headers::default(),
        }
    }

    /// Reads where a link leads (`name/cos:GetSymlink`).
    ///
    /// ```no_run
    /// # async fn example(client: cos_client::Client) -> cos_client::Result<()> {
    /// println!("latest is {}", client.get_symlink("latest").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn get_symlink(&self, key: impl Into<String>) -> Result<String> {
        let call = Call::new(Operation::GetSymlink, Method::GET)
            .key(ObjectKey::new(key)?)
            .param("symlink", "");
        let reply = self.execute(&call).await?;
        let Some(target) = reply.header(TARGET) else {
            let error = Error::new(ErrorKind::Service, "the answer names no target");
            return Err(error.with_operation(Operation::GetSymlink));
        };
        crate::xml::decode_url(target)
    }
}

impl PutSymlink {
    /// Fails with `FileAlreadyExists` instead of replacing an object.
    pub fn forbid_overwrite(mut self) -> Self {
        self.headers.set("x-cos-forbid-overwrite", "true");
        self
    }

    /// Any other header; it is signed too.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.set(name.as_ref(), value);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(mut self) -> Result<()> {
        let target = ObjectKey::new(self.target)?.encoded_path();
        self.headers.set(TARGET, target.trim_start_matches('/'));
        let call = Call::new(Operation::PutSymlink, Method::PUT)
            .key(ObjectKey::new(self.key)?)
            .param("symlink", "")
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(bytes::Bytes::new()));
        self.client.execute(&call).await?;
        Ok(())
    }
}
