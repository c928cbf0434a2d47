//! Listing all versions of a bucket's objects.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cos_client::{Client, ETag, ListObjectVersionsPage, ObjectVersion};
use futures_util::TryStreamExt as _;

use super::flow::ask;
use super::{begin, unless_cancelled};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::Cell;
use crate::transfer::cosffi_transfer;

/// Which versions to list. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_list_versions_options {
    /// sizeof(cosffi_list_versions_options) when the program was compiled.
    pub struct_size: usize,
    /// Only keys that begin with this.
    pub prefix: cosffi_str,
    /// Rolls up keys that hold this text after the prefix: "/" gives one folder level.
    pub delimiter: cosffi_str,
    /// Begins after this key: what cosffi_versions_page_next_key_marker() said.
    pub key_marker: cosffi_str,
    /// And after this version of it; only with `key_marker`.
    pub version_id_marker: cosffi_str,
    /// Entries per page, 1 to 1,000. Default: 1,000.
    pub max_keys: u32,
    /// Not 0: ends after one page.
    pub one_page: u32,
}

// SAFETY: repr(C), struct_size first; text and integers may be zero.
unsafe impl SizeTagged for cosffi_list_versions_options {}

/// One page of versions, borrowed during cosffi_versions_page_fn.
pub struct cosffi_versions_page {
    versions: Vec<cosffi_object_version>,
    prefixes: Vec<Text>,
    next_key_marker: Text,
    next_version_id_marker: Text,
    /// What the versions point to.
    _texts: Vec<[Text; 4]>,
}

/// One version of an object, or the mark that it was deleted. Later versions of the library may add fields at
/// the end; use it by pointer only.
#[repr(C)]
pub struct cosffi_object_version {
    /// The object's key.
    pub object_key: cosffi_str,
    /// The version; "null" or empty for what was written while versioning was off.
    pub version_id: cosffi_str,
    /// Its tag, with quotes; empty for a delete marker.
    pub etag: cosffi_str,
    /// How it is kept, e.g. "STANDARD".
    pub storage_class: cosffi_str,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written, Unix seconds; 0 when not known.
    pub last_modified_s: u64,
    /// 1: the newest of its key; else 0.
    pub is_latest: u32,
    /// 1: says that the object was deleted, and has no content; else 0.
    pub is_delete_marker: u32,
}

/// Takes a page of versions, borrowed for the call; answers with a cosffi_flow. Called on the callback thread,
/// one at a time for one transfer; the next page is asked for when it has returned.
pub type cosffi_versions_page_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, page: *const cosffi_versions_page) -> i32>;

impl cosffi_versions_page {
    fn new(page: ListObjectVersionsPage) -> cosffi_versions_page {
        let texts: Vec<[Text; 4]> = page.versions.iter().map(texts_of).collect();
        let versions = page
            .versions
            .iter()
            .zip(&texts)
            .map(|(version, [key, id, etag, class])| cosffi_object_version {
                object_key: key.lend(),
                version_id: id.lend(),
                etag: etag.lend(),
                storage_class: class.lend(),
                size_bytes: version.size,
                last_modified_s: version
                    .last_modified
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .map_or(0, |since| since.as_secs()),
                is_latest: version.is_latest.into(),
                is_delete_marker: version.is_delete_marker.into(),
            })
            .collect();
        let (key, id) = page.next_marker.unwrap_or_default();
        cosffi_versions_page {
            versions,
            prefixes: page.common_prefixes.iter().map(|p| Text::new(p)).collect(),
            next_key_marker: Text::new(&key),
            next_version_id_marker: Text::new(&id),
            _texts: texts,
        }
    }
}

// SAFETY: the versions point into `_texts`, which are never changed and move along.
unsafe impl Send for cosffi_versions_page {}

fn texts_of(version: &ObjectVersion) -> [Text; 4] {
    [
        Text::new(&version.key),
        Text::new(&version.version_id),
        Text::optional(version.etag.as_ref().map(ETag::as_str)),
        Text::new(version.storage_class.as_str()),
    ]
}

/// The settings, owned.
#[derive(Default)]
struct List {
    prefix: String,
    delimiter: String,
    marker: Option<(String, String)>,
    max_keys: u32,
    one_page: bool,
}

