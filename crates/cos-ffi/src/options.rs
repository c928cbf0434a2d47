//! Options structs that may be older or newer than this library.
//!
//! The first field, `struct_size`, is the size the struct had when the caller was compiled. Fields
//! beyond it read as zero, which always means "default"; fields this version does not know must be
//! zero, because silently ignoring a setting would be worse than refusing it.

use core::mem::{MaybeUninit, size_of};
use core::ptr;
use core::slice;

use crate::error::Failure;

/// A `#[repr(C)]` struct whose first field is `struct_size: usize` and for which all zeroes is valid.
///
/// # Safety
/// Exactly that: the layout, the first field, and zero being a valid value of every field.
pub(crate) unsafe trait SizeTagged: Copy {}

/// No options struct will ever be this big: a larger size is garbage, and reading it would crash.
const IMPLAUSIBLE: usize = 4096;

/// Copies an options struct of any version out of C memory.
///
/// # Safety
/// `options` is NULL or points to at least `struct_size` readable bytes, aligned for `T`.
pub(crate) unsafe fn read<T: SizeTagged>(options: *const T, what: &str) -> Result<T, Failure> {
    if options.is_null() {
        return Err(Failure::null(what));
    }
    if !options.is_aligned() {
        return Err(Failure::argument(format!("{what} is not aligned")));
    }
    // SAFETY: not NULL, aligned, and every options struct starts with its size.
    let theirs = unsafe { options.cast::<usize>().read() };
    // The size of any struct is a multiple of its alignment; another one might end within a pointer.
    let is_plausible = (size_of::<usize>()..=IMPLAUSIBLE).contains(&theirs);
    if !is_plausible || !theirs.is_multiple_of(align_of::<usize>()) {
        return Err(Failure::argument(format!(
            "{what}->struct_size is {theirs}; set it to the size of the struct"
        )));
    }
    let ours = size_of::<T>();
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have at least min(theirs, ours) bytes and do not overlap.
    unsafe {
        ptr::copy_nonoverlapping(
            options.cast::<u8>(),
            copy.as_mut_ptr().cast::<u8>(),
            theirs.min(ours),
        );
    }
    if theirs > ours {
        // SAFETY: the caller vouches for `theirs` bytes; these are the ones after ours.
        let unknown =
            unsafe { slice::from_raw_parts(options.cast::<u8>().add(ours), theirs - ours) };
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(Failure::argument(format!(
                "{what} sets an option that this version of the library does not know"
            ))
            .hint(
                "the program was compiled with a newer header: link the library that belongs to it",
            ));
        }
    }
    // SAFETY: zeroes are valid by the trait's promise, and so are the caller's fields.
    Ok(unsafe { copy.assume_init() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Options {
        struct_size: usize,
        a: u64,
        b: u64,
    }
    // SAFETY: repr(C), struct_size first, integers only.
    unsafe impl SizeTagged for Options {}

    fn read_words(words: &[u64]) -> Result<Options, Failure> {
        // SAFETY: the tests never claim more bytes than `words` has, unless the size is refused.
        unsafe { read(words.as_ptr().cast::<Options>(), "options") }
    }

    #[test]
    fn older_and_newer_structs_are_read() {
        let full = Options {
            struct_size: 24,
            a: 5,
            b: 6,
        };
        assert_eq!(read_words(&[24, 5, 6]).unwrap(), full);
        let older = read_words(&[16, 5, 6]).unwrap();
        assert_eq!((older.a, older.b), (5, 0));
        assert_eq!(read_words(&[8]).unwrap().a, 0);
        assert_eq!(read_words(&[40, 5, 6, 0, 0]).unwrap().b, 6);
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &[0u64, 5, 6][..],
            &[7, 5, 6],
            &[4097, 5, 6],
            &[u64::MAX, 0],
            &[12, 5, 6],
            &[21, 5, 6],
        ] {
            assert!(
                read_words(words)
                    .unwrap_err()
                    .message()
                    .contains("struct_size")
            );
        }
        let error = read_words(&[32, 5, 6, 1]).unwrap_err();
        assert!(error.message().contains("does not know"));
        // SAFETY: NULL and a misaligned pointer are refused before anything is read.
        unsafe {
            assert!(read(ptr::null::<Options>(), "options").is_err());
            let words = [24u64, 0, 0, 0];
            let crooked = words.as_ptr().cast::<u8>().add(1).cast::<Options>();
            assert!(read(crooked, "options").is_err());
        }
    }
}
