//! Content in memory or as it arrives.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use cos_client::{Client, ETag, GetObjectOutput};

use super::flow::ask;
use super::{begin, key, unless_cancelled};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::options::{self, SizeTagged};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::{cosffi_bytes, cosffi_str};
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::Cell;
use crate::transfer::cosffi_transfer;

/// Takes the next piece of an object's content, which lies at `offset_bytes` of the object and is
/// borrowed for the call; answers with a cosffi_flow. Called on the callback thread, one at a time for
/// one transfer; the next piece is fetched when it has returned.
pub type cosffi_body_fn = Option<
    unsafe extern "C" fn(user_data: *mut c_void, offset_bytes: u64, bytes: cosffi_bytes) -> i32,
>;

/// Settings of one read. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_get_options {
    /// sizeof(cosffi_get_options) when the program was compiled.
    pub struct_size: usize,
    /// The first byte to read. Default: the beginning.
    pub offset_bytes: u64,
    /// How many bytes to read at most. Default: to the end.
    pub length_bytes: u64,
    /// Read only if the object still has this tag, else fail with PRECONDITION.
    pub if_match: cosffi_str,
    /// The version to read, in buckets with versioning. Default: the newest.
    pub version_id: cosffi_str,
    /// The most to keep in memory; more fails with LOCAL before anything is kept. Default: 64 MiB. Not
    /// used when pieces go to a function.
    pub memory_limit_bytes: u64,
}

// SAFETY: repr(C), struct_size first; text and integers may be zero.
unsafe impl SizeTagged for cosffi_get_options {}

const DEFAULT_MEMORY_LIMIT: u64 = 64 << 20;

/// The same, owned.
#[derive(Default)]
pub(crate) struct Get {
    offset: u64,
    length: u64,
    if_match: Option<ETag>,
    version_id: Option<String>,
    memory_limit: u64,
}

impl Get {
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and its text lives for this call.
    pub(crate) unsafe fn read(options: *const cosffi_get_options) -> Result<Get, Failure> {
        if options.is_null() {
            return Ok(Get {
                memory_limit: DEFAULT_MEMORY_LIMIT,
                ..Get::default()
            });
        }
        // SAFETY: the caller's promise.
        let (options, if_match, version_id) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.if_match.read_optional("options->if_match")?,
                options.version_id.read_optional("options->version_id")?,
            )
        };
        if options
            .offset_bytes
            .checked_add(options.length_bytes)
            .is_none()
        {
            return Err(Failure::argument(
                "options->offset_bytes and length_bytes are beyond any object",
            ));
        }
        Ok(Get {
            offset: options.offset_bytes,
            length: options.length_bytes,
            if_match: if_match.map(ETag::new),
            version_id: version_id.map(str::to_owned),
            memory_limit: match options.memory_limit_bytes {
                0 => DEFAULT_MEMORY_LIMIT,
                limit => limit,
            },
        })
    }

    pub(crate) async fn send(
        &self,
        client: &Client,
        key: String,
    ) -> cos_client::Result<GetObjectOutput> {
        let mut get = client.get_object(key);
        if (self.offset, self.length) != (0, 0) {
            let end = match self.length {
                0 => Bound::Unbounded,
                length => Bound::Excluded(self.offset.saturating_add(length)),
            };
            get = get.range((Bound::Included(self.offset), end));
        }
        if let Some(tag) = &self.if_match {
            get = get.if_match(tag);
        }
        if let Some(version) = &self.version_id {
            get = get.version_id(version);
        }
        get.send().await
    }
}

