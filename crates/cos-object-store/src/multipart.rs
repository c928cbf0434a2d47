//! Uploads in parts.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use cos_client::{Client, CompletedPart, Crc64, ETag, PartNumber, UploadId, UploadPartOutput};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    MultipartId, MultipartUpload, PutMultipartOptions, PutPayload, PutResult, Result, UploadPart,
};

use crate::error::{Problem, mapped};
use crate::{CosStore, attributes};

/// A part that has arrived.
#[derive(Debug, Clone)]
struct Sent {
    etag: ETag,
    /// Sum and length; unknown for parts that somebody else sent.
    content: Option<(Crc64, u64)>,
}

/// One upload: its parts may be sent at once and in any order.
#[derive(Debug)]
pub(crate) struct Upload {
    shared: Arc<Shared>,
    parts: usize,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    location: Path,
    id: UploadId,
    /// What the object is created with.
    headers: Vec<(String, String)>,
    /// By index.
    sent: Mutex<Vec<Option<Sent>>>,
}

impl Upload {
    pub(crate) async fn begin(
        client: &Client,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Self> {
        let headers = attributes::headers(&opts.attributes, &opts.tags)?;
        let id = begin(client, location, &headers).await?;
        let shared = Shared {
            client: client.clone(),
            location: location.clone(),
            id,
            headers,
            sent: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            parts: 0,
        })
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (index, shared) = (self.parts, Arc::clone(&self.shared));
        self.parts += 1;
        Box::pin(async move {
            let Shared {
                client,
                location,
                id,
                ..
            } = &*shared;
            let part = send(client, location, id, index, data).await?;
            let mut sent = shared.sent.lock().unwrap_or_else(PoisonError::into_inner);
            if sent.len() <= index {
                sent.resize(index + 1, None);
            }
            sent[index] = Some(part);
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Shared {
            client,
            location,
            id,
            headers,
            sent,
        } = &*self.shared;
        let sent = sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>();
        if sent.len() < self.parts {
            let missing = self.parts - sent.len();
            return Err(
                Problem::new(format!("{missing} parts have failed or are on the way")).generic(),
            );
        }
        if !sent.is_empty() {
            return complete(client, location, id, sent).await;
        }
        // An upload without parts cannot be completed, an empty object can be put.
        let mut put = client.put_object(location.as_ref(), Bytes::new());
        for (name, value) in headers {
            put = put.header(name, value);
        }
        let done = put.send().await.map_err(|e| mapped(e, location.as_ref()))?;
        // The object is there; an upload without parts costs nothing.
        let _ = abort(client, location, id).await;
        Ok(PutResult {
            e_tag: done.etag.map(|t| t.to_string()),
            version: done.version_id,
            extensions: Default::default(),
        })
    }

    async fn abort(&mut self) -> Result<()> {
        let shared = &*self.shared;
        abort(&shared.client, &shared.location, &shared.id).await
    }
}

#[async_trait]
impl MultipartStore for CosStore {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.create_multipart_opts(path, PutMultipartOptions::default())
            .await
    }

    async fn create_multipart_opts(
        &self,
        path: &Path,
        opts: PutMultipartOptions,
    ) -> Result<MultipartId> {
        let headers = attributes::headers(&opts.attributes, &opts.tags)?;
        let id = begin(self.client(), path, &headers).await?;
        Ok(id.as_str().to_owned())
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        part_idx: usize,
        data: PutPayload,
    ) -> Result<PartId> {
        let id = upload_id(id)?;
        let sent = send(self.client(), path, &id, part_idx, data).await?;
        let content_id = sent.written();
        Ok(PartId { content_id })
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        let id = upload_id(id)?;
        let mut sent: Vec<_> = parts.iter().map(|p| Sent::read(&p.content_id)).collect();
        if sent.is_empty() {
            // What it was begun with is known to the upload only, so it gets an empty part.
            sent.push(send(self.client(), path, &id, 0, PutPayload::default()).await?);
        }
        complete(self.client(), path, &id, sent).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        abort(self.client(), path, &upload_id(id)?).await
    }
}

impl Sent {
    /// As one text: `<sum>-<length>-<tag>`, or the tag alone.
    fn written(&self) -> String {
        match self.content {
            Some((crc64, bytes)) => format!("{crc64}-{bytes}-{}", self.etag),
            None => self.etag.to_string(),
        }
    }

