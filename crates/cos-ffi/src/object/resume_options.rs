//! Going on with a file that was interrupted.

use cos_client::{DownloadFile, ResumeFolder, UploadFile};

use crate::error::Failure;
use crate::text::cosffi_str;

/// Where a transfer goes on, if it can.
#[derive(Default)]
pub(crate) struct Resume {
    folder: Option<ResumeFolder>,
    record: Option<Vec<u8>>,
}

impl Resume {
    /// # Safety
    /// The text lives for this call.
    pub(crate) unsafe fn read(folder: cosffi_str, record: cosffi_str) -> Result<Resume, Failure> {
        // SAFETY: the caller's promise.
        let (folder, record) = unsafe {
            (
                folder.read_optional("options->resume_folder")?,
                record.read_optional("options->resume_record")?,
            )
        };
        Ok(Resume {
            folder: folder.map(ResumeFolder::new).transpose()?,
            record: record.map(|text| text.as_bytes().to_vec()),
        })
    }

    /// For content that can only be sent from the beginning. Apart from [`read`](Self::read) so that a program which
    /// sends no files is linked without folders of records.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn refuse(folder: cosffi_str, record: cosffi_str) -> Result<Resume, Failure> {
        // SAFETY: the caller's promise.
        let (folder, record) = unsafe {
            (
                folder.read_optional("options->resume_folder")?,
                record.read_optional("options->resume_record")?,
            )
        };
        match (folder, record) {
            (None, None) => Ok(Resume::default()),
            _ => Err(Failure::argument(
                "options->resume_folder and resume_record are for files",
            )),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.folder.is_some() || self.record.is_some()
    }
}

macro_rules! apply {
    ($($name:ident $type:ty;)*) => {
        impl Resume {$(
            pub(crate) fn $name(self, mut to: $type) -> $type {
                if let Some(folder) = &self.folder {
                    to = to.resume_store(folder);
                }
                if let Some(record) = self.record {
                    to = to.resume_from(record);
                }
                to
            }
        )*}
    };
}

apply! {
    apply_to_upload UploadFile;
    apply_to_download DownloadFile;
}
