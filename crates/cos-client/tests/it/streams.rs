//! Contents that go on after a break, and objects behind Tokio's traits.

use std::io::{Cursor, ErrorKind as IoKind, SeekFrom};
use std::pin::pin;

use cos_client::{Crc64, Error, ErrorKind, RetryPolicy};
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::cloud::Cloud;
use crate::server::{Answer, Seen, Server, ok, refuse, say};
use crate::setup::{builder, client, data};

const MIB: usize = 1 << 20;

/// Serves ranges of `content` as version `etag`.
fn serve(content: &[u8], etag: &str, seen: &Seen) -> Answer {
    if seen.header("if-match").is_some_and(|wanted| wanted != etag) {
        return refuse(412, "PreconditionFailed", "changed");
    }
    let answer = match seen.range() {
        Some((first, last)) => {
            let last = last.min(content.len() - 1);
            let range = format!("bytes {first}-{last}/{}", content.len());
            say(206, &content[first..=last]).with("content-range", range)
        }
        None => say(200, content),
    };
    let crc = Crc64::of(content).to_string();
    answer.with("etag", etag).with("x-cos-hash-crc64ecma", crc)
}

/// What is inside an I/O error of ours.
fn ours(error: &std::io::Error) -> &Error {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[tokio::test]
async fn a_content_goes_on_where_it_broke() {
    let content = data(100_000);
    let source = content.clone();
    let server = Server::start(move |n, seen| {
        let answer = serve(&source, "\"v\"", seen);
        // Breaks often, but brings something each time.
        if n < 9 {
            answer.cut_after(10_000)
        } else {
            answer
        }
    })
    .await;
    let get = client(&server.url).get_object("k");
    let got = get.if_none_match(&cos_client::ETag::new("\"old\""));
    let got = got.version_id("7").send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), content);
    let seen = server.seen();
    assert_eq!(seen.len(), 10);
    for (n, seen) in seen.iter().enumerate().skip(1) {
        assert_eq!(seen.range(), Some((n * 10_000, 99_999)));
        assert_eq!(seen.header("if-match"), Some("\"v\""));
        assert_eq!(seen.header("if-none-match"), None);
        assert_eq!(seen.params(), [("versionId".into(), "7".into())]);
    }
}

#[tokio::test]
async fn a_range_goes_on_within_itself() {
    let content = data(1_000);
    let source = content.clone();
    let server = Server::start(move |n, seen| {
        let answer = serve(&source, "\"v\"", seen);
        if n == 0 { answer.cut_after(50) } else { answer }
    })
    .await;
    let got = client(&server.url).get_object("k").range(100..300).send();
    let got = got.await.unwrap().bytes().await.unwrap();
    assert_eq!(got, content[100..300]);
    assert_eq!(server.seen()[1].range(), Some((150, 299)));
}

#[tokio::test]
async fn it_is_given_up_when_nothing_comes_any_more() {
    let content = data(1_000);
    let server = Server::start(move |_, seen| serve(&content, "\"v\"", seen).cut_after(0)).await;
    for (policy, requests) in [
        (RetryPolicy::default(), 5),
        (RetryPolicy::default().with_budget(1), 3),
        (RetryPolicy::none(), 1),
    ] {
        let before = server.seen().len();
        let client = builder(&server.url).retry(policy).build().unwrap();
        let got = client.get_object("k").send().await.unwrap();
        let error = got.bytes().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
        assert_eq!(server.seen().len() - before, requests);
    }
}

#[tokio::test]
async fn two_versions_are_never_mixed() {
    let content = data(1_000);
    let server = Server::start(move |n, seen| {
        let etag = if n == 0 { "\"v1\"" } else { "\"v2\"" };
        serve(&content, etag, seen).cut_after(10)
    })
    .await;
    let got = client(&server.url).get_object("k").send().await.unwrap();
    let error = got.bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert!(error.hint().unwrap().contains("changed while"), "{error:?}");
}

