//! `cos://BUCKET/KEY`, a local path, or `-`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use cos_client::BucketName;

use crate::exit::{Failure, Result};

/// An object, or a prefix of keys: the part after the bucket is not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CosUrl {
    pub(crate) bucket: BucketName,
    /// Everything after the first `/`, as typed; nothing is decoded.
    pub(crate) key: String,
}

impl FromStr for CosUrl {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let rest = text
            .strip_prefix("cos://")
            .ok_or("write cos://BUCKET-APPID/KEY")?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self {
            bucket: BucketName::new(bucket).map_err(|e| e.to_string())?,
            key: key.to_owned(),
        })
    }
}

impl CosUrl {
    /// The key, which this command needs.
    pub(crate) fn object_key(&self) -> Result<&str> {
        if self.key.is_empty() {
            return Err(Failure::usage(format!(
                "cos://{}/ names a bucket, an object is needed",
                self.bucket.as_str()
            )));
        }
        Ok(&self.key)
    }

    /// The key under which a file named `name` is put: itself, or inside it if it ends with `/`.
    pub(crate) fn key_for(&self, name: Option<&str>) -> Result<String> {
        if !self.key.is_empty() && !self.key.ends_with('/') {
            return Ok(self.key.clone());
        }
        match name {
            Some(name) => Ok(format!("{}{name}", self.key)),
            None => Err(Failure::usage(
                "the target needs an object key: the source has no name to take",
            )),
        }
    }
}

/// One side of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An object.
    Cos(CosUrl),
    /// A file.
    File(PathBuf),
    /// Standard input or output.
    Stdio,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "" => Err("a place is cos://BUCKET-APPID/KEY, a file, or -".to_owned()),
            "-" => Ok(Self::Stdio),
            _ if text.starts_with("cos://") => text.parse().map(Self::Cos),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

/// Where a download of `key` goes if told `path`: into it, if it is a folder.
pub(crate) fn file_for(path: &Path, key: &str) -> Result<PathBuf> {
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/');
    if !is_folder {
        return Ok(path.to_owned());
    }
    let forbidden: &[char] = match cfg!(windows) {
        true => &['\\', '\0', ':'],
        false => &['\\', '\0'],
    };
    // The last part of a key that means something else to a file system is not a name to take.
    match key.rsplit('/').next() {
        Some(name) if !matches!(name, "" | "." | "..") && !name.contains(forbidden) => {
            Ok(path.join(name))
        }
        _ => Err(Failure::usage(format!(
            "{} is a folder and the key has no file name to take",
            path.display()
        ))
        .hint("name the file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let url: CosUrl = "cos://demo-1250000000/a/b c%20".parse().unwrap();
        assert_eq!(url.bucket.as_str(), "demo-1250000000");
        assert_eq!(url.key, "a/b c%20");
        assert_eq!("-".parse(), Ok(Place::Stdio));
        assert_eq!("./-".parse(), Ok(Place::File("./-".into())));
        for bad in ["cos://", "cos://demo", "cos:///a", "cos://Demo-1/a"] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_taken_over() {
        let url = |s: &str| s.parse::<CosUrl>().unwrap();
        let key = |s: &str, n| url(s).key_for(n).ok();
        assert_eq!(key("cos://a-1/x", Some("f")).as_deref(), Some("x"));
        assert_eq!(key("cos://a-1/x/", Some("f")).as_deref(), Some("x/f"));
        assert_eq!(key("cos://a-1", Some("f")).as_deref(), Some("f"));
        assert_eq!(key("cos://a-1/x/", None), None);
        let here = tempfile::tempdir().unwrap();
        let into = |key| file_for(here.path(), key).ok();
        assert_eq!(into("a/b.txt"), Some(here.path().join("b.txt")));
        for bad in ["a/", "a/..", "..", "a/.", "a/b\\c"] {
            assert_eq!(into(bad), None, "{bad}");
        }
    }
}