impl List {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and its text lives for this call.
    unsafe fn read(options: *const cosffi_list_versions_options) -> Result<List, Failure> {
        if options.is_null() {
            return Ok(List::default());
        }
        // SAFETY: the caller's promise.
        let (options, prefix, delimiter, key, id) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.prefix.read("options->prefix")?,
                options.delimiter.read("options->delimiter")?,
                options.key_marker.read_optional("options->key_marker")?,
                options
                    .version_id_marker
                    .read("options->version_id_marker")?,
            )
        };
        if options.max_keys > 1000 {
            return Err(Failure::argument(format!(
                "options->max_keys is {}; it may be 1 to 1000",
                options.max_keys
            )));
        }
        if key.is_none() && !id.is_empty() {
            return Err(Failure::argument(
                "options->version_id_marker is only used with key_marker",
            ));
        }
        Ok(List {
            prefix: prefix.to_owned(),
            delimiter: delimiter.to_owned(),
            marker: key.map(|key| (key.to_owned(), id.to_owned())),
            max_keys: options.max_keys,
            one_page: options.one_page != 0,
        })
    }
}

/// Lists every version of a bucket's objects, page by page; only one page is held at a time. Needs
/// name/cos:GetBucketObjectVersions.
///
/// Ownership: as cosffi_list_objects().
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: `on_page` once per page, at least once; see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT (also when `on_page` is NULL), SHUT_DOWN, FORKED; all others arrive in
/// `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_list_versions(
    client: Option<&cosffi_client>,
    options: *const cosffi_list_versions_options,
    on_page: cosffi_versions_page_fn,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            List::read(options)?,
            on_page.ok_or_else(|| Failure::null("on_page"))?,
        ))
    };
    let work = |client: Client, cell: Arc<Cell>, (list, on_page): (List, _)| async move {
        unless_cancelled(&cell, pages(&client, &cell, list, on_page)).await
    };
    // SAFETY: as above.
    unsafe { begin(client, callbacks, out_transfer, err, read, work) }
}

async fn pages(
    client: &Client,
    cell: &Arc<Cell>,
    list: List,
    on_page: unsafe extern "C" fn(*mut c_void, *const cosffi_versions_page) -> i32,
) -> Result<cosffi_response, Failure> {
    let one_page = list.one_page;
    let mut request = client
        .list_object_versions()
        .prefix(list.prefix)
        .delimiter(list.delimiter);
    if let Some((key, id)) = list.marker {
        request = request.marker(key, id);
    }
    if list.max_keys != 0 {
        request = request.max_keys(list.max_keys);
    }
    let mut pages = request.stream();
    while let Some(page) = pages.try_next().await? {
        let page = cosffi_versions_page::new(page);
        ask(cell, "on_page", false, move |user_data| {
            // SAFETY: the app gave this function with this pointer; the page outlives the call.
            (unsafe { on_page(user_data, &raw const page) }, ())
        })
        .await?;
        if one_page {
            break;
        }
    }
    Ok(cosffi_response::default())
}

fn about<T: Copy>(
    page: Option<&cosffi_versions_page>,
    default: T,
    question: impl FnOnce(&cosffi_versions_page) -> T,
) -> T {
    guard::value(default, || page.map_or(default, question))
}

/// How many versions the page has.
///
/// Ownership: borrows `page`; 0 for NULL.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_version_count(page: Option<&cosffi_versions_page>) -> usize {
    about(page, 0, |page| page.versions.len())
}

/// A version of the page, counted from 0: in key order, the newest of each key first.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: NULL when there are not so many.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_version(
    page: Option<&cosffi_versions_page>,
    index: usize,
) -> *const cosffi_object_version {
    about(page, ptr::null(), |page| {
        page.versions.get(index).map_or(ptr::null(), ptr::from_ref)
    })
}

/// How many rolled-up prefixes ("folders") the page has; 0 without a delimiter.
///
/// Ownership: borrows `page`; 0 for NULL.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_prefix_count(page: Option<&cosffi_versions_page>) -> usize {
    about(page, 0, |page| page.prefixes.len())
}

/// A rolled-up prefix of the page, counted from 0, with the delimiter at its end.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: empty when there are not so many.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_prefix(
    page: Option<&cosffi_versions_page>,
    index: usize,
) -> cosffi_str {
    about(page, cosffi_str::EMPTY, |page| {
        page.prefixes
            .get(index)
            .map_or(cosffi_str::EMPTY, Text::lend)
    })
}

/// The key after which the next page begins, for a later listing; empty on the last page.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_next_key_marker(
    page: Option<&cosffi_versions_page>,
) -> cosffi_str {
    about(page, cosffi_str::EMPTY, |page| page.next_key_marker.lend())
}

/// The version of that key after which the next page begins; empty on the last page.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_versions_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 4).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_versions_page_next_version_id_marker(
    page: Option<&cosffi_versions_page>,
) -> cosffi_str {
    about(page, cosffi_str::EMPTY, |page| {
        page.next_version_id_marker.lend()
    })
}
