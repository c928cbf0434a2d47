//! CAM policies, version 2.0: a typed model, a parser, a builder, a linter and an evaluator. All pure: no clock, no
//! network.
//!
//! ```
//! use cos_sts::policy::{evaluate, Call, Context, Policy};
//!
//! let user = Policy::parse(r#"{"version":"2.0","statement":[
//!     {"effect":"allow","action":"name/cos:GetObject","resource":"*"}]}"#)?;
//! let context = Context::new().with_secure_transport(true);
//! let call = Call {
//!     action: "name/cos:PutObject",
//!     resource: "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/a.txt",
//!     context: &context,
//! };
//! let decision = evaluate(&user, None, &call);
//! assert_eq!(decision.reason.as_str(), "no-allow-in-identity");
//! # Ok::<(), cos_sts::policy::PolicyError>(())
//! ```

mod builder;
mod catalog;
mod condition;
mod context;
mod error;
mod evaluate;
mod lint;
mod minimal;
mod model;
mod operation;
mod parse;
mod path;
mod pattern;
mod plan;
mod radius;
mod resource;
mod scope;

pub use builder::PolicyBuilder;
pub use catalog::{ACTIONS, ActionLevel, action_level};
pub use condition::is_known_operator;
pub use context::Context;
pub use error::PolicyError;
pub use evaluate::{Call, Decision, Identity, PolicySide, Reason, StatementRef, evaluate};
pub use lint::{Finding, MAX_POLICY_BYTES, Severity, apply_corrections, lint};
pub use minimal::minimal_policy;
pub use model::{ConditionBlock, Effect, OneOrMany, Policy, Scalar, Statement, VERSION};
pub use operation::Operation;
pub use pattern::wildcard_match;
pub use plan::{Plan, PlannedCall};
pub use radius::{BlastRadius, Except, Reach, blast_radius};
pub use resource::Resource;
pub use scope::Scope;
