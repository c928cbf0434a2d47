//! What an upload sets on the object.

use cos_client::{CopyTransfer, Priority, PutObject, UploadFile, UploadReader};
use tokio::io::AsyncRead;

use super::priority;
use super::resume_options::Resume;
use crate::error::Failure;
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::text::cosffi_str;

/// Settings of one upload. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_upload_options {
    /// sizeof(cosffi_upload_options) when the program was compiled.
    pub struct_size: usize,
    /// The object's content type.
    pub content_type: cosffi_str,
    /// Further headers of the object: cache-control, x-cos-storage-class, x-cos-meta-* and so on.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
    /// Bytes per part, when a file goes in parts. Default: the client's.
    pub part_size_bytes: u64,
    /// Not 0: fail with PRECONDITION instead of replacing an object that has the key.
    pub forbid_overwrite: u32,
    /// Parts in flight at most; the client's own limit holds as well. Default: the client's.
    pub concurrency: u32,
    /// A folder for resume records, made if it is missing: an upload of the same file to the same key goes
    /// on where an earlier one ended, however that was. Files only.
    pub resume_folder: cosffi_str,
    /// Go on where this ends: what cosffi_error_resume_record() or cosffi_transfer_resume_record() gave. If
    /// it does not fit any more, the upload begins anew. Files only.
    pub resume_record: cosffi_str,
    /// Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL. Not for cosffi_put_object(). (ABI 3)
    pub priority: i32,
    /// Not 0: sends Content-MD5 too, for those whose rules ask for it; the content is then read twice.
    /// CRC-64 is compared anyway. (ABI 3)
    pub content_md5: u32,
    /// Bytes per second at most, all requests of this upload together; the client's own limit holds as
    /// well. Default: no limit. Not for cosffi_put_object(). (ABI 3)
    pub rate_limit_bytes_per_s: u64,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_upload_options {}

/// The same, owned.
#[derive(Default)]
pub(crate) struct Upload {
    headers: Vec<(String, String)>,
    part_size: Option<u64>,
    concurrency: Option<usize>,
    forbid_overwrite: bool,
    priority: Priority,
    content_md5: bool,
    rate_limit: Option<u64>,
    resume: Resume,
}

impl Upload {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and what it points to lives for this
    /// call.
    pub(crate) unsafe fn read(options: *const cosffi_upload_options) -> Result<Upload, Failure> {
        // SAFETY: the caller's promise.
        unsafe { Upload::read_with(options, |folder, record| Resume::read(folder, record)) }
    }

