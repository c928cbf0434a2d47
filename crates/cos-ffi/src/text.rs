//! Text across the border: `cosffi_str` and `cosffi_bytes` (borrowed), `cosffi_string` (owned).

use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::ptr;
use core::slice;

use crate::error::Failure;

/// Borrowed UTF-8 text: `len` bytes at `data`. `{NULL, 0}` is "not given" where that is allowed.
///
/// Text given to a function is read during the call and copied; it needs no NUL at the end.
/// Text that a function returns is followed by a NUL byte that `len` does not count, and lives as
/// long as the object it was asked from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_str {
    /// First byte; may be NULL only when `len` is 0.
    pub data: *const c_char,
    /// Bytes, without any NUL at the end.
    pub len: usize,
}

/// Borrowed bytes, read and copied during the call they are given to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_bytes {
    /// First byte; may be NULL only when `len` is 0.
    pub data: *const u8,
    /// Bytes.
    pub len: usize,
}

/// Owned text, NUL-terminated. Give it back with cosffi_string_free(), never with free().
#[repr(C)]
pub struct cosffi_string {
    /// The text; NULL when nothing was written.
    pub data: *mut c_char,
    /// Bytes, without the NUL at the end.
    pub len: usize,
}

/// Frees text this library gave out and sets it to `{NULL, 0}`, so that a second call does nothing.
///
/// Ownership: takes the text, not the struct around it. NULL and `{NULL, 0}` are fine.
/// Threads: any, one at a time for one string.
/// How often: any number of times; the second time does nothing.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_string_free(string: Option<&mut cosffi_string>) {
    crate::guard::value((), || {
        let Some(string) = string else { return };
        let data = core::mem::replace(&mut string.data, ptr::null_mut());
        let len = core::mem::replace(&mut string.len, 0);
        if !data.is_null() {
            // SAFETY: `data` and `len` were made by `cosffi_string::write` from a boxed slice of
            // len + 1 bytes, and taking them out above makes sure they are used once.
            drop(unsafe {
                Box::from_raw(ptr::slice_from_raw_parts_mut(data.cast::<u8>(), len + 1))
            });
        }
    })
}

/// Text kept with a NUL after it, so that C may treat what it borrows as a C string.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Text(Option<Box<str>>);

impl Text {
    pub(crate) fn new(text: &str) -> Text {
        if text.is_empty() {
            return Text(None);
        }
        let mut kept = String::with_capacity(text.len() + 1);
        kept.push_str(text);
        kept.push('\0');
        Text(Some(kept.into_boxed_str()))
    }

    pub(crate) fn optional(text: Option<&str>) -> Text {
        text.map_or(Text(None), Text::new)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0
            .as_deref()
            .and_then(|kept| kept.strip_suffix('\0'))
            .unwrap_or("")
    }

    pub(crate) fn lend(&self) -> cosffi_str {
        match &self.0 {
            None => cosffi_str::EMPTY,
            Some(kept) => cosffi_str {
                data: kept.as_ptr().cast(),
                len: kept.len() - 1,
            },
        }
    }
}

impl core::fmt::Debug for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl cosffi_str {
    /// The empty text, still a valid C string.
    pub(crate) const EMPTY: cosffi_str = cosffi_str {
        data: c"".as_ptr(),
        len: 0,
    };

    /// The text itself; `what` names the argument in the error.
    ///
    /// # Safety
    /// `data` must point to `len` readable bytes that do not change for `'a`, or be NULL.
    pub(crate) unsafe fn read<'a>(self, what: &str) -> Result<&'a str, Failure> {
        let bytes = cosffi_bytes {
            data: self.data.cast(),
            len: self.len,
        };
        // SAFETY: the caller's promise, handed on.
        let bytes = unsafe { bytes.read(what) }?;
        let text = core::str::from_utf8(bytes).map_err(|error| {
            Failure::argument(format!(
                "{what} is not UTF-8 (byte {})",
                error.valid_up_to()
            ))
        })?;
        if text.contains('\0') {
            return Err(Failure::argument(format!("{what} holds a NUL byte")));
        }
        Ok(text)
    }

    /// As [`read`](Self::read), but empty text is an error.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn read_required<'a>(self, what: &str) -> Result<&'a str, Failure> {
        // SAFETY: the caller's promise, handed on.
        let text = unsafe { self.read(what) }?;
        if text.is_empty() {
            return Err(Failure::argument(format!("{what} is empty")));
        }
        Ok(text)
    }

    /// As [`read`](Self::read), but empty text means "not given".
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn read_optional<'a>(self, what: &str) -> Result<Option<&'a str>, Failure> {
        // SAFETY: the caller's promise, handed on.
        let text = unsafe { self.read(what) }?;
        Ok((!text.is_empty()).then_some(text))
    }
}

