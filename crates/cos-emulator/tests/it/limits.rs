//! Clients that are slow, long-winded, cut off, or many.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use cos_emulator::Emulator;
use cos_sign_core::{KeyTime, Request, SignKey, Signer};

use crate::client::{HOST, World};

/// Soon enough for a test; a client that is only slow to be scheduled is not what is tested.
const SHORT: Duration = Duration::from_millis(200);

fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.emu.http_url().replace("http://", "")).unwrap()
}

/// All that comes until the other side closes, however it does.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The head of a presigned request, with more header lines.
fn head(world: &World, method: &str, key: &str, lines: &str) -> String {
    let now = world.emu.clock().now_s();
    let window = KeyTime::new(now - 5, now + 600).unwrap();
    let sign_key = SignKey::derive(&world.root.key, window).unwrap();
    let path = format!("/{key}");
    let request = Request {
        method,
        path: &path,
        params: &[],
        headers: &[],
    };
    let query = Signer::new(&world.root.id, &sign_key)
        .presigned_query(&request)
        .unwrap();
    format!("{method} {path}?{query} HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n")
}

async fn impatient() -> World {
    let builder = Emulator::builder().idle_timeout(SHORT);
    World::with(builder.start().await.unwrap())
}

#[tokio::test]
async fn slow_head_is_cut_off() {
    let world = impatient().await;
    // Half a request line; half a header; nothing at all.
    for begun in ["GET /a HT", "GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1", ""] {
        let mut stream = connect(&world);
        stream.write_all(begun.as_bytes()).unwrap();
        let answer = rest(stream);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
    // A line whenever nothing is heard for a while: each is in time, the whole is not.
    let mut stream = connect(&world);
    stream.set_read_timeout(Some(SHORT / 20)).unwrap();
    stream.write_all(b"GET /a HTTP/1.1\r\n").unwrap();
    let ended = (0..2000).any(|_| {
        let heard = stream.read(&mut [0; 100]);
        let waiting = heard
            .as_ref()
            .is_err_and(|e| matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        !waiting || stream.write_all(b"X-A: 1\r\n").is_err()
    });
    assert!(ended, "a head may take for ever");
    world.put("a", b"still served").await;
}

#[tokio::test]
async fn stalled_body_is_refused() {
    let world = impatient().await;
    let mut stream = connect(&world);
    let head = head(&world, "PUT", "a", "Content-Length: 100\r\n");
    stream
        .write_all(format!("{head}0123456789").as_bytes())
        .unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    assert_eq!(world.get("a").await.status, 404);
}

#[tokio::test]
async fn long_head_is_refused() {
    let world = World::new().await;
    let mut stream = connect(&world);
    // The other side may close while this is being written.
    let _ = write!(stream, "GET /{} HTTP/1.1\r\n", "a".repeat(1 << 20));
    let answer = rest(stream);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    let mut stream = connect(&world);
    let _ = write!(
        stream,
        "GET /a HTTP/1.1\r\nHost: {HOST}\r\nX-A: {}",
        "a".repeat(300 * 1024)
    );
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    world.put("a", b"still served").await;
}

#[tokio::test]
async fn too_large_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let too_large = 5 * 1024 * 1024 * 1024_u64 + 1;
    let mut stream = connect(&world);
    let lines = format!("Content-Length: {too_large}\r\nExpect: 100-continue\r\n");
    stream
        .write_all(head(&world, "PUT", "a", &lines).as_bytes())
        .unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("<Code>EntityTooLarge</Code>"), "{answer}");
}

#[tokio::test]
async fn length_is_needed_and_must_be_true() {
    let world = World::new().await;
    let mut stream = connect(&world);
    stream
        .write_all(head(&world, "PUT", "a", "Connection: close\r\n").as_bytes())
        .unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
    assert!(
        answer.contains("<Code>MissingContentLength</Code>"),
        "{answer}"
    );
    // Half closed after fewer bytes than announced.
    let mut stream = connect(&world);
    let head = head(&world, "PUT", "a", "Content-Length: 100\r\n");
    stream.write_all(format!("{head}01234").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = rest(stream);
    assert!(
        answer.is_empty() || answer.contains("<Code>IncompleteBody</Code>"),
        "{answer}"
    );
    assert_eq!(world.get("a").await.status, 404);
}

#[tokio::test]
async fn thousands_of_connections_are_held() {
    // How long they may rest is not what is tested: making them takes as long as it takes.
    let builder = Emulator::builder().idle_timeout(Duration::from_secs(86_400));
    let world = World::with(builder.start().await.unwrap());
    world.put("a", b"here").await;
    let request = head(&world, "GET", "a", "");
    let ask = |stream: &mut TcpStream| {
        stream.write_all(request.as_bytes()).unwrap();
        let mut got = Vec::new();
        while !got.ends_with(b"\r\n\r\nhere") {
            let mut piece = [0; 2048];
            let n = stream.read(&mut piece).unwrap();
            assert!(n > 0, "closed after {}", String::from_utf8_lossy(&got));
            got.extend_from_slice(&piece[..n]);
        }
        assert!(got.starts_with(b"HTTP/1.1 200 "));
    };
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..2000 {
        let mut stream = connect(&world);
        ask(&mut stream);
        held.push(stream);
    }
    // All are still there.
    held.iter_mut().for_each(ask);
}