    /// As [`read`](Self::read), for content that can only be sent from the beginning.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn read_without_resume(
        options: *const cosffi_upload_options,
    ) -> Result<Upload, Failure> {
        // SAFETY: the caller's promise.
        unsafe { Upload::read_with(options, |folder, record| Resume::refuse(folder, record)) }
    }

    /// # Safety
    /// As [`read`](Self::read); the texts that `resume` gets live for its call.
    unsafe fn read_with(
        options: *const cosffi_upload_options,
        resume: impl FnOnce(cosffi_str, cosffi_str) -> Result<Resume, Failure>,
    ) -> Result<Upload, Failure> {
        if options.is_null() {
            return Ok(Upload::default());
        }
        // SAFETY: the caller's promise.
        let (options, content_type, headers, resume) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options
                    .content_type
                    .read_optional("options->content_type")?,
                pair::read(options.headers, options.headers_count, "options->headers")?,
                resume(options.resume_folder, options.resume_record)?,
            )
        };
        let content_type = content_type.map(|value| ("content-type", value));
        Ok(Upload {
            headers: pair::owned(headers.into_iter().chain(content_type).collect()),
            part_size: (options.part_size_bytes != 0).then_some(options.part_size_bytes),
            concurrency: (options.concurrency != 0).then_some(options.concurrency as usize),
            forbid_overwrite: options.forbid_overwrite != 0,
            priority: priority::read(options.priority)?,
            content_md5: options.content_md5 != 0,
            rate_limit: (options.rate_limit_bytes_per_s != 0)
                .then_some(options.rate_limit_bytes_per_s),
            resume,
        })
    }

    /// As [`read_without_resume`](Self::read_without_resume), for one request, which waits for nobody.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn read_for_one_request(
        options: *const cosffi_upload_options,
    ) -> Result<Upload, Failure> {
        // SAFETY: the caller's promise.
        let upload = unsafe { Upload::read_without_resume(options) }?;
        if upload.priority != Priority::Normal || upload.rate_limit.is_some() {
            return Err(Failure::argument(
                "options->priority and rate_limit_bytes_per_s are for files and streams",
            ));
        }
        Ok(upload)
    }

    /// On a file; whether something of it is kept when it does not end well.
    pub(crate) fn apply_to_file(self, file: UploadFile) -> (UploadFile, bool) {
        let file = self.apply_in_parts(file);
        let keeps = self.resume.is_wanted();
        (self.resume.apply_to_upload(file), keeps)
    }

    /// On one request.
    pub(crate) fn apply<T: OneUpload>(&self, to: T) -> T {
        let to = self
            .headers
            .iter()
            .fold(to, |to, (name, value)| to.with_header(name, value));
        match self.forbid_overwrite {
            true => to.without_overwrite(),
            false => to,
        }
    }

    /// On one request that carries the content.
    pub(crate) fn apply_with_md5<T: Content>(&self, to: T) -> T {
        match self.content_md5 {
            true => self.apply(to).with_md5(),
            false => self.apply(to),
        }
    }

    /// On an upload that may go in parts.
    pub(crate) fn apply_in_parts<T: UploadInParts>(&self, to: T) -> T {
        let to = self.apply_with_md5(to).with_priority(self.priority);
        let to = match self.rate_limit {
            Some(bytes_per_s) => to.with_rate_limit(bytes_per_s),
            None => to,
        };
        let to = match self.part_size {
            Some(bytes) => to.with_part_size(bytes),
            None => to,
        };
        match self.concurrency {
            Some(parts) => to.with_concurrency(parts),
            None => to,
        }
    }
}

/// The settings all uploads of the client have.
pub(crate) trait OneUpload {
    fn with_header(self, name: &str, value: &str) -> Self;
    fn without_overwrite(self) -> Self;
}

/// The settings of those whose content comes from here.
pub(crate) trait Content: OneUpload {
    fn with_md5(self) -> Self;
}

/// The settings of those that may go in parts.
pub(crate) trait UploadInParts: Content {
    fn with_part_size(self, bytes: u64) -> Self;
    fn with_concurrency(self, parts: usize) -> Self;
    fn with_priority(self, priority: Priority) -> Self;
    fn with_rate_limit(self, bytes_per_s: u64) -> Self;
}

macro_rules! one_upload {
    ($([$($generic:tt)*] $type:ty;)*) => {$(
        impl<$($generic)*> OneUpload for $type {
            fn with_header(self, name: &str, value: &str) -> Self {
                self.header(name, value)
            }
            fn without_overwrite(self) -> Self {
                self.forbid_overwrite()
            }
        }
    )*};
}

macro_rules! content {
    ($([$($generic:tt)*] $type:ty;)*) => {$(
        impl<$($generic)*> Content for $type {
            fn with_md5(self) -> Self {
                self.content_md5()
            }
        }
    )*};
}

macro_rules! upload_in_parts {
    ($([$($generic:tt)*] $type:ty;)*) => {$(
        impl<$($generic)*> UploadInParts for $type {
            fn with_part_size(self, bytes: u64) -> Self {
                self.part_size(bytes)
            }
            fn with_concurrency(self, parts: usize) -> Self {
                self.concurrency(parts)
            }
            fn with_priority(self, priority: Priority) -> Self {
                self.priority(priority)
            }
            fn with_rate_limit(self, bytes_per_s: u64) -> Self {
                self.rate_limit(bytes_per_s)
            }
        }
    )*};
}

one_upload! {
    [] CopyTransfer;
    [] PutObject;
    [] UploadFile;
    [R: AsyncRead + Send + Unpin + 'static] UploadReader<R>;
}

content! {
    [] PutObject;
    [] UploadFile;
    [R: AsyncRead + Send + Unpin + 'static] UploadReader<R>;
}

upload_in_parts! {
    [] UploadFile;
    [R: AsyncRead + Send + Unpin + 'static] UploadReader<R>;
}
