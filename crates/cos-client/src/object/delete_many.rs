use http::Method;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::Call;
use crate::types::ObjectKey;
use crate::xml;

/// The most keys of one request.
const MAX_KEYS: usize = 1_000;

/// Deletes many objects; see [`Client::delete_objects`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct DeleteObjects {
    client: Client,
    keys: Vec<String>,
}

/// A key that could not be deleted, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteFailure {
    /// The object.
    pub key: String,
    /// The service's code, such as `AccessDenied`.
    pub code: String,
    /// The service's message.
    pub message: String,
}

/// What became of each key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteObjectsOutput {
    /// How many are gone.
    pub deleted: usize,
    /// Those that are not.
    pub failures: Vec<DeleteFailure>,
}

impl Client {
    /// Deletes any number of objects, 1,000 per request. The policy needs
    /// `name/cos:DeleteMultipleObjects` and `name/cos:DeleteObject`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("a", "x").send().await?;
    /// let output = client.delete_objects(["a", "b"]).send().await?;
    /// assert_eq!(output.deleted, 2);
    /// for failure in &output.failures {
    ///     eprintln!("{}: {} {}", failure.key, failure.code, failure.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_objects<K: Into<String>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> DeleteObjects {
        DeleteObjects {
            client: self.clone(),
            keys: keys.into_iter().map(Into::into).collect(),
        }
    }
}

impl DeleteObjects {
    /// Sends as many requests as it takes, one after the other.
    ///
    /// # Errors
    /// When a request fails as a whole, or a key is malformed (then nothing is deleted). Keys that
    /// the service refused one by one are in the output.
    pub async fn send(self) -> Result<DeleteObjectsOutput> {
        for key in &self.keys {
            ObjectKey::new(key.as_str())?;
        }
        let mut output = DeleteObjectsOutput::default();
        for keys in self.keys.chunks(MAX_KEYS) {
            let body = xml::delete_request(keys.iter().map(String::as_str));
            let call = Call::new(Operation::DeleteMultipleObjects, Method::POST)
                .param("delete", "")
                .xml(body);
            let reply = self.client.execute(&call).await?;
            let result: xml::DeleteResult = xml::parse(reply.whole())?;
            output.deleted += keys.len() - result.errors.len().min(keys.len());
            output
                .failures
                .extend(result.errors.into_iter().map(|e| DeleteFailure {
                    key: e.key,
                    code: e.code,
                    message: e.message,
                }));
        }
        Ok(output)
    }
}
