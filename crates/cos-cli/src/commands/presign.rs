//! `cos presign`

use clap::{Args, ValueEnum};
use cos_client::{Domain, Endpoint, ObjectKey, Region};
use cos_sign_core::{Request, SignKey, Signer, encode_path};
use serde_json::{Map, Value, json};

use super::Context;
use crate::connect;
use crate::exit::{Failure, Result};
use crate::input::location::CosUrl;
use crate::input::pairs::{Header, Param};
use crate::input::window::WindowArgs;

/// Options of `cos presign`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
COS_SECRET_ID=AKIDexample COS_SECRET_KEY=example cos presign \\\n    \
--region ap-guangzhou --method GET cos://demo-1250000000/1.jpg --expires 600")]
pub(crate) struct Presign {
    /// The only method the URL is good for
    #[arg(long, value_name = "METHOD")]
    method: String,
    /// The object
    #[arg(value_name = "cos://BUCKET/KEY")]
    object: CosUrl,
    /// Query parameter of the URL, decoded (write %3D for = and %25 for % in K)
    #[arg(long = "param", value_name = "K=V")]
    params: Vec<Param>,
    /// Header that the URL's user must send exactly so
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<Header>,
    #[command(flatten)]
    window: WindowArgs,
    /// Scheme of the URL
    #[arg(long, value_enum, default_value_t = Scheme::Https)]
    scheme: Scheme,
    /// Leave the host out of the signature: the URL then works on any bucket with the same key
    #[arg(long)]
    no_sign_host: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scheme {
    Https,
    Http,
}

impl Presign {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let region = Region::new(cx.global.region()?)?;
        let key = ObjectKey::new(self.object.object_key()?)?;
        let https = self.scheme == Scheme::Https;
        let endpoint = Endpoint::of_bucket(&self.object.bucket, &region, Domain::Default, https);
        let credentials = connect::credentials(&cx.global).await?;
        let window = self.window.resolve(&credentials)?;

        let mut params: Vec<_> = self.params.iter().map(|p| (&*p.name, &*p.value)).collect();
        let given = params.iter().any(|(name, _)| *name == TOKEN);
        if let Some(token) = credentials.session_token().filter(|_| !given) {
            params.push((TOKEN, token));
        }
        let mut headers: Vec<_> = self.headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        let has_host = headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("host"));
        if has_host {
            return Err(Failure::usage(
                "the Host header is the URL's, it cannot be given",
            ));
        }
        if !self.no_sign_host {
            headers.push(("host", endpoint.host()));
        }
        let path = format!("/{}", key.as_str());
        let request = Request {
            method: &self.method,
            path: &path,
            params: &params,
            headers: &headers,
        };
        let sign_key = SignKey::derive(credentials.secret_key().expose(), window.key_time)?;
        let query = Signer::new(credentials.secret_id(), &sign_key).presigned_query(&request)?;
        let scheme = if https { "https" } else { "http" };
        let url = format!(
            "{scheme}://{}{}?{query}",
            endpoint.host(),
            encode_path(&path)
        );
        if window.shortened_by_s > 0 {
            cx.output.note(format!(
                "cos: the URL ends {} s earlier than asked, with the temporary credentials inside it",
                window.shortened_by_s
            ));
        }
        if !cx.output.json {
            return cx.output.line(url);
        }
        let to_send: Map<String, Value> = self
            .headers
            .into_iter()
            .map(|h| (h.name, Value::String(h.value)))
            .collect();
        cx.output.json(&json!({
            "url": url,
            "method": self.method,
            "headers": to_send,
            "expired_time": window.key_time.end_s(),
        }))
    }
}

/// Where a URL carries its session token.
const TOKEN: &str = "x-cos-security-token";
