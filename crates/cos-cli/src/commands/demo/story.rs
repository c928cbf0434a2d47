//! What the demo tells. With `--json` it goes to stderr, because stdout is for the document.

use cos_client::{DownloadOutput, Error, UploadOutput};
use cos_emulator::LogRecord;
use cos_sts::Credentials;

use super::app::App;
use super::cloud::{BUCKET, Cloud, DURATION_S, OPERATIONS, REGION, ROLE, USER};
use super::material::Material;
use crate::exit::Result;
use crate::input::moment::iso8601_s;
use crate::input::size::spell;
use crate::output::{Output, printable};

/// Tells what happens, step by step.
pub(super) struct Story {
    output: Output,
}

impl Story {
    pub(super) fn new(output: Output) -> Self {
        Self { output }
    }

    pub(super) fn line(&self, text: impl AsRef<str>) -> Result {
        if self.output.json {
            self.output.note(text);
            return Ok(());
        }
        self.output.line(text)
    }

    pub(super) fn begin(&self, cloud: &Cloud, material: &Material) -> Result {
        self.line("Temporary credentials from end to end, on this machine\n")?;
        self.line(format!("   the cloud (STS and COS)  {}", cloud.url()))?;
        self.line(format!(
            "   the owner's server       {}",
            cloud.broker_url()
        ))?;
        let made = if material.made {
            ", made for this demo"
        } else {
            ""
        };
        self.line(format!(
            "   the file                 {} ({}{made})",
            printable(&material.path.display().to_string()),
            spell(material.bytes)
        ))
    }

    /// Steps 1 to 4.
    pub(super) fn credentials(
        &self,
        cloud: &Cloud,
        requests: &[LogRecord],
        credentials: &Credentials,
    ) -> Result {
        let operations: Vec<_> = OPERATIONS.iter().map(|o| o.as_str()).collect();
        self.line("\n1. The app asks the owner's server for credentials")?;
        self.line(format!("   POST {} as user `{USER}`", cloud.broker_url()))?;
        self.line("\n2. The owner's server asks STS, with a policy for this user only")?;
        self.line(format!("   AssumeRole {ROLE}, for {DURATION_S} s"))?;
        self.line(format!(
            "   allow {} on {BUCKET}/users/{USER}/*",
            operations.join(", ")
        ))?;
        self.line("\n3. STS answers with temporary keys")?;
        for r in requests.iter().filter(|r| r.operation == "AssumeRole") {
            self.line(format!("   HTTP {}, request id {}", r.status, r.request_id))?;
        }
        self.line("\n4. The app holds temporary credentials; it never saw a permanent key")?;
        self.line(format!("   {}", describe(credentials)))
    }

    /// Step 5.
    pub(super) fn uploaded(&self, material: &Material, done: &UploadOutput) -> Result {
        self.line("\n5. The app signs every request itself and uploads")?;
        self.line(format!(
            "   uploaded    cos://{BUCKET}/{} in {REGION}: {} in {} part{}, CRC-64 {} as the service computed it",
            printable(&App::key(&material.name)),
            spell(done.bytes),
            done.parts,
            if done.parts == 1 { "" } else { "s" },
            done.crc64
        ))
    }

    pub(super) fn downloaded(&self, done: &DownloadOutput) -> Result {
        self.line(format!(
            "   downloaded  {} in {} part{}: equal byte for byte, CRC-64 {}",
            spell(done.bytes),
            done.parts,
            if done.parts == 1 { "" } else { "s" },
            done.crc64
        ))
    }

    pub(super) fn refused(&self, what: &str, error: &Error) -> Result {
        let code = error.code().unwrap_or("no code");
        let status = error.http_status().unwrap_or(0);
        let id = error.request_id().unwrap_or("none");
        self.line(format!("   {what}"))?;
        self.line(format!(
            "      {code}: {} (HTTP {status}, request id {id})",
            printable(error.message())
        ))?;
        match error.hint() {
            Some(hint) => self.line(format!("      hint: {}", printable(hint))),
            None => Ok(()),
        }
    }

    pub(super) fn renewed(&self, requests: &[LogRecord], new: &Credentials) -> Result {
        let asked = requests.iter().filter(|r| r.operation == "AssumeRole");
        self.line("\nWhat goes on:")?;
        self.line(format!(
            "   with renewal on, the app asks the owner's server again (STS was called {} time) and works",
            asked.count()
        ))?;
        self.line(format!("   {}", describe(new)))
    }

    pub(super) fn how_to_reach(&self, cloud: &Cloud) -> Result {
        self.line("\nThe servers go on until you press Ctrl-C. In another shell:")?;
        for (name, value) in [
            ("COS_REGION", REGION),
            ("COS_ENDPOINT", &cloud.url()),
            ("COS_STS_ENDPOINT", &cloud.url()),
            ("COS_BROKER_URL", &cloud.broker_url()),
            ("COS_BROKER_BEARER", cloud.bearer()),
        ] {
            self.line(format!("   export {name}={value}"))?;
        }
        self.line(format!("   cos ls cos://{BUCKET}/users/{USER}/"))
    }
}

/// The public facts about credentials.
fn describe(credentials: &Credentials) -> String {
    let id: String = credentials.secret_id().chars().take(12).collect();
    let end = credentials.expired_time_s().and_then(iso8601_s);
    format!("id {id}…, good until {}", end.unwrap_or_default())
}
