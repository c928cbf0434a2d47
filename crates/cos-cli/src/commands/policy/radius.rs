//! `cos policy radius`

use std::path::PathBuf;

use clap::Args;
use cos_sts::policy::{BlastRadius, ConditionBlock, Identity, Policy, blast_radius};
use serde_json::{Map, Value, json};

use super::{Context, read};
use crate::exit::Result;
use crate::output::printable;

/// Options of `cos policy radius`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
cos policy radius --identity user.json --session token.json --until 1700001800")]
pub(crate) struct Radius {
    /// Policy of the CAM user or role; several are taken together. The account's own keys have none:
    /// leave it out
    #[arg(long, value_name = "FILE")]
    identity: Vec<PathBuf>,
    /// Policy inside the temporary token
    #[arg(long, value_name = "FILE")]
    session: Option<PathBuf>,
    /// When the credential ends, Unix seconds
    #[arg(long, value_name = "SECONDS")]
    until: Option<u64>,
}

impl Radius {
    pub(super) fn run(self, cx: &Context) -> Result {
        let identity = self.identity.iter().map(|p| read(p));
        let identity: Vec<Policy> = identity.collect::<Result<_>>()?;
        let session = self.session.as_deref().map(read).transpose()?;
        let who = if identity.is_empty() {
            Identity::FullAccess
        } else {
            Identity::Policies(&identity)
        };
        let radius = blast_radius(who, session.as_ref(), self.until);
        if cx.output.json {
            return cx.output.json(&document(&radius));
        }
        for line in radius.to_string().lines() {
            cx.output.line(printable(line))?;
        }
        Ok(())
    }
}

fn document(radius: &BlastRadius) -> Value {
    let reach = radius.reach.iter().map(|r| {
        let except = r.except.iter();
        let except = except
            .map(|e| json!({"resource": e.resource, "conditions": conditions(&e.conditions)}));
        json!({
            "actions": r.actions,
            "resources": r.resources,
            "conditions": conditions(&r.conditions),
            "except": except.collect::<Vec<_>>(),
        })
    });
    json!({"until": radius.until_s, "reach": reach.collect::<Vec<_>>()})
}

/// One object for each operator: two policies may ask for the same one.
fn conditions(blocks: &[ConditionBlock]) -> Vec<Value> {
    let block = |block: &ConditionBlock| {
        let keys = block.keys.iter().map(|(key, values)| {
            let values = values.iter().map(|v| Value::from(v.text()));
            (key.clone(), values.collect())
        });
        json!({ &block.operator: Value::Object(keys.collect::<Map<_, _>>()) })
    };
    blocks.iter().map(block).collect()
}
