//! What an upload sets on the object.

use cos_client::{PutObject, UploadFile};

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
}

impl Upload {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and what it points to lives for this
    /// call.
    pub(crate) unsafe fn read(options: *const cosffi_upload_options) -> Result<Upload, Failure> {
        if options.is_null() {
            return Ok(Upload::default());
        }
        // SAFETY: the caller's promise.
        let (options, content_type, headers) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options
                    .content_type
                    .read_optional("options->content_type")?,
                pair::read(options.headers, options.headers_count, "options->headers")?,
            )
        };
        let content_type = content_type.map(|value| ("content-type", value));
        Ok(Upload {
            headers: headers
                .into_iter()
                .chain(content_type)
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            part_size: (options.part_size_bytes != 0).then_some(options.part_size_bytes),
            concurrency: (options.concurrency != 0).then_some(options.concurrency as usize),
            forbid_overwrite: options.forbid_overwrite != 0,
        })
    }

    pub(crate) fn apply_to_put(self, mut put: PutObject) -> PutObject {
        for (name, value) in &self.headers {
            put = put.header(name, value);
        }
        if self.forbid_overwrite {
            put = put.forbid_overwrite();
        }
        put
    }

    pub(crate) fn apply_to_file(self, mut file: UploadFile) -> UploadFile {
        for (name, value) in &self.headers {
            file = file.header(name, value);
        }
        if self.forbid_overwrite {
            file = file.forbid_overwrite();
        }
        if let Some(bytes) = self.part_size {
            file = file.part_size(bytes);
        }
        if let Some(parts) = self.concurrency {
            file = file.concurrency(parts);
        }
        file
    }
}
