//! A copy under way: one request, or parts in parallel, and the end of a move.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, TryStreamExt};

use super::abort::{abort, clean_up};
use super::copy::{CopyTransfer, CopyTransferOutput};
use super::drive::Work;
use super::options::part_size_error;
use super::plan::{self, Piece, Ranges, UploadPlan};
use super::progress::Meter;
use super::resume::{Keeper, Leftovers, ResumeRecord};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Claim;
use crate::multipart::CompletedPart;
use crate::object::{CopySource, ObjectMeta, customer_key};
use crate::request::Headers;
use crate::tags;
use crate::types::{ObjectKey, PartNumber, UploadId};

const TAGGING: &str = "x-cos-tagging";
const TAGGING_DIRECTIVE: &str = "x-cos-tagging-directive";

/// A copy or move under way, and what of it outlives a pause.
pub(super) struct CopyRun {
    transfer: CopyTransfer,
    meter: Arc<Meter>,
    begun: Option<Begun>,
    /// The copy is there; only the source of a move is left to be deleted.
    copied: Option<(ObjectMeta, CopyTransferOutput)>,
    /// The deletion was asked for.
    removing: bool,
}

/// A copy in parts that has begun.
struct Begun {
    key: ObjectKey,
    upload_id: UploadId,
    source: ObjectMeta,
    ranges: Ranges,
    parts: Mutex<BTreeMap<u32, CompletedPart>>,
}

impl CopyRun {
    pub(super) fn new(transfer: CopyTransfer) -> Self {
        Self {
            meter: Meter::new(),
            transfer,
            begun: None,
            copied: None,
            removing: false,
        }
    }
}

impl Work for CopyRun {
    type Output = CopyTransferOutput;

    fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn keeper(&self) -> Option<Arc<Keeper>> {
        None
    }

    async fn run(&mut self) -> Result<CopyTransferOutput> {
        let CopyTransfer {
            client,
            source,
            options,
            ..
        } = &self.transfer;
        let concurrency = options.concurrency(client)?;
        let part_size = options.part_size(client)?;
        let key = ObjectKey::new(self.transfer.key.as_str())?;
        let origin = source.client(client)?;
        let is_itself = origin.bucket() == client.bucket() && source.key() == key.as_str();
        if self.transfer.moves && is_itself {
            return Err(Error::config("source and target of a move are the same"));
        }
        if self.copied.is_none() {
            let mut head = origin.head_object(source.key());
            for (name, value) in customer_key::as_own(&self.transfer.headers) {
                head = head.header(name, value);
            }
            if let Some(version) = source.version_id() {
                head = head.version_id(version);
            }
            // Every request after this one is pinned to what it tells.
            if let Some(etag) = &self.transfer.if_match {
                head = head.if_match(etag);
            }
            let meta = head.send().await?;
            self.meter.set_total(meta.size);
            let plan =
                plan::upload(meta.size, part_size, options.threshold).map_err(part_size_error)?;
            let copy = Copy {
                client: client.clone(),
                source: source.clone(),
                key,
                headers: self.transfer.headers.clone().checked()?,
                replaces_metadata: self.transfer.replaces_metadata,
                meter: Arc::clone(&self.meter),
                concurrency,
                claim: options.claim(client)?,
                meta,
            };
            let output = match plan {
                UploadPlan::Single => copy.single().await?,
                UploadPlan::Parts(ranges) => copy.in_parts(ranges, &mut self.begun).await?,
            };
            self.begun = None;
            self.copied = Some((copy.meta, output));
        }
        let Some((meta, output)) = &self.copied else {
            return Err(Error::cancelled());
        };
        if self.transfer.moves {
            let headers = &self.transfer.headers;
            remove(&origin, source, headers, meta, &mut self.removing).await?;
        }
        Ok(output.clone())
    }

    fn leftovers(&self) -> Leftovers {
        Leftovers::Abort
    }

    async fn keep(&mut self) -> Option<ResumeRecord> {
        None
    }

