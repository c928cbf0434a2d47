//! Uploading files: faults, changes and cancellation.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cos_client::{Client, Crc64, ErrorKind, Progress};
use tempfile::TempDir;

use crate::server::{Answer, Seen, Server, ok, refuse, say};
use crate::setup::{client, data, names};

const MIB: usize = 1 << 20;

fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("source");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

/// Takes every part and completes with the CRC of what was sent.
fn store(seen: &Seen, parts: &Mutex<Vec<(u32, Vec<u8>)>>) -> Answer {
    if seen.method == "POST" && seen.param("uploads").is_some() {
        return say(200, "<R><UploadId>u-1</UploadId></R>");
    }
    if let Some(number) = seen.param("partNumber") {
        parts
            .lock()
            .unwrap()
            .push((number.parse().unwrap(), seen.body.clone()));
        let crc = Crc64::of(&seen.body).to_string();
        return ok().with("etag", "\"p\"").with("x-cos-hash-crc64ecma", crc);
    }
    if seen.method == "POST" {
        let mut parts = parts.lock().unwrap();
        parts.sort();
        parts.dedup_by_key(|p| p.0);
        let whole: Vec<u8> = parts.iter().flat_map(|p| p.1.clone()).collect();
        return say(200, "<R><ETag>\"whole-3\"</ETag></R>")
            .with("x-cos-hash-crc64ecma", Crc64::of(&whole).to_string());
    }
    say(204, "")
}

fn three_parts(client: &Client, path: &PathBuf) -> cos_client::UploadFile {
    client.upload_file("k", path).part_size(MIB as u64)
}

#[tokio::test]
async fn a_broken_part_is_sent_again_and_progress_never_falls() {
    let content = data(2 * MIB + 5);
    let (_dir, path) = file(&content);
    let parts = Mutex::new(Vec::new());
    let failed = Mutex::new(false);
    let server = Server::start(move |_, seen| {
        if seen.param("partNumber").as_deref() == Some("2") {
            let mut failed = failed.lock().unwrap();
            if !std::mem::replace(&mut *failed, true) {
                return Answer::Close;
            }
        }
        store(seen, &parts)
    })
    .await;
    let events: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&events);
    let output = three_parts(&client(&server.url), &path)
        .on_progress(move |p| sink.lock().unwrap().push(p))
        .content_type("image/png")
        .forbid_overwrite()
        .send()
        .await
        .unwrap();
    assert_eq!((output.bytes, output.parts), (content.len() as u64, 3));
    assert_eq!(output.crc64, Crc64::of(&content));
    assert_eq!(output.upload_id.unwrap().as_str(), "u-1");
    let events = events.lock().unwrap();
    assert!(events.is_sorted_by_key(|p| p.done_bytes));
    assert_eq!(events.last().unwrap().done_bytes, content.len() as u64);
    let seen = server.seen();
    let initiate = &seen[0];
    assert_eq!(initiate.header("content-type"), Some("image/png"));
    assert_eq!(initiate.header("x-cos-forbid-overwrite"), None);
    let complete = seen.last().unwrap();
    assert_eq!(complete.header("x-cos-forbid-overwrite"), Some("true"));
    assert_eq!(
        seen.iter()
            .filter(|s| s.param("partNumber").is_some())
            .count(),
        4
    );
}

#[tokio::test]
async fn a_wrong_whole_is_an_error() {
    let (_dir, path) = file(&data(2 * MIB));
    let parts = Mutex::new(Vec::new());
    let server = Server::start(move |_, seen| {
        let is_complete = seen.method == "POST" && seen.param("uploadId").is_some();
        match store(seen, &parts) {
            _ if is_complete => {
                say(200, "<R><ETag>\"e\"</ETag></R>").with("x-cos-hash-crc64ecma", "1")
            }
            answer => answer,
        }
    })
    .await;
    let error = three_parts(&client(&server.url), &path)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn a_file_that_changes_fails_and_its_parts_are_removed() {
    let (_dir, path) = file(&data(3 * MIB));
    let parts = Mutex::new(Vec::new());
    let changing = path.clone();
    let server = Server::start(move |_, seen| {
        if seen.param("partNumber").is_some() {
            std::fs::write(&changing, b"new content").unwrap();
        }
        store(seen, &parts)
    })
    .await;
    let client = client(&server.url);
    let error = three_parts(&client, &path)
        .concurrency(1)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local, "{error:?}");
    assert!(error.message().contains("changed"));
    client.wait_for_cleanup().await;
    let last = server.seen().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.target.as_str()),
        ("DELETE", "/k?uploadId=u-1")
    );
}

#[tokio::test]
async fn a_refused_part_ends_the_transfer_and_aborts_it() {
    let (_dir, path) = file(&data(3 * MIB));
    let parts = Mutex::new(Vec::new());
    let server = Server::start(move |_, seen| {
        if seen.param("partNumber").as_deref() == Some("2") {
            return refuse(403, "AccessDenied", "no");
        }
        store(seen, &parts)
    })
    .await;
    let error = three_parts(&client(&server.url), &path)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::AccessDenied, Some("UploadPart"))
    );
    assert_eq!(error.part_number().map(|n| n.get()), Some(2));
    // What the failure cut off may be read by the server after the abort; nothing completes it.
    let seen = server.summary();
    let count = |line: &str| seen.iter().filter(|s| *s == line).count();
    assert_eq!(count("DELETE /k?uploadId=u-1"), 1);
    assert_eq!(count("POST /k?uploadId=u-1"), 0);
}

