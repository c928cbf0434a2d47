//! From what happened to what to do about it. Pure: facts in, one sentence out.

use cos_http::{ProxyFailure, ProxyName};

use super::Error;
use super::service::ServiceError;
use crate::operation::Operation;

/// What is known around a refusal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts<'a> {
    pub operation: Option<Operation>,
    pub bucket: &'a str,
    pub app_id: &'a str,
    pub region: &'a str,
    pub host: &'a str,
    /// The one on the way to it.
    pub proxy: Option<ProxyName>,
    pub key: Option<&'a str>,
    /// Whether a session token was sent.
    pub temporary: bool,
    /// When the credentials end, Unix seconds.
    pub expired_time_s: Option<u64>,
    /// Our corrected clock, Unix seconds.
    pub now_s: u64,
    /// Server time minus our uncorrected clock, seconds, when the answer told the time.
    pub clock_behind_s: Option<i64>,
    pub attempts: u32,
}

/// Differences below this are ordinary drift and are not mentioned.
pub(crate) const NOTABLE_SKEW_S: i64 = 30;

/// Codes whose advice needs no facts.
const ADVICE: &[(&str, &str)] = &[
    (
        "NotModified",
        "nothing changed: what you have is still current",
    ),
    (
        "PreconditionFailed",
        "the object is not the version the condition names, or the source changed; ask HEAD for its \
         tag and decide anew",
    ),
    (
        "InvalidRange",
        "the range begins behind the object's end; HEAD tells its size",
    ),
    (
        "RestoreNonArchiveObject",
        "the object is not archived; read it as it is",
    ),
    (
        "BucketNotEmpty",
        "delete its objects, all their versions and the uploads under way first",
    ),
    (
        "BucketAlreadyOwnedByYou",
        "the bucket exists and is yours; use it",
    ),
    (
        "BucketAlreadyExists",
        "somebody else has a bucket of this name; choose another name",
    ),
    (
        "InvalidTag",
        "at most 10 tags (50 for a bucket), different names of 1 to 128 characters, values up to 256",
    ),
    (
        "NoSuchTagSet",
        "the bucket has no tags; put_bucket_tagging sets some",
    ),
    (
        "NoSuchCORSConfiguration",
        "the bucket has no rules for web pages; put_bucket_cors sets some",
    ),
    (
        "NoSuchLifecycleConfiguration",
        "the bucket has no lifecycle rules; put_bucket_lifecycle sets some",
    ),
    (
        "ActionAccelerateNotSupported",
        "the acceleration domain takes object operations only; use the bucket's own domain for this",
    ),
    ("KeyTooLong", "a key has at most 850 bytes"),
    (
        "NoSuchVersion",
        "there is no such version; list_object_versions tells which there are",
    ),
    (
        "NotSupportedStorageClass",
        "the bucket does not know this storage class; buckets in one zone and in several have their own",
    ),
    (
        "MethodNotAllowed",
        "this object or bucket does not take the operation; the version may be a delete marker",
    ),
    (
        "TooManyBuckets",
        "the account has as many buckets as it may; delete one or ask for more",
    ),
    (
        "EntityTooSmall",
        "every part but the last needs at least 1 MB, and a form may ask for more",
    ),
    (
        "InvalidPart",
        "a part is missing or was replaced since; list the parts, send what is missing, and number \
         them from 1 without gaps",
    ),
    (
        "BadDigest",
        "the content was damaged on the way twice; check the network and what stands in between",
    ),
    (
        "PaymentRequired",
        "the account is in arrears; its owner has to pay first",
    ),
    (
        "MalformedXML",
        "the service cannot read the document; compare it with the operation's documentation",
    ),
];

