//! Policies: what temporary credentials may do. Pure functions: no clock, no network.

use core::mem::MaybeUninit;

use cos_sts::policy::{
    Call, Context, Identity, Operation, Policy, PolicyError, Scope, Severity, evaluate, lint,
};

use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::result::cosffi_result;
use crate::text::{self, Text, cosffi_str, cosffi_string};

/// A policy to write: operations on a part of a bucket. Give exactly one of `prefix`, `object_key` and
/// `whole_bucket`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_policy_options {
    /// sizeof(cosffi_policy_options) when the program was compiled.
    pub struct_size: usize,
    /// The bucket with its appid. Required.
    pub bucket: cosffi_str,
    /// Its region. Required.
    pub region: cosffi_str,
    /// All keys that begin with this: "users/ada/".
    pub prefix: cosffi_str,
    /// This key only.
    pub object_key: cosffi_str,
    /// Not 0: every key. Ask for it only when you mean it.
    pub whole_bucket: u32,
    /// Must be 0.
    pub reserved: u32,
    /// What may be done: "upload", "download", "list", "delete", "form-upload", "append", "list-uploads",
    /// "copy", "tag", "acl", "restore", "head-bucket". At least one.
    pub operations: *const cosffi_str,
    /// How many there are.
    pub operations_count: usize,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_policy_options {}

/// How bad a finding of cosffi_policy_lint() is.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum cosffi_severity {
    /// There are no findings.
    COSFFI_SEVERITY_NONE = 0,
    /// Worth knowing.
    COSFFI_SEVERITY_NOTE = 1,
    /// Works, but probably not as meant.
    COSFFI_SEVERITY_WARNING = 2,
    /// Will be refused, or allows what it must not.
    COSFFI_SEVERITY_ERROR = 3,
}

/// A call to judge.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_policy_check_options {
    /// sizeof(cosffi_policy_check_options) when the program was compiled.
    pub struct_size: usize,
    /// The policies of the CAM user or role, as JSON. None: the account's own keys, which may everything.
    pub identity_json: *const cosffi_str,
    /// How many there are.
    pub identity_count: usize,
    /// The policy inside the temporary credentials, as JSON. Empty: none.
    pub session_json: cosffi_str,
    /// The action, e.g. "name/cos:PutObject". Required.
    pub action: cosffi_str,
    /// The resource, e.g. "qcs::cos:ap-guangzhou:uid/1250000000:photos-1250000000/users/ada/1.jpg".
    /// Required.
    pub resource: cosffi_str,
    /// What conditions are compared with, e.g. "qcs:ip" = "10.0.0.1".
    pub conditions: *const cosffi_pair,
    /// How many there are.
    pub conditions_count: usize,
}

// SAFETY: as above.
unsafe impl SizeTagged for cosffi_policy_check_options {}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Failure {
        let place = error
            .path()
            .map_or_else(String::new, |path| format!("{path}: "));
        let failure = Failure::argument(format!("policy: {place}{}", error.message()));
        Failure {
            hint: Text::optional(error.hint()),
            ..failure
        }
    }
}

/// Writes the policy that allows these operations there and nothing else, as JSON without blanks.
///
/// Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
/// Threads: any; the function has no state.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT with what is wrong.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_policy_build(
    options: *const cosffi_policy_options,
    out: Option<&mut MaybeUninit<cosffi_string>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = cosffi_string::clear(out)?;
        // SAFETY: the caller passes a struct that starts with its size, and what it points to lives for
        // this call.
        let (options, bucket, region, prefix, key, operations) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.bucket.read_required("options->bucket")?,
                options.region.read_required("options->region")?,
                options.prefix.read_optional("options->prefix")?,
                options.object_key.read_optional("options->object_key")?,
                text::read_list(
                    options.operations,
                    options.operations_count,
                    "options->operations",
                )?,
            )
        };
        if options.reserved != 0 {
            return Err(Failure::argument("options->reserved is not 0"));
        }
        let scope = match (prefix, key, options.whole_bucket) {
            (Some(prefix), None, 0) => Scope::prefix(bucket, region, prefix)?,
            (None, Some(key), 0) => Scope::key(bucket, region, key)?,
            (None, None, 1..) => Scope::whole_bucket(bucket, region)?,
            _ => {
                return Err(Failure::argument(
                    "give exactly one of options->prefix, object_key and whole_bucket",
                ));
            }
        };
        let operations = operations
            .into_iter()
            .map(str::parse)
            .collect::<Result<Vec<Operation>, PolicyError>>()?;
        let policy = Policy::builder().allow_all(operations, &scope).build()?;
        out.write(&policy.to_json())
    })
}

