//! Downloading to a writer: every byte once, in order, and what happens when that cannot be.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use cos_client::{Crc64, ErrorKind, Priority, Progress, TransferState};
use tokio::io::AsyncWrite;

use crate::cloud::Cloud;
use crate::server::{Answer, Seen, Server, refuse, say};
use crate::setup::{builder, client, data};

const SIZE: usize = 300_000;

/// Serves `content`, or what is asked of it, as version `etag`.
fn serve(content: &[u8], etag: &str, seen: &Seen) -> Answer {
    if seen.header("if-match").is_some_and(|wanted| wanted != etag) {
        return refuse(412, "PreconditionFailed", "changed");
    }
    let answer = match seen.range() {
        Some((first, last)) => {
            let range = format!("bytes {first}-{last}/{}", content.len());
            say(206, &content[first..=last]).with("content-range", range)
        }
        None => say(200, content),
    };
    let crc = Crc64::of(content).to_string();
    answer.with("etag", etag).with("x-cos-hash-crc64ecma", crc)
}

/// What a writer was given, seen from outside.
#[derive(Default)]
struct Given {
    bytes: Vec<u8>,
    is_shut: bool,
    /// Calls, of which each other one is told to wait.
    calls: usize,
}

/// Takes few bytes at a time, with waiting, and fails at `limit`.
struct Slow {
    given: Arc<Mutex<Given>>,
    limit: usize,
    /// Takes no more while set.
    is_stuck: Arc<AtomicBool>,
}

impl Slow {
    fn new(limit: usize) -> (Self, Arc<Mutex<Given>>) {
        let given = Arc::default();
        let slow = Self {
            given: Arc::clone(&given),
            limit,
            is_stuck: Arc::default(),
        };
        (slow, given)
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut given = self.given.lock().unwrap();
        given.calls += 1;
        if given.calls.is_multiple_of(2) || self.is_stuck.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if given.bytes.len() >= self.limit {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, "gone")));
        }
        let room = self.limit - given.bytes.len();
        let taken = data.len().min(1_000).min(room);
        given.bytes.extend_from_slice(&data[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.given.lock().unwrap().is_shut = true;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn whole_objects_arrive_and_are_verified() {
    let cloud = Cloud::start().await;
    let client = cloud.root();
    for size in [0, 1, 3 << 20] {
        let content = data(size);
        let put = client.put_object("k", content.clone());
        put.content_type("x/y").send().await.unwrap();
        let events: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let sink = Arc::clone(&events);
        let before = cloud.count("GetObject");
        let (slow, given) = Slow::new(usize::MAX);
        let output = client
            .download_to("k", slow)
            .priority(Priority::High)
            .traffic_limit(81_920_000)
            .on_progress(move |p| sink.lock().unwrap().push(p))
            .send()
            .await
            .unwrap();
        assert_eq!(cloud.count("GetObject") - before, 1);
        assert_eq!((output.bytes, output.verified), (size as u64, true));
        assert_eq!(output.crc64, Crc64::of(&content));
        assert_eq!(output.meta.content_type.as_deref(), Some("x/y"));
        let given = given.lock().unwrap();
        assert!(given.bytes == content && given.is_shut);
        let events = events.lock().unwrap();
        assert!(events.is_sorted_by_key(|p| p.done_bytes));
        let last = events.last().unwrap();
        assert_eq!(
            (last.done_bytes, last.total_bytes),
            (size as u64, Some(size as u64))
        );
    }
    let etag = cos_client::ETag::new("\"other\"");
    let refused = client.download_to("k", Vec::new()).if_match(&etag);
    let error = refused.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
    let error = client.download_to("none", Vec::new()).send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    let error = client.download_to("k", Vec::new()).rate_limit(0).send();
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn it_goes_on_where_it_broke() {
    let content = data(SIZE);
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
    let output = client(&server.url).download_to("k", Vec::new());
    let output = output.version_id("7").send().await.unwrap();
    assert!(output.writer == content && output.verified);
    let seen = server.seen();
    assert_eq!(seen.len(), 10);
    assert_eq!((seen[0].range(), seen[0].header("if-match")), (None, None));
    for (n, seen) in seen.iter().enumerate().skip(1) {
        assert_eq!(seen.range(), Some((n * 10_000, SIZE - 1)));
        assert_eq!(seen.header("if-match"), Some("\"v\""));
        assert_eq!(seen.param("versionId").as_deref(), Some("7"));
    }
}

#[tokio::test]
async fn a_damaged_byte_is_told_and_the_writer_not_shut_down() {
    let content = data(SIZE);
    let server = Server::start(move |_, seen| {
        let mut answer = serve(&content, "\"v\"", seen);
        if let Answer::Say { body, .. } = &mut answer {
            body[77] ^= 1;
        }
        answer
    })
    .await;
    let (slow, given) = Slow::new(usize::MAX);
    let error = client(&server.url).download_to("k", slow).send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Integrity);
    let given = given.lock().unwrap();
    assert_eq!((given.bytes.len(), given.is_shut), (SIZE, false));
}

/// Downloads from a server that breaks the first answer, and must fail.
async fn failing(
    then: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    etag: &'static str,
) -> (cos_client::Error, usize) {
    let server = Server::start(move |n, seen| match n {
        0 if etag.is_empty() => say(200, data(SIZE)).cut_after(10_000),
        0 => serve(&data(SIZE), etag, seen).cut_after(10_000),
        _ => then(seen),
    })
    .await;
    let (slow, given) = Slow::new(usize::MAX);
    let error = client(&server.url).download_to("k", slow).send().await;
    let given = given.lock().unwrap();
    assert!(given.bytes == data(SIZE)[..10_000] && !given.is_shut);
    (error.unwrap_err(), server.seen().len())
}

#[tokio::test]
async fn two_versions_are_never_mixed() {
    let replaced = |seen: &Seen| serve(&data(SIZE + 1), "\"v2\"", seen);
    let (error, _) = failing(replaced, "\"v1\"").await;
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert!(error.hint().unwrap().contains("replaced"), "{error:?}");

    let (error, _) = failing(|_| refuse(404, "NoSuchKey", ""), "\"v1\"").await;
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // A cache that ignores ranges.
    let whole = |_: &Seen| say(200, data(SIZE)).with("etag", "\"v1\"");
    let (error, _) = failing(whole, "\"v1\"").await;
    assert_eq!(error.kind(), ErrorKind::Integrity);

    // Nothing to tell one version from another.
    let (error, requests) = failing(|_| refuse(500, "InternalError", ""), "").await;
    assert_eq!((error.kind(), requests), (ErrorKind::Network, 1));
}

#[tokio::test]
async fn a_writer_that_fails_ends_it_at_once() {
    let content = data(SIZE);
    let server = Server::start(move |_, seen| serve(&content, "\"v\"", seen)).await;
    let (slow, given) = Slow::new(12_345);
    let error = client(&server.url).download_to("k", slow).send().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local, "{error:?}");
    assert!(error.message().contains("gone"));
    assert_eq!(server.seen().len(), 1);
    {
        let given = given.lock().unwrap();
        assert_eq!((given.bytes.len(), given.is_shut), (12_345, false));
    }
    // One that takes nothing.
    let full =
        client(&server.url).download_to("k", io::Cursor::new(vec![0; 10].into_boxed_slice()));
    let error = full.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local);
}

