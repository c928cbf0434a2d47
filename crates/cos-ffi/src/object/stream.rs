//! Content that the app makes on the way.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use tokio_util::io::StreamReader;

use super::flow::{Answer, ask};
use super::upload_options::{Upload, cosffi_upload_options};
use super::{begin, follow, key, progress_of};
use crate::client::cosffi_client;
use crate::error::{Failure, cosffi_error};
use crate::response::cosffi_response;
use crate::result::cosffi_result;
use crate::text::cosffi_str;
use crate::transfer::callbacks::cosffi_transfer_callbacks;
use crate::transfer::cell::Cell;
use crate::transfer::cosffi_transfer;

/// Gives the next bytes of a stream: writes up to `room_bytes` to `room`, says in `*out_written` how many
/// (it is 0 before), and answers with a cosffi_flow: COSFFI_FLOW_END with the last of them,
/// COSFFI_FLOW_PAUSE when there are no more at the moment. COSFFI_FLOW_CONTINUE needs at least one byte.
/// Called on the callback thread, one at a time for one transfer, when the network can take more.
pub type cosffi_read_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        room: *mut u8,
        room_bytes: usize,
        out_written: *mut usize,
    ) -> i32,
>;

type Read = unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut usize) -> i32;

/// What is asked for at once.
const ROOM: usize = 128 << 10;

/// Uploads what `on_read` gives, to its end, whose place need not be known. What fits into one part goes
/// in one request, more in parts; parts are kept in memory until they have arrived, at most the
/// concurrency and one more of them. For files use cosffi_upload_file().
///
/// Ownership: `*out_transfer` is yours; end it with cosffi_transfer_free(); `out_transfer` may be
/// NULL. All text is copied. `user_data` of `callbacks` is also that of `on_read`, and the transfer's until
/// its `drop`.
/// Threads: any, also inside a callback; callbacks come on the callback thread.
/// How often: `on_read` until COSFFI_FLOW_END; see cosffi_transfer_callbacks.
/// Errors: INVALID_ARGUMENT (also when `on_read` is NULL), SHUT_DOWN, FORKED; all others arrive in
/// `on_complete`, among them CANCELLED after COSFFI_FLOW_STOP.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_upload_stream(
    client: Option<&cosffi_client>,
    object_key: cosffi_str,
    on_read: cosffi_read_fn,
    options: *const cosffi_upload_options,
    callbacks: *const cosffi_transfer_callbacks,
    out_transfer: Option<&mut MaybeUninit<*mut cosffi_transfer>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    // SAFETY: what the caller passes lives for this call.
    let read = || unsafe {
        Ok((
            key(object_key)?,
            on_read.ok_or_else(|| Failure::null("on_read"))?,
            Upload::read_without_resume(options)?,
        ))
    };
    // SAFETY: as above.
    unsafe {
        begin(
            client,
            callbacks,
            out_transfer,
            err,
            read,
            |client, cell, (key, on_read, upload)| async move {
                let pieces = try_unfold(false, {
                    let cell = Arc::clone(&cell);
                    move |ended| next_piece(Arc::clone(&cell), on_read, ended)
                });
                let reader = StreamReader::new(Box::pin(pieces));
                let stream = upload.apply_in_parts(client.upload_reader(key, reader));
                let transfer = stream.on_progress(progress_of(&cell)).start();
                Ok(cosffi_response::of_upload(
                    &follow(&cell, transfer, false).await?,
                ))
            },
        )
    }
}

async fn next_piece(
    cell: Arc<Cell>,
    on_read: Read,
    ended: bool,
) -> io::Result<Option<(Bytes, bool)>> {
    if ended {
        return Ok(None);
    }
    loop {
        let question = move |user_data| {
            let mut room = vec![0; ROOM];
            let mut written = 0;
            // SAFETY: the app gave this function with this pointer; room and count are ours.
            let flow = unsafe { on_read(user_data, room.as_mut_ptr(), ROOM, &mut written) };
            room.truncate(written);
            // CONTINUE without a byte would ask for ever; too many bytes are a bug we may not hide.
            let flow = match (flow, written) {
                (0, 0) => NOTHING,
                (_, written) if written > ROOM => TOO_MUCH,
                (flow, _) => flow,
            };
            (flow, room)
        };
        // An end that the app asked for never comes back here: the transfer is cancelled meanwhile.
        let (answer, piece) = ask(&cell, "on_read", true, question)
            .await
            .map_err(|failure| io::Error::other(failure.text()))?;
        match answer {
            Answer::GoOn if piece.is_empty() => {}
            Answer::End if piece.is_empty() => return Ok(None),
            _ => return Ok(Some((piece.into(), answer == Answer::End))),
        }
    }
}

/// Answers of our own that are no cosffi_flow, so that the transfer ends with INVALID_ARGUMENT.
const NOTHING: i32 = -1;
const TOO_MUCH: i32 = -2;
