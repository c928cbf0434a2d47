//! Who goes first when a client's requests in flight are all taken.

use cos_client::Priority;

use crate::error::Failure;

/// Who goes first when the client's requests in flight are all taken: a request of a higher priority
/// always goes before one of a lower, which may thus wait as long as there is more important work.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_priority {
    /// Unless told otherwise.
    COSFFI_PRIORITY_NORMAL = 0,
    /// Behind everything else: backups, prefetching.
    COSFFI_PRIORITY_LOW = 1,
    /// Before everything else: what somebody is waiting for.
    COSFFI_PRIORITY_HIGH = 2,
}

/// A number from C.
pub(crate) fn read(priority: i32) -> Result<Priority, Failure> {
    use cosffi_priority::*;
    match priority {
        n if n == COSFFI_PRIORITY_NORMAL as i32 => Ok(Priority::Normal),
        n if n == COSFFI_PRIORITY_LOW as i32 => Ok(Priority::Low),
        n if n == COSFFI_PRIORITY_HIGH as i32 => Ok(Priority::High),
        other => Err(Failure::argument(format!(
            "options->priority is {other}, which is no cosffi_priority"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_enum_and_no_other() {
        assert_eq!(read(0).unwrap(), Priority::Normal);
        assert_eq!(read(1).unwrap(), Priority::Low);
        assert_eq!(read(2).unwrap(), Priority::High);
        for bad in [-1, 3, i32::MIN, i32::MAX] {
            assert!(read(bad).is_err());
        }
    }
}
