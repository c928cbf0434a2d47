//! Emulator and broker, as a whole flow needs them.

use std::process::Command;

use cos_broker::{Broker, BrokerConfig};
use cos_emulator::Emulator;

/// The login token of the broker's one user.
pub(crate) const TOKEN: &str = "alice-token";

/// The servers, on threads of their own.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) broker: Broker,
    /// Keeps the broker running.
    _servers: tokio::runtime::Runtime,
    pub(crate) folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let servers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (emulator, broker) = servers.block_on(async {
            let emulator = Emulator::builder().start().await.unwrap();
            let account = &emulator.accounts()[0];
            let config = r#"
                [sts]
                secret_id_env = "ID"
                secret_key_env = "KEY"
                role_arn = "qcs::cam::uin/100000000001:roleName/uploader"
                [grant]
                bucket = "demo-1250000000"
                region = "ap-guangzhou"
                prefix = "users/{user}/"
                allow = ["upload", "download"]
                [[user]]
                name = "alice"
                token_sha256 = "TOKEN"
            "#
            .replace("TOKEN", &sha256_hex(TOKEN));
            let keys = |name: &str| match name {
                "ID" => Some(account.secret_id.clone()),
                "KEY" => Some(account.secret_key.clone()),
                _ => None,
            };
            let config = BrokerConfig::from_toml_with_env(&config, &keys)
                .unwrap()
                .sts_endpoint(emulator.http_url());
            let broker = Broker::start(config, ([127, 0, 0, 1], 0).into()).await;
            (emulator, broker.unwrap())
        });
        Stage {
            emulator,
            broker,
            _servers: servers,
            folder: tempfile::tempdir().unwrap(),
        }
    }
}

/// By the system's tool: the test needs no hash of its own.
fn sha256_hex(text: &str) -> String {
    use std::io::Write as _;
    let mut tool = Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    tool.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let said = String::from_utf8(tool.wait_with_output().unwrap().stdout).unwrap();
    said[..64].to_owned()
}
