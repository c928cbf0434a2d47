//! STS, API version 2018-08-13: version 3 (TC3) and version 1 signatures.

mod actions;
mod call;
mod signature;
mod web_identity;

pub(crate) use actions::issue_for_role;
pub(crate) use call::Call;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::body::Body;
use crate::error::Error;
use crate::head::Head;
use crate::reply;
use crate::service::Outcome;
use crate::shared::Shared;

/// An error of the cloud API: its code has dots, and its HTTP status is 200.
pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Error {
    Error {
        code: code.into(),
        status: StatusCode::OK,
        message: message.into().into(),
        elements: Vec::new(),
        headers: Vec::new(),
    }
}

/// Answers a call: the signature first, then the action.
pub(crate) fn answer(shared: &Shared, head: &Head, call: &Call, request_id: &str) -> Outcome {
    let mut decision = None;
    let result = signature::authenticate(shared, head, call)
        .and_then(|caller| actions::run(shared, head, call, caller.as_deref(), &mut decision));
    match result {
        Ok(mut fields) => {
            fields["RequestId"] = Value::from(request_id);
            Outcome {
                reply: Ok(reply::json(&json!({ "Response": fields }))),
                decision,
                code: None,
            }
        }
        Err(error) => Outcome {
            code: Some(error.code.clone().into_owned()),
            decision,
            reply: Ok(error_reply(&error, request_id, true)),
        },
    }
}

/// The error in the envelope. Errors of STS come with status 200; injected ones with their own.
pub(crate) fn error_reply(error: &Error, request_id: &str, ok: bool) -> Response<Body> {
    let body = json!({"Response": {
        "Error": {"Code": error.code, "Message": error.message},
        "RequestId": request_id,
    }});
    let mut response = reply::json(&body);
    *response.status_mut() = if ok { StatusCode::OK } else { error.status };
    for (name, value) in &error.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    response
}