pub(crate) fn for_answer(answer: &ServiceError, facts: &Facts<'_>) -> Option<String> {
    let code = answer.code.as_deref().unwrap_or(match answer.status {
        // HEAD and 304 carry no document.
        304 => "NotModified",
        412 => "PreconditionFailed",
        416 => "InvalidRange",
        _ => "",
    });
    if let Some((_, advice)) = ADVICE.iter().find(|(c, _)| *c == code) {
        return Some((*advice).to_owned());
    }
    let misses_bucket = code == "NoSuchBucket"
        || (301..=308).contains(&answer.status)
        || facts.operation == Some(Operation::HeadBucket);
    if let Some(region) = answer
        .bucket_region
        .as_deref()
        .filter(|r| *r != facts.region)
        && misses_bucket
    {
        return Some(format!(
            "bucket {} is in {region}, not in {}",
            facts.bucket, facts.region
        ));
    }
    match code {
        "NoSuchBucket" => {
            return Some(format!(
                "bucket {} does not exist in region {}; check the name, its AppId and the region",
                facts.bucket, facts.region
            ));
        }
        "NoSuchKey" => {
            return facts
                .key
                .map(|k| format!("there is no object {k:?} in {}", facts.bucket));
        }
        "NoSuchUpload" => {
            return Some("the multipart upload was completed, aborted or cleaned up".into());
        }
        "InvalidObjectState" => {
            return Some("the object is archived; restore it before reading".into());
        }
        "FileAlreadyExists" if facts.attempts > 1 => {
            return Some(
                "the key exists; an earlier attempt of this call may have created it".into(),
            );
        }
        "FileAlreadyExists" => {
            return Some("the key exists and overwriting was forbidden for this call".into());
        }
        "AccessForbidden" if facts.operation == Some(Operation::OptionsObject) => {
            return Some(
                "no CORS rule of the bucket allows this origin, method and headers; change them \
                 with put_bucket_cors"
                    .into(),
            );
        }
        "AppendPositionErr" => {
            return Some("append at the object's present length, which HEAD tells".into());
        }
        "ObjectNotAppendable" => {
            return Some(
                "only objects that append_object created can grow; delete it first or use another \
                 key"
                .into(),
            );
        }
        "RestoreAlreadyInProgress" => {
            return Some("it is being restored; try reading later".into());
        }
        "BucketAccelerateNotEnabled" => {
            return Some(
                "switch global acceleration on for the bucket or use its own domain".into(),
            );
        }
        "SignatureDoesNotMatch" => {
            return Some(
                "the secret key does not belong to the secret id, or something on the way changed \
                 the request"
                    .into(),
            );
        }
        "SlowDown" | "ServiceUnavailable" => {
            return Some("the service asks for fewer requests; lower the concurrency".into());
        }
        "EntityTooLarge" => return Some("above 5 GB an upload must go in parts".into()),
        _ => {}
    }
    if (301..=308).contains(&answer.status) {
        return Some(format!(
            "{} answered with a redirect, which is not followed because the host is signed; the \
             bucket is probably in another region than {}",
            facts.host, facts.region
        ));
    }
    if facts.operation == Some(Operation::PostObject) && answer.status == 403 {
        return Some(
            "the form is over, does not allow this key, size or field, or its signer may not upload; \
             make a new form with what it must allow"
                .into(),
        );
    }
    if matches!(answer.status, 401 | 403) || matches!(code, "ExpiredToken" | "InvalidAccessKeyId") {
        return Some(for_refusal(code, answer, facts));
    }
    if answer.status == 404 && answer.code.is_none() {
        let what = facts
            .key
            .map_or("the bucket".into(), |k| format!("object {k:?}"));
        return Some(format!("{what} was not found in {}", facts.bucket));
    }
    if answer.status == 407 {
        return Some(match facts.proxy.clone() {
            Some(proxy) => ProxyFailure::wants_login(proxy, facts.host).hint(),
            None => "a proxy on the way wants a login".into(),
        });
    }
    if answer.status >= 400 && !answer.is_from_cos() {
        let who = match &facts.proxy {
            Some(proxy) => format!("the proxy {proxy} or a gateway"),
            None => "a proxy or gateway".to_owned(),
        };
        return Some(format!(
            "the answer carries no COS request id: {who} before {} may have sent it",
            facts.host
        ));
    }
    None
}

