//! Faults between the client and the service.

use std::time::Duration;

use cos_client::{CopySource, Crc64, ErrorKind, Method, PartNumber, RetryPolicy, UploadId};

use crate::server::{Answer, Server, ok, refuse, say};
use crate::setup::{BUCKET, NOW, REGION, builder, client};

#[tokio::test]
async fn transient_failures_are_repeated_and_marked() {
    let server = Server::start(|n, _| match n {
        0 => refuse(503, "SlowDown", "Reduce your request rate."),
        1 => Answer::Close,
        2 => refuse(500, "InternalError", ""),
        _ => ok(),
    })
    .await;
    client(&server.url)
        .put_object("k", "body")
        .send()
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].header("x-cos-sdk-retry"), None);
    assert!(
        seen.iter()
            .skip(1)
            .all(|s| s.header("x-cos-sdk-retry") == Some("true"))
    );
    assert!(seen.iter().all(|s| s.body == b"body"));
}

#[tokio::test]
async fn attempts_end_and_are_counted() {
    let server = Server::start(|_, _| refuse(503, "SlowDown", "Too fast.")).await;
    let error = client(&server.url)
        .put_object("k", "x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(server.seen().len(), 5);
    assert_eq!(error.attempts(), 5);
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.code(), Some("SlowDown"));
    assert_eq!(error.message(), "Too fast.");
    assert_eq!(error.http_status(), Some(503));
    assert_eq!(error.request_id(), Some("req-1"));
    assert_eq!(error.operation(), Some("PutObject"));
    assert_eq!(error.resource(), Some("demo-1250000000/k"));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_service_in_trouble_is_not_made_busier() {
    let server = Server::start(|_, seen| match seen.path() {
        "/good" => ok(),
        _ => refuse(503, "SlowDown", "Too fast."),
    })
    .await;
    let policy = RetryPolicy::default().with_max_attempts(3).with_budget(5);
    let client = builder(&server.url).retry(policy).build().unwrap();
    let other = client.for_bucket("other-1250000000", REGION).unwrap();
    let attempts = async |client: &cos_client::Client| {
        let error = client.get_object("bad").send().await.unwrap_err();
        assert_eq!(error.code(), Some("SlowDown"));
        let told = error.hint().unwrap().contains("retry budget");
        assert!(error.hint().unwrap().contains("concurrency"), "{error:?}");
        (error.attempts(), told)
    };
    assert_eq!(attempts(&client).await, (3, false));
    // One purse for all buckets.
    assert_eq!(attempts(&other).await, (3, false));
    assert_eq!(attempts(&client).await, (2, true));
    assert_eq!(attempts(&client).await, (1, true));
    for _ in 0..10 {
        client.delete_object("good").send().await.unwrap();
    }
    assert_eq!(attempts(&client).await, (3, false));
    assert_eq!(attempts(&client).await, (1, true));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_repeated() {
    let server = Server::start(|_, _| Answer::Close).await;
    let client = client(&server.url);
    let error = client
        .request(Method::POST)
        .param("x", "")
        .send()
        .await
        .unwrap_err();
    assert_eq!(server.seen().len(), 1);
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1));
    assert!(error.is_retryable());
    let again = client.request(Method::POST).param("x", "").idempotent(true);
    assert_eq!(again.send().await.unwrap_err().attempts(), 5);
}

#[tokio::test]
async fn refused_connections_name_the_host_and_no_url() {
    // A port that nobody is given by chance.
    let host = "127.0.0.1:1";
    let policy = RetryPolicy::default().with_max_attempts(2);
    let client = builder(&format!("http://{host}"))
        .retry(policy)
        .build()
        .unwrap();
    let error = client
        .put_object("secret-name", "x")
        .send()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 2));
    assert!(
        error
            .hint()
            .unwrap()
            .contains(&format!("connection refused at {host}"))
    );
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(at) = cause {
        text.push_str(&format!("{at} {at:?}"));
        cause = at.source();
    }
    assert!(!text.contains("http://"), "{text}");
    assert!(!text.contains("q-signature"), "{text}");
}

#[tokio::test]
async fn silence_ends_with_a_timeout() {
    let server = Server::start(|_, _| Answer::Hang).await;
    let client = builder(&server.url)
        .read_timeout(Duration::from_millis(50))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    // The other limit, far longer, holds only while there is content to hand over.
    let error = client.put_object("k", "x").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("no answer came"), "{error:?}");
    let client = builder(&server.url)
        .operation_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let error = client.get_object("k").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("GetObject"), 1)
    );
    assert!(error.hint().unwrap().contains("operation_timeout"));
}

#[tokio::test]
async fn an_upload_that_stalls_is_cut() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Connections are accepted by the system and never read from.
    let client = builder(&url)
        .stall_timeout(Duration::from_millis(50))
        // For the answer, which is not yet waited for.
        .read_timeout(Duration::from_millis(10))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client
        .put_object("k", vec![0; 32 << 20])
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("took nothing"), "{error:?}");
    drop(listener);
}

