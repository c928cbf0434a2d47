//! Asking a proxy for a way through: `CONNECT` (RFC 9110, section 9.3.6).
//!
//! Not hyper-util's `Tunnel`, which keeps the status of a refusal to itself: whether the proxy forbids, wants a
//! login or did not reach the server decides what is done next.

use std::io;

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::proxy_failure::Trouble;

/// More than this is no answer to a request without content.
const MAX_HEAD: usize = 8 << 10;

/// Asks for a way to `to` (`host:port`). Afterwards the stream is the server's.
pub(crate) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to: &str,
    login: Option<&HeaderValue>,
) -> Result<(), Trouble> {
    let status = ask(stream, to, login).await.map_err(Trouble::NoAnswer)?;
    match status {
        200..300 => Ok(()),
        other => Err(Trouble::Answer(other)),
    }
}

async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to: &str,
    login: Option<&HeaderValue>,
) -> io::Result<u16> {
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
    if let Some(login) = login {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(login.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    stream.flush().await?;
    // Byte by byte: what follows the head is the server's.
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(io::Error::other("its answer does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    status(&head).ok_or_else(|| io::Error::other("what it said is not HTTP"))
}

/// The number in `HTTP/1.1 200 …`.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let [_, b' ', number @ ..] = rest else {
        return None;
    };
    let end = number.iter().position(|b| !b.is_ascii_digit())?;
    if end != 3 || !matches!(number[end], b' ' | b'\r') {
        return None;
    }
    let number = std::str::from_utf8(&number[..end]).ok()?.parse().ok()?;
    (100..600).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(answer: &[u8]) -> (Result<(), Trouble>, String, Vec<u8>) {
        let (mut ours, mut theirs) = tokio::io::duplex(64 << 10);
        theirs.write_all(answer).await.unwrap();
        theirs.shutdown().await.unwrap();
        let login = HeaderValue::from_static("Basic eA==");
        let result = open(&mut ours, "[::1]:443", Some(&login)).await;
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).await.unwrap();
        drop(ours);
        let mut asked = String::new();
        theirs.read_to_string(&mut asked).await.unwrap();
        (result, asked, rest)
    }

    #[tokio::test]
    async fn what_follows_the_answer_is_the_servers() {
        let (result, asked, rest) = answered(b"HTTP/1.0 201 Yes\r\na: b\r\n\r\nHELLO").await;
        result.unwrap();
        assert_eq!(rest, b"HELLO");
        assert_eq!(
            asked,
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn refusals_keep_their_status() {
        for status in [100, 301, 403, 407, 502, 599] {
            let answer = format!("HTTP/1.1 {status}\r\n\r\n");
            let (result, ..) = answered(answer.as_bytes()).await;
            assert!(
                matches!(result, Err(Trouble::Answer(got)) if got == status),
                "{result:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told() {
        let endless = [b"HTTP/1.1 200 OK\r\na: ".as_slice(), &[b'x'; 9 << 10]].concat();
        for (answer, why) in [
            (&b""[..], "end of file"),
            (b"HTTP/1.1 200 OK\r\n", "end of file"),
            (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
            (b"HTTP/2 200 OK\r\n\r\n", "not HTTP"),
            (b"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP"),
            (b"HTTP/1.1 999 OK\r\n\r\n", "not HTTP"),
            (b"HTTP/1.1 20\r\n\r\n", "not HTTP"),
            (&endless, "does not end"),
        ] {
            let (result, ..) = answered(answer).await;
            let Err(Trouble::NoAnswer(error)) = result else {
                panic!("{result:?}")
            };
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
