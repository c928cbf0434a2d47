//! Many objects deleted at once.

use core::mem::MaybeUninit;
use core::{ptr, slice};

use cos_client::DeleteFailure;

use super::begin;
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::{Text, cosffi_str};
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::or_cancelled;
use crate::transfer::cosffi_transfer;

/// An object, or one version of it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_object_id {
    /// Its key. Required.
    pub object_key: cosffi_str,
    /// The version, in buckets with versioning. Empty: the newest, which leaves a delete marker there.
    pub version_id: cosffi_str,
}

/// An object that could not be deleted, in the service's words. Later versions may add fields at the end;
/// use it by pointer only.
#[repr(C)]
pub struct cosffi_delete_failure {
    /// Its key.
    pub object_key: cosffi_str,
    /// Its version, when one was named.
    pub version_id: cosffi_str,
    /// The service's code, e.g. "AccessDenied".
    pub service_code: cosffi_str,
    /// The service's message.
    pub message: cosffi_str,
}

/// What became of the objects, with the text that the failures point to.
#[derive(Default)]
pub(crate) struct Deleted {
    count: u64,
    failures: Vec<cosffi_delete_failure>,
    _texts: Vec<[Text; 4]>,
}

// SAFETY: the failures point to text that the same value owns and never changes.
unsafe impl Send for Deleted {}
// SAFETY: as above; it is only read.
unsafe impl Sync for Deleted {}

impl Deleted {
    pub(crate) fn new(count: u64, failures: &[DeleteFailure]) -> Deleted {
        let texts: Vec<[Text; 4]> = failures
            .iter()
            .map(|failure| {
                [
                    Text::new(&failure.key),
                    Text::optional(failure.version_id.as_deref()),
                    Text::new(&failure.code),
                    Text::new(&failure.message),
                ]
            })
            .collect();
        let failures = texts
            .iter()
            .map(|[key, version, code, message]| cosffi_delete_failure {
                object_key: key.lend(),
                version_id: version.lend(),
                service_code: code.lend(),
                message: message.lend(),
            })
            .collect();
        Deleted {
            count,
            failures,
            _texts: texts,
        }
    }
}

/// More than any list has: a garbage count.
const MAX_OBJECTS: usize = 1_000_000;

type Objects = (Vec<String>, Vec<(String, String)>);

/// Those without a version, and those with one.
///
/// # Safety
/// `objects` points to `count` ids whose text lives for this call, or is NULL.
unsafe fn read(objects: *const cosffi_object_id, count: usize) -> Result<Objects, Failure> {
    if count == 0 || objects.is_null() || !objects.is_aligned() || count > MAX_OBJECTS {
        return Err(Failure::argument(format!(
            "objects is not a list of {count} objects, at least one and at most {MAX_OBJECTS}"
        )));
    }
    // SAFETY: not NULL, aligned, and `count` ids by the caller's promise.
    let objects = unsafe { slice::from_raw_parts(objects, count) };
    let (mut keys, mut versions) = (Vec::new(), Vec::new());
    for (index, object) in objects.iter().enumerate() {
        // SAFETY: the caller's promise for the text.
        let read = || unsafe {
            Ok((
                object.object_key.read_required("object_key")?,
                object.version_id.read_optional("version_id")?,
            ))
        };
        let (key, version) =
            read().map_err(|failure: Failure| failure.inside(&format!("objects[{index}]")))?;
        match version {
            None => keys.push(key.to_owned()),
            Some(version) => versions.push((key.to_owned(), version.to_owned())),
        }
    }
    Ok((keys, versions))
}

/// Deletes any number of objects, 1,000 in each request. Objects that the service refuses one by one are
/// no error: look at cosffi_response_failure_count(). Deleting what does not exist goes well.
///
/// Ownership: as cosffi_put_object(); the list of `objects_count` ids and its text are copied.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: see cosffi_transfer_callbacks; there is no progress.
/// Errors: INVALID_ARGUMENT, also for an empty list; SHUT_DOWN, FORKED; all others arrive in
/// `on_complete`, when a request fails as a whole; those before it stay done.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_delete_objects(
    client: Option<&cosffi_client>,
    objects: *const cosffi_object_id,
    objects_count: usize,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            || read(objects, objects_count),
            |client, cell, (keys, versions)| async move {
                let request = client.delete_objects(keys).versions(versions);
                let gone = or_cancelled(&cell, request.send()).await?;
                let deleted = Deleted::new(gone.deleted as u64, &gone.failures);
                Ok(cosffi_response::default().with_extra(deleted))
            },
        )
    }
}

fn ask<T: Copy>(
    response: Option<&cosffi_response>,
    default: T,
    question: impl FnOnce(&Deleted) -> T,
) -> T {
    guard::value(default, || {
        response
            .and_then(cosffi_response::extra::<Deleted>)
            .map_or(default, question)
    })
}

/// How many objects cosffi_delete_objects() deleted, or how many uploads and files
/// cosffi_clean_up_stale() removed; 0 for other responses.
///
/// Ownership: borrows `response`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_deleted_count(response: Option<&cosffi_response>) -> u64 {
    ask(response, 0, |deleted| deleted.count)
}

/// How many objects cosffi_delete_objects() could not delete; 0 for other responses.
///
/// Ownership: borrows `response`; 0 for NULL.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_failure_count(response: Option<&cosffi_response>) -> usize {
    ask(response, 0, |deleted| deleted.failures.len())
}

/// An object that could not be deleted, counted from 0.
///
/// Ownership: borrowed from `response`, valid as long as that; NULL is fine.
/// Threads: any.
/// How often: any number of times.
/// Errors: NULL when there are not so many.
/// Since: 0.1 (ABI 3).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_response_failure(
    response: Option<&cosffi_response>,
    index: usize,
) -> *const cosffi_delete_failure {
    ask(response, ptr::null(), |deleted| {
        deleted
            .failures
            .get(index)
            .map_or(ptr::null(), ptr::from_ref)
    })
}