#[tokio::test]
async fn pausing_and_cancelling_in_the_middle() {
    for cancels in [false, true] {
        let content = data(SIZE);
        let source = content.clone();
        let server = Server::start(move |_, seen| serve(&source, "\"v\"", seen)).await;
        let (slow, given) = Slow::new(usize::MAX);
        let stuck = Arc::clone(&slow.is_stuck);
        let client = builder(&server.url).build().unwrap();
        let transfer = client.download_to("k", slow).start();
        let control = transfer.control();
        while given.lock().unwrap().bytes.len() < 50_000 {
            tokio::task::yield_now().await;
        }
        stuck.store(true, Ordering::SeqCst);
        transfer.pause();
        let state = control.state_after(TransferState::InProgress).await;
        assert_eq!(state, TransferState::Paused);
        let before = given.lock().unwrap().bytes.len();
        assert_eq!(control.progress().done_bytes, before as u64);
        assert!((50_000..SIZE).contains(&before));
        stuck.store(false, Ordering::SeqCst);
        if cancels {
            transfer.cancel();
            assert_eq!(transfer.await.unwrap_err().kind(), ErrorKind::Cancelled);
            let given = given.lock().unwrap();
            assert_eq!((given.bytes.len(), given.is_shut), (before, false));
            assert_eq!(server.seen().len(), 1);
            continue;
        }
        transfer.resume();
        let output = transfer.await.unwrap();
        assert_eq!((output.bytes, output.verified), (SIZE as u64, true));
        let given = given.lock().unwrap();
        assert!(given.bytes == content && given.is_shut);
        // The rest, if it had not all arrived, was asked for by its place.
        for seen in server.seen().iter().skip(1) {
            assert_eq!(seen.header("if-match"), Some("\"v\""));
            assert!(seen.range().unwrap().0 >= before);
        }
    }
}