#[tokio::test]
async fn cancel_stops_and_cleans_up() {
    let (_dir, path) = file(&data(3 * MIB));
    let (reached, wait) = tokio::sync::oneshot::channel();
    let reached = Mutex::new(Some(reached));
    let parts = Mutex::new(Vec::new());
    let server = Server::start(move |_, seen| {
        if seen.param("partNumber").is_some() {
            if let Some(reached) = reached.lock().unwrap().take() {
                reached.send(()).unwrap();
            }
            return Answer::Hang;
        }
        store(seen, &parts)
    })
    .await;
    let client = client(&server.url);
    let transfer = three_parts(&client, &path).start();
    wait.await.unwrap();
    transfer.cancel();
    let error = transfer.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    client.wait_for_cleanup().await;
    // What the cancel cut off may be read by the server after the abort; nothing completes it.
    let seen = server.summary();
    let count = |line: &str| seen.iter().filter(|s| *s == line).count();
    assert_eq!(count("DELETE /k?uploadId=u-1"), 1);
    assert_eq!(count("POST /k?uploadId=u-1"), 0);
}

#[tokio::test]
async fn dropping_the_future_cancels_too() {
    let (dir, path) = file(&data(3 * MIB));
    let (reached, wait) = tokio::sync::oneshot::channel();
    let reached = Mutex::new(Some(reached));
    let parts = Mutex::new(Vec::new());
    let server = Server::start(move |_, seen| {
        if seen.method == "DELETE" {
            reached.lock().unwrap().take().unwrap().send(()).unwrap();
        }
        if seen.param("partNumber").is_some() {
            return Answer::Hang;
        }
        store(seen, &parts)
    })
    .await;
    let client = client(&server.url);
    let upload = three_parts(&client, &path).send();
    let begun = async {
        while !server
            .seen()
            .iter()
            .any(|s| s.param("partNumber").is_some())
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = upload => panic!("it cannot end"),
        () = begun => {}
    }
    wait.await.unwrap();
    assert_eq!(names(dir.path()), ["source"]);
}

#[tokio::test]
async fn missing_files_and_folders_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| ok()).await;
    let client = client(&server.url);
    for path in [dir.path().to_path_buf(), dir.path().join("none")] {
        let error = client.upload_file("k", &path).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Local);
        assert!(error.message().contains(path.to_str().unwrap()));
    }
    assert!(server.seen().is_empty());
}

/// Takes parts and never answers; counts connections that carry one, and those of them that ended.
async fn swallowing() -> (String, Arc<[std::sync::atomic::AtomicUsize; 2]>) {
    use std::sync::atomic::Ordering;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counts: Arc<[std::sync::atomic::AtomicUsize; 2]> = Arc::default();
    let shared = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counts = Arc::clone(&shared);
            tokio::spawn(async move {
                loop {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    if head.starts_with(b"PUT") {
                        break;
                    }
                    let body = if head.starts_with(b"POST") {
                        "<R><UploadId>u-1</UploadId></R>"
                    } else {
                        ""
                    };
                    let answer = format!(
                        "HTTP/1.1 200 X\r\nx-cos-request-id: r\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
                counts[0].fetch_add(1, Ordering::SeqCst);
                // Until nothing comes any more, because the other side has closed it.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                counts[1].fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    (url, counts)
}

#[tokio::test]
async fn what_is_interrupted_sends_nothing_more() {
    use std::sync::atomic::Ordering;
    for how in ["pause", "cancel", "stop", "drop"] {
        let (_dir, path) = file(&data(3 * MIB));
        let (url, counts) = swallowing().await;
        let now = || {
            (
                counts[0].load(Ordering::SeqCst),
                counts[1].load(Ordering::SeqCst),
            )
        };
        let client = client(&url);
        let transfer = three_parts(&client, &path).start();
        while now() != (3, 0) {
            tokio::task::yield_now().await;
        }
        let control = transfer.control();
        let mut transfer = Some(transfer);
        match how {
            "pause" => control.pause(),
            "cancel" => control.cancel(),
            "stop" => control.stop(),
            _ => transfer = None,
        }
        control
            .state_after(cos_client::TransferState::InProgress)
            .await;
        // Every connection that carried a part is closed, and no other was made.
        while now() != (3, 3) {
            tokio::task::yield_now().await;
        }
        drop(transfer);
    }
}

#[tokio::test]
async fn a_limit_for_each_request_goes_with_each() {
    let (_dir, path) = file(&data(2 * MIB + 5));
    let parts = Mutex::new(Vec::new());
    let server = Server::start(move |_, seen| store(seen, &parts)).await;
    let client = client(&server.url);
    let upload = three_parts(&client, &path).traffic_limit(819_200);
    upload.send().await.unwrap();
    let one = client.upload_bytes("k", "x").traffic_limit(819_200);
    one.send().await.unwrap();
    for seen in server.seen().iter().filter(|s| s.method == "PUT") {
        assert_eq!(seen.header("x-cos-traffic-limit"), Some("819200"));
    }
}
