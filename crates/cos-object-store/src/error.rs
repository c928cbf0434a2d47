//! Our errors as those of `object_store`, the whole of ours kept as source.

use cos_client::ErrorKind;
use object_store::Error;

use crate::STORE;

/// Codes that say that the key itself is wrong, not what it may do.
const UNAUTHENTICATED: [&str; 4] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
];

/// What this crate itself has to say.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Problem {
    what: String,
    source: Option<cos_client::Error>,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        let what = what.into();
        Self { what, source: None }
    }

    pub(crate) fn versioned() -> Self {
        Self::new(
            "the bucket keeps versions or once did, and the service overwrites there whatever it is asked",
        )
    }

    pub(crate) fn unknown_versioning(why: cos_client::Error) -> Self {
        Self {
            what: "creating without overwriting needs name/cos:GetBucketVersioning, or \
                   CosStore::assume_unversioned"
                .into(),
            source: Some(why),
        }
    }

    pub(crate) fn generic(self) -> Error {
        Error::Generic {
            store: STORE,
            source: self.into(),
        }
    }
}

/// The error of a call about `path`.
pub(crate) fn mapped(error: cos_client::Error, path: &str) -> Error {
    let (kind, status) = (error.kind(), error.http_status());
    let code = error.code().unwrap_or("").to_owned();
    sorted(kind, status, &code, path, error.into())
}

/// A key that a request for many refused.
pub(crate) fn refused(code: &str, message: &str, path: &str) -> Error {
    let kind = match code {
        "NoSuchKey" | "NoSuchBucket" => ErrorKind::NotFound,
        "AccessDenied" => ErrorKind::AccessDenied,
        _ => ErrorKind::Service,
    };
    let problem = Problem::new(format!("{code}: {message}"));
    sorted(kind, None, code, path, problem.into())
}

fn sorted(
    kind: ErrorKind,
    status: Option<u16>,
    code: &str,
    path: &str,
    source: Box<dyn std::error::Error + Send + Sync>,
) -> Error {
    let path = path.to_owned();
    match kind {
        ErrorKind::NotFound => Error::NotFound { path, source },
        ErrorKind::Precondition if status == Some(304) => Error::NotModified { path, source },
        ErrorKind::Precondition if code == "FileAlreadyExists" => {
            Error::AlreadyExists { path, source }
        }
        ErrorKind::Precondition => Error::Precondition { path, source },
        ErrorKind::Credential => Error::Unauthenticated { path, source },
        ErrorKind::AccessDenied if status == Some(401) || UNAUTHENTICATED.contains(&code) => {
            Error::Unauthenticated { path, source }
        }
        ErrorKind::AccessDenied => Error::PermissionDenied { path, source },
        _ => Error::Generic {
            store: STORE,
            source,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_place() {
        let of = |kind, status, code: &str| sorted(kind, status, code, "k", "why".into());
        use ErrorKind as K;
        assert!(matches!(
            of(K::NotFound, Some(404), "NoSuchKey"),
            Error::NotFound { .. }
        ));
        assert!(matches!(
            of(K::Precondition, Some(304), ""),
            Error::NotModified { .. }
        ));
        assert!(matches!(
            of(K::Precondition, Some(409), "FileAlreadyExists"),
            Error::AlreadyExists { .. }
        ));
        assert!(matches!(
            of(K::Precondition, Some(412), ""),
            Error::Precondition { .. }
        ));
        assert!(matches!(
            of(K::AccessDenied, Some(403), "AccessDenied"),
            Error::PermissionDenied { .. }
        ));
        for code in UNAUTHENTICATED {
            let error = of(K::AccessDenied, Some(403), code);
            assert!(matches!(error, Error::Unauthenticated { .. }), "{code}");
        }
        assert!(matches!(
            of(K::Credential, None, ""),
            Error::Unauthenticated { .. }
        ));
        assert!(matches!(of(K::Network, None, ""), Error::Generic { .. }));
        assert!(matches!(
            refused("AccessDenied", "no", "k"),
            Error::PermissionDenied { .. }
        ));
        assert!(matches!(
            refused("InternalError", "no", "k"),
            Error::Generic { .. }
        ));
    }
}
