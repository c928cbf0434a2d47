//! Lists of names and values.

use core::slice;

use crate::error::Failure;
use crate::text::cosffi_str;

/// A name with a value: a header or a query parameter, as plain text without any escaping.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_pair {
    /// The name, in any case.
    pub name: cosffi_str,
    /// The value; may be empty.
    pub value: cosffi_str,
}

/// More pairs than any request can have: a garbage count, not a list.
const MAX_PAIRS: usize = 10_000;

/// Reads a list of pairs.
///
/// # Safety
/// `pairs` points to `count` pairs whose text lives for `'a`, or is NULL.
pub(crate) unsafe fn read<'a>(
    pairs: *const cosffi_pair,
    count: usize,
    what: &str,
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if pairs.is_null() || !pairs.is_aligned() || count > MAX_PAIRS {
        return Err(Failure::argument(format!(
            "{what} is not a list of {count} pairs"
        )));
    }
    // SAFETY: not NULL, aligned, and `count` pairs by the caller's promise.
    let pairs = unsafe { slice::from_raw_parts(pairs, count) };
    // One more fits: the token's header or parameter.
    let mut read = Vec::with_capacity(count + 1);
    for pair in pairs {
        // SAFETY: the caller's promise for the text.
        let texts = || unsafe {
            Ok((
                pair.name.read_required("a name")?,
                pair.value.read("a value")?,
            ))
        };
        // Where it is wrong is only put into words when it is.
        read.push(texts().map_err(|failure: Failure| failure.inside(what))?);
    }
    Ok(read)
}

/// The same, kept beyond the call.
pub(crate) fn owned(pairs: Vec<(&str, &str)>) -> Vec<(String, String)> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
