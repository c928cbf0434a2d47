//! What a transfer of a folder can be told.

use cos_client::{Compare, DownloadDir, Priority, ResumeFolder, Symlinks, UploadDir};

use super::priority;
use crate::error::Failure;
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::text::{self, cosffi_str};

/// What counts as the same on both sides of a folder's transfer, and is left alone.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_compare {
    /// Nothing: every file is transferred.
    COSFFI_COMPARE_NOTHING = 0,
    /// The same size, and the source is not newer, in whole seconds. An object's time is when it was written
    /// to the bucket; downloads give it to the file. Both clocks must be about right.
    COSFFI_COMPARE_SIZE_AND_TIME = 1,
    /// The same size and CRC-64: reads local files and asks for each object's properties.
    COSFFI_COMPARE_CHECKSUM = 2,
}

/// Settings of one transfer of a folder. Zero and empty mean default.
///
/// In patterns `*` and `?` stand for characters of one name, `**` for any number of folders, `[ab]` for one
/// of the characters. A pattern without a slash (but at its end) fits at any depth, one with a slash from the
/// folder on; one that fits a folder fits everything below it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_folder_options {
    /// sizeof(cosffi_folder_options) when the program was compiled.
    pub struct_size: usize,
    /// Only files that one of these patterns fits. Default: all.
    pub include: *const cosffi_str,
    /// How many there are.
    pub include_count: usize,
    /// No files that one of these patterns fits, whatever is included.
    pub exclude: *const cosffi_str,
    /// How many there are.
    pub exclude_count: usize,
    /// What is left alone, a cosffi_compare. Default: COSFFI_COMPARE_NOTHING, nothing.
    pub compare: i32,
    /// Not 0: deletes at the target what the source does not have, below the target's folder only. What is
    /// filtered out, left out, or could not be read at the source stays.
    pub delete_extra: u32,
    /// Not 0: finds out and tells what would be done, and changes nothing on either side.
    pub dry_run: u32,
    /// Not 0: ends with the first file that fails, and its error. Otherwise the others go on.
    pub fail_fast: u32,
    /// Files in flight at most; the client's own limit holds as well. Default: the client's.
    pub concurrency: u32,
    /// Who goes first, a cosffi_priority. Default: COSFFI_PRIORITY_NORMAL.
    pub priority: i32,
    /// Not 0: takes what symbolic links lead to, also outside the folder. Default: they are left out. For
    /// uploads.
    pub follow_symlinks: u32,
    /// Not 0: an object "folder/" without content for each empty folder. For uploads.
    pub empty_folders: u32,
    /// Not 0: takes only names that every system can hold. Default: what this one can hold. For downloads.
    pub portable_names: u32,
    /// Not 0: a file that is there already fails with LOCAL instead of being replaced. For downloads.
    pub forbid_overwrite: u32,
    /// Bytes per part of large files. Default: the client's.
    pub part_size_bytes: u64,
    /// A folder for resume records, made if it is missing: another call goes on with large files where this
    /// one ended, however that was.
    pub resume_folder: cosffi_str,
    /// Further headers of every upload or request for an object; all are signed.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_folder_options {}

/// The same, owned.
#[derive(Default)]
pub(crate) struct Settings {
    include: Vec<String>,
    exclude: Vec<String>,
    compare: Compare,
    delete: bool,
    dry_run: bool,
    fail_fast: bool,
    concurrency: Option<usize>,
    priority: Priority,
    follows_symlinks: bool,
    empty_folders: bool,
    portable_names: bool,
    forbid_overwrite: bool,
    part_size: Option<u64>,
    store: Option<ResumeFolder>,
    headers: Vec<(String, String)>,
}

impl Settings {
    /// For an upload.
    ///
    /// # Safety
    /// `options` is NULL or a struct that starts with its size, and what it points to lives for this call.
    pub(crate) unsafe fn for_upload(
        options: *const cosffi_folder_options,
    ) -> Result<Settings, Failure> {
        // SAFETY: the caller's promise.
        let settings = unsafe { Settings::read(options) }?;
        if settings.portable_names || settings.forbid_overwrite {
            return Err(Failure::argument(
                "options->portable_names and forbid_overwrite are for downloads",
            ));
        }
        Ok(settings)
    }

    /// For a download.
    ///
    /// # Safety
    /// As [`for_upload`](Self::for_upload).
    pub(crate) unsafe fn for_download(
        options: *const cosffi_folder_options,
    ) -> Result<Settings, Failure> {
        // SAFETY: the caller's promise.
        let settings = unsafe { Settings::read(options) }?;
        if settings.follows_symlinks || settings.empty_folders {
            return Err(Failure::argument(
                "options->follow_symlinks and empty_folders are for uploads",
            ));
        }
        Ok(settings)
    }

