//! Who may do what: the same for objects and buckets.

use http::Method;
use serde::Deserialize;

use crate::body::Payload;
use crate::client::Client;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{Call, Headers};
use crate::types::ObjectKey;
use crate::xml;

/// Who may do what with an object or a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acl {
    /// The owner's id, `qcs::cam::uin/<owner>:uin/<account>`.
    pub owner: String,
    /// What is granted, the owner's own rights included.
    pub grants: Vec<Grant>,
}

/// One right of one grantee.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Who: an id (`qcs::cam::…`), or a group's URI such as
    /// `http://cam.qcloud.com/groups/global/AllUsers`.
    pub grantee: String,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: String,
}

impl Acl {
    /// Whether everybody may read, without any key.
    pub fn is_public_read(&self) -> bool {
        self.grants.iter().any(|g| {
            let everybody =
                g.grantee.ends_with("/groups/global/AllUsers") || g.grantee.contains("anyone");
            everybody && matches!(g.permission.as_str(), "READ" | "FULL_CONTROL")
        })
    }
}

/// Changes who may do what; see [`Client::put_object_acl`] and [`Client::put_bucket_acl`].
#[derive(Debug)]
#[must_use = "call send()"]
pub struct PutAcl {
    client: Client,
    key: Option<String>,
    headers: Headers,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Document {
    owner: Person,
    access_control_list: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct List {
    grant: Vec<GrantElement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct GrantElement {
    grantee: Person,
    permission: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Person {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "URI")]
    uri: String,
}

fn read(body: &[u8]) -> Result<Acl> {
    let document: Document = xml::parse(body)?;
    let grants = document.access_control_list.grant.into_iter();
    Ok(Acl {
        owner: document.owner.id,
        grants: grants
            .map(|g| Grant {
                grantee: if g.grantee.uri.is_empty() {
                    g.grantee.id
                } else {
                    g.grantee.uri
                },
                permission: g.permission,
            })
            .collect(),
    })
}

impl Client {
    /// Reads who may do what with an object (`name/cos:GetObjectACL`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// assert!(!client.get_object_acl("k").await?.is_public_read());
    /// client.put_object_acl("k").canned("public-read").send().await?;
    /// assert!(client.get_object_acl("k").await?.is_public_read());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn get_object_acl(&self, key: impl Into<String>) -> Result<Acl> {
        let call = Call::new(Operation::GetObjectAcl, Method::GET)
            .key(ObjectKey::new(key)?)
            .param("acl", "");
        read(self.execute(&call).await?.whole())
    }

    /// Says who may do what with an object (`name/cos:PutObjectACL`), replacing what was said
    /// before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// # client.put_object("k", "x").send().await?;
    /// client.put_object_acl("k").canned("public-read").send().await?;
    /// assert!(client.get_object_acl("k").await?.is_public_read());
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_object_acl(&self, key: impl Into<String>) -> PutAcl {
        PutAcl {
            client: self.clone(),
            key: Some(key.into()),
            headers: Headers::default(),
        }
    }

    /// Reads who may do what with the bucket (`name/cos:GetBucketACL`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_bucket_acl().canned("public-read").send().await?;
    /// assert!(client.get_bucket_acl().await?.is_public_read());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn get_bucket_acl(&self) -> Result<Acl> {
        let call = Call::new(Operation::GetBucketAcl, Method::GET).param("acl", "");
        read(self.execute(&call).await?.whole())
    }

    /// Says who may do what with the bucket (`name/cos:PutBucketACL`), replacing what was said
    /// before.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = setup().await?;
    /// client.put_bucket_acl().grant_read("100000000009").send().await?;
    /// let acl = client.get_bucket_acl().await?;
    /// assert!(acl.grants.iter().any(|g| g.permission == "READ"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_bucket_acl(&self) -> PutAcl {
        PutAcl {
            client: self.clone(),
            key: None,
            headers: Headers::default(),
        }
    }
}

impl PutAcl {
    /// A ready-made rule: `private`, `public-read`; for objects also `default`, for buckets
    /// `public-read-write` and `authenticated-read`.
    pub fn canned(mut self, rule: impl AsRef<str>) -> Self {
        self.headers.set("x-cos-acl", rule);
        self
    }

    /// Lets an account (its number) read.
    pub fn grant_read(self, uin: impl AsRef<str>) -> Self {
        self.grant("x-cos-grant-read", uin.as_ref())
    }

    /// Lets an account write into a bucket.
    pub fn grant_write(self, uin: impl AsRef<str>) -> Self {
        self.grant("x-cos-grant-write", uin.as_ref())
    }

    /// Lets an account read these rules.
    pub fn grant_read_acl(self, uin: impl AsRef<str>) -> Self {
        self.grant("x-cos-grant-read-acp", uin.as_ref())
    }

    /// Lets an account change these rules.
    pub fn grant_write_acl(self, uin: impl AsRef<str>) -> Self {
        self.grant("x-cos-grant-write-acp", uin.as_ref())
    }

    /// Lets an account do everything.
    pub fn grant_full_control(self, uin: impl AsRef<str>) -> Self {
        self.grant("x-cos-grant-full-control", uin.as_ref())
    }

    fn grant(mut self, header: &str, uin: &str) -> Self {
        let one = format!("id=\"{uin}\"");
        let all = match self.headers.get(header) {
            Some(before) => format!("{before},{one}"),
            None => one,
        };
        self.headers.set(header, all);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`crate::ErrorKind`].
    pub async fn send(self) -> Result<()> {
        let operation = match self.key {
            Some(_) => Operation::PutObjectAcl,
            None => Operation::PutBucketAcl,
        };
        let mut call = Call::new(operation, Method::PUT)
            .param("acl", "")
            .headers(self.headers.checked()?)
            .payload(Payload::bytes(bytes::Bytes::new()));
        call.key = self.key.map(ObjectKey::new).transpose()?;
        self.client.execute(&call).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_groups() {
        let acl = read(
            br#"<AccessControlPolicy><Owner><ID>qcs::cam::uin/1:uin/1</ID></Owner>
            <AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xsi:type="Group"><URI>http://cam.qcloud.com/groups/global/AllUsers</URI></Grantee>
            <Permission>READ</Permission></Grant><Grant><Grantee><ID>qcs::cam::uin/1:uin/1</ID>
            <DisplayName>x</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant>
            </AccessControlList></AccessControlPolicy>"#,
        )
        .unwrap();
        assert_eq!(acl.owner, "qcs::cam::uin/1:uin/1");
        assert_eq!(acl.grants[1].grantee, acl.owner);
        assert!(acl.is_public_read());
    }
}
