//! `cos verify`

use std::path::{Path, PathBuf};

use clap::Args;
use cos_sign_core::explain::{compare, diagnose};
use cos_sign_core::verify::Parsed;
use cos_sign_core::{Request, encode, string_to_sign};
use cos_sts::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::pairs::{Header, Param};
use crate::output::printable;

/// Options of `cos verify`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
export COS_SECRET_ID=AKIDexample COS_SECRET_KEY=example\n  \
A=$(cos sign --method GET --path /1.jpg --key-time '1700000000;1700003600')\n  \
cos verify --method GET --path /1.jpg --now 1700000100 --authorization \"$A\"\n\n\
With --server-error, the body of a SignatureDoesNotMatch answer is compared with what should be signed.")]
pub(crate) struct Verify {
    /// GET, PUT, …
    #[arg(long, value_name = "METHOD")]
    method: String,
    /// Decoded path, beginning with /
    #[arg(long, value_name = "PATH")]
    path: String,
    /// Query parameter of the request, decoded (write %3D for = and %25 for % in K)
    #[arg(long = "param", value_name = "K=V")]
    params: Vec<Param>,
    /// Header of the request
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<Header>,
    /// The Authorization value to check
    #[arg(
        long,
        value_name = "AUTHORIZATION",
        required_unless_present = "server_error"
    )]
    authorization: Option<String>,
    /// The time to check at, Unix seconds, instead of now
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
    /// The body of a SignatureDoesNotMatch answer
    #[arg(long, value_name = "FILE")]
    server_error: Option<PathBuf>,
}

/// What was found out.
struct Finding {
    valid: bool,
    words: String,
    http_string: String,
    string_to_sign: Option<String>,
}

impl Verify {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let server_says = self
            .server_error
            .as_deref()
            .map(format_string)
            .transpose()?;
        let finding = match (&self.authorization, server_says) {
            (Some(text), server) => self.check(cx, text, server.as_deref()).await?,
            (None, Some(server)) => self.compare_all(&server)?,
            (None, None) => return Err(Failure::usage("--authorization is missing")),
        };
        print(cx, &finding)?;
        if finding.valid {
            Ok(())
        } else {
            Err(Failure::silent_refusal())
        }
    }

    /// Checks a signature; what its lists name is what was signed.
    async fn check(&self, cx: &Context, text: &str, server: Option<&str>) -> Result<Finding> {
        let parsed = Parsed::from_authorization(text)
            .map_err(|e| Failure::usage(format!("--authorization: {e}")))?;
        let listed_headers = parsed.header_names();
        let missing = missing(listed_headers, self.headers.iter().map(|h| &*h.name))
            .map(|name| format!("header `{name}`"))
            .or_else(|| {
                missing(parsed.param_names(), self.params.iter().map(|p| &*p.name))
                    .map(|name| format!("parameter `{name}`"))
            });
        let params: Vec<_> = self.params.iter().map(|p| (&*p.name, &*p.value)).collect();
        let headers: Vec<_> = self.headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        let params: Vec<_> = params
            .into_iter()
            .filter(|(name, _)| parsed.lists_param(name))
            .collect();
        let headers: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| parsed.lists_header(name))
            .collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            params: &params,
            headers: &headers,
        };
        let http_string = request.http_string()?;
        let credentials = connect::credentials(&cx.global).await?;
        let difference = server.and_then(|s| compare(&http_string, s));
        let (valid, words) = if let Some(name) = missing {
            (
                false,
                format!("{name} is in the signed list, but not in the request"),
            )
        } else if let Some(difference) = difference {
            (false, difference.to_string())
        } else if parsed.secret_id != credentials.secret_id() {
            let words = "it was signed with another secret id than the one given here";
            (false, words.to_owned())
        } else {
            let now_s = self.now.unwrap_or_else(|| SystemClock.now_s());
            let key = credentials.secret_key().expose();
            let cause = diagnose(&parsed, key, &request, Some(now_s))?;
            (cause.is_match(), cause.to_string())
        };
        Ok(Finding {
            valid,
            words,
            string_to_sign: Some(string_to_sign(parsed.sign_time, &request.digest()?)),
            http_string,
        })
    }

    /// Without a signature, all that is given counts as signed.
    fn compare_all(&self, server: &str) -> Result<Finding> {
        let params: Vec<_> = self.params.iter().map(|p| (&*p.name, &*p.value)).collect();
        let headers: Vec<_> = self.headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            params: &params,
            headers: &headers,
        };
        let http_string = request.http_string()?;
        let difference = compare(&http_string, server);
        Ok(Finding {
            valid: difference.is_none(),
            words: difference.map_or_else(
                || "the server saw the same request: the secret key or the times differ".to_owned(),
                |d| d.to_string(),
            ),
            http_string,
            string_to_sign: None,
        })
    }
}

fn print(cx: &Context, finding: &Finding) -> Result {
    if cx.output.json {
        return cx.output.json(&json!({
            "valid": finding.valid,
            "cause": finding.words,
            "http_string": finding.http_string,
            "string_to_sign": finding.string_to_sign,
        }));
    }
    cx.output.line(printable(&finding.words))?;
    if finding.valid {
        return Ok(());
    }
    cx.output.line("\nThe HttpString that should be signed:")?;
    for line in finding.http_string.lines() {
        cx.output.line(format!("  {}", printable(line)))?;
    }
    if let Some(text) = &finding.string_to_sign {
        cx.output.line("\nThe StringToSign:")?;
        for line in text.lines() {
            cx.output.line(format!("  {}", printable(line)))?;
        }
    }
    Ok(())
}

/// The first listed name that the request does not have.
fn missing<'a, 'b>(
    listed: impl Iterator<Item = &'a str>,
    given: impl Iterator<Item = &'b str>,
) -> Option<&'a str> {
    let given: Vec<_> = given
        .map(|name| encode(name).to_string().to_ascii_lowercase())
        .collect();
    let mut listed = listed;
    listed.find(|name| !given.contains(&name.to_ascii_lowercase()))
}

/// The part of the error body that says what the server signed.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "FormatString")]
    format_string: Option<String>,
}

fn format_string(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).map_err(|e| Failure::local("read", file, &e))?;
    let body: Option<Body> = quick_xml::de::from_str(&text).ok();
    body.and_then(|b| b.format_string).ok_or_else(|| {
        Failure::usage(format!(
            "{} is not the body of a SignatureDoesNotMatch answer: it has no FormatString",
            file.display()
        ))
    })
}