    fn read(text: &str) -> Self {
        let mut fields = text.splitn(3, '-');
        let mut parsed = || {
            let crc64 = Crc64::parse(fields.next()?).ok()?;
            let bytes = fields.next()?.parse().ok()?;
            Some((crc64, bytes, fields.next()?))
        };
        match parsed() {
            Some((crc64, bytes, etag)) => Self {
                etag: ETag::new(etag),
                content: Some((crc64, bytes)),
            },
            None => Self {
                etag: ETag::new(text),
                content: None,
            },
        }
    }
}

fn upload_id(id: &MultipartId) -> Result<UploadId> {
    UploadId::new(id.as_str()).map_err(|e| Problem::new(e.to_string()).generic())
}

fn number(index: usize) -> Result<PartNumber> {
    let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    PartNumber::new(number).map_err(|e| Problem::new(e.to_string()).generic())
}

async fn begin(client: &Client, path: &Path, headers: &[(String, String)]) -> Result<UploadId> {
    let mut begin = client.initiate_multipart_upload(path.as_ref());
    for (name, value) in headers {
        begin = begin.header(name, value);
    }
    begin.send().await.map_err(|e| mapped(e, path.as_ref()))
}

async fn send(
    client: &Client,
    path: &Path,
    id: &UploadId,
    index: usize,
    data: PutPayload,
) -> Result<Sent> {
    let bytes = data.content_length() as u64;
    let UploadPartOutput { part, crc64, .. } = client
        .upload_part(path.as_ref(), id, number(index)?, Bytes::from(data))
        .send()
        .await
        .map_err(|e| mapped(e, path.as_ref()))?;
    Ok(Sent {
        etag: part.etag,
        content: Some((crc64, bytes)),
    })
}

/// Puts the parts together and compares the whole object's CRC-64, where all are known.
async fn complete(
    client: &Client,
    path: &Path,
    id: &UploadId,
    sent: Vec<Sent>,
) -> Result<PutResult> {
    let whole = sent.iter().try_fold(Crc64::of(b""), |sum, part| {
        part.content.map(|(crc64, bytes)| sum.then(crc64, bytes))
    });
    let mut parts = Vec::with_capacity(sent.len());
    for (index, part) in sent.into_iter().enumerate() {
        let (number, etag) = (number(index)?, part.etag);
        parts.push(CompletedPart { number, etag });
    }
    let mut complete = client.complete_multipart_upload(path.as_ref(), id, parts);
    if let Some(whole) = whole {
        complete = complete.expected_crc64(whole);
    }
    let done = complete
        .send()
        .await
        .map_err(|e| mapped(e, path.as_ref()))?;
    Ok(PutResult {
        e_tag: done.etag.map(|t| t.to_string()),
        version: done.version_id,
        extensions: Default::default(),
    })
}

async fn abort(client: &Client, path: &Path, id: &UploadId) -> Result<()> {
    let abort = client.abort_multipart_upload(path.as_ref(), id);
    abort.send().await.map_err(|e| mapped(e, path.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_text() {
        let part = Sent {
            etag: ETag::new("\"a-b-c\""),
            content: Some((Crc64::from_u64(u64::MAX), 5 << 30)),
        };
        let read = Sent::read(&part.written());
        assert_eq!(
            (read.etag.as_str(), read.content),
            ("\"a-b-c\"", part.content)
        );
        let foreign = Sent::read("\"0123-456-789\"");
        assert_eq!(
            (foreign.etag.as_str(), foreign.content),
            ("\"0123-456-789\"", None)
        );
    }
}