/// Looks a policy over before STS does: what it would refuse, and what allows too much or too little.
/// `*out` is a JSON array of findings, each with "line", "rule", "severity", "explanation", and "corrected"
/// where there is a better text for the bytes of "span"; `*out_worst` is a cosffi_severity.
///
/// Ownership: `*out` is yours; end it with cosffi_string_free(); `out` and `out_worst` may be NULL.
/// Threads: any; the function has no state.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT when the text is empty or not UTF-8. Text that is no policy is a finding.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_policy_lint(
    policy_json: cosffi_str,
    out: Option<&mut MaybeUninit<cosffi_string>>,
    out_worst: Option<&mut MaybeUninit<i32>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out.map(|out| cosffi_string::clear(Some(out))).transpose()?;
        let worst = out_worst.map(|worst| worst.write(0));
        // SAFETY: the caller's text lives for this call.
        let findings = lint(unsafe { policy_json.read_required("policy_json") }?);
        if let Some(worst) = worst {
            *worst = findings
                .iter()
                .map(|f| severity(f.severity))
                .max()
                .unwrap_or(0);
        }
        if let Some(out) = out {
            let json = serde_json::to_string(&findings)
                .map_err(|error| Failure::argument(error.to_string()))?;
            out.write(&json)?;
        }
        Ok(())
    })
}

fn severity(of: Severity) -> i32 {
    use cosffi_severity::*;
    let number = match of {
        Severity::Note => COSFFI_SEVERITY_NOTE,
        Severity::Warning => COSFFI_SEVERITY_WARNING,
        Severity::Error => COSFFI_SEVERITY_ERROR,
    };
    number as i32
}

/// Judges whether a call would be allowed: denied unless allowed, any deny wins, and with temporary
/// credentials both sides must allow. `*out_allowed` is 1 or 0, `*out_reason` why: "allowed",
/// "explicit-deny", "no-allow-in-identity", "no-allow-in-session".
///
/// Ownership: `*out_reason` is yours; end it with cosffi_string_free(); it may be NULL. `options` is read
/// during the call.
/// Threads: any; the function has no state.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT when something is missing or is no policy; `*out_allowed` is then 0.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_policy_check(
    options: *const cosffi_policy_check_options,
    out_allowed: Option<&mut MaybeUninit<i32>>,
    out_reason: Option<&mut MaybeUninit<cosffi_string>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let reason = out_reason
            .map(|out| cosffi_string::clear(Some(out)))
            .transpose()?;
        let allowed = out_allowed
            .ok_or_else(|| Failure::null("out_allowed"))?
            .write(0);
        // SAFETY: the caller passes a struct that starts with its size, and what it points to lives for
        // this call.
        let (identity, session, action, resource, conditions) = unsafe {
            let options: cosffi_policy_check_options = options::read(options, "options")?;
            (
                text::read_list(
                    options.identity_json,
                    options.identity_count,
                    "options->identity_json",
                )?,
                options
                    .session_json
                    .read_optional("options->session_json")?,
                options.action.read_required("options->action")?,
                options.resource.read_required("options->resource")?,
                pair::read(
                    options.conditions,
                    options.conditions_count,
                    "options->conditions",
                )?,
            )
        };
        let identity = identity
            .into_iter()
            .map(Policy::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let session = session.map(Policy::parse).transpose()?;
        let context = conditions
            .into_iter()
            .fold(Context::new(), |all, (key, value)| all.with(key, value));
        let who = match identity.is_empty() {
            true => Identity::FullAccess,
            false => Identity::Policies(&identity),
        };
        let call = Call {
            action,
            resource,
            context: &context,
        };
        let decision = evaluate(who, session.as_ref(), &call);
        *allowed = i32::from(decision.allowed);
        match reason {
            Some(reason) => reason.write(decision.reason.as_str()),
            None => Ok(()),
        }
    })
}
