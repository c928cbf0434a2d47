//! Downloading into files: whole or nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cos_client::{Crc64, ErrorKind, Priority, Progress};
use futures_util::TryStreamExt;
use tokio::sync::{oneshot, watch};

use crate::server::{Answer, Seen, Server, refuse, say};
use crate::setup::{builder, client, data, names};

const MIB: usize = 1 << 20;

/// Serves ranges of `content` as version `etag`.
fn serve(content: &[u8], etag: &str, seen: &Seen) -> Answer {
    if seen.header("if-match").is_some_and(|wanted| wanted != etag) {
        return refuse(412, "PreconditionFailed", "changed");
    }
    let crc = Crc64::of(content).to_string();
    let answer = match seen.range() {
        Some((first, _)) if first >= content.len() => return refuse(416, "InvalidRange", ""),
        Some((first, last)) => {
            let last = last.min(content.len() - 1);
            let range = format!("bytes {first}-{last}/{}", content.len());
            say(206, &content[first..=last]).with("content-range", range)
        }
        None => say(200, content),
    };
    answer.with("etag", etag).with("x-cos-hash-crc64ecma", crc)
}

#[tokio::test]
async fn ranges_of_one_version_make_the_file() {
    let content = data(3 * MIB + 17);
    let source = content.clone();
    let server = Server::start(move |_, seen| serve(&source, "\"v1\"", seen)).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("target");
    std::fs::write(&path, "old").unwrap();
    let events: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = Arc::clone(&events);
    let output = client(&server.url)
        .download_file("k", &path)
        .part_size(MIB as u64)
        .on_progress(move |p| sink.lock().unwrap().push(p))
        .send()
        .await
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content);
    assert_eq!((output.bytes, output.parts), (content.len() as u64, 4));
    assert_eq!(output.crc64, Crc64::of(&content));
    assert!(output.verified);
    assert_eq!(names(dir.path()), ["target"]);
    let seen = server.seen();
    assert_eq!(seen.len(), 4, "no HEAD");
    assert!(
        seen.iter()
            .skip(1)
            .all(|s| s.header("if-match") == Some("\"v1\""))
    );
    let events = events.lock().unwrap();
    assert!(events.is_sorted_by_key(|p| p.done_bytes));
    assert_eq!(events.last().unwrap().done_bytes, content.len() as u64);
}

/// Of the pieces after the first one, all but the last four come in one answer, however that breaks.
#[tokio::test]
async fn one_answer_brings_many_pieces() {
    let content = data(16 * MIB + 17);
    // Broken off nowhere, at a piece's end, and in the middle of one.
    for cut in [None, Some(4 * MIB), Some(5 * MIB + MIB / 2)] {
        let source = content.clone();
        let server = Server::start(move |n, seen| {
            let answer = serve(&source, "\"v1\"", seen);
            match cut {
                Some(bytes) if n == 1 => answer.cut_after(bytes),
                _ => answer,
            }
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("target");
        let download = client(&server.url).download_file("k", &path);
        let download = download.part_size(MIB as u64).concurrency(1);
        let output = download.send().await.unwrap();
        assert!(std::fs::read(&path).unwrap() == content);
        assert_eq!((output.parts, output.verified), (17, true));
        let seen = server.seen();
        let ranges: Vec<_> = seen.iter().map(|s| s.range().unwrap()).collect();
        let mut expected = vec![(0, MIB - 1), (MIB, 13 * MIB - 1)];
        // What has arrived is not asked for again.
        expected.extend(cut.map(|bytes| (MIB + bytes, 13 * MIB - 1)));
        expected.extend((13..16).map(|i| (i * MIB, (i + 1) * MIB - 1)));
        expected.push((16 * MIB, 16 * MIB + 16));
        assert_eq!(ranges, expected, "{cut:?}");
    }
}

#[tokio::test]
async fn a_long_answer_ends_early_for_who_is_more_important() {
    let content = data(17 * MIB);
    let source = content.clone();
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |n, seen| match (n, serve(&source, "\"v1\"", seen)) {
        // One piece and a half of the long one.
        (1, answer) => answer.held_after(3 * MIB / 2, gate.clone()),
        (_, answer) => answer,
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("low");
    // One request at a time.
    let client = builder(&server.url).concurrency(1).build().unwrap();
    let low = client.download_file("k", &path).part_size(MIB as u64);
    let low = low.priority(Priority::Low).start();
    while low.progress().done_bytes < 2 * MIB as u64 {
        tokio::task::yield_now().await;
    }
    let (asks, asked) = oneshot::channel::<()>();
    let asks = Mutex::new(Some(asks));
    let high = client.download_to("k", Vec::new()).priority(Priority::High);
    let high = high
        .on_progress(move |_| drop(asks.lock().unwrap().take()))
        .start();
    // The first event comes once it has done what it can without a permit.
    asked.await.unwrap_err();
    assert_eq!(server.seen().len(), 2);
    open.send_replace(true);
    assert!(high.await.unwrap().writer == content);
    low.await.unwrap();
    assert!(std::fs::read(&path).unwrap() == content);
    let ranges: Vec<_> = server.seen().iter().map(Seen::range).collect();
    let [_, Some((_, end)), None, Some((rest, _)), ..] = ranges[..] else {
        panic!("{ranges:?}");
    };
    assert!(end > 12 * MIB && rest <= 3 * MIB, "{ranges:?}");
}

#[tokio::test]
async fn small_and_empty_objects_take_one_answer() {
    for (size, requests) in [(0, 2), (1, 1), (MIB, 1)] {
        let content = data(size);
        let source = content.clone();
        let server = Server::start(move |_, seen| serve(&source, "\"v\"", seen)).await;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let download = client(&server.url)
            .download_file("k", &path)
            .part_size(MIB as u64);
        let output = download.send().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content);
        assert_eq!((output.parts, server.seen().len()), (1, requests), "{size}");
    }
}

#[tokio::test]
async fn a_broken_range_goes_on_where_it_broke() {
    let content = data(2 * MIB);
    let source = content.clone();
    let server = Server::start(move |n, seen| {
        let answer = serve(&source, "\"v\"", seen);
        if n == 0 {
            answer.cut_after(400_000)
        } else {
            answer
        }
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    client(&server.url)
        .download_file("k", &path)
        .part_size(2 * MIB as u64)
        .send()
        .await
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), content);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].range(), Some((400_000, 2 * MIB - 1)));
}