#[tokio::test]
async fn a_cache_that_ignores_ranges_is_found_out() {
    let content = data(1_000);
    let server = Server::start(move |_, _| {
        say(200, content.clone())
            .with("etag", "\"v\"")
            .cut_after(10)
    })
    .await;
    let got = client(&server.url).get_object("k").send().await.unwrap();
    let error = got.bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.hint().unwrap().contains("cache"), "{error:?}");
}

#[tokio::test]
async fn a_damaged_content_fails_its_last_read() {
    let server = Server::start(|_, _| say(200, "abc").with("x-cos-hash-crc64ecma", "1")).await;
    let got = client(&server.url).get_object("k").send().await.unwrap();
    let mut text = String::new();
    let error = got.into_async_read().read_to_string(&mut text).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), IoKind::InvalidData);
    assert_eq!(ours(&error).kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn a_reader_is_like_a_file() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let content = data(5 * MIB + 77);
    client
        .put_object("k", content.clone())
        .send()
        .await
        .unwrap();
    let mut reader = client.object_reader("k").open().await.unwrap();
    assert_eq!(reader.size(), content.len() as u64);
    let mut all = Vec::new();
    reader.read_to_end(&mut all).await.unwrap();
    assert!(all == content);
    // 1, 2 and 4 MiB.
    assert_eq!(
        (cloud.count("HeadObject"), cloud.count("GetObject")),
        (1, 3)
    );

    let mut file = Cursor::new(&content);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        let len = content.len() as i64;
        let to = match random.u8(..4) {
            0 => SeekFrom::Start(random.u64(..content.len() as u64 + 10)),
            1 => SeekFrom::End(-random.i64(0..=len)),
            2 => SeekFrom::Current(random.i64(0..300_000)),
            _ => SeekFrom::Current(-random.i64(0..=reader.position().min(9_000) as i64)),
        };
        assert_eq!(
            reader.seek(to).await.unwrap(),
            std::io::Seek::seek(&mut file, to).unwrap()
        );
        let (mut got, mut wanted) = (vec![0; random.usize(..100_000)], Vec::new());
        let limit = got.len() as u64;
        std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, limit), &mut wanted)
            .unwrap();
        let read = reader.read_exact(&mut got).await;
        match read {
            Ok(_) => assert!(got == wanted),
            Err(error) => {
                assert_eq!(error.kind(), IoKind::UnexpectedEof);
                assert!(wanted.len() < got.len() && got.starts_with(&wanted));
            }
        }
        assert_eq!(reader.stream_position().await.unwrap(), file.position());
    }
    let error = reader.seek(SeekFrom::Current(-i64::MAX)).await.unwrap_err();
    assert_eq!(error.kind(), IoKind::InvalidInput);
}

#[tokio::test]
async fn short_skips_read_on() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    let content = data(MIB);
    client
        .put_object("k", content.clone())
        .send()
        .await
        .unwrap();
    let mut reader = client.object_reader("k").open().await.unwrap();
    for at in [0, 1_000, 100_000, 350_000] {
        reader.seek(SeekFrom::Start(at)).await.unwrap();
        assert_eq!(reader.read_u8().await.unwrap(), content[at as usize]);
    }
    assert_eq!(cloud.count("GetObject"), 1);
}

