//! `cos sign`

use clap::Args;
use cos_sign_core::{Request, SignKey, Signer, string_to_sign};
use serde_json::json;

use super::Context;
use crate::connect;
use crate::exit::Result;
use crate::input::pairs::{Header, Param};
use crate::input::window::WindowArgs;

/// Options of `cos sign`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
COS_SECRET_ID=AKIDexample COS_SECRET_KEY=example cos sign \\\n    \
--method GET --path /photos/1.jpg --key-time '1700000000;1700003600' \\\n    \
--header 'Host: demo-1250000000.cos.ap-guangzhou.myqcloud.com'")]
pub(crate) struct Sign {
    /// GET, PUT, …
    #[arg(long, value_name = "METHOD")]
    method: String,
    /// Decoded path, beginning with /
    #[arg(long, value_name = "PATH")]
    path: String,
    /// Query parameter, decoded; K alone has an empty value (write %3D for = and %25 for % in K)
    #[arg(long = "param", value_name = "K=V")]
    params: Vec<Param>,
    /// Header to sign, exactly as sent; no other header is signed
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<Header>,
    #[command(flatten)]
    window: WindowArgs,
}

impl Sign {
    pub(super) async fn run(self, cx: &Context) -> Result {
        let credentials = connect::credentials(&cx.global).await?;
        let window = self.window.resolve(&credentials)?;
        let params: Vec<_> = self.params.iter().map(|p| (&*p.name, &*p.value)).collect();
        let headers: Vec<_> = self.headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            params: &params,
            headers: &headers,
        };
        let key = SignKey::derive(credentials.secret_key().expose(), window.key_time)?;
        let authorization = Signer::new(credentials.secret_id(), &key).authorization(&request)?;
        if !cx.output.json {
            return cx.output.line(authorization);
        }
        cx.output.json(&json!({
            "authorization": authorization,
            "http_string": request.http_string()?,
            "string_to_sign": string_to_sign(window.key_time, &request.digest()?),
            "key_time": window.key_time.to_string(),
            "header_list": request.header_list(),
            "url_param_list": request.url_param_list(),
        }))
    }
}