/// Reads an object or a range of it: into memory (see cosffi_response_body()) when `on_body` is NULL,
/// otherwise piece by piece to `on_body`, in order, nothing held but the piece at hand. The checksum of a
/// whole object is compared at the end: pieces may have been given out when it turns out wrong. After a
/// broken connection it goes on where it was.
///
/// Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
/// NULL. All text is copied. `user_data` of `callbacks` is also that of `on_body`, and the transfer's until
/// its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: `on_body` once per piece; see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT, SHUT_DOWN, FORKED; all others arrive in `on_complete`, among them NOT_FOUND,
/// INTEGRITY, CANCELLED after COSFFI_FLOW_STOP, and LOCAL when it is too much for memory.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_get_object(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    options: *const cosffi_get_options,
    on_body: cosffi_body_fn,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe { Ok((key(object_key)?, Get::read(options)?)) };
    let work = move |client: Client, cell: Arc<Cell>, (key, get): (String, Get)| async move {
        let all = async {
            let object = get.send(&client, key).await?;
            match on_body {
                None => keep(&cell, object, get.memory_limit).await,
                Some(on_body) => {
                    let (cell_of_piece, first) = (Arc::clone(&cell), get.offset);
                    hand_out(&cell, object, move |done, piece| {
                        let cell = Arc::clone(&cell_of_piece);
                        async move { give(&cell, on_body, first + done, piece).await }
                    })
                    .await
                }
            }
        };
        unless_cancelled(&cell, all).await
    };
    // SAFETY: as above.
    unsafe { begin(client, callbacks, out_transfer, err, read, work) }
}

/// One piece to the app.
async fn give(
    cell: &Arc<Cell>,
    on_body: unsafe extern "C" fn(*mut c_void, u64, cosffi_bytes) -> i32,
    offset: u64,
    piece: Bytes,
) -> Result<(), Failure> {
    ask(cell, "on_body", false, move |user_data| {
        let bytes = cosffi_bytes {
            data: piece.as_ptr(),
            len: piece.len(),
        };
        // SAFETY: the app gave this function with this pointer; the piece outlives the call.
        (unsafe { on_body(user_data, offset, bytes) }, ())
    })
    .await
    .map(|_| ())
}

async fn keep(
    cell: &Arc<Cell>,
    object: GetObjectOutput,
    limit: u64,
) -> Result<cosffi_response, Failure> {
    let too_much = |size: u64| {
        Failure::new(
            cosffi_result::COSFFI_ERROR_LOCAL,
            format!("{size} bytes are more than the {limit} that may be kept in memory"),
        )
        .hint("raise options->memory_limit_bytes, give an on_body, or download into a file")
    };
    let expected = object.content_length.unwrap_or(0);
    if expected > limit {
        return Err(too_much(expected));
    }
    // The length is the service's word; memory is taken as bytes arrive beyond the first MiB.
    let body = Vec::with_capacity(expected.min(1 << 20) as usize);
    let body = std::sync::Mutex::new(body);
    let response = hand_out(cell, object, |done, piece: Bytes| {
        let size = done.saturating_add(piece.len() as u64);
        let kept = if size > limit {
            Err(too_much(size))
        } else {
            crate::transfer::cell::lock(&body).extend_from_slice(&piece);
            Ok(())
        };
        async move { kept }
    })
    .await?;
    let body = body.into_inner().unwrap_or_else(|e| e.into_inner());
    Ok(response.with_body(body))
}

/// Gives the content to `take`, piece by piece, with progress; `take` hears how many bytes came before.
pub(crate) async fn hand_out<Taken>(
    cell: &Arc<Cell>,
    mut object: GetObjectOutput,
    take: impl Fn(u64, Bytes) -> Taken,
) -> Result<cosffi_response, Failure>
where
    Taken: Future<Output = Result<(), Failure>>,
{
    let total = object.content_length.unwrap_or(u64::MAX);
    let mut done = 0;
    cell.progress(done, total);
    while let Some(piece) = object.chunk().await? {
        let len = piece.len() as u64;
        if len > 0 {
            take(done, piece).await?;
        }
        done += len;
        cell.progress(done, total);
    }
    cell.progress(done, done);
    Ok(cosffi_response::of_meta(&object.meta))
}
