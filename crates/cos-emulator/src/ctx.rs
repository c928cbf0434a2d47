//! What an operation on a bucket or object works with.

use std::sync::Arc;

use cos_sts::policy::Resource;

use crate::authorization;
use crate::error::{Code, Result};
use crate::head::Head;
use crate::keys::Key;
use crate::operation::Operation;
use crate::payload::Payload;
use crate::shared::Shared;
use crate::store::{Backend, Bucket, Received};

/// An authenticated and permitted call.
#[derive(Debug)]
pub(crate) struct Ctx<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) head: &'a Head,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) key: &'a str,
    pub(crate) caller: Option<Arc<Key>>,
    pub(crate) now_ms: u64,
}

/// Largest body of a simple upload, a part, an append or a copy: 5 GB.
pub(crate) const MAX_BODY_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// Largest XML document taken.
pub(crate) const MAX_XML_BYTES: usize = 2 * 1024 * 1024;

impl Ctx<'_> {
    pub(crate) fn backend(&self) -> &Backend {
        self.shared.store.backend()
    }

    /// `bucket-appid.cos.region.myqcloud.com/key`
    pub(crate) fn location(&self, key: &str) -> String {
        format!(
            "{}.cos.{}.myqcloud.com/{key}",
            self.bucket.name, self.bucket.region
        )
    }

    /// As `Initiator` and `Owner` are written.
    pub(crate) fn caller_qcs(&self) -> String {
        self.caller
            .as_ref()
            .map_or_else(|| "anonymous".to_owned(), |key| key.principal.qcs())
    }

    /// The bucket owner's id.
    pub(crate) fn owner_qcs(&self) -> String {
        let account = self
            .shared
            .config
            .accounts
            .iter()
            .find(|a| a.app_id == self.bucket.app_id());
        account.map_or_else(String::new, |a| format!("qcs::cam::uin/{0}:uin/{0}", a.uin))
    }

    /// Whether the caller may also do another operation, on another key.
    pub(crate) fn may(&self, operation: Operation, bucket: &Bucket, key: &str) -> Result<()> {
        let caller = self.caller.as_deref();
        authorization::authorize(self.shared, self.head, caller, operation, bucket, key).map(drop)
    }

    /// A small document.
    pub(crate) async fn document(&self, payload: &mut Payload) -> Result<bytes::Bytes> {
        let md5 = self.content_md5()?;
        let body = payload.collect(MAX_XML_BYTES, Code::XMLSizeLimit).await?;
        if md5.is_some_and(|md5| md5 != <[u8; 16]>::from(<md5::Md5 as md5::Digest>::digest(&body)))
        {
            return Err(Code::BadDigest.into());
        }
        Ok(body)
    }

    /// The header Content-MD5: base64 of 16 bytes.
    pub(crate) fn content_md5(&self) -> Result<Option<[u8; 16]>> {
        use base64::Engine as _;
        let Some(text) = self.head.header("content-md5") else {
            return Ok(None);
        };
        let raw = base64::engine::general_purpose::STANDARD.decode(text.trim().as_bytes());
        match raw.ok().and_then(|raw| raw.try_into().ok()) {
            Some(md5) => Ok(Some(md5)),
            None => Err(Code::InvalidDigest.into()),
        }
    }

    /// Stores the body; nothing is kept unless it arrives whole and matches its Content-MD5.
    pub(crate) async fn receive(&self, payload: &mut Payload) -> Result<Received> {
        let md5 = self.content_md5()?;
        if let Some(rate) = self.traffic_limit()? {
            payload.slow_down(rate);
        }
        let length = match (
            self.head.content_length(),
            self.head.headers.contains_key("transfer-encoding"),
        ) {
            (Some(length), _) => Some(length),
            (None, true) => None,
            (None, false) => return Err(Code::MissingContentLength.into()),
        };
        if length.is_some_and(|l| l > MAX_BODY_BYTES) {
            return Err(Code::EntityTooLarge.into());
        }
        let mut sink = self.shared.store.sink(md5.is_some())?;
        while let Some(data) = payload.next().await? {
            if sink.len() + data.len() as u64 > MAX_BODY_BYTES {
                return Err(Code::EntityTooLarge.into());
            }
            sink.write(data).await?;
        }
        // hyper has checked this already; an object cut short must not depend on it.
        if length.is_some_and(|l| l != sink.len()) {
            return Err(Code::IncompleteBody.into());
        }
        let received = sink.finish().await?;
        if md5.is_some_and(|md5| md5 != received.md5) {
            return Err(Code::BadDigest.into());
        }
        Ok(received)
    }

    /// `x-cos-traffic-limit` in bytes per second, inside the documented bounds.
    pub(crate) fn traffic_limit(&self) -> Result<Option<u64>> {
        let Some(text) = self.head.header_or_param("x-cos-traffic-limit") else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(bits @ 819_200..=838_860_800) => Ok(Some(bits / 8)),
            _ => Err(Code::InvalidArgument
                .because("x-cos-traffic-limit must be 819200 to 838860800 bit/s.")),
        }
    }

    /// A number from the query, or `default`; more than `max` counts as `max`.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but a number.
    pub(crate) fn number(&self, name: &str, default: usize, max: usize) -> Result<usize> {
        match self.head.param(name).filter(|text| !text.is_empty()) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .map(|n| n.min(max))
                .map_err(|_| Code::InvalidArgument.because(format!("{name} is not a number."))),
        }
    }

    /// `encoding-type=url` or nothing.
    pub(crate) fn url_encoding(&self) -> Result<bool> {
        match self.head.param("encoding-type") {
            None | Some("") => Ok(false),
            Some("url") => Ok(true),
            Some(_) => Err(Code::InvalidArgument.because("encoding-type can only be url.")),
        }
    }
}

/// Keeps the policy crate's resource syntax and ours in step.
pub(crate) fn is_foreign_resource(resource: &str, app_id: &str) -> bool {
    if resource == "*" {
        return false;
    }
    match Resource::parse(resource) {
        Ok(parts) => {
            let account = parts
                .account
                .strip_prefix("uid/")
                .or_else(|| parts.account.strip_prefix("uin/"));
            let owner = parts
                .path
                .split('/')
                .next()
                .and_then(|bucket| bucket.rsplit_once('-'));
            let named = account.filter(|a| !a.is_empty() && *a != "*");
            let bucket_of = owner
                .map(|(_, digits)| digits)
                .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
            named.is_some_and(|a| a != app_id) || bucket_of.is_some_and(|a| a != app_id)
        }
        Err(_) => false,
    }
}