#[tokio::test]
async fn a_reader_holds_on_to_its_version() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    client.put_object("k", data(3 * MIB)).send().await.unwrap();
    let mut reader = client.object_reader("k").open().await.unwrap();
    reader.read_u8().await.unwrap();
    client
        .put_object("k", data(3 * MIB + 1))
        .send()
        .await
        .unwrap();
    let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(ours(&error).code(), Some("PreconditionFailed"));
    assert!(ours(&error).hint().unwrap().contains("read it again"));
    let missing = client.object_reader("none").open().await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    client.put_object("empty", "").send().await.unwrap();
    let mut empty = client.object_reader("empty").open().await.unwrap();
    assert_eq!(empty.read(&mut [0; 9]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_writer_makes_one_object_of_any_pieces() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for (size, parts) in [(0, 1), (5, 1), (MIB, 1), (3 * MIB + 1, 4)] {
        let content = data(size);
        let writer = client.object_writer("k").content_type("text/x");
        let mut writer = writer.part_size(MIB as u64).open();
        let mut rest = content.as_slice();
        let mut step = 1;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(step.min(rest.len()));
            writer.write_all(piece).await.unwrap();
            (rest, step) = (more, step * 3);
        }
        writer.flush().await.unwrap();
        writer.shutdown().await.unwrap();
        let stored = writer.output().unwrap().clone();
        assert_eq!((stored.bytes, stored.parts), (size as u64, parts));
        assert_eq!(
            writer.write(b"x").await.unwrap_err().kind(),
            IoKind::BrokenPipe
        );
        // Once more tells the same.
        assert_eq!(writer.finish().await.unwrap(), stored);
        let got = client.get_object("k").send().await.unwrap();
        assert_eq!(got.meta.content_type.as_deref(), Some("text/x"));
        assert!(got.bytes().await.unwrap() == content);
    }
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_nothing() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for size in [10, 3 * MIB] {
        let mut writer = client.object_writer("k").open();
        writer.write_all(&data(size)).await.unwrap();
        writer.flush().await.unwrap();
        drop(writer);
        client.wait_for_cleanup().await;
        let uploads = client.list_multipart_uploads().send().await.unwrap();
        assert!(uploads.uploads.is_empty());
        let error = client.head_object("k").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{size}");
    }
    assert_eq!(cloud.count("PutObject"), 0);
}

#[tokio::test]
async fn a_writer_tells_why_it_cannot() {
    let cloud = Cloud::start().await;
    let reader = cloud.allowed(&["name/cos:GetObject"]).await;
    let mut writer = reader.object_writer("k").open();
    // More than is taken before the first answer.
    let error = writer.write_all(&data(20 * MIB)).await.unwrap_err();
    assert_eq!(error.kind(), IoKind::PermissionDenied);
    assert!(
        ours(&error)
            .hint()
            .unwrap()
            .contains("InitiateMultipartUpload")
    );
    let again = writer.write_all(&data(2 * MIB)).await.unwrap_err();
    assert_eq!(ours(&again).code(), Some("AccessDenied"));
    assert_eq!(
        writer.finish().await.unwrap_err().code(),
        Some("AccessDenied")
    );

    let client = cloud.root();
    client.put_object("k", "old").send().await.unwrap();
    let mut writer = client.object_writer("k").forbid_overwrite().open();
    writer.write_all(b"new").await.unwrap();
    let error = writer.shutdown().await.unwrap_err();
    assert_eq!(error.kind(), IoKind::AlreadyExists);
    let mut nameless = client.object_writer("").open();
    let error = nameless.shutdown().await.unwrap_err();
    assert_eq!(error.kind(), IoKind::InvalidInput);
}

#[tokio::test]
async fn a_writer_waits_for_a_slow_network() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "POST" => say(200, "<R><UploadId>u</UploadId></R>"),
        "PUT" => Answer::Hang,
        _ => ok(),
    })
    .await;
    let writer = client(&server.url).object_writer("k").concurrency(2);
    let mut writer = writer.part_size(MIB as u64).open();
    let mut written = 0;
    let piece = data(64 << 10);
    let parts = || server.seen().iter().filter(|s| s.method == "PUT").count();
    // Until both parts have arrived, and then until it takes no more for a long while.
    let mut idle = 0;
    while idle < 5_000 && written < 100 * MIB {
        match pin!(writer.write(&piece)).now_or_never() {
            Some(bytes) => (written, idle) = (written + bytes.unwrap(), 0),
            None if idle > 0 || parts() >= 2 => idle += 1,
            None => {}
        }
        tokio::task::yield_now().await;
    }
    // Two parts on the way, and what is in the pipe.
    assert!((2 * MIB..4 * MIB).contains(&written), "{written}");
}