/// More texts than any list of ours can have: a garbage count.
const MAX_LIST: usize = 10_000;

/// Reads a list of texts, none of them empty.
///
/// # Safety
/// `list` points to `count` texts that live for `'a`, or is NULL.
pub(crate) unsafe fn read_list<'a>(
    list: *const cosffi_str,
    count: usize,
    what: &str,
) -> Result<Vec<&'a str>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if list.is_null() || !list.is_aligned() || count > MAX_LIST {
        return Err(Failure::argument(format!(
            "{what} is not a list of {count} texts"
        )));
    }
    // SAFETY: not NULL, aligned, and `count` texts by the caller's promise.
    let list = unsafe { slice::from_raw_parts(list, count) };
    list.iter()
        .enumerate()
        .map(|(index, text)| {
            // SAFETY: the caller's promise for the text.
            unsafe { text.read_required("a text") }
                .map_err(|failure| failure.inside(&format!("{what}[{index}]")))
        })
        .collect()
}

impl cosffi_bytes {
    /// The bytes themselves.
    ///
    /// # Safety
    /// `data` must point to `len` readable bytes that do not change for `'a`, or be NULL.
    pub(crate) unsafe fn read<'a>(self, what: &str) -> Result<&'a [u8], Failure> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() {
            return Err(Failure::argument(format!(
                "{what} has a length but no data"
            )));
        }
        if isize::try_from(self.len).is_err() {
            return Err(Failure::argument(format!(
                "{what} is longer than memory can be"
            )));
        }
        // SAFETY: not NULL, not longer than an object can be, and readable by the caller's promise.
        Ok(unsafe { slice::from_raw_parts(self.data, self.len) })
    }
}

impl cosffi_string {
    const NONE: cosffi_string = cosffi_string {
        data: ptr::null_mut(),
        len: 0,
    };

    /// Sets an output to "nothing written", or says that it is missing.
    pub(crate) fn clear(
        out: Option<&mut MaybeUninit<cosffi_string>>,
    ) -> Result<&mut cosffi_string, Failure> {
        Ok(out
            .ok_or_else(|| Failure::argument("out is NULL"))?
            .write(Self::NONE))
    }

    /// Gives `text` to C.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        if text.contains('\0') {
            return Err(Failure::argument("the result would hold a NUL byte"));
        }
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        self.len = text.len();
        self.data = Box::into_raw(bytes.into_boxed_slice()).cast();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn str_of(bytes: &[u8]) -> cosffi_str {
        cosffi_str {
            data: bytes.as_ptr().cast(),
            len: bytes.len(),
        }
    }

    #[test]
    fn reads_text_and_refuses_what_is_not() {
        // SAFETY: every pointer below is a live slice or NULL.
        unsafe {
            assert_eq!(str_of("键/a".as_bytes()).read("key").unwrap(), "键/a");
            assert_eq!(str_of(b"").read_optional("key").unwrap(), None);
            let null = |len| cosffi_str {
                data: ptr::null(),
                len,
            };
            assert_eq!(null(0).read("key").unwrap(), "");
            for (bad, says) in [
                (null(3), "key has a length but no data"),
                (str_of(b"a\xffb"), "key is not UTF-8 (byte 1)"),
                (str_of(b"a\0b"), "key holds a NUL byte"),
                (
                    cosffi_str {
                        data: c"x".as_ptr(),
                        len: usize::MAX,
                    },
                    "key is longer than memory can be",
                ),
            ] {
                assert_eq!(bad.read("key").unwrap_err().message(), says);
            }
            assert_eq!(
                null(0).read_required("key").unwrap_err().message(),
                "key is empty"
            );
        }
    }

    #[test]
    fn owned_text_ends_with_nul_and_may_be_freed_twice() {
        let mut out = cosffi_string::NONE;
        out.write("häl").unwrap();
        // SAFETY: `write` left len + 1 bytes there.
        let bytes = unsafe { slice::from_raw_parts(out.data.cast::<u8>(), out.len + 1) };
        assert_eq!(bytes, "häl\0".as_bytes());
        cosffi_string_free(Some(&mut out));
        assert!(out.data.is_null() && out.len == 0);
        cosffi_string_free(Some(&mut out));
        cosffi_string_free(None);
        assert!(out.write("a\0b").is_err());
    }

    #[test]
    fn lent_text_is_followed_by_nul() {
        let text = Text::new("abc");
        let lent = text.lend();
        // SAFETY: Text keeps one NUL after the text.
        let bytes = unsafe { slice::from_raw_parts(lent.data.cast::<u8>(), lent.len + 1) };
        assert_eq!(bytes, b"abc\0");
        assert_eq!(text.as_str(), "abc");
        assert_eq!(Text::default().lend().len, 0);
        assert!(!Text::default().lend().data.is_null());
    }
}
