//! A server that reads whole requests and answers each as a closure says.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, encoded.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name)?;
        Some(&found.1)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// Decoded query parameters in order.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        let Some((_, query)) = self.target.split_once('?') else {
            return Vec::new();
        };
        let pairs = query
            .split('&')
            .map(|p| p.split_once('=').unwrap_or((p, "")));
        pairs.map(|(k, v)| (decode(k), decode(v))).collect()
    }

    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let found = self.params().into_iter().find(|(n, _)| n == name)?;
        Some(found.1)
    }

    /// First and last byte of `Range`.
    pub(crate) fn range(&self) -> Option<(usize, usize)> {
        let (a, b) = self
            .header("range")?
            .strip_prefix("bytes=")?
            .split_once('-')?;
        Some((a.parse().unwrap(), b.parse().unwrap()))
    }
}

pub(crate) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A whole answer; `cut` ends the connection after that many bytes of the body, `held` waits there
    /// until its gate is open.
    Say {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        cut: Option<usize>,
        held: Option<(usize, watch::Receiver<bool>)>,
    },
    /// Ends the connection without a word.
    Close,
    /// Never answers.
    Hang,
}

pub(crate) fn ok() -> Answer {
    say(200, "")
}

pub(crate) fn say(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer::Say {
        status,
        headers: vec![("x-cos-request-id".into(), "req-1".into())],
        body: body.into(),
        cut: None,
        held: None,
    }
}

pub(crate) fn refuse(status: u16, code: &str, message: &str) -> Answer {
    say(
        status,
        format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
    )
}

impl Answer {
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Answer::Say { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }

    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        if let Answer::Say { cut, .. } = &mut self {
            *cut = Some(bytes);
        }
        self
    }

    pub(crate) fn held_after(mut self, bytes: usize, gate: watch::Receiver<bool>) -> Self {
        if let Answer::Say { held, .. } = &mut self {
            *held = Some((bytes, gate));
        }
        self
    }
}

type Script = Arc<dyn Fn(usize, &Seen) -> Answer + Send + Sync>;

/// A running server; stops with the test's runtime.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// `script` gets the number of requests before this one, and the request.
    pub(crate) async fn start(
        script: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Script = Arc::new(script);
        let log = Arc::clone(&seen);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self {
            url,
            seen,
            connections,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// `METHOD path` of each request.
    pub(crate) fn summary(&self) -> Vec<String> {
        let line = |s: &Seen| format!("{} {}", s.method, s.target);
        self.seen().iter().map(line).collect()
    }
}

async fn serve(mut stream: TcpStream, script: Script, log: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = Vec::new();
    while let Ok(Some(request)) = read_request(&mut stream, &mut buffer).await {
        let is_head = request.method == "HEAD";
        let number = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        match script(number, &request) {
            Answer::Close => return,
            Answer::Hang => std::future::pending().await,
            Answer::Say {
                status,
                headers,
                body,
                cut,
                held,
            } => {
                let mut head = format!("HTTP/1.1 {status} X\r\n");
                if !headers.iter().any(|(n, _)| n == "content-length") {
                    let _ = write!(head, "content-length: {}\r\n", body.len());
                }
                for (name, value) in &headers {
                    let _ = write!(head, "{name}: {value}\r\n");
                }
                head.push_str("\r\n");
                let shown = if is_head {
                    0
                } else {
                    cut.unwrap_or(body.len())
                };
                let mut out = head.into_bytes();
                out.extend_from_slice(&body[..shown]);
                if let Some((bytes, mut gate)) = held {
                    let rest = out.split_off(out.len() - shown + bytes);
                    let sent = stream.write_all(&out).await;
                    if sent.is_err() || gate.wait_for(|open| *open).await.is_err() {
                        return;
                    }
                    out = rest;
                }
                if stream.write_all(&out).await.is_err() || cut.is_some() {
                    return;
                }
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Seen>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or("").split(' ');
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(n, _)| n == "content-length")
        .map_or(0, |(_, v)| v.parse().unwrap());
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[head_end..head_end + length].to_vec();
    buffer.drain(..head_end + length);
    Ok(Some(Seen {
        method: first.next().unwrap_or("").into(),
        target: first.next().unwrap_or("").into(),
        headers,
        body,
    }))
}
