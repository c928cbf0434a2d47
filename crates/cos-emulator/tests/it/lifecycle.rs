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

#[tokio::test]
async fn tls_under_its_own_authority() {
    let emu = Emulator::builder().tls(true).start().await.unwrap();
    let (url, host) = (emu.https_url().unwrap(), crate::client::HOST);
    assert_eq!(
        std::fs::read_to_string(emu.ca_file().unwrap()).unwrap(),
        emu.ca_pem().unwrap()
    );
    let ca_file = emu.ca_file().unwrap().to_owned();
    let world = crate::client::World::with(emu);
    // By address, then by the real name.
    let health = world
        .http
        .get(format!("{url}/_emulator/health"))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), 200);
    let address: std::net::SocketAddr = url.replace("https://", "").parse().unwrap();
    let named = crate::client::http_client(world.emu.ca_pem(), Some((host, address)));
    let reply = named
        .get(format!("https://{host}:{}/a", address.port()))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 403);
    let stranger = crate::client::http_client(None, None);
    assert!(
        stranger
            .get(format!("{url}/_emulator/health"))
            .send()
            .await
            .is_err()
    );
    drop(world);
    assert!(!ca_file.exists());
}
