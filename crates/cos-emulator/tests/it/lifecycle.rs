//! Start, ready line, health, stop.

use cos_emulator::Emulator;
use std::io::{Read, Write};
use std::net::TcpStream;

fn get(url: &str, path: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

// A blocked caller (plain TcpStream on the only runtime thread) must not stop the emulator.
#[tokio::test]
async fn several_run_at_once_and_stop() {
    let one = Emulator::builder().start().await.unwrap();
    let two = Emulator::builder()
        .clock_offset_s(3600)
        .start()
        .await
        .unwrap();
    assert_ne!(one.http_url(), two.http_url());
    let health = get(&one.http_url(), "/_emulator/health");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(health.ends_with("{\"ok\":true}"), "{health}");
    assert!(two.clock().now_s() >= one.clock().now_s() + 3599);

    let line: serde_json::Value = serde_json::from_str(&one.ready_line()).unwrap();
    assert_eq!(line["http"], one.http_url());
    assert_eq!(line["accounts"][0]["app_id"], "1250000000");
    assert_eq!(line["buckets"][0]["name"], "demo-1250000000");

    let address = one.http_url().replace("http://", "");
    one.shutdown().await;
    assert!(TcpStream::connect(&address).is_err());
    drop(two);
}
