//! The answer: the JSON shape of the official STS helpers, which every COS SDK's examples read.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::grant::{Grant, Narrowed};
use crate::issue::Issued;

pub(crate) fn json(grant: &Grant, narrowed: &Narrowed, issued: &Issued) -> Result<Value, ApiError> {
    let keys = &issued.credentials;
    let (Some(token), Some(end)) = (keys.session_token(), keys.expired_time_s()) else {
        return Err(ApiError::not_temporary());
    };
    // Where STS says only the end, the helpers do the same sum (436/14048).
    let start = keys
        .start_time_s()
        .unwrap_or_else(|| end.saturating_sub(narrowed.duration_s));
    let allow: Vec<_> = narrowed.operations.iter().map(|o| o.as_str()).collect();
    Ok(json!({
        "credentials": {
            "tmpSecretId": keys.secret_id(),
            "tmpSecretKey": keys.secret_key().expose(),
            "sessionToken": token,
        },
        "startTime": start,
        "expiredTime": end,
        "expiration": issued.expiration,
        "requestId": issued.request_id,
        "bucket": grant.bucket,
        "region": grant.region,
        "prefix": narrowed.prefix,
        "allow": allow,
    }))
}