fn for_refusal(code: &str, answer: &ServiceError, facts: &Facts<'_>) -> String {
    if let Some(end) = facts.expired_time_s
        && end <= facts.now_s
    {
        return format!(
            "the temporary key expired {} ago; fetch new credentials",
            spell(facts.now_s - end)
        );
    }
    let says_expired = answer
        .message
        .as_deref()
        .is_some_and(|m| m.to_ascii_lowercase().contains("expired"));
    if let Some(behind) = facts.clock_behind_s
        && behind.abs() >= NOTABLE_SKEW_S
        && (says_expired || code != "AccessDenied")
    {
        let word = if behind > 0 { "slow" } else { "fast" };
        return format!(
            "the clock of this machine is {} {word}",
            spell(behind.unsigned_abs())
        );
    }
    match code {
        "ExpiredToken" => "the session token has expired; fetch new credentials".into(),
        "InvalidAccessKeyId" if facts.temporary => {
            "the temporary key is unknown or was revoked; fetch new credentials".into()
        }
        "InvalidAccessKeyId" => {
            "the secret id is unknown; temporary keys also need their session token".into()
        }
        _ if says_expired => "the key or the signature is over; fetch new credentials".into(),
        _ => lacks(facts),
    }
}

/// `the policy lacks name/cos:PutObject on qcs::cos:…`.
fn lacks(facts: &Facts<'_>) -> String {
    let resource = if facts.operation == Some(Operation::GetService) {
        "*".to_owned()
    } else {
        let key = facts.key.unwrap_or("");
        format!(
            "qcs::cos:{}:uid/{}:{}/{key}",
            facts.region, facts.app_id, facts.bucket
        )
    };
    match facts.operation.and_then(Operation::action) {
        Some(action) => format!("the policy lacks {action} on {resource}, or denies it"),
        None => format!("no policy allows this request on {resource}"),
    }
}

/// Not repeated, because too many others were.
pub(crate) fn budget_used_up(error: Error) -> Error {
    let why = "it was not repeated, because so many requests of this client failed lately that its \
               retry budget is used up";
    let hint = match error.hint() {
        Some(hint) => format!("{hint}; {why}"),
        None => why.to_owned(),
    };
    error.with_hint_text(hint)
}

