//! Providers that ask a server themselves: the app's own, or STS.

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::Arc;
use std::time::Duration;

use cos_sts::policy::Policy;
use cos_sts::{
    AssumeRoleRequest, BrokerSource, CachingProvider, CredentialSource, FederationTokenRequest,
    FederationTokenSource, HttpsTransport, RoleSource, StsClient,
};

use super::{Kept, cosffi_provider};
use crate::credentials::cosffi_credentials;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::result::cosffi_result;
use crate::text::cosffi_str;

/// Where the app's own server is. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_broker_options {
    /// sizeof(cosffi_broker_options) when the program was compiled.
    pub struct_size: usize,
    /// The server, "https://host[:port][/path]"; without a path, /v1/credentials is asked. Required.
    pub url: cosffi_str,
    /// The login token of the app's user, sent as "Authorization: Bearer ...".
    pub bearer: cosffi_str,
    /// For one answer. Default: 15,000.
    pub timeout_ms: u64,
    /// How long before the end of the credentials new ones are asked for. Default: 300.
    pub refresh_margin_s: u64,
    /// Certificates (PEM) to trust besides the built-in roots.
    pub ca_pem: cosffi_str,
    /// A forward proxy, "http://[user:password@]host:port". The environment is not looked at.
    pub proxy: cosffi_str,
}

// SAFETY: repr(C), struct_size first; text and integers may be zero.
unsafe impl SizeTagged for cosffi_broker_options {}

/// What to ask STS for. Zero and empty mean default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_sts_options {
    /// sizeof(cosffi_sts_options) when the program was compiled.
    pub struct_size: usize,
    /// The server's own keys. Required.
    pub credentials: *const cosffi_credentials,
    /// The role to assume, "qcs::cam::uin/...:roleName/...". Empty: a federation token instead.
    pub role_arn: cosffi_str,
    /// A name for the session, seen in audit logs. Default: "cos-ffi".
    pub session_name: cosffi_str,
    /// What the credentials may do, as JSON; see cosffi_policy_build(). Required without a role; with one,
    /// empty means all that the role may do.
    pub policy_json: cosffi_str,
    /// How long the credentials live, seconds. Default: 1,800.
    pub duration_s: u64,
    /// The external id that the role's owner demands.
    pub external_id: cosffi_str,
    /// The region STS is asked in. Default: "ap-guangzhou".
    pub region: cosffi_str,
    /// "scheme://host[:port]" to connect to instead of the service: a gateway or an emulator.
    pub endpoint: cosffi_str,
    /// For one answer. Default: 10,000.
    pub timeout_ms: u64,
    /// How long before the end of the credentials new ones are asked for. Default: 300.
    pub refresh_margin_s: u64,
    /// Certificates (PEM) to trust besides the built-in roots.
    pub ca_pem: cosffi_str,
    /// A forward proxy, "http://[user:password@]host:port". The environment is not looked at.
    pub proxy: cosffi_str,
}

// SAFETY: repr(C), struct_size first; text, pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_sts_options {}

const DEFAULT_SESSION: &str = "cos-ffi";

/// A provider that asks the app's own server, such as cos-broker, by itself, keeps what it gets and asks
/// again before that ends or when the service refuses it. An app with its own HTTP client and login uses
/// cosffi_provider_new() instead.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free(). `options` and its text are copied.
/// Threads: any. It asks on the worker threads of the client that needs credentials.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT naming the option. What the server says arrives with the transfers, as
/// CREDENTIAL.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_provider_broker(
    options: *const cosffi_broker_options,
    out: Option<&mut MaybeUninit<*mut cosffi_provider>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        // SAFETY: the caller passes a struct that starts with its size, and its text lives for this call.
        let (options, url, bearer, transport) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                options.url.read_required("options->url")?,
                options.bearer.read_optional("options->bearer")?,
                transport(options.ca_pem, options.proxy)?,
            )
        };
        let mut source = BrokerSource::builder(url).transport(transport);
        if let Some(bearer) = bearer {
            source = source.bearer(bearer);
        }
        if options.timeout_ms != 0 {
            source = source.timeout(Duration::from_millis(options.timeout_ms));
        }
        *out = caching(source.build()?, options.refresh_margin_s);
        Ok(())
    })
}

