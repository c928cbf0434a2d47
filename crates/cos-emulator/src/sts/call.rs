//! One cloud API call: its action, parameters and where they came from.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::error;
use crate::error::{Code, Result};
use crate::head::{Head, parse_form};
use crate::payload::Payload;

/// Largest body of a version 3 call.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Call {
    action: String,
    /// The key id of a version 3 signature.
    signed_by: Option<String>,
    pub(super) kind: Kind,
    pub(super) body: Bytes,
}

/// The two forms of the cloud API.
#[derive(Debug)]
pub(super) enum Kind {
    /// Version 3: a JSON object; action and version in headers.
    Json(Value),
    /// Version 1: parameters in the query or a form.
    Form(Vec<(String, String)>),
}

impl Call {
    /// # Errors
    /// A body that is too large, not JSON or not a form, or no action.
    pub(crate) async fn read(head: &Head, payload: &mut Payload) -> Result<Self> {
        let body = payload
            .collect(MAX_BODY_BYTES, Code::EntityTooLarge)
            .await
            .map_err(|e| {
                if e.code == "EntityTooLarge" {
                    error("RequestSizeLimitExceeded", "The request is too large.")
                } else {
                    e
                }
            })?;
        let form = |text: &str| {
            parse_form(text).ok_or_else(|| error("InvalidParameter", "The form is not UTF-8."))
        };
        if let Some(action) = head.header("x-tc-action") {
            let action = action.into_owned();
            let json_body = head
                .header("content-type")
                .is_some_and(|t| t.starts_with("application/json"));
            let value = if head.method == Method::GET || !json_body {
                let text = if head.method == Method::GET {
                    head.raw_query.clone()
                } else {
                    String::from_utf8_lossy(&body).into_owned()
                };
                Value::Object(
                    form(&text)?
                        .into_iter()
                        .map(|(k, v)| (k, Value::String(v)))
                        .collect(),
                )
            } else if body.is_empty() {
                Value::Object(serde_json::Map::new())
            } else {
                serde_json::from_slice(&body)
                    .map_err(|e| error("InvalidParameter", format!("The body is not JSON: {e}.")))?
            };
            if !value.is_object() {
                return Err(error("InvalidParameter", "The body is not a JSON object."));
            }
            let header = head.header("authorization").unwrap_or_default();
            let signed_by =
                cos_sign_core::tc3::Authorization::parse(&header).map(|a| a.secret_id.to_owned());
            return Ok(Self {
                action,
                signed_by,
                kind: Kind::Json(value),
                body,
            });
        }
        let mut params = head.params.clone();
        params.extend(form(&String::from_utf8_lossy(&body))?);
        let action = params
            .iter()
            .find(|(k, _)| k == "Action")
            .map(|(_, v)| v.clone());
        let action =
            action.ok_or_else(|| error("MissingParameter", "The parameter Action is missing."))?;
        Ok(Self {
            action,
            signed_by: None,
            kind: Kind::Form(params),
            body,
        })
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    /// The key id the call names, for the log; not checked.
    pub(crate) fn secret_id(&self) -> Option<String> {
        match &self.kind {
            Kind::Json(_) => self.signed_by.clone(),
            Kind::Form(_) => self.form_param("SecretId").map(str::to_owned),
        }
    }

    pub(super) fn form_param(&self, name: &str) -> Option<&str> {
        match &self.kind {
            Kind::Form(params) => params
                .iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.as_str()),
            Kind::Json(_) => None,
        }
    }

    /// A parameter as text; numbers in JSON count as their digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match &self.kind {
            Kind::Form(_) => self.form_param(name).map(str::to_owned),
            Kind::Json(value) => match value.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            },
        }
    }

    /// # Errors
    /// `MissingParameter`.
    pub(super) fn required(&self, name: &str) -> Result<String> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            error(
                "MissingParameter",
                format!("The request is missing a required parameter `{name}`."),
            )
        })
    }
}