#[tokio::test]
async fn a_refusal_before_the_content_was_read_is_heard() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 64];
            stream.read_exact(&mut head).await.unwrap();
            let body = "<Error><Code>AccessDenied</Code></Error>";
            let answer = format!(
                "HTTP/1.1 403 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            // As a careful server does: read on until the client is gone.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    });
    let put = client(&url).put_object("k", vec![0; 32 << 20]);
    let error = put.send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("AccessDenied"), 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(|_, _| say(301, "").with("location", "http://127.0.0.1:1/")).await;
    let error = client(&server.url)
        .get_object("k")
        .send()
        .await
        .unwrap_err();
    assert_eq!((server.seen().len(), error.http_status()), (1, Some(301)));
    assert!(error.hint().unwrap().contains("region"));
}

#[tokio::test]
async fn head_errors_have_a_kind_without_a_body() {
    let server = Server::start(|_, seen| match seen.path() {
        "/none" => say(404, "ignored"),
        "/same" => say(304, ""),
        _ => say(403, "ignored"),
    })
    .await;
    let client = client(&server.url);
    for (key, kind) in [
        ("none", ErrorKind::NotFound),
        ("same", ErrorKind::Precondition),
        ("secret", ErrorKind::AccessDenied),
    ] {
        let error = client.head_object(key).send().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, None), "{key}");
    }
}

#[tokio::test]
async fn an_error_inside_200_is_an_error() {
    let error_body = "<?xml version='1.0'?>\n<Error><Code>InternalError</Code></Error>";
    let server = Server::start(move |n, _| match n {
        0 => say(200, error_body),
        1 => say(
            200,
            "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>",
        ),
        2 => say(200, "<Error><Code>AccessDenied</Code></Error>"),
        _ => say(200, "<CopyObjectResult/>"),
    })
    .await;
    let client = client(&server.url);
    let source = CopySource::new(BUCKET, REGION, "from").unwrap();
    let copy = || client.copy_object(source.clone(), "to").send();
    assert_eq!(copy().await.unwrap().etag.unwrap().as_str(), "\"e\"");
    assert_eq!(copy().await.unwrap_err().code(), Some("AccessDenied"));
    assert_eq!(copy().await.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn content_damaged_on_the_way_is_sent_once_more() {
    let server = Server::start(|_, _| ok().with("x-cos-hash-crc64ecma", "1")).await;
    let error = client(&server.url)
        .put_object("k", "x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), server.seen().len()),
        (ErrorKind::Integrity, 2)
    );
}

#[tokio::test]
async fn the_clock_is_learned_once_and_kept() {
    const AHEAD: u64 = 7 * 3_600;
    let server = Server::start(|_, seen| {
        let authorization = seen.header("authorization").unwrap();
        let parsed = cos_sign_core::verify::Parsed::from_authorization(authorization).unwrap();
        if parsed.sign_time.contains(NOW + AHEAD) {
            return ok();
        }
        let time = std::time::UNIX_EPOCH + Duration::from_secs(NOW + AHEAD);
        refuse(403, "RequestTimeTooSkewed", "").with("date", httpdate::fmt_http_date(time))
    })
    .await;
    let client = client(&server.url);
    client.put_object("a", "x").send().await.unwrap();
    client.put_object("b", "x").send().await.unwrap();
    client
        .for_bucket(BUCKET, REGION)
        .unwrap()
        .put_object("c", "x")
        .send()
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 4, "only the first had to learn");
}

#[tokio::test]
async fn each_host_has_its_own_clock() {
    // A gateway that is two hours ahead of the service behind the other bucket.
    let hour = |host: &str| if host.starts_with("demo-") { 2 } else { 0 };
    let server = Server::start(move |_, seen| {
        let authorization = seen.header("authorization").unwrap();
        let parsed = cos_sign_core::verify::Parsed::from_authorization(authorization).unwrap();
        let now = NOW + hour(seen.header("host").unwrap()) * 3_600;
        if parsed.sign_time.contains(now) {
            return ok();
        }
        let time = std::time::UNIX_EPOCH + Duration::from_secs(now);
        refuse(403, "RequestTimeTooSkewed", "").with("date", httpdate::fmt_http_date(time))
    })
    .await;
    let ahead = client(&server.url);
    let right = ahead.for_bucket("other-1250000000", REGION).unwrap();
    for _ in 0..3 {
        ahead.put_object("k", "x").send().await.unwrap();
        right.put_object("k", "x").send().await.unwrap();
    }
    assert_eq!(server.seen().len(), 8, "each learned once");
}

#[tokio::test]
async fn a_lost_answer_to_complete_is_looked_into() {
    let crc = Crc64::of(b"whole");
    let server = Server::start(move |_, seen| match (seen.method.as_str(), seen.path()) {
        ("HEAD", "/mine") => ok()
            .with("x-cos-hash-crc64ecma", crc.to_string())
            .with("etag", "\"mine-1\""),
        ("HEAD", _) => ok().with("x-cos-hash-crc64ecma", "1"),
        _ if seen.header("x-cos-sdk-retry").is_none() => Answer::Close,
        _ => refuse(404, "NoSuchUpload", "gone"),
    })
    .await;
    let client = client(&server.url);
    let id = UploadId::new("u").unwrap();
    let complete = |key: &str| {
        let part = cos_client::CompletedPart {
            number: PartNumber::new(1).unwrap(),
            etag: cos_client::ETag::new("\"p\""),
        };
        client
            .complete_multipart_upload(key, &id, [part])
            .expected_crc64(crc)
            .send()
    };
    let output = complete("mine").await.unwrap();
    assert_eq!(output.etag.unwrap().as_str(), "\"mine-1\"");
    let error = complete("other").await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchUpload"));
}