/// A provider for programs on servers that hold permanent keys: it asks STS for temporary ones, keeps them
/// and asks again before they end. Never put permanent keys into an app.
///
/// Ownership: `*out` is yours; end it with cosffi_provider_free(). `options` and its text are copied.
/// Threads: any. It asks on the worker threads of the client that needs credentials.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT naming the option, or what is wrong with the policy. What STS says arrives with
/// the transfers, as CREDENTIAL.
/// Since: 0.1 (ABI 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_provider_sts(
    options: *const cosffi_sts_options,
    out: Option<&mut MaybeUninit<*mut cosffi_provider>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = out
            .ok_or_else(|| Failure::null("out"))?
            .write(ptr::null_mut());
        // SAFETY: the caller passes a struct that starts with its size, and what it points to lives for
        // this call.
        *out = unsafe { sts(&options::read(options, "options")?) }?;
        Ok(())
    })
}

/// # Safety
/// What the options point to lives for this call.
unsafe fn sts(options: &cosffi_sts_options) -> Result<*mut cosffi_provider, Failure> {
    // SAFETY: the caller's promise.
    let (credentials, role, session, policy, external_id, region, endpoint, transport) = unsafe {
        (
            options
                .credentials
                .as_ref()
                .ok_or_else(|| Failure::null("options->credentials"))?,
            options.role_arn.read_optional("options->role_arn")?,
            options
                .session_name
                .read_optional("options->session_name")?,
            options.policy_json.read_optional("options->policy_json")?,
            options.external_id.read_optional("options->external_id")?,
            options.region.read_optional("options->region")?,
            options.endpoint.read_optional("options->endpoint")?,
            transport(options.ca_pem, options.proxy)?,
        )
    };
    let policy = policy.map(Policy::parse).transpose()?;
    let session = session.unwrap_or(DEFAULT_SESSION);
    let mut client = StsClient::builder(credentials.get().clone()).transport(transport);
    if let Some(region) = region {
        client = client.region(region);
    }
    if let Some(endpoint) = endpoint {
        client = client.endpoint(endpoint);
    }
    if options.timeout_ms != 0 {
        client = client.timeout(Duration::from_millis(options.timeout_ms));
    }
    let client = client.build()?;
    let margin = options.refresh_margin_s;
    let Some(role) = role else {
        let policy = policy.ok_or_else(|| {
            Failure::argument("options->policy_json is empty, and so is options->role_arn")
                .hint("a federation token needs a policy; see cosffi_policy_build()")
        })?;
        let mut request = FederationTokenRequest::new(session, policy);
        if options.duration_s != 0 {
            request = request.duration_s(options.duration_s);
        }
        return Ok(caching(FederationTokenSource::new(client, request), margin));
    };
    let mut request = AssumeRoleRequest::new(role, session);
    if let Some(policy) = policy {
        request = request.policy(policy);
    }
    if let Some(id) = external_id {
        request = request.external_id(id);
    }
    if options.duration_s != 0 {
        request = request.duration_s(options.duration_s);
    }
    Ok(caching(RoleSource::new(client, request), margin))
}

/// # Safety
/// The text lives for this call.
unsafe fn transport(ca_pem: cosffi_str, proxy: cosffi_str) -> Result<HttpsTransport, Failure> {
    // SAFETY: the caller's promise.
    let (ca_pem, proxy) = unsafe {
        (
            ca_pem.read_optional("options->ca_pem")?,
            proxy.read_optional("options->proxy")?,
        )
    };
    let mut transport = HttpsTransport::builder().no_proxy();
    if let Some(pem) = ca_pem {
        transport = transport.ca_pem(pem);
    }
    if let Some(url) = proxy {
        transport = transport.proxy(url);
    }
    Ok(transport.build()?)
}

fn caching(source: impl CredentialSource, refresh_margin_s: u64) -> *mut cosffi_provider {
    let mut cache = CachingProvider::builder(source);
    if refresh_margin_s != 0 {
        cache = cache.refresh_margin(Duration::from_secs(refresh_margin_s));
    }
    let cache = cache.build();
    cosffi_provider::into_raw(Arc::new(cache.clone()), Kept::Fetched(cache))
}
