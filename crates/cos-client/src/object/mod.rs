//! One module per operation on objects: input builder, `send`, typed output.

mod append;
mod copy;
pub(crate) mod customer_key;
mod delete;
mod delete_many;
mod generic;
mod get;
mod head;
mod list;
mod meta;
mod options;
mod post_form;
mod presign;
mod put;
mod restore;
mod resume;
mod symlink;
mod tagging;

pub use append::{AppendObject, AppendObjectOutput};
pub use copy::{CopyObject, CopyObjectOutput, CopySource};
pub use delete::{DeleteObject, DeleteObjectOutput};
pub use delete_many::{DeleteFailure, DeleteObjects, DeleteObjectsOutput};
pub use generic::{GenericRequest, GenericResponse};
pub(crate) use get::get_call;
pub use get::{GetObject, GetObjectOutput, ObjectBody};
pub use head::HeadObject;
pub use list::{ListObjects, ListObjectsPage, ObjectSummary};
pub(crate) use meta::content_range;
pub use meta::{ObjectMeta, RestoreState};
pub use options::{CheckCors, CorsAllowed};
pub use post_form::{PostForm, PostFormFields};
pub use presign::{Presign, PresignedUrl};
pub(crate) use put::put;
pub use put::{PutObject, PutObjectOutput};
pub use restore::{RestoreObject, RestoreObjectOutput, RestoreTier};
pub(crate) use resume::changed;
pub use symlink::PutSymlink;
pub use tagging::{DeleteObjectTagging, GetObjectTagging, PutObjectTagging};

/// Setters for the headers of anything that creates an object. The struct has a field `headers`.
macro_rules! object_headers {
    () => {
        /// `Content-Type`.
        pub fn content_type(mut self, value: impl AsRef<str>) -> Self {
            self.headers.set("content-type", value);
            self
        }

        /// `Content-Disposition`, such as `attachment; filename*=UTF-8''a.txt`.
        pub fn content_disposition(mut self, value: impl AsRef<str>) -> Self {
            self.headers.set("content-disposition", value);
            self
        }

        /// `Content-Encoding`; the content itself is sent as it is.
        pub fn content_encoding(mut self, value: impl AsRef<str>) -> Self {
            self.headers.set("content-encoding", value);
            self
        }

        /// `Cache-Control`.
        pub fn cache_control(mut self, value: impl AsRef<str>) -> Self {
            self.headers.set("cache-control", value);
            self
        }

        /// How the object is kept.
        pub fn storage_class(mut self, class: &$crate::types::StorageClass) -> Self {
            self.headers.set("x-cos-storage-class", class.as_str());
            self
        }

        /// User metadata: `x-cos-meta-<name>`. Names take `-` and no `_`; values must be ASCII
        /// (percent-encode others); 2 KB for all together.
        pub fn metadata(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            let name = format!("x-cos-meta-{}", name.as_ref());
            self.headers.set(&name, value);
            self
        }

        /// Fails with `FileAlreadyExists` instead of replacing an object. Buckets that have or had
        /// versioning ignore it.
        pub fn forbid_overwrite(mut self) -> Self {
            self.headers.set("x-cos-forbid-overwrite", "true");
            self
        }

        /// Access rule: `default`, `private` or `public-read`.
        pub fn acl(mut self, value: impl AsRef<str>) -> Self {
            self.headers.set("x-cos-acl", value);
            self
        }

        $crate::object::customer_key_header!();

        /// Any other header; it is signed too.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.headers.set(name.as_ref(), value);
            self
        }
    };
}
pub(crate) use object_headers;

/// The setter for a key of the customer's own. The struct has a field `headers`.
macro_rules! customer_key_header {
    () => {
        /// Lets the service encrypt with this key of yours, AES-256, which it does not keep (SSE-C):
        /// whoever reads the object must name it too. Goes with every request that needs it; use TLS.
        pub fn customer_key(mut self, key: &[u8; 32]) -> Self {
            $crate::object::customer_key::set(&mut self.headers, key);
            self
        }
    };
}
pub(crate) use customer_key_header;

/// Setters for the conditions of a read. The struct has a field `headers`.
macro_rules! read_conditions {
    () => {
        /// Only the version with this tag (`If-Match`).
        pub fn if_match(mut self, etag: &$crate::types::ETag) -> Self {
            self.headers.set("if-match", etag.as_str());
            self
        }

        /// Only when the tag differs (`If-None-Match`); otherwise
        /// [`crate::ErrorKind::Precondition`] with HTTP 304.
        pub fn if_none_match(mut self, etag: &$crate::types::ETag) -> Self {
            self.headers.set("if-none-match", etag.as_str());
            self
        }

        /// Only when changed after `time`.
        pub fn if_modified_since(mut self, time: std::time::SystemTime) -> Self {
            let text = $crate::time::http_date(time);
            self.headers.set("if-modified-since", text);
            self
        }

        /// Only when not changed after `time`.
        pub fn if_unmodified_since(mut self, time: std::time::SystemTime) -> Self {
            let text = $crate::time::http_date(time);
            self.headers.set("if-unmodified-since", text);
            self
        }

        /// A certain version of the object.
        pub fn version_id(mut self, version: impl Into<String>) -> Self {
            self.params.push(("versionId".into(), version.into()));
            self
        }

        /// The key of yours with which the object was encrypted (SSE-C); use TLS.
        pub fn customer_key(mut self, key: &[u8; 32]) -> Self {
            $crate::object::customer_key::set(&mut self.headers, key);
            self
        }

        /// Any other header; it is signed too.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.headers.set(name.as_ref(), value);
            self
        }
    };
}
pub(crate) use read_conditions;