    /// # Safety
    /// As [`for_upload`](Self::for_upload).
    unsafe fn read(options: *const cosffi_folder_options) -> Result<Settings, Failure> {
        if options.is_null() {
            return Ok(Settings::default());
        }
        // SAFETY: the caller's promise.
        let (options, include, exclude, headers, store) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                text::read_list(options.include, options.include_count, "options->include")?,
                text::read_list(options.exclude, options.exclude_count, "options->exclude")?,
                pair::read(options.headers, options.headers_count, "options->headers")?,
                options
                    .resume_folder
                    .read_optional("options->resume_folder")?,
            )
        };
        Ok(Settings {
            include: include.into_iter().map(str::to_owned).collect(),
            exclude: exclude.into_iter().map(str::to_owned).collect(),
            compare: compare(options.compare)?,
            delete: options.delete_extra != 0,
            dry_run: options.dry_run != 0,
            fail_fast: options.fail_fast != 0,
            concurrency: (options.concurrency != 0).then_some(options.concurrency as usize),
            priority: priority::read(options.priority)?,
            follows_symlinks: options.follow_symlinks != 0,
            empty_folders: options.empty_folders != 0,
            portable_names: options.portable_names != 0,
            forbid_overwrite: options.forbid_overwrite != 0,
            part_size: (options.part_size_bytes != 0).then_some(options.part_size_bytes),
            store: store.map(ResumeFolder::new).transpose()?,
            headers: pair::owned(headers),
        })
    }

    /// Whether what a shutdown interrupts is kept.
    pub(crate) fn keeps(&self) -> bool {
        self.store.is_some()
    }

    pub(crate) fn apply_to_upload(self, to: UploadDir) -> UploadDir {
        let symlinks = match self.follows_symlinks {
            true => Symlinks::Follow,
            false => Symlinks::Skip,
        };
        let to = to.symlinks(symlinks).empty_folders(self.empty_folders);
        self.apply(to)
    }

    pub(crate) fn apply_to_download(self, to: DownloadDir) -> DownloadDir {
        let to = to.portable_names(self.portable_names);
        let to = match self.forbid_overwrite {
            true => to.forbid_overwrite(),
            false => to,
        };
        self.apply(to)
    }

    fn apply<T: Folder>(self, to: T) -> T {
        let to = self
            .headers
            .iter()
            .fold(to, |to, (n, v)| to.with_header(n, v));
        let to = self.include.into_iter().fold(to, T::including);
        let to = self.exclude.into_iter().fold(to, T::excluding);
        let to = to.how(self.compare, self.delete, self.dry_run, self.fail_fast);
        let to = to.with_priority(self.priority);
        let to = self.concurrency.into_iter().fold(to, T::at_a_time);
        let to = self.part_size.into_iter().fold(to, T::in_parts_of);
        self.store.iter().fold(to, T::with_store)
    }
}

/// A number from C.
fn compare(by: i32) -> Result<Compare, Failure> {
    use cosffi_compare::*;
    match by {
        n if n == COSFFI_COMPARE_NOTHING as i32 => Ok(Compare::Nothing),
        n if n == COSFFI_COMPARE_SIZE_AND_TIME as i32 => Ok(Compare::SizeAndTime),
        n if n == COSFFI_COMPARE_CHECKSUM as i32 => Ok(Compare::Checksum),
        other => Err(Failure::argument(format!(
            "options->compare is {other}, which is no cosffi_compare"
        ))),
    }
}

/// The settings that both directions of the client have.
pub(crate) trait Folder: Sized {
    fn with_header(self, name: &str, value: &str) -> Self;
    fn including(self, pattern: String) -> Self;
    fn excluding(self, pattern: String) -> Self;
    fn how(self, by: Compare, delete: bool, dry_run: bool, fail_fast: bool) -> Self;
    fn with_priority(self, priority: Priority) -> Self;
    fn at_a_time(self, files: usize) -> Self;
    fn in_parts_of(self, bytes: u64) -> Self;
    fn with_store(self, store: &ResumeFolder) -> Self;
}

macro_rules! folder {
    ($($type:ty),*) => {$(
        impl Folder for $type {
            fn with_header(self, name: &str, value: &str) -> Self {
                self.header(name, value)
            }
            fn including(self, pattern: String) -> Self {
                self.include(pattern)
            }
            fn excluding(self, pattern: String) -> Self {
                self.exclude(pattern)
            }
            fn how(self, by: Compare, delete: bool, dry_run: bool, fail_fast: bool) -> Self {
                self.compare(by).delete(delete).dry_run(dry_run).fail_fast(fail_fast)
            }
            fn with_priority(self, priority: Priority) -> Self {
                self.priority(priority)
            }
            fn at_a_time(self, files: usize) -> Self {
                self.concurrency(files)
            }
            fn in_parts_of(self, bytes: u64) -> Self {
                self.part_size(bytes)
            }
            fn with_store(self, store: &ResumeFolder) -> Self {
                self.resume_store(store)
            }
        }
    )*};
}

folder!(UploadDir, DownloadDir);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_enum_and_no_other() {
        assert_eq!(compare(0).unwrap(), Compare::Nothing);
        assert_eq!(compare(1).unwrap(), Compare::SizeAndTime);
        assert_eq!(compare(2).unwrap(), Compare::Checksum);
        for bad in [-1, 3, i32::MIN, i32::MAX] {
            assert!(compare(bad).is_err());
        }
    }
}
