//! Every code of the service's error list: repeated or not, its kind, and that its own words arrive.

use std::sync::Arc;

use cos_client::{Error, ErrorKind, Operation, RetryPolicy};

use crate::server::{Server, ok, refuse, say};
use crate::setup::{NOW, Renewing, builder};

/// What becomes of a call that is refused with the same code each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Told at once.
    Final,
    /// Damaged on the way: once more.
    Twice,
    /// As often as the policy says.
    Repeated,
}

use Fate::{Final, Repeated, Twice};

/// The list of 436/7730 and what was added since.
const ROWS: &[(u16, Fate, &str)] = &[
    (
        400,
        Final,
        "ActionAccelerateNotSupported AttachmentFull BadRequest BadRquest BucketAccelerateNotEnabled \
         BucketNameTooLong BucketVersionNotOpen DNSRecordVerifyFailed EntitySizeNotMatch EntityTooLarge \
         EntityTooSmall ImageResolutionExceed ImageTooLarge IncorrectNumberOfFilesInPostRequest \
         InvalidArgument InvalidBucketName InvalidCopySource InvalidDelimiter InvalidDigest \
         InvalidImageFormat InvalidImageSource InvalidLocationConstraint InvalidObjectName InvalidPart \
         InvalidPartOrder InvalidPicOperations InvalidPolicyDocument InvalidRegionName InvalidRequest \
         InvalidSHA1Digest InvalidTag InvalidTargetBucketForLogging InvalidUploadStatus InvalidURI \
         InventoryFull JsonAPINotSupportOnMAZBucket KeyTooLong KmsException KmsKeyDisabled \
         KmsKeyNotExist ListPartUploadIdIsEmpty LoggingConfExists LoggingPrefixInvalid MalformedPolicy \
         MalformedPOSTRequest MalformedXML MAZOperationNotSupportOnOAZBucket MissingRequestBodyError \
         MultiAZFeatureNotSupport MultiBucketNotSupport NotifyRuleEventConflict \
         NotifyRulePrefixConflict NotifyRuleSuffixConflict NotSupportedStorageClass \
         OAZOperationNotSupportOnMAZBucket PolicyFull PolicyVersionFull SsecDecryptHeaderInvalid \
         SSEContentNotSupported SSEHeaderNotAllowed TargetBucketNameInvalid TooManyBuckets \
         UnexpectedContent UserCnameInvalid VerifyAlgorithmNotSupported WebsiteURLInvalid XMLSizeLimit \
         ExpiredToken",
    ),
    (400, Twice, "BadDigest"),
    (
        400,
        Repeated,
        "IncompleteBody RequestTimeout UserNetworkTooSlow",
    ),
    (402, Final, "PaymentRequired"),
    (
        403,
        Final,
        "AccessDenied AccessForbidden InvalidAccessKeyId InvalidObjectState NoProcessAuthority \
         RequestTimeTooSkewed SignatureDoesNotMatch UserNotSourceBucketOwner UserNotTargetBucketOwner",
    ),
    (
        404,
        Final,
        "InventoryConfigurationNotFoundError NoBucketQuotaPolicy NoSuchBucket NoSuchCopySource \
         NoSuchCORSConfiguration NoSuchEncryptionConfiguration NoSuchJob NoSuchKey \
         NoSuchLifecycleConfiguration NoSuchObjectLockConfiguration NoSuchPolicyVersion NoSuchTagSet \
         NoSuchUpload NoSuchVersion NoSuchWebsiteConfiguration OriginConfigurationNotFoundError \
         ReplicationConfigurationNotFoundError",
    ),
    (
        405,
        Final,
        "MethodNotAllowed RestoreNonArchiveObject UploadIdNotSupported",
    ),
    (
        409,
        Final,
        "AppendPositionErr BucketAlreadyExists BucketAlreadyOwnedByYou BucketLocked BucketNotEmpty \
         DomainConfigConflict FileAlreadyExists InvalidBucketState InvalidLockedTime \
         InvalidObjectState ObjectLocked ObjectNotAppendable PathConflict QuotaConflict \
         QuotaOperationConfilct RecordAlreadyExist RestoreAlreadyInProgress",
    ),
    (409, Repeated, "UploadConflict"),
    (411, Final, "MissingContentLength"),
    (412, Final, "PreconditionFailed"),
    (416, Final, "InvalidRange"),
    (451, Final, "DomainAuditFailed UnavailableForLegalReasons"),
    (500, Repeated, "InternalError KmsInternalException"),
    (501, Final, "NotImplemented"),
    (503, Repeated, "KmsFreqControl ServiceUnavailable SlowDown"),
    // What nobody has heard of is judged by its status.
    (400, Final, "NewIn2030"),
    (502, Repeated, "NewIn2030"),
    (429, Repeated, "NewIn2030"),
];

