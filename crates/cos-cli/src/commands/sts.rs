//! `cos sts …`

mod call;
mod dry_run;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cos_sts::{AssumeRoleRequest, FederationTokenRequest, WebIdentityRequest};
use serde_json::json;

use self::call::Caller;
use super::{Context, policy};
use crate::exit::{Failure, Result};
use crate::input::pairs::KeyValue;

/// Temporary credentials from STS. What is printed is secret: redirect it with care.
#[derive(Subcommand, Debug)]
#[command(after_help = "Example:\n  \
eval \"$(cos sts assume-role --session-name ci --duration 1800 --format env \\\n    \
--role-arn qcs::cam::uin/100000000001:roleName/uploader)\"")]
pub(crate) enum Sts {
    /// GetFederationToken: the caller's own rights, narrowed by a policy
    FederationToken(FederationToken),
    /// AssumeRole: the rights of a role, narrowed by a policy if one is given
    AssumeRole(AssumeRole),
    /// AssumeRoleWithWebIdentity: a role for the holder of an OIDC token; needs no keys
    WebIdentity(WebIdentity),
    /// GetCallerIdentity: whose the credentials are
    Whoami(Whoami),
}

/// How to print credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON document
    Json,
    /// `export` lines for a shell
    Env,
}

/// What every credential call takes.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Life of the credentials in seconds; without it, the service's default
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u64>,
    /// How to print the credentials
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Print the HTTP request, secrets masked, and send nothing
    #[arg(long)]
    dry_run: bool,
}

/// Options of `cos sts federation-token`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos policy build --region ap-guangzhou --bucket demo-1250000000 \\\n    \
--prefix users/alice/ --allow upload > policy.json\n  \
cos sts federation-token --name alice --policy policy.json --duration 1800")]
pub(crate) struct FederationToken {
    /// Shows up in the audit log
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What the credentials may do at most
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Options of `cos sts assume-role`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos sts assume-role --session-name ci --duration 1800 \\\n    \
--role-arn qcs::cam::uin/100000000001:roleName/uploader")]
pub(crate) struct AssumeRole {
    /// The role, such as qcs::cam::uin/UIN:roleName/NAME
    #[arg(long, value_name = "ARN")]
    role_arn: String,
    /// Shows up in the audit log
    #[arg(long, value_name = "NAME")]
    session_name: String,
    /// Narrows the role
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The external id that the role's trust policy asks for
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Session tag; may be repeated
    #[arg(long = "tag", value_name = "K=V")]
    tags: Vec<KeyValue>,
    /// Uin of whoever is behind the call, for the audit log
    #[arg(long, value_name = "UIN")]
    source_identity: Option<String>,
    /// Serial number of the caller's second factor, such as qcs::cam:uin/UIN::mfa/softToken
    #[arg(long, value_name = "SERIAL", requires = "mfa_code")]
    mfa_serial: Option<String>,
    /// The code it shows now
    #[arg(long, value_name = "CODE", requires = "mfa_serial")]
    mfa_code: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Options of `cos sts web-identity`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos sts web-identity --provider-id my-oidc --token-file token.jwt \\\n    \
--role-arn qcs::cam::uin/100000000001:roleName/uploader --session-name pod\n\n\
In a pod of TKE, cos finds all of this in the TKE_… variables by itself: no such call is needed before others.")]
pub(crate) struct WebIdentity {
    /// The identity provider's name in CAM
    #[arg(long, value_name = "NAME")]
    provider_id: String,
    /// File with the identity token
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// The role, such as qcs::cam::uin/UIN:roleName/NAME
    #[arg(long, value_name = "ARN")]
    role_arn: String,
    /// Shows up in the audit log
    #[arg(long, value_name = "NAME")]
    session_name: String,
    /// Narrows the role
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Options of `cos sts whoami`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  cos sts whoami --json")]
pub(crate) struct Whoami {
    /// Print the HTTP request, secrets masked, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Sts {
    pub(super) async fn run(self, cx: &Context) -> Result {
        match self {
            Self::FederationToken(c) => c.run(cx).await,
            Self::AssumeRole(c) => c.run(cx).await,
            Self::WebIdentity(c) => c.run(cx).await,
            Self::Whoami(c) => c.run(cx).await,
        }
    }
}

impl FederationToken {
    async fn run(self, cx: &Context) -> Result {
        let mut request = FederationTokenRequest::new(self.name, policy::read(&self.policy)?);
        if let Some(seconds) = self.common.duration {
            request = request.duration_s(seconds);
        }
        let caller = Caller::new(cx, self.common.dry_run, self.common.format)?;
        let issued = caller.client().get_federation_token(&request).await;
        caller.print(issued)
    }
}

impl AssumeRole {
    async fn run(self, cx: &Context) -> Result {
        let mut request = AssumeRoleRequest::new(self.role_arn, self.session_name);
        if let Some(seconds) = self.common.duration {
            request = request.duration_s(seconds);
        }
        if let Some(file) = &self.policy {
            request = request.policy(policy::read(file)?);
        }
        if let Some(id) = self.external_id {
            request = request.external_id(id);
        }
        for tag in self.tags {
            request = request.tag(tag.key, tag.value);
        }
        if let Some(uin) = self.source_identity {
            request = request.source_identity(uin);
        }
        if let (Some(serial), Some(code)) = (self.mfa_serial, self.mfa_code) {
            request = request.mfa(serial, code);
        }
        let caller = Caller::new(cx, self.common.dry_run, self.common.format)?;
        let issued = caller.client().assume_role(&request).await;
        caller.print(issued)
    }
}

impl WebIdentity {
    async fn run(self, cx: &Context) -> Result {
        let token = std::fs::read_to_string(&self.token_file)
            .map_err(|e| Failure::local("read the token", &self.token_file, &e))?;
        let mut request = WebIdentityRequest::new(
            self.provider_id,
            token.trim(),
            self.role_arn,
            self.session_name,
        );
        if let Some(seconds) = self.common.duration {
            request = request.duration_s(seconds);
        }
        if let Some(file) = &self.policy {
            request = request.policy(policy::read(file)?);
        }
        let caller = Caller::without_keys(cx, self.common.dry_run, self.common.format)?;
        let issued = caller
            .client()
            .assume_role_with_web_identity(&request)
            .await;
        caller.print(issued)
    }
}

impl Whoami {
    async fn run(self, cx: &Context) -> Result {
        let caller = Caller::new(cx, self.dry_run, Format::Json)?;
        let who = caller.client().get_caller_identity().await;
        if caller.print_request()? {
            return Ok(());
        }
        let who = who?;
        if cx.output.json {
            return cx.output.json(&json!({
                "type": who.kind,
                "arn": who.arn,
                "accountId": who.account_id,
                "userId": who.user_id,
                "principalId": who.principal_id,
                "requestId": who.request_id,
            }));
        }
        cx.output.line(format!("{} {}", who.kind, who.arn))?;
        cx.output
            .line(format!("account {}, user {}", who.account_id, who.user_id))
    }
}