/// A length of time a person can picture.
fn spell(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What to check when a host cannot be reached.
pub(crate) fn for_connection(error: &(dyn std::error::Error + 'static), host: &str) -> String {
    if cos_http::is_other_name(error) {
        return format!(
            "the certificate is of another name than {host}; to reach a fixed address, keep the name \
             and give its address with resolve()"
        );
    }
    if cos_http::is_tls(error) {
        return format!(
            "the TLS handshake with {host} failed; a private gateway needs its CA certificate \
             configured, an intercepting proxy too"
        );
    }
    if cos_http::is_refused(error) {
        return format!("connection refused at {host}: nothing listens there");
    }
    if cos_http::is_unknown_name(error) {
        return format!("the name {host} cannot be resolved; check the region and the network");
    }
    format!("{host} cannot be reached; check the network, the proxy and the endpoint")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            operation: Some(Operation::UploadPart),
            bucket: "demo-1250000000",
            app_id: "1250000000",
            region: "ap-guangzhou",
            host: "demo-1250000000.cos.ap-guangzhou.myqcloud.com",
            proxy: None,
            key: Some("a/b"),
            temporary: true,
            expired_time_s: Some(2_000),
            now_s: 1_000,
            clock_behind_s: Some(0),
            attempts: 1,
        }
    }

    fn answer(status: u16, code: &str, message: &str) -> ServiceError {
        ServiceError {
            status,
            code: (!code.is_empty()).then(|| code.to_owned()),
            message: (!message.is_empty()).then(|| message.to_owned()),
            request_id: Some("id".into()),
            ..ServiceError::default()
        }
    }

    fn hint(status: u16, code: &str, message: &str, facts: &Facts<'_>) -> String {
        for_answer(&answer(status, code, message), facts).unwrap_or_default()
    }

    #[test]
    fn each_situation_has_its_sentence() {
        let f = facts();
        let over = Facts {
            now_s: 2_012,
            ..f.clone()
        };
        let slow = Facts {
            clock_behind_s: Some(420),
            ..f.clone()
        };
        let fast = Facts {
            clock_behind_s: Some(-7_300),
            ..f.clone()
        };
        let permanent = Facts {
            temporary: false,
            expired_time_s: None,
            ..f.clone()
        };
        let again = Facts {
            attempts: 2,
            ..f.clone()
        };
        let list = Facts {
            operation: Some(Operation::ListObjects),
            key: None,
            ..f.clone()
        };
        let generic = Facts {
            operation: Some(Operation::Generic),
            ..f.clone()
        };
        for (status, code, message, facts, part) in [
            (
                403,
                "AccessDenied",
                "Access Denied.",
                &f,
                "lacks name/cos:UploadPart on qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/a/b",
            ),
            (
                403,
                "AccessDenied",
                "Access Denied.",
                &list,
                "lacks name/cos:GetBucket on qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/,",
            ),
            (
                403,
                "AccessDenied",
                "Access Denied.",
                &generic,
                "no policy allows",
            ),
            (403, "AccessDenied", "Access Denied.", &slow, "lacks"),
            (
                403,
                "AccessDenied",
                "Request has expired",
                &over,
                "expired 12 s ago",
            ),
            (
                403,
                "AccessDenied",
                "Request has expired",
                &slow,
                "clock of this machine is 7 min slow",
            ),
            (403, "RequestTimeTooSkewed", "", &fast, "2 h fast"),
            (403, "AccessDenied", "Request has expired", &f, "is over"),
            (403, "", "", &f, "lacks"),
            (400, "ExpiredToken", "", &f, "session token has expired"),
            (400, "ExpiredToken", "", &over, "expired 12 s ago"),
            (403, "InvalidAccessKeyId", "", &f, "revoked"),
            (403, "InvalidAccessKeyId", "", &permanent, "session token"),
            (403, "SignatureDoesNotMatch", "", &f, "secret key"),
            (404, "NoSuchBucket", "", &f, "region ap-guangzhou"),
            (404, "NoSuchKey", "", &f, "\"a/b\""),
            (404, "", "", &f, "\"a/b\""),
            (404, "", "", &list, "the bucket"),
            (404, "NoSuchUpload", "", &f, "aborted"),
            (403, "InvalidObjectState", "", &f, "restore"),
            (409, "FileAlreadyExists", "", &f, "forbidden"),
            (409, "FileAlreadyExists", "", &again, "earlier attempt"),
            (400, "BucketAccelerateNotEnabled", "", &f, "acceleration"),
            (400, "EntityTooLarge", "", &f, "parts"),
            (503, "SlowDown", "", &f, "fewer"),
            (301, "", "", &f, "another region"),
        ] {
            let got = hint(status, code, message, facts);
            assert!(
                got.contains(part),
                "{status} {code} {message}: {got:?} lacks {part:?}"
            );
        }
        let mut proxy = answer(502, "", "");
        proxy.request_id = None;
        assert!(for_answer(&proxy, &f).unwrap().contains("proxy"));
        assert_eq!(for_answer(&answer(400, "InvalidArgument", "x"), &f), None);
    }

    #[test]
    fn refused_connections_name_the_host() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(for_connection(&refused, "h:1").contains("refused at h:1"));
        let other = std::io::Error::other("dns error: no such host");
        assert!(for_connection(&other, "h").contains("resolved"));
        let plain = std::io::Error::other("broken");
        assert!(for_connection(&plain, "h").contains("cannot be reached"));
    }
}
