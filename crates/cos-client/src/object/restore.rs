use http::Method;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::Call;
use crate::types::ObjectKey;
use crate::xml::element;

/// Makes an archived object readable for some days; see [`Client::restore_object`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct RestoreObject {
    client: Client,
    key: String,
    days: u32,
    tier: RestoreTier,
    version_id: Option<String>,
}

/// How fast an archived object comes back, and at which price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RestoreTier {
    /// Minutes; not for deep archive.
    Expedited,
    /// Hours.
    #[default]
    Standard,
    /// Longest and cheapest.
    Bulk,
}

/// What restoring answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoreObjectOutput {
    /// Whether it was readable already; the number of days was changed then.
    pub already_restored: bool,
    /// Id of the request.
    pub request_id: Option<String>,
}

impl Client {
    /// Asks for an archived object to become readable for `days` (`name/cos:PostObjectRestore`).
    /// It takes minutes to hours; [`ObjectMeta::restore`](crate::ObjectMeta::restore) tells whether it
    /// is there.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::{RestoreTier, StorageClass};
    ///
    /// let archive = StorageClass::new("ARCHIVE")?;
    /// client.put_object("old", "x").storage_class(&archive).send().await?;
    /// let error = client.get_object("old").send().await.unwrap_err();
    /// assert_eq!(error.code(), Some("InvalidObjectState"));
    ///
    /// client.restore_object("old", 3).tier(RestoreTier::Expedited).send().await?;
    /// # client.get_object("old").send().await?; // at once in the emulator
    /// # Ok(())
    /// # }
    /// ```
    pub fn restore_object(&self, key: impl Into<String>, days: u32) -> RestoreObject {
        RestoreObject {
            client: self.clone(),
            key: key.into(),
            days,
            tier: RestoreTier::default(),
            version_id: None,
        }
    }
}

impl RestoreObject {
    /// How fast; `Standard` by default.
    pub fn tier(mut self, tier: RestoreTier) -> Self {
        self.tier = tier;
        self
    }

    /// A certain version of the object.
    pub fn version_id(mut self, version: impl Into<String>) -> Self {
        self.version_id = Some(version.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// Code `RestoreAlreadyInProgress`, or `RestoreNonArchiveObject`; see [`crate::ErrorKind`].
    pub async fn send(self) -> Result<RestoreObjectOutput> {
        if self.days == 0 {
            return Err(Error::config("days: must be at least 1"));
        }
        let tier = match self.tier {
            RestoreTier::Expedited => "Expedited",
            RestoreTier::Standard => "Standard",
            RestoreTier::Bulk => "Bulk",
        };
        let body = format!(
            "<RestoreRequest><Days>{}</Days><CASJobParameters>{}</CASJobParameters>\
             </RestoreRequest>",
            self.days,
            element("Tier", tier)
        );
        let call = Call::new(Operation::RestoreObject, Method::POST)
            .key(ObjectKey::new(self.key)?)
            .param("restore", "")
            .version(self.version_id)
            .xml(body);
        let reply = self.client.execute(&call).await?;
        Ok(RestoreObjectOutput {
            already_restored: reply.status == 200,
            request_id: reply.request_id(),
        })
    }
}
