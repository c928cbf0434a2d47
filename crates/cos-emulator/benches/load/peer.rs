//! The emulator as a process, and a client that costs little: signed HTTP/1.1 over a blocking socket.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use cos_emulator::{Config, Emulator};
use cos_sign_core::{KeyTime, Request, SignKey, Signer};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HOST: &str = "demo-1250000000.cos.ap-guangzhou.myqcloud.com";
/// One read or write of a large body.
const PIECE: usize = 256 << 10;

/// The other side of [`Server`]: runs until it is killed.
pub(crate) fn serve(dir: Option<String>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let builder = Emulator::builder();
        let builder = match dir {
            Some(dir) => builder.data_dir(dir),
            None => builder,
        };
        let emulator = builder.start().await?;
        println!("{}", emulator.http_url());
        std::future::pending::<()>().await;
        Ok(())
    })
}

/// An emulator in its own process, killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    pub(crate) fn start(dir: Option<&str>) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .args(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or("no stdout")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().trim_start_matches("http://").to_owned();
        Ok(Self { child, address })
    }

    /// The highest resident memory so far (Linux).
    pub(crate) fn peak_memory_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kib: f64 = line
            .ok_or("no VmHWM")?
            .trim()
            .trim_end_matches(" kB")
            .parse()?;
        Ok(kib / 1024.0)
    }
}

impl Server {
    /// Processor time so far (Linux, whose clock tick is 10 ms).
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // User and system time are the 12th and 13th fields after the name, which may hold spaces.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: Vec<f64> = ticks
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One kept connection and the keys to sign with.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    secret_id: String,
    sign_key: SignKey,
    scratch: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(server: &Server) -> Result<Self> {
        let stream = TcpStream::connect(&server.address)?;
        stream.set_nodelay(true)?;
        let config = Config::default();
        let account = config.accounts.first().ok_or("no account")?;
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let key_time = KeyTime::new(now_s - 60, now_s + 3600)?;
        Ok(Self {
            stream: BufReader::with_capacity(16 * 1024, stream),
            secret_id: account.secret_id.clone(),
            sign_key: SignKey::derive(&account.secret_key, key_time)?,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn put(&mut self, path: &str, body: &[u8]) -> Result<()> {
        let head = self.head("PUT", path, Some(body.len() as u64))?;
        let all = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&all)?;
        self.answer().map(drop)
    }

    pub(crate) fn put_zeros(&mut self, path: &str, len: u64) -> Result<()> {
        let head = self.head("PUT", path, Some(len))?;
        self.stream.get_mut().write_all(head.as_bytes())?;
        let piece = vec![0; PIECE];
        for _ in 0..len / PIECE as u64 {
            self.stream.get_mut().write_all(&piece)?;
        }
        self.answer().map(drop)
    }

    /// Reads the object and returns its length.
    pub(crate) fn get(&mut self, path: &str) -> Result<u64> {
        let head = self.head("GET", path, None)?;
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.answer()
    }

    pub(crate) fn delete(&mut self, path: &str) -> Result<()> {
        let head = self.head("DELETE", path, None)?;
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.answer().map(drop)
    }

    fn head(&self, method: &str, path: &str, length: Option<u64>) -> Result<String> {
        let length = length.map(|n| n.to_string());
        let mut headers = vec![("host", HOST)];
        headers.extend(length.as_deref().map(|n| ("content-length", n)));
        let request = Request {
            method,
            path,
            params: &[],
            headers: &headers,
        };
        let authorization = Signer::new(&self.secret_id, &self.sign_key).authorization(&request)?;
        let length = length.map_or_else(String::new, |n| format!("Content-Length: {n}\r\n"));
        Ok(format!(
            "{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{length}Authorization: {authorization}\r\n\r\n"
        ))
    }

    /// Reads an answer to its end; anything but 2xx is an error.
    fn answer(&mut self) -> Result<u64> {
        let (mut status, mut length) = (String::new(), 0_u64);
        self.stream.read_line(&mut status)?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("the connection was closed".into());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse()?;
            }
        }
        let mut left = length;
        self.scratch.resize(PIECE, 0);
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = self.scratch.get_mut(..want).unwrap_or_default();
            match self.stream.read(piece)? {
                0 => return Err("the answer is cut off".into()),
                n => left -= n as u64,
            }
        }
        if status.starts_with("HTTP/1.1 2") {
            Ok(length)
        } else {
            Err(format!(
                "{} {}",
                status.trim_end(),
                String::from_utf8_lossy(&self.scratch)
            )
            .into())
        }
    }
}
