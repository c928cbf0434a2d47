//! `cos post-policy`

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use cos_sign_core::{KeyTime, SignKey, post_policy};
use cos_sts::Credentials;
use serde_json::{Map, Value, json};

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::moment::iso8601_s;
use crate::input::window::WindowArgs;

/// Options of `cos post-policy`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
echo '[{\"bucket\":\"demo-1250000000\"},\n    [\"starts-with\",\"$key\",\"photos/\"]]' > conditions.json\n  \
COS_SECRET_ID=AKIDexample COS_SECRET_KEY=example cos post-policy \\\n    \
--conditions conditions.json --key-time '1700000000;1700003600'\n\n\
The conditions about the signature (q-…) and the session token are added by themselves.")]
pub(crate) struct PostPolicy {
    /// JSON: the array of conditions, or a whole policy with `expiration` and `conditions`
    #[arg(long, value_name = "FILE")]
    conditions: PathBuf,
    #[command(flatten)]
    window: WindowArgs,
}

impl PostPolicy {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let text = std::fs::read_to_string(&self.conditions)
            .map_err(|e| Failure::local("read", &self.conditions, &e))?;
        let credentials = connect::credentials(&cx.global).await?;
        let key_time = self.window.resolve(&credentials)?.key_time;
        let form = Form::read(&text, &self.conditions)?;
        let (policy, conditions) = form.complete(&text, &credentials, key_time)?;
        let key = SignKey::derive(credentials.secret_key().expose(), key_time)?;
        let mut fields = exact_fields(&conditions);
        for (name, value) in [
            ("policy", STANDARD.encode(&policy)),
            ("q-sign-algorithm", "sha1".to_owned()),
            ("q-ak", credentials.secret_id().to_owned()),
            ("q-key-time", key_time.to_string()),
            (
                "q-signature",
                post_policy::signature(&key, &policy).as_str().to_owned(),
            ),
        ] {
            fields.insert(name.to_owned(), Value::String(value));
        }
        if let Some(token) = credentials.session_token() {
            fields.insert(TOKEN.to_owned(), token.into());
        }
        cx.output.json(&fields)
    }
}

const TOKEN: &str = "x-cos-security-token";

/// What the file holds.
struct Form {
    expiration: Option<String>,
    conditions: Vec<Value>,
}

impl Form {
    fn read(text: &str, file: &Path) -> Result<Self> {
        let wrong = |why: &str| Failure::usage(format!("{}: {why}", file.display()));
        let value: Value = serde_json::from_str(text).map_err(|e| {
            wrong(&format!(
                "not JSON (line {}, column {})",
                e.line(),
                e.column()
            ))
        })?;
        let form = match value {
            Value::Array(conditions) => Self {
                expiration: None,
                conditions,
            },
            Value::Object(mut policy) => {
                let Some(Value::Array(conditions)) = policy.remove("conditions") else {
                    return Err(wrong("a policy needs an array `conditions`"));
                };
                let expiration = policy.remove("expiration");
                Self {
                    expiration: expiration.and_then(|e| e.as_str().map(str::to_owned)),
                    conditions,
                }
            }
            _ => return Err(wrong("an array of conditions is needed")),
        };
        let good = |c: &Value| c.as_object().is_some_and(|o| o.len() == 1) || is_operation(c);
        match form.conditions.iter().position(|c| !good(c)) {
            None => Ok(form),
            Some(at) => Err(wrong(&format!(
                "condition {at} is neither {{\"field\":\"value\"}} nor an array of three"
            ))),
        }
    }

    fn names(&self, field: &str) -> bool {
        self.conditions.iter().any(|c| c.get(field).is_some())
    }

    /// The policy's text with everything the service asks for, and its conditions. A file that has it all is
    /// signed as it stands.
    fn complete(
        mut self,
        text: &str,
        credentials: &Credentials,
        key_time: KeyTime,
    ) -> Result<(String, Vec<Value>)> {
        let signature = ["q-sign-algorithm", "q-ak", "q-sign-time"];
        if self.expiration.is_some() && signature.iter().all(|name| self.names(name)) {
            return Ok((text.trim().to_owned(), self.conditions));
        }
        let mut add = |name: &str, value: &str| {
            if !self.names(name) {
                self.conditions.push(json!({name: value}));
            }
        };
        if let Some(token) = credentials.session_token() {
            add(TOKEN, token);
        }
        add("q-sign-algorithm", "sha1");
        add("q-ak", credentials.secret_id());
        add("q-sign-time", &key_time.to_string());
        let expiration = match self.expiration {
            Some(given) => given,
            None => iso8601_s(key_time.end_s())
                .map(|t| t.replace('Z', ".000Z"))
                .ok_or_else(|| Failure::usage("the key time ends too late"))?,
        };
        // By hand, because the order of the two is the one the manual shows.
        let conditions: Vec<_> = self.conditions.iter().map(Value::to_string).collect();
        let policy = format!(
            "{{\"expiration\":{},\"conditions\":[{}]}}",
            Value::String(expiration),
            conditions.join(",")
        );
        Ok((policy, self.conditions))
    }
}

fn is_operation(condition: &Value) -> bool {
    condition.as_array().is_some_and(|a| a.len() == 3)
}

/// Fields that have only one possible value. The bucket is no field of the form, and the signature's are
/// added by name.
fn exact_fields(conditions: &[Value]) -> Map<String, Value> {
    let mut fields = Map::new();
    for condition in conditions {
        let pair = match condition {
            Value::Object(one) => one.iter().next().map(|(k, v)| (k.clone(), v.clone())),
            Value::Array(a) if a[0] == "eq" => a[1]
                .as_str()
                .and_then(|k| k.strip_prefix('$'))
                .map(|k| (k.to_owned(), a[2].clone())),
            _ => None,
        };
        if let Some((name, value)) = pair
            && name != "bucket"
            && !name.starts_with("q-")
        {
            fields.insert(name, value);
        }
    }
    fields
}
