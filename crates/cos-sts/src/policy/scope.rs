//! The part of a bucket a token may touch.

use super::PolicyError;

/// A bucket in a region and the keys in it: all below a prefix, one key, or (asked for by name) all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    bucket: String,
    region: Option<String>,
    keys: Keys,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Keys {
    Prefix(String),
    Key(String),
    All,
}

impl Scope {
    /// All keys that start with `prefix`: `uploads/` (or `uploads/*`, the same) is a folder, `uploads`
    /// also covers `uploads-2`. A leading `/` is dropped.
    ///
    /// # Errors
    /// If the bucket or region is malformed, the prefix is empty or it holds a `*` elsewhere.
    pub fn prefix(
        bucket: impl Into<String>,
        region: impl Into<String>,
        prefix: &str,
    ) -> Result<Self, PolicyError> {
        let plain = prefix.strip_suffix('*').unwrap_or(prefix);
        let plain = plain.strip_prefix('/').unwrap_or(plain);
        check_key(prefix, plain)?;
        Self::new(bucket.into(), region.into(), Keys::Prefix(plain.to_owned()))
    }

    /// One key.
    ///
    /// # Errors
    /// If the bucket or region is malformed, or the key is empty or holds a `*`.
    pub fn key(
        bucket: impl Into<String>,
        region: impl Into<String>,
        key: &str,
    ) -> Result<Self, PolicyError> {
        let plain = key.strip_prefix('/').unwrap_or(key);
        check_key(key, plain)?;
        Self::new(bucket.into(), region.into(), Keys::Key(plain.to_owned()))
    }

    /// As the official STS helper libraries write it: `doc/*` is a prefix, `doc/a.txt` is one key.
    ///
    /// # Errors
    /// As [`Scope::prefix`].
    pub fn pattern(
        bucket: impl Into<String>,
        region: impl Into<String>,
        pattern: &str,
    ) -> Result<Self, PolicyError> {
        if pattern.ends_with('*') {
            Self::prefix(bucket, region, pattern)
        } else {
            Self::key(bucket, region, pattern)
        }
    }

    /// Every key of the bucket, and the bucket itself.
    ///
    /// # Errors
    /// If the bucket or region is malformed.
    pub fn whole_bucket(
        bucket: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, PolicyError> {
        Self::new(bucket.into(), region.into(), Keys::All)
    }

    /// The same keys whatever region is named in the request.
    #[must_use]
    pub fn in_any_region(mut self) -> Self {
        self.region = None;
        self
    }

    pub(crate) fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    fn new(bucket: String, region: String, keys: Keys) -> Result<Self, PolicyError> {
        if app_id_of(&bucket).is_none() {
            return Err(
                PolicyError::new(format!("`{bucket}` is not a bucket with its appid"))
                    .with_hint("write <name>-<appid>, for example photos-1250000000"),
            );
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.is_empty() || !region.bytes().all(plain) {
            return Err(PolicyError::new(format!("`{region}` is not a region"))
                .with_hint("for example ap-guangzhou; use Scope::in_any_region to leave it open"));
        }
        Ok(Self {
            bucket,
            region: Some(region),
            keys,
        })
    }

    /// The bucket with its appid.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The region; `None` for any.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The resource of the objects in this scope.
    pub fn object_resource(&self) -> String {
        match &self.keys {
            Keys::Prefix(prefix) => self.resource(&format!("{prefix}*")),
            Keys::Key(key) => self.resource(key),
            Keys::All => self.resource("*"),
        }
    }

    /// The resource of the bucket itself.
    pub fn bucket_resource(&self) -> String {
        self.resource("")
    }

    fn resource(&self, key: &str) -> String {
        let region = self.region().unwrap_or_default();
        let bucket = &self.bucket;
        // Checked when the scope was made.
        let app_id = app_id_of(bucket).unwrap_or_default();
        format!("qcs::cos:{region}:uid/{app_id}:{bucket}/{key}")
    }
}

/// The digits after the last `-`.
fn app_id_of(bucket: &str) -> Option<&str> {
    let (name, app_id) = bucket.rsplit_once('-')?;
    let name_ok = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let id_ok = !app_id.is_empty() && app_id.bytes().all(|b| b.is_ascii_digit());
    (name_ok && id_ok).then_some(app_id)
}

fn check_key(given: &str, plain: &str) -> Result<(), PolicyError> {
    if plain.is_empty() {
        return Err(
            PolicyError::new(format!("the prefix `{given}` would open the whole bucket"))
                .with_hint("name a prefix, or ask for Scope::whole_bucket"),
        );
    }
    if plain.contains('*') {
        return Err(PolicyError::new(format!(
            "`{given}` holds a `*`, which would match any run of characters"
        ))
        .with_hint("a `*` is taken only at the end of a prefix"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const B: &str = "demo-1250000000";
    const R: &str = "ap-guangzhou";

    #[test]
    fn resources() {
        let base = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/";
        for p in ["up/", "up/*", "/up/*"] {
            let scope = Scope::prefix(B, R, p).unwrap();
            assert_eq!(scope.object_resource(), format!("{base}up/*"));
            assert_eq!(scope.bucket_resource(), base);
        }
        let key = Scope::pattern(B, R, "up/a.txt").unwrap();
        assert_eq!(key.object_resource(), format!("{base}up/a.txt"));
        let all = Scope::whole_bucket(B, R).unwrap();
        assert_eq!(all.object_resource(), format!("{base}*"));
        assert_eq!(
            all.in_any_region().object_resource(),
            "qcs::cos::uid/1250000000:demo-1250000000/*"
        );
    }

    #[test]
    fn a_wide_scope_must_be_asked_for_by_name() {
        for p in ["", "*", "/", "/*"] {
            let e = Scope::prefix(B, R, p).unwrap_err().to_string();
            assert!(e.contains("whole_bucket"), "{p}: {e}");
        }
        assert!(Scope::prefix(B, R, "a*b").is_err());
        assert!(Scope::prefix(B, R, "a**").is_err());
        assert!(Scope::key(B, R, "a*").is_err());
    }

    #[test]
    fn bucket_and_region_are_checked() {
        for bucket in [
            "demo",
            "*",
            "-1250000000",
            "demo-",
            "demo-x1",
            "Demo-1",
            "a:b-1",
        ] {
            assert!(Scope::prefix(bucket, R, "a/").is_err(), "{bucket}");
        }
        for region in ["", "*", "ap guangzhou", "ap:x"] {
            assert!(Scope::prefix(B, region, "a/").is_err(), "{region}");
        }
    }
}
