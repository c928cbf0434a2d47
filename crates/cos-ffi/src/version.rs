//! Which library is this?

use core::ffi::c_char;

/// The ABI this header describes. It grows by one when functions, codes or fields are added; it
/// never takes anything away.
pub const COSFFI_ABI_VERSION: u32 = 4;

const VERSION: &core::ffi::CStr =
    match core::ffi::CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes())
    {
        Ok(version) => version,
        Err(_) => c"",
    };

/// The ABI of the library that is linked or loaded. A program is fine with any number that is not
/// smaller than the COSFFI_ABI_VERSION it was compiled with.
///
/// Ownership: none.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_abi_version() -> u32 {
    crate::guard::value(0, || COSFFI_ABI_VERSION)
}

/// The version of the library as text, e.g. "0.1.0".
///
/// Ownership: static text, never freed.
/// Threads: any.
/// How often: any number of times.
/// Errors: none.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub extern "C" fn cosffi_version_string() -> *const c_char {
    crate::guard::value(c"".as_ptr(), || VERSION.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_version_of_the_package() {
        assert_eq!(VERSION.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
        assert_eq!(cosffi_abi_version(), COSFFI_ABI_VERSION);
    }
}
