//! The panic guard: nothing unwinds into C.
//!
//! Every exported function runs its body in [`call`] (those that return `cosffi_result`) or
//! [`value`] (the rest). A panic becomes `COSFFI_ERROR_PANIC` or the default value.

use core::mem::MaybeUninit;
use core::ptr;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, cosffi_error};
use crate::result::cosffi_result;

/// The last parameter of fallible functions: where the error goes, if the caller wants it.
pub(crate) type ErrorOut<'a> = Option<&'a mut MaybeUninit<*mut cosffi_error>>;

/// Runs the body of a fallible entry point and hands its failure to C.
pub(crate) fn call(err: ErrorOut<'_>, body: impl FnOnce() -> Result<(), Failure>) -> cosffi_result {
    let failure = match run(body) {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(Panicked) => Some(Failure::panicked()),
    };
    let result = failure
        .as_ref()
        .map_or(cosffi_result::COSFFI_OK, Failure::code);
    if let Some(err) = err {
        err.write(failure.map_or(ptr::null_mut(), cosffi_error::into_raw));
    }
    result
}

/// Runs the body of an entry point that cannot fail; `default` is the answer if it panics.
pub(crate) fn value<T>(default: T, body: impl FnOnce() -> T) -> T {
    run(body).unwrap_or(default)
}

pub(crate) struct Panicked;

/// Runs `body`; a panic ends here.
pub(crate) fn run<T>(body: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        inject::point();
        body()
    }))
    .map_err(|payload| {
        discard(payload);
        Panicked
    })
}

/// Drops what a panic carried, which may run foreign code that panics in turn: a few times that is followed, then left.
#[cold]
fn discard(mut payload: Box<dyn Any + Send>) {
    for _ in 0..4 {
        match catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return,
            Err(next) => payload = next,
        }
    }
    core::mem::forget(payload);
}

/// Makes the next guarded call of this thread panic, to show that the guard holds.
#[cfg(test)]
pub(crate) mod inject {
    use std::cell::Cell;

    thread_local!(static ARMED: Cell<bool> = const { Cell::new(false) });

    pub(crate) fn arm() {
        ARMED.set(true);
    }

    /// Whether the armed panic is still waiting, that is: no guard was passed.
    pub(crate) fn disarm() -> bool {
        ARMED.replace(false)
    }

    pub(super) fn point() {
        assert!(!ARMED.replace(false), "injected panic");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_code_and_an_error() {
        let mut error = MaybeUninit::uninit();
        let result = call(Some(&mut error), || panic!("secret"));
        assert_eq!(result, cosffi_result::COSFFI_ERROR_PANIC);
        // SAFETY: `call` always writes the error and this one came from `into_raw`.
        let error = unsafe { Box::from_raw(error.assume_init()) };
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(call(None, || panic!()), cosffi_result::COSFFI_ERROR_PANIC);
        assert_eq!(value(7, || panic!()), 7);
    }

    #[test]
    fn a_panic_while_its_payload_is_dropped_ends_here_too() {
        struct Grenade;
        impl Drop for Grenade {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(value(7, || std::panic::panic_any(Grenade)), 7);
    }

    #[test]
    fn success_clears_the_error() {
        let mut error = MaybeUninit::new(ptr::dangling_mut());
        assert_eq!(call(Some(&mut error), || Ok(())), cosffi_result::COSFFI_OK);
        // SAFETY: initialised above and written by `call`.
        assert!(unsafe { error.assume_init() }.is_null());
    }
}
