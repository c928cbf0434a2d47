//! The table of codes (436/7730 and `x-cos` practice).

use http::StatusCode;

macro_rules! codes {
    ($($code:ident $status:literal $message:literal;)*) => {
        /// A code of the COS error table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($code),* }

        impl Code {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }

            pub(crate) fn status(self) -> StatusCode {
                let number: u16 = match self { $(Self::$code => $status),* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            pub(crate) fn message(self) -> &'static str {
                match self { $(Self::$code => $message),* }
            }

            /// The code of that name, for fault rules.
            pub(crate) fn of(name: &str) -> Option<Self> {
                match name { $(stringify!($code) => Some(Self::$code),)* _ => None }
            }
        }
    };
}

codes! {
    NotModified 304 "Not Modified";
    ActionAccelerateNotSupported 400 "The operation is not supported on the acceleration domain.";
    BadDigest 400 "The Content-MD5 you specified did not match what we received.";
    BadRequest 400 "The request is not valid.";
    BucketAccelerateNotEnabled 400 "Global acceleration is not enabled on the bucket.";
    EntityTooLarge 400 "Your proposed upload exceeds the maximum allowed object size.";
    EntityTooSmall 400 "Your proposed upload is smaller than the minimum allowed object size.";
    ExpiredToken 400 "The provided token has expired.";
    IncompleteBody 400 "You did not provide the number of bytes specified by the Content-Length header.";
    InvalidArgument 400 "Invalid Argument.";
    InvalidBucketName 400 "The specified bucket is not valid.";
    InvalidCopySource 400 "The copy source is not valid.";
    InvalidDigest 400 "The Content-MD5 you specified is not valid.";
    InvalidPart 400 "One or more of the specified parts could not be found.";
    InvalidPartOrder 400 "The list of parts was not in ascending order.";
    InvalidPolicyDocument 400 "The content of the form does not meet the conditions specified in the policy document.";
    InvalidRequest 400 "The request is not valid.";
    InvalidTag 400 "The tag is not valid.";
    InvalidURI 400 "Could not parse the specified URI.";
    KeyTooLong 400 "Your key is too long.";
    MalformedPOSTRequest 400 "The body of your POST request is not well-formed multipart/form-data.";
    MalformedXML 400 "The XML you provided was not well-formed or did not validate against our published schema.";
    MissingRequestBodyError 400 "Request body is empty.";
    XMLSizeLimit 400 "The XML in the request is too big.";
    AccessDenied 403 "Access Denied.";
    AccessForbidden 403 "CORSResponse: This CORS request is not allowed.";
    InvalidAccessKeyId 403 "The Access Key Id you provided does not exist in our records.";
    InvalidObjectState 403 "The operation is not valid for the object's storage class.";
    RequestTimeTooSkewed 403 "The difference between the request time and the server's time is too large.";
    SignatureDoesNotMatch 403 "The Signature you specified is invalid.";
    NoSuchBucket 404 "The specified bucket does not exist.";
    NoSuchCORSConfiguration 404 "The CORS configuration does not exist.";
    NoSuchConfiguration 404 "The specified configuration does not exist.";
    NoSuchCopySource 404 "The specified copy source does not exist.";
    NoSuchEncryptionConfiguration 404 "The encryption configuration does not exist.";
    NoSuchKey 404 "The specified key does not exist.";
    NoSuchLifecycleConfiguration 404 "The lifecycle configuration does not exist.";
    NoSuchBucketPolicy 404 "The bucket policy does not exist.";
    NoSuchTagSet 404 "The TagSet does not exist.";
    NoSuchUpload 404 "The specified multipart upload does not exist.";
    NoSuchVersion 404 "The specified version does not exist.";
    NoSuchWebsiteConfiguration 404 "The specified bucket does not have a website configuration.";
    ReplicationConfigurationNotFoundError 404 "The replication configuration was not found.";
    MethodNotAllowed 405 "The specified method is not allowed against this resource.";
    RestoreNonArchiveObject 405 "The object is not archived.";
    RequestTimeout 400 "Your socket connection to the server was not read from or written to within the timeout period.";
    AppendPositionErr 409 "The position does not match the object's length.";
    BucketAlreadyExists 409 "The requested bucket name is not available.";
    BucketAlreadyOwnedByYou 409 "Your previous request to create the named bucket succeeded and you already own it.";
    BucketNotEmpty 409 "The bucket you tried to delete is not empty.";
    FileAlreadyExists 409 "The file already exists.";
    ObjectNotAppendable 409 "The object is not appendable.";
    RestoreAlreadyInProgress 409 "Object restore is already in progress.";
    MissingContentLength 411 "You must provide the Content-Length HTTP header.";
    PreconditionFailed 412 "Precondition Failed.";
    InvalidRange 416 "The requested range is not satisfiable.";
    InternalError 500 "We encountered an internal error. Please try again.";
    NotImplemented 501 "A header or parameter you provided implies functionality that is not implemented.";
    ServiceUnavailable 503 "Service is unavailable. Please try again.";
    SlowDown 503 "Please reduce your request rate.";
    InsufficientStorage 507 "The emulator has no room left for this object.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        assert_eq!(Code::of("SlowDown"), Some(Code::SlowDown));
        assert_eq!(Code::of("Nope"), None);
        assert_eq!(Code::InvalidRange.status(), 416);
    }
}
