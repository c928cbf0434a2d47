//! The emulator, in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use cos_emulator::{Config, Emulator, FaultRule};

use crate::{BUCKET, Failure, REGION};

/// Anybody may read and write: peers that do not sign for COS go unsigned.
fn config() -> Result<Config, Failure> {
    let text = format!(
        "[[account]]\napp_id = \"1250000000\"\nuin = \"100000000001\"\nsecret_id = \"AKIDbench\"\n\
         secret_key = \"bench\"\n[[bucket]]\nname = \"{BUCKET}\"\nregion = \"{REGION}\"\n\
         acl = \"public-read-write\"\n"
    );
    Ok(Config::from_toml(&text, std::path::Path::new("."))?)
}

pub fn serve() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let builder = Emulator::builder().config(config()?).sink(true).tls(true);
    let emulator = runtime.block_on(builder.start())?;
    println!("{}", emulator.ready_line());
    // Each line is a delay in milliseconds; the end of our input is the end.
    for line in std::io::stdin().lines() {
        emulator.clear_faults();
        let delay: u64 = line?.parse()?;
        if delay > 0 {
            let rule = serde_json::json!({"action": {"delay_ms": delay}});
            emulator.add_fault(FaultRule::from_json(&rule)?);
        }
        println!("ok");
    }
    Ok(())
}

pub struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    http: SocketAddr,
    https: SocketAddr,
    ca_file: String,
}

impl Server {
    pub fn start() -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let text = |name: &str| {
            let value = ready[name].as_str().unwrap_or_default();
            value.to_owned()
        };
        let address = |name: &str| text(name).rsplit('/').next().unwrap_or_default().parse();
        Ok(Self {
            child,
            output,
            http: address("http")?,
            https: address("https")?,
            ca_file: text("ca_file"),
        })
    }

    pub fn delay(&mut self, ms: u64) -> Result<(), Failure> {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        writeln!(input, "{ms}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim() {
            "ok" => Ok(()),
            other => Err(format!("the emulator said {other:?}").into()),
        }
    }

    /// What a child is told of the way to it.
    pub fn site(&self, tls: bool) -> [String; 3] {
        let (scheme, address) = match tls {
            true => ("https", self.https),
            false => ("http", self.http),
        };
        [scheme.into(), address.to_string(), self.ca_file.clone()]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
