//! Options that every command takes, and the environment variables behind them.

use std::path::PathBuf;

use clap::Args;

use crate::exit::{Failure, Result};

/// Options for every command. A variable that is set but empty counts as unset.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct GlobalOptions {
    /// Region, such as ap-guangzhou [env: COS_REGION]
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// Connect there for COS, keeping the real Host header [env: COS_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,
    /// Connect there for STS, keeping the real Host header [env: COS_STS_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    sts_endpoint: Option<String>,
    /// Forward proxy, but for the hosts in NO_PROXY [env: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY]
    #[arg(long, global = true, value_name = "URL")]
    proxy: Option<String>,
    /// An extra root certificate [env: COS_CA_FILE]
    #[arg(long, global = true, value_name = "PEM")]
    ca_file: Option<PathBuf>,
    /// Secret id; else COS_*, TENCENTCLOUD_* variables, then COS_BROKER_URL
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) secret_id: Option<String>,
    /// Secret key; better given as COS_SECRET_KEY, which other users of the machine cannot see
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) secret_key: Option<String>,
    /// Session token of temporary keys
    #[arg(long, global = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Results and errors as JSON on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Say on stderr what is going on; -vv says more. Never a secret
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// A variable's value; `None` if unset or empty.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// The hosts that no proxy is asked for, whoever named the proxy; as with curl.
pub(crate) fn proxy_exceptions() -> Option<String> {
    ["no_proxy", "NO_PROXY"].into_iter().find_map(env)
}

fn given_or_env(given: Option<&String>, variable: &str) -> Option<String> {
    given
        .filter(|v| !v.is_empty())
        .cloned()
        .or_else(|| env(variable))
}

impl GlobalOptions {
    /// The region, which this command needs.
    pub(crate) fn region(&self) -> Result<String> {
        self.region_if_given().ok_or_else(|| {
            Failure::usage("no region is given").hint("add --region ap-guangzhou or set COS_REGION")
        })
    }

    /// The region, where one is not needed.
    pub(crate) fn region_if_given(&self) -> Option<String> {
        given_or_env(self.region.as_ref(), "COS_REGION")
    }

    /// Where to connect for COS, if not to the service itself.
    pub(crate) fn endpoint(&self) -> Option<String> {
        given_or_env(self.endpoint.as_ref(), "COS_ENDPOINT")
    }

    /// Where to connect for STS, if not to the service itself.
    pub(crate) fn sts_endpoint(&self) -> Option<String> {
        given_or_env(self.sts_endpoint.as_ref(), "COS_STS_ENDPOINT")
    }

    /// The proxy given as an option; the environment's is for the libraries to find.
    pub(crate) fn given_proxy(&self) -> Option<&str> {
        self.proxy.as_deref().filter(|p| !p.is_empty())
    }

    /// The extra root certificate's text.
    pub(crate) fn ca_pem(&self) -> Result<Option<Vec<u8>>> {
        let path = self
            .ca_file
            .clone()
            .or_else(|| env("COS_CA_FILE").map(PathBuf::from));
        path.map(|p| std::fs::read(&p).map_err(|e| Failure::local("read the CA file", &p, &e)))
            .transpose()
    }
}
