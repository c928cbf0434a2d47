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
    /// Keys, and the versions of them that are to go.
    objects: Vec<(String, Option<String>)>,
}

/// A key that could not be deleted, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteFailure {
    /// The object.
    pub key: String,
    /// Its version, when one was named.
    pub version_id: Option<String>,
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
    /// `name/cos:DeleteMultipleObjects` and `name/cos:DeleteObject`. Keys with characters that XML
    /// cannot hold, such as control characters, go in a request each.
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
            objects: keys.into_iter().map(|key| (key.into(), None)).collect(),
        }
    }
}

impl DeleteObjects {
    /// Deletes these versions too, each for good: pairs of key and version id. A key without a version
    /// only gets a delete marker in buckets that keep versions.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_bucket_versioning(cos_client::Versioning::Enabled).await?;
    /// # client.put_object("k", "1").send().await?;
    /// # client.put_object("k", "2").send().await?;
    /// use futures_util::TryStreamExt;
    ///
    /// // All of one object's versions, and what hides them.
    /// let versions = client.list_object_versions().prefix("k").versions();
    /// let versions: Vec<_> = versions.map_ok(|v| (v.key, v.version_id)).try_collect().await?;
    /// assert_eq!(versions.len(), 2);
    /// let output = client.delete_objects([""; 0]).versions(versions).send().await?;
    /// assert_eq!(output.deleted, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn versions<K: Into<String>, V: Into<String>>(
        mut self,
        versions: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let versions = versions.into_iter();
        self.objects
            .extend(versions.map(|(key, version)| (key.into(), Some(version.into()))));
        self
    }

    /// Sends as many requests as it takes, one after the other.
    ///
    /// # Errors
    /// When a request fails as a whole, or a key is malformed (then nothing is deleted). Keys that
    /// the service refused one by one are in the output.
    pub async fn send(self) -> Result<DeleteObjectsOutput> {
        for (key, _) in &self.objects {
            ObjectKey::new(key.as_str())?;
        }
        let mut output = DeleteObjectsOutput::default();
        let (listed, alone): (Vec<_>, Vec<_>) = self
            .objects
            .into_iter()
            .partition(|(key, _)| xml::can_hold(key));
        for (key, version) in alone {
            let mut delete = self.client.delete_object(key.as_str());
            if let Some(version) = &version {
                delete = delete.version_id(version);
            }
            match delete.send().await {
                Ok(_) => output.deleted += 1,
                // The service's word about this key alone.
                Err(error) if error.code().is_some() => output.failures.push(DeleteFailure {
                    key,
                    version_id: version,
                    code: error.code().unwrap_or_default().to_owned(),
                    message: error.message().to_owned(),
                }),
                Err(error) => return Err(error),
            }
        }
        for objects in listed.chunks(MAX_KEYS) {
            let named = objects.iter();
            let body = xml::delete_request(named.map(|(k, v)| (k.as_str(), v.as_deref())));
            let call = Call::new(Operation::DeleteMultipleObjects, Method::POST)
                .param("delete", "")
                .xml(body);
            let reply = self.client.execute(&call).await?;
            let result: xml::DeleteResult = xml::parse(reply.whole())?;
            output.deleted += objects.len() - result.errors.len().min(objects.len());
            output
                .failures
                .extend(result.errors.into_iter().map(|e| DeleteFailure {
                    key: e.key,
                    version_id: e.version_id.filter(|v| !v.is_empty()),
                    code: e.code,
                    message: e.message,
                }));
        }
        Ok(output)
    }
}
