//! Keys, tokens and signatures stay out of everything a person or a log may see.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cos_client::Method;
use cos_sts::{Credentials, StaticProvider};
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Server, ok, refuse};
use crate::setup::{NOW, builder};

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_planted_comes_out() {
    let log = Log::default();
    let subscriber = || {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .finish()
    };
    // While there is only one, a span that another test's thread meets first is switched off for all.
    let _second = tracing::Dispatch::new(subscriber());
    let _guard = tracing::subscriber::set_default(subscriber());
    let server = Server::start(|n, _| match n {
        0 => refuse(503, "SlowDown", ""),
        1 => refuse(403, "SignatureDoesNotMatch", ""),
        2 => ok(),
        _ => refuse(400, "ExpiredToken", ""),
    })
    .await;
    let credentials =
        Credentials::temporary("AKIDshown", "PLANTEDkey", "PLANTEDtoken", None, NOW + 600).unwrap();
    let unbuilt = builder(&server.url)
        .credentials(StaticProvider::new(credentials))
        .proxy("http://user:PLANTEDpassword@127.0.0.1:1")
        .no_proxy("127.0.0.1");
    let mut shown = format!("{unbuilt:?}");
    let client = unbuilt.build().unwrap();
    let put = || {
        client
            .put_object("k", "PLANTEDcontent")
            .header("x-cos-server-side-encryption-customer-key", "PLANTEDssec")
    };
    shown += &format!("{:?} {client:?}", put());
    for _ in 0..3 {
        match put().send().await {
            Ok(output) => shown += &format!("{output:?}"),
            Err(error) => shown += &format!("{error} {error:?} {:?}", error.hint()),
        }
    }
    let url = client.presign(Method::GET, "k", std::time::Duration::from_secs(9));
    shown += &format!("{url:?}");
    shown += &format!("{:?}", url.sign().await.unwrap());
    assert_eq!(server.seen().len(), 4);
    shown += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(
        shown.contains("SlowDown") && shown.contains("PutObject"),
        "{shown}"
    );
    for field in [
        "cos.operation",
        "cos.bucket",
        "http.request.method",
        "server.address",
        "server.port",
        "otel.kind",
        "http.request.resend_count",
        "http.response.status_code",
        "error.type",
        "cos.request_id",
    ] {
        assert!(shown.contains(field), "no {field} in {shown}");
    }
    for secret in ["PLANTED", "q-signature", "q-sign-time"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
