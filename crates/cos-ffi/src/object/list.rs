//! Listing a bucket.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cos_client::{Client, ListObjectsPage, ObjectSummary};
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

/// What to list. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_list_options {
    /// sizeof(cosffi_list_options) when the program was compiled.
    pub struct_size: usize,
    /// Only keys that begin with this.
    pub prefix: cosffi_str,
    /// Rolls up keys that hold this text after the prefix: "/" gives one folder level.
    pub delimiter: cosffi_str,
    /// Begins after this key: what cosffi_list_page_next_marker() said.
    pub marker: cosffi_str,
    /// Entries per page, 1 to 1,000. Default: 1,000.
    pub max_keys: u32,
    /// Not 0: ends after one page.
    pub one_page: u32,
}

// SAFETY: repr(C), struct_size first; text and integers may be zero.
unsafe impl SizeTagged for cosffi_list_options {}

/// One page of a listing, borrowed during cosffi_page_fn.
pub struct cosffi_list_page {
    objects: Vec<cosffi_object_summary>,
    prefixes: Vec<Text>,
    next_marker: Text,
    /// What the summaries point to.
    _texts: Vec<[Text; 3]>,
}

/// One object of a listing. Later versions may add fields at the end; use it by pointer only.
#[repr(C)]
pub struct cosffi_object_summary {
    /// Its key.
    pub object_key: cosffi_str,
    /// Its tag, with quotes.
    pub etag: cosffi_str,
    /// How it is kept, e.g. "STANDARD".
    pub storage_class: cosffi_str,
    /// Its size.
    pub size_bytes: u64,
    /// When it was written, Unix seconds; 0 when not known.
    pub last_modified_s: u64,
}

/// Takes a page of a listing, borrowed for the call; answers with a cosffi_flow. Called on the callback
/// thread, one at a time for one transfer; the next page is asked for when it has returned.
pub type cosffi_page_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, page: *const cosffi_list_page) -> i32>;

impl cosffi_list_page {
    fn new(page: ListObjectsPage) -> cosffi_list_page {
        let texts: Vec<[Text; 3]> = page.objects.iter().map(texts_of).collect();
        let objects = page
            .objects
            .iter()
            .zip(&texts)
            .map(|(object, [key, etag, class])| cosffi_object_summary {
                object_key: key.lend(),
                etag: etag.lend(),
                storage_class: class.lend(),
                size_bytes: object.size,
                last_modified_s: object
                    .last_modified
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .map_or(0, |since| since.as_secs()),
            })
            .collect();
        cosffi_list_page {
            objects,
            prefixes: page.common_prefixes.iter().map(|p| Text::new(p)).collect(),
            next_marker: Text::optional(page.next_marker.as_deref()),
            _texts: texts,
        }
    }
}

// SAFETY: the summaries point into `_texts`, which are never changed and move along.
unsafe impl Send for cosffi_list_page {}

fn texts_of(object: &ObjectSummary) -> [Text; 3] {
    [
        Text::new(&object.key),
        Text::new(object.etag.as_str()),
        Text::new(object.storage_class.as_str()),
    ]
}

/// The settings, owned.
#[derive(Default)]
struct List {
    prefix: String,
    delimiter: String,
    marker: String,
    max_keys: u32,
    one_page: bool,
}

impl List {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and its text lives for this call.
    unsafe fn read(options: *const cosffi_list_options) -> Result<List, Failure> {
        if options.is_null() {
            return Ok(List::default());
        }
        // SAFETY: the caller's promise.
        let (options, prefix, delimiter, marker) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.prefix.read("options->prefix")?,
                options.delimiter.read("options->delimiter")?,
                options.marker.read("options->marker")?,
            )
        };
        if options.max_keys > 1000 {
            return Err(Failure::argument(format!(
                "options->max_keys is {}; it may be 1 to 1000",
                options.max_keys
            )));
        }
        Ok(List {
            prefix: prefix.to_owned(),
            delimiter: delimiter.to_owned(),
            marker: marker.to_owned(),
            max_keys: options.max_keys,
            one_page: options.one_page != 0,
        })
    }
}

/// Lists a bucket's objects in key order, page by page; only one page is held at a time.
///
/// Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
/// NULL. All text is copied. `user_data` of `callbacks` is also that of `on_page`, and the transfer's until
/// its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: `on_page` once per page, at least once; see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT (also when `on_page` is NULL), SHUT_DOWN, FORKED; all others arrive in
/// `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_list_objects(
    client: Option<&cosffi_client>,
    options: *const cosffi_list_options,
    on_page: cosffi_page_fn,
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
    on_page: unsafe extern "C" fn(*mut c_void, *const cosffi_list_page) -> i32,
) -> Result<cosffi_response, Failure> {
    let one_page = list.one_page;
    let mut request = client
        .list_objects()
        .prefix(list.prefix)
        .delimiter(list.delimiter)
        .marker(list.marker);
    if list.max_keys != 0 {
        request = request.max_keys(list.max_keys);
    }
    let mut pages = request.stream();
    while let Some(page) = pages.try_next().await? {
        let page = cosffi_list_page::new(page);
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

fn about<T>(
    page: Option<&cosffi_list_page>,
    default: T,
    question: impl FnOnce(&cosffi_list_page) -> T,
) -> T
where
    T: Copy,
{
    guard::value(default, || page.map_or(default, question))
}

/// How many objects the page has.
///
/// Ownership: borrows `page`; 0 for NULL.
/// Threads: that of the cosffi_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_list_page_object_count(page: Option<&cosffi_list_page>) -> usize {
    about(page, 0, |page| page.objects.len())
}

/// An object of the page, counted from 0, in key order.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_page_fn that was given the page.
/// How often: any number of times.
/// Errors: NULL when there are not so many.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_list_page_object(
    page: Option<&cosffi_list_page>,
    index: usize,
) -> *const cosffi_object_summary {
    about(page, ptr::null(), |page| {
        page.objects.get(index).map_or(ptr::null(), ptr::from_ref)
    })
}

/// How many rolled-up prefixes ("folders") the page has; 0 without a delimiter.
///
/// Ownership: borrows `page`; 0 for NULL.
/// Threads: that of the cosffi_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_list_page_prefix_count(page: Option<&cosffi_list_page>) -> usize {
    about(page, 0, |page| page.prefixes.len())
}

/// A rolled-up prefix of the page, counted from 0, with the delimiter at its end.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_page_fn that was given the page.
/// How often: any number of times.
/// Errors: empty when there are not so many.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_list_page_prefix(
    page: Option<&cosffi_list_page>,
    index: usize,
) -> cosffi_str {
    about(page, cosffi_str::EMPTY, |page| {
        page.prefixes
            .get(index)
            .map_or(cosffi_str::EMPTY, Text::lend)
    })
}

/// Where the next page begins, for a later listing; empty on the last page.
///
/// Ownership: borrowed from `page`; NULL is fine.
/// Threads: that of the cosffi_page_fn that was given the page.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_list_page_next_marker(page: Option<&cosffi_list_page>) -> cosffi_str {
    about(page, cosffi_str::EMPTY, |page| page.next_marker.lend())
}
