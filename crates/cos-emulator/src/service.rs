//! One request, from head to answer.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;

use crate::body::Body;
use crate::server::Connection;
use crate::shared::Shared;

pub(crate) async fn handle(
    _shared: Arc<Shared>,
    _connection: Connection,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let mut response = if request.uri().path() == "/_emulator/health" {
        Response::new(Body::from(&br#"{"ok":true}"#[..]))
    } else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::NOT_IMPLEMENTED;
        response
    };
    response.headers_mut().insert(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}
