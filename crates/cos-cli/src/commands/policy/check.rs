//! `cos policy check`

use std::path::PathBuf;

use clap::Args;
use cos_sts::policy::{
    Call, Context as Conditions, Decision, Identity, Resource, action_level, evaluate,
};
use serde_json::json;

use super::{Context, read};
use crate::exit::{Failure, Result};
use crate::input::pairs::KeyValue;
use crate::output::printable;

/// Options of `cos policy check`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos policy check --identity user.json --session token.json \\\n    \
--action name/cos:PutObject --condition qcs:ip=10.0.0.1 \\\n    \
--resource qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/up/a.txt")]
pub(crate) struct Check {
    /// Policy of the CAM user or role; several are taken together. The account's own keys have none:
    /// leave it out
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
    /// Policy inside the temporary token
    #[arg(long, value_name = "FILE")]
    session: Option<PathBuf>,
    /// Action, such as name/cos:PutObject
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// Resource, such as qcs::cos:REGION:uid/APPID:BUCKET/KEY
    #[arg(long, value_name = "RESOURCE")]
    resource: String,
    /// What conditions are compared with, such as qcs:ip=10.0.0.1
    #[arg(long = "condition", value_name = "KEY=VALUE")]
    conditions: Vec<KeyValue>,
}

impl Check {
    pub(super) fn run(self, cx: &Context) -> Result {
        let identity: Vec<_> = self
            .identity
            .iter()
            .map(|p| read(p))
            .collect::<Result<_>>()?;
        let session = self.session.as_deref().map(read).transpose()?;
        if self.resource != "*" {
            Resource::parse(&self.resource)?;
        }
        let of_cos = self.action.starts_with("name/cos:") || !self.action.contains(':');
        if of_cos && action_level(&self.action).is_none() {
            cx.output.note(format!(
                "cos: `{}` is not among the actions of COS that are known here",
                printable(&self.action)
            ));
        }
        let conditions = self.conditions.iter().fold(Conditions::new(), |all, c| {
            all.with(c.key.as_str(), c.value.as_str())
        });
        let call = Call {
            action: &self.action,
            resource: &self.resource,
            context: &conditions,
        };
        let who = if identity.is_empty() {
            Identity::FullAccess
        } else {
            Identity::Policies(&identity)
        };
        let decision = evaluate(who, session.as_ref(), &call);
        self.print(cx, &decision)?;
        // The decision was printed; a message on top of it would only repeat it.
        if decision.allowed {
            Ok(())
        } else {
            Err(Failure::silent_refusal())
        }
    }

    fn print(&self, cx: &Context, decision: &Decision) -> Result {
        let word = if decision.allowed { "allow" } else { "deny" };
        if cx.output.json {
            let statements: Vec<_> = decision
                .statements
                .iter()
                .map(|s| {
                    json!({
                        "policy": s.policy.as_str(),
                        "document": s.document,
                        "index": s.index,
                        "effect": s.effect.as_str(),
                    })
                })
                .collect();
            return cx.output.json(&json!({
                "decision": word,
                "reason": decision.reason.as_str(),
                "statements": statements,
            }));
        }
        cx.output
            .line(format!("{word} ({})", decision.reason.as_str()))?;
        for s in &decision.statements {
            let file = match s.policy {
                cos_sts::policy::PolicySide::Session => self.session.as_ref(),
                _ => self.identity.get(s.document),
            };
            let file = file.map_or_else(String::new, |f| format!(" ({})", f.display()));
            cx.output.line(format!(
                "  {} policy{file}: statement {} says {}",
                s.policy.as_str(),
                s.index,
                s.effect.as_str()
            ))?;
        }
        Ok(())
    }
}