#[tokio::test]
async fn a_connection_that_brings_nothing_is_given_up() {
    let content = data(MIB);
    let server = Server::start(move |_, seen| serve(&content, "\"v\"", seen).cut_after(0)).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let error = client(&server.url)
        .download_file("k", &path)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
    assert_eq!(server.seen().len(), 5);
    assert_eq!(names(dir.path()), [""; 0]);
}

/// Runs a download that must fail and leave the old file alone.
async fn failing(
    script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static,
) -> cos_client::Error {
    let server = Server::start(script).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    std::fs::write(&path, "old").unwrap();
    let download = client(&server.url)
        .download_file("k", &path)
        .part_size(MIB as u64);
    let error = download.concurrency(1).send().await.unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["f"]);
    error
}

#[tokio::test]
async fn one_wrong_byte_is_caught() {
    let content = data(2 * MIB + 1);
    let error = failing(move |_, seen| {
        let mut answer = serve(&content, "\"v\"", seen);
        if let (Answer::Say { body, .. }, Some((MIB, _))) = (&mut answer, seen.range()) {
            body[77] ^= 1;
        }
        answer
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn an_object_replaced_or_deleted_meanwhile_is_not_mixed() {
    let (old, new) = (data(2 * MIB), data(2 * MIB + 1));
    let error = failing(move |n, seen| match n {
        0 => serve(&old, "\"v1\"", seen),
        _ => serve(&new, "\"v2\"", seen),
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert!(error.hint().unwrap().contains("replaced"));
    let content = data(2 * MIB);
    let error = failing(move |n, seen| match n {
        0 => serve(&content, "\"v1\"", seen),
        _ => refuse(404, "NoSuchKey", ""),
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().unwrap().contains("deleted"));
}

#[tokio::test]
async fn answers_that_are_not_the_range_are_refused() {
    let content = data(2 * MIB);
    let error = failing(move |n, seen| match n {
        0 => serve(&content, "\"v\"", seen),
        _ => say(200, &content[..]).with("etag", "\"v\""),
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.hint().unwrap().contains("cache"));
    let error = failing(|_, _| refuse(404, "NoSuchKey", "The specified key does not exist.")).await;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::NotFound, Some("NoSuchKey"))
    );
}

#[tokio::test]
async fn a_cache_that_ignores_ranges_still_works() {
    let content = data(3 * MIB);
    let source = content.clone();
    let server = Server::start(move |_, _| {
        say(200, &source[..]).with("x-cos-hash-crc64ecma", Crc64::of(&source).to_string())
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let download = client(&server.url)
        .download_file("k", &path)
        .part_size(MIB as u64);
    assert_eq!(download.send().await.unwrap().parts, 1);
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn cancel_leaves_nothing() {
    let content = data(3 * MIB);
    let hung = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&hung);
    let server = Server::start(move |n, seen| {
        if n == 0 {
            return serve(&content, "\"v\"", seen);
        }
        flag.store(true, Ordering::SeqCst);
        Answer::Hang
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let download = client(&server.url)
        .download_file("k", &path)
        .part_size(MIB as u64);
    let transfer = download.start();
    while !hung.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    transfer.control().cancel();
    assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn whole_reads_are_verified_as_they_stream() {
    let content = data(100_000);
    let corrupt = AtomicUsize::new(0);
    let source = content.clone();
    let server = Server::start(move |_, seen| {
        let mut answer = serve(&source, "\"v\"", seen);
        if let Answer::Say { body, .. } = &mut answer
            && (1..=2).contains(&corrupt.fetch_add(1, Ordering::SeqCst))
        {
            body[99_999] ^= 0x80;
        }
        answer
    })
    .await;
    let client = client(&server.url);
    let whole = client.get_object("k").send().await.unwrap();
    assert_eq!(whole.meta.size, 100_000);
    assert_eq!(whole.bytes().await.unwrap(), content);
    let damaged = client.get_object("k").send().await.unwrap();
    let pieces: Result<Vec<_>, _> = damaged.body.into_stream().try_collect().await;
    assert_eq!(pieces.unwrap_err().kind(), ErrorKind::Integrity);
    let damaged = client.get_object("k").send().await.unwrap();
    assert_eq!(
        damaged.bytes().await.unwrap_err().kind(),
        ErrorKind::Integrity
    );
    let range = client.get_object("k").range(10..=19).send().await.unwrap();
    assert_eq!(
        (range.meta.size, range.content_range),
        (100_000, Some((10, 19)))
    );
    assert_eq!(range.bytes().await.unwrap(), content[10..20]);
}