    async fn discard(self, in_background: bool) {
        let client = self.transfer.client;
        if let Some(begun) = self.begun {
            let aborting = client.clone();
            let work = async move {
                abort(&aborting, &begun.key, &begun.upload_id).await;
            };
            clean_up(&client, in_background, work).await;
        }
    }
}

/// Deletes what was copied, unless it changed since. Nothing but asking before can prevent the
/// loss of a change: DELETE takes no conditions. `asked`: set before the deletion is sent.
async fn remove(
    origin: &Client,
    source: &CopySource,
    headers: &Headers,
    copied: &ObjectMeta,
    asked: &mut bool,
) -> Result<()> {
    let left = |e: Error| {
        e.with_hint_text("the object is copied; the source could not be deleted and is left")
    };
    let mut delete = origin.delete_object(source.key());
    if let Some(version) = source.version_id() {
        delete = delete.version_id(version);
    } else {
        let mut head = origin.head_object(source.key());
        for (name, value) in customer_key::as_own(headers) {
            head = head.header(name, value);
        }
        let now = match head.send().await {
            // Deleted before a pause that lost the answer.
            Err(error) if *asked && error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other.map_err(left)?,
        };
        if now.etag != copied.etag || now.version_id != copied.version_id {
            return Err(Error::new(
                ErrorKind::Precondition,
                "the source changed after it was copied",
            )
            .with_hint_text("the object is copied as it was; the changed source is left"));
        }
    }
    *asked = true;
    delete.send().await.map_err(left)?;
    Ok(())
}

