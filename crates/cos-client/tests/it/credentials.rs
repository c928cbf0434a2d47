//! Keys that end while requests are made.

use std::sync::Arc;

use cos_client::ErrorKind;
use cos_sts::Reason;
use futures_util::future::join_all;

use crate::server::{Server, ok, refuse};
use crate::setup::{Renewing, builder, client, temporary};

/// Accepts tokens from `token-2` on.
async fn server_after(code: &'static str, status: u16) -> Server {
    Server::start(move |_, seen| {
        if seen.header("x-cos-security-token") == Some("token-1") {
            return refuse(status, code, "");
        }
        ok()
    })
    .await
}

#[tokio::test]
async fn a_refused_key_is_replaced_once_for_all() {
    for (code, status) in [("ExpiredToken", 400), ("InvalidAccessKeyId", 403)] {
        let server = server_after(code, status).await;
        let provider = Arc::new(Renewing::new());
        let client = builder(&server.url)
            .credentials(Arc::clone(&provider))
            .build()
            .unwrap();
        let puts = (0..8).map(|i| client.put_object(format!("k{i}"), "x").send());
        for result in join_all(puts).await {
            result.unwrap();
        }
        assert_eq!(
            provider.generation(),
            2,
            "{code}: one new key for eight requests"
        );
        assert!(server.seen().len() <= 16);
        let requests = provider.requests.lock().unwrap();
        assert_eq!(requests[0].action.as_deref(), Some("name/cos:PutObject"));
        assert_eq!(requests[0].bucket.as_deref(), Some("demo-1250000000"));
        assert!(requests.iter().any(|r| r.reason == Reason::Rejected));
    }
}

#[tokio::test]
async fn head_finds_out_that_its_key_ended() {
    let server = server_after("ExpiredToken", 403).await;
    let provider = Arc::new(Renewing::new());
    let client = builder(&server.url)
        .credentials(Arc::clone(&provider))
        .build()
        .unwrap();
    client.head_object("k").send().await.unwrap();
    assert_eq!(provider.generation(), 2);
    assert_eq!(server.summary(), ["HEAD /k", "GET /k", "HEAD /k"]);
}

#[tokio::test]
async fn so_does_head_of_a_bucket() {
    let server = server_after("ExpiredToken", 403).await;
    let provider = Arc::new(Renewing::new());
    let client = builder(&server.url)
        .credentials(Arc::clone(&provider))
        .build()
        .unwrap();
    client.head_bucket().await.unwrap();
    assert_eq!(provider.generation(), 2);
    assert_eq!(server.summary(), ["HEAD /", "GET /?location", "HEAD /"]);
}

#[tokio::test]
async fn without_another_key_the_refusal_is_shown() {
    let server = Server::start(|_, _| refuse(400, "ExpiredToken", "The token has expired.")).await;
    let client_with_token = builder(&server.url)
        .credentials(temporary())
        .build()
        .unwrap();
    let error = client_with_token
        .put_object("k", "x")
        .send()
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("ExpiredToken"), 1));
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.hint().unwrap().contains("expired"));
    // A source that hands out bad keys is not asked for ever.
    let provider = Arc::new(Renewing::new());
    let renewing = builder(&server.url)
        .credentials(Arc::clone(&provider))
        .build()
        .unwrap();
    let error = renewing.put_object("k", "x").send().await.unwrap_err();
    assert_eq!((error.attempts(), provider.generation()), (4, 4));
    let permanent = client(&server.url)
        .put_object("k", "x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(permanent.attempts(), 1);
}

#[tokio::test]
async fn a_denied_action_is_named_and_not_repeated() {
    let server = Server::start(|_, _| refuse(403, "AccessDenied", "Access Denied.")).await;
    let provider = Arc::new(Renewing::new());
    let client = builder(&server.url)
        .credentials(Arc::clone(&provider))
        .build()
        .unwrap();
    let error = client.delete_object("a/b").send().await.unwrap_err();
    assert_eq!((error.attempts(), provider.generation()), (1, 1));
    assert_eq!(
        error.hint().unwrap(),
        "the policy lacks name/cos:DeleteObject on \
         qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/a/b, or denies it"
    );
}