fn kind_of(status: u16, code: &str) -> ErrorKind {
    match (status, code) {
        (412, _) | (_, "FileAlreadyExists") => ErrorKind::Precondition,
        (403, _) | (_, "ExpiredToken") => ErrorKind::AccessDenied,
        (404, _) => ErrorKind::NotFound,
        _ => ErrorKind::Service,
    }
}

#[tokio::test]
async fn every_code_of_the_list() {
    // The key says what to answer: `<status>/<code>`.
    let server = Server::start(|_, seen| {
        let mut asked = seen.path().split('/').skip(1);
        let status = asked.next().unwrap().parse().unwrap();
        refuse(status, asked.next().unwrap(), "in the service's words")
    })
    .await;
    let policy = RetryPolicy::default().with_budget(u32::MAX);
    let client = builder(&server.url).retry(policy).build().unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (status, fate, codes) in ROWS {
        for code in codes.split_whitespace() {
            rows += 1;
            let key = format!("{status}/{code}");
            let error = client.get_object(key).send().await.unwrap_err();
            let attempts = match fate {
                Final => 1,
                Twice => 2,
                Repeated => 5,
            };
            let told = (
                error.kind(),
                error.code(),
                error.http_status(),
                error.message(),
                error.request_id(),
                error.operation(),
            );
            let wanted = (
                kind_of(*status, code),
                Some(code),
                Some(*status),
                "in the service's words",
                Some("req-1"),
                Some(Operation::GetObject.as_str()),
            );
            if told != wanted
                || error.attempts() != attempts
                || error.is_retryable() != (*fate != Final)
            {
                wrong.push(format!("{status} {code}: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows, 134);
}

#[tokio::test]
async fn not_modified_has_no_words() {
    let server = Server::start(|_, _| say(304, "")).await;
    let client = builder(&server.url).build().unwrap();
    let error = client.get_object("k").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert_eq!((error.http_status(), error.attempts()), (Some(304), 1));
}

/// Sends a call that is refused once, with temporary keys, and counts requests and keys.
async fn refused_once(
    status: u16,
    code: &'static str,
    message: &'static str,
    server_time_s: u64,
) -> (Result<(), Error>, usize, u64) {
    let server = Server::start(move |n, _| match n {
        0 => {
            let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(server_time_s);
            refuse(status, code, message).with("date", httpdate::fmt_http_date(date))
        }
        _ => ok(),
    })
    .await;
    let keys = Arc::new(Renewing::new());
    let client = builder(&server.url).credentials(Arc::clone(&keys));
    let client = client.build().unwrap();
    let result = client.delete_object("k").send().await.map(drop);
    (result, server.seen().len(), keys.generation())
}

#[tokio::test]
async fn keys_that_are_over_are_replaced_once() {
    for (status, code, message) in [
        (400, "ExpiredToken", ""),
        (403, "InvalidAccessKeyId", ""),
        (403, "AccessDenied", "The provided token has expired"),
        (403, "AccessDenied", "Request has expired"),
        (403, "Request has expired", ""),
    ] {
        let (result, requests, generation) = refused_once(status, code, message, NOW).await;
        assert!(result.is_ok(), "{code} {message}: {result:?}");
        assert_eq!((requests, generation), (2, 2), "{code} {message}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once() {
    for (code, message) in [
        ("RequestTimeTooSkewed", ""),
        ("AccessDenied", "Request has expired"),
        ("Request has expired", ""),
    ] {
        let (result, requests, generation) = refused_once(403, code, message, NOW + 3_000).await;
        assert!(result.is_ok(), "{code} {message}: {result:?}");
        assert_eq!((requests, generation), (2, 1), "{code} {message}");
    }
}