impl Begun {
    fn parts(&self) -> MutexGuard<'_, BTreeMap<u32, CompletedPart>> {
        // Only whole entries are put in.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of a copy.
struct Copy {
    client: Client,
    source: CopySource,
    key: ObjectKey,
    headers: Headers,
    replaces_metadata: bool,
    meter: Arc<Meter>,
    concurrency: usize,
    claim: Claim,
    meta: ObjectMeta,
}

impl Copy {
    async fn single(&self) -> Result<CopyTransferOutput> {
        let _permit = self.client.permit(&self.claim).await;
        let mut copy = self
            .client
            .copy_object(self.source.clone(), self.key.as_str())
            .all_headers(self.headers.clone());
        if self.replaces_metadata {
            copy = copy.replace_metadata();
        }
        if let Some(etag) = &self.meta.etag {
            copy = copy.source_if_match(etag);
        }
        let output = copy.send().await?;
        if let (Some(ours), Some(theirs)) = (output.crc64, self.meta.crc64)
            && ours != theirs
        {
            return Err(Error::integrity(format!(
                "the copy's CRC-64 is {ours} and the source's {theirs}"
            )));
        }
        self.meter.begin(self.meta.size);
        Ok(CopyTransferOutput {
            bytes: self.meta.size,
            parts: 1,
            etag: output.etag,
            crc64: output.crc64,
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    async fn in_parts(
        &self,
        ranges: Ranges,
        slot: &mut Option<Begun>,
    ) -> Result<CopyTransferOutput> {
        if let Some(old) = slot
            && (old.source.etag != self.meta.etag || old.ranges != ranges)
        {
            // Replaced during a pause: its parts are of another object.
            abort(&self.client, &old.key, &old.upload_id).await;
            *slot = None;
        }
        if slot.is_none() {
            let initiate = self.client.initiate_multipart_upload(self.key.as_str());
            let headers = self.new_headers().await?.without("x-cos-forbid-overwrite");
            *slot = Some(Begun {
                upload_id: initiate.all_headers(headers).send().await?,
                key: self.key.clone(),
                source: self.meta.clone(),
                ranges,
                parts: Mutex::default(),
            });
        }
        match slot {
            Some(begun) => self.copy_parts(begun).await,
            None => Err(Error::cancelled()),
        }
    }

    async fn copy_parts(&self, begun: &Begun) -> Result<CopyTransferOutput> {
        let (mut missing, mut done) = (Vec::new(), 0);
        for piece in begun.ranges.pieces() {
            if begun.parts().contains_key(&piece.index) {
                done += piece.len;
            } else {
                missing.push(piece);
            }
        }
        self.meter.begin(done);
        futures_util::stream::iter(missing)
            .map(|piece| async move {
                let part = self.copy_part(piece, &begun.upload_id).await?;
                begun.parts().insert(piece.index, part);
                Ok::<_, Error>(())
            })
            .buffer_unordered(self.concurrency)
            .try_collect::<()>()
            .await?;
        let parts: Vec<CompletedPart> = begun.parts().values().cloned().collect();
        let mut complete =
            self.client
                .complete_multipart_upload(self.key.as_str(), &begun.upload_id, parts);
        complete = complete.reading(customer_key::of_object(&self.headers));
        if let Some(crc64) = self.meta.crc64 {
            complete = complete.expected_crc64(crc64);
        }
        if let Some(value) = self.headers.get("x-cos-forbid-overwrite") {
            complete = complete.header("x-cos-forbid-overwrite", value);
        }
        let output = complete.send().await?;
        Ok(CopyTransferOutput {
            bytes: self.meta.size,
            parts: begun.ranges.count(),
            etag: output.etag,
            crc64: output.crc64,
            version_id: output.version_id,
            request_id: output.request_id,
        })
    }

    async fn copy_part(&self, piece: Piece, upload_id: &UploadId) -> Result<CompletedPart> {
        let _permit = self.client.permit(&self.claim).await;
        let number = PartNumber::new(piece.index + 1)?;
        let mut copy = self
            .client
            .upload_part_copy(self.key.as_str(), upload_id, number, self.source.clone())
            .range(piece.offset..=piece.offset + piece.len - 1);
        if let Some(etag) = &self.meta.etag {
            copy = copy.source_if_match(etag);
        }
        let own = customer_key::of_object(&self.headers);
        for (name, value) in own.chain(customer_key::of_source(&self.headers)) {
            copy = copy.header(name, value);
        }
        let part = copy.send().await?;
        self.meter.share().reach(piece.len);
        Ok(part)
    }

    /// Parts carry nothing but content, so what a simple copy takes along is given to the new object
    /// by hand.
    async fn new_headers(&self) -> Result<Headers> {
        let mut headers = self.headers_and_metadata();
        let directive = self.headers.get(TAGGING_DIRECTIVE);
        let replaces_tags = directive.is_some_and(|d| d.eq_ignore_ascii_case("replaced"));
        headers = headers.without(TAGGING_DIRECTIVE);
        for (name, _) in customer_key::of_source(&self.headers) {
            headers = headers.without(name);
        }
        if !replaces_tags {
            headers = headers.without(TAGGING);
            if self.meta.tag_count > 0 {
                headers.set(TAGGING, self.source_tags().await?);
            }
        }
        Ok(headers)
    }

    /// The source's tags as a header.
    async fn source_tags(&self) -> Result<String> {
        let origin = self.source.client(&self.client)?;
        let mut ask = origin.get_object_tagging(self.source.key());
        if let Some(version) = self.source.version_id() {
            ask = ask.version_id(version);
        }
        Ok(tags::query(&ask.send().await?))
    }

    fn headers_and_metadata(&self) -> Headers {
        if self.replaces_metadata {
            return self.headers.clone();
        }
        let mut headers = Headers::default();
        let meta = &self.meta;
        for (name, value) in [
            ("content-type", &meta.content_type),
            ("cache-control", &meta.cache_control),
            ("content-disposition", &meta.content_disposition),
            ("content-encoding", &meta.content_encoding),
            ("content-language", &meta.content_language),
            ("expires", &meta.expires),
        ] {
            if let Some(value) = value {
                headers.set(name, value);
            }
        }
        for (name, value) in &meta.metadata {
            headers.set(&format!("x-cos-meta-{name}"), value);
        }
        // As in a simple copy, content headers and metadata of the call do not count without
        // `replace_metadata`; storage class, access rule and the like do.
        for (name, value) in self.headers.clone().into_pairs() {
            if name.starts_with("x-cos-") && !name.starts_with("x-cos-meta-") {
                headers.set(&name, value);
            }
        }
        headers
    }
}
