use serde::Deserialize;

use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::xml::{self, element};

/// What web pages of some origins may do with a bucket (436/8279).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CorsRule {
    /// A name for the rule.
    #[serde(rename = "ID")]
    pub id: Option<String>,
    /// Origins such as `https://example.com`; one `*` in each.
    #[serde(rename = "AllowedOrigin")]
    pub allowed_origins: Vec<String>,
    /// `GET`, `PUT`, `HEAD`, `POST`, `DELETE`.
    #[serde(rename = "AllowedMethod")]
    pub allowed_methods: Vec<String>,
    /// Request headers; one `*` in each.
    #[serde(rename = "AllowedHeader")]
    pub allowed_headers: Vec<String>,
    /// Answer headers that pages may read, such as `ETag`.
    #[serde(rename = "ExposeHeader")]
    pub expose_headers: Vec<String>,
    /// How long a browser may remember it, seconds.
    #[serde(rename = "MaxAgeSeconds")]
    pub max_age_s: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(rename = "CORSRule")]
    rules: Vec<CorsRule>,
}

impl CorsRule {
    /// Lets pages of these origins use these methods.
    pub fn new<O: Into<String>, M: Into<String>>(
        origins: impl IntoIterator<Item = O>,
        methods: impl IntoIterator<Item = M>,
    ) -> Self {
        Self {
            allowed_origins: origins.into_iter().map(Into::into).collect(),
            allowed_methods: methods.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    fn write(&self) -> String {
        let mut out = String::from("<CORSRule>");
        if let Some(id) = &self.id {
            out += &element("ID", id);
        }
        for (name, values) in [
            ("AllowedOrigin", &self.allowed_origins),
            ("AllowedMethod", &self.allowed_methods),
            ("AllowedHeader", &self.allowed_headers),
            ("ExposeHeader", &self.expose_headers),
        ] {
            for value in values {
                out += &element(name, value);
            }
        }
        if let Some(age) = self.max_age_s {
            out += &element("MaxAgeSeconds", &age.to_string());
        }
        out + "</CORSRule>"
    }
}

fn write(rules: &[CorsRule]) -> String {
    let rules: String = rules.iter().map(CorsRule::write).collect();
    format!("<CORSConfiguration>{rules}</CORSConfiguration>")
}

impl Client {
    /// Reads what web pages may do with the bucket (`name/cos:GetBucketCORS`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_bucket_cors(&[cos_client::CorsRule::new(["https://a.example"], ["PUT"])]).await?;
    /// for rule in client.get_bucket_cors().await? {
    ///     println!("{:?} may {:?}", rule.allowed_origins, rule.allowed_methods);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `NoSuchCORSConfiguration` when there are no rules; see [`crate::ErrorKind`].
    pub async fn get_bucket_cors(&self) -> Result<Vec<CorsRule>> {
        let body = self.read_setting(Operation::GetBucketCors, "cors").await?;
        Ok(xml::parse::<Document>(&body)?.rules)
    }

    /// Replaces the rules for web pages, at most 100 (`name/cos:PutBucketCORS`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// use cos_client::CorsRule;
    ///
    /// let mut uploads = CorsRule::new(["https://app.example.com"], ["PUT", "POST"]);
    /// uploads.allowed_headers = vec!["*".into()];
    /// uploads.expose_headers = vec!["ETag".into()];
    /// client.put_bucket_cors(&[uploads]).await?;
    /// assert_eq!(client.get_bucket_cors().await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Code `MalformedXML`; see [`crate::ErrorKind`].
    pub async fn put_bucket_cors(&self, rules: &[CorsRule]) -> Result<()> {
        let operation = Operation::PutBucketCors;
        self.write_setting(operation, "cors", "application/xml", write(rules))
            .await
    }

    /// Removes the rules for web pages (`name/cos:DeleteBucketCORS`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_bucket_cors(&[cos_client::CorsRule::new(["https://a.example"], ["PUT"])]).await?;
    /// client.delete_bucket_cors().await?;
    /// let error = client.get_bucket_cors().await.unwrap_err();
    /// assert_eq!(error.code(), Some("NoSuchCORSConfiguration"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn delete_bucket_cors(&self) -> Result<()> {
        self.remove_setting(Operation::DeleteBucketCors, "cors")
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut full = CorsRule::new(["https://*.example.com", "null"], ["GET", "PUT"]);
        full.id = Some("a&b".into());
        full.allowed_headers = vec!["*".into()];
        full.expose_headers = vec!["ETag".into(), "x-cos-request-id".into()];
        full.max_age_s = Some(600);
        let rules = [full, CorsRule::new(["*"], ["GET"])];
        let read: Document = xml::parse(write(&rules).as_bytes()).unwrap();
        assert_eq!(read.rules, rules);
    }
}
