//! Signing without a client: pure functions of their arguments, no clock, no network.

use core::mem::MaybeUninit;

use cos_sign_core::{KeyTime, Request, SignError, SignKey, Signer, encode_path};
use cos_sts::Credentials;

use crate::credentials::cosffi_credentials;
use crate::error::{Failure, cosffi_error};
use crate::guard;
use crate::options::{self, SizeTagged};
use crate::pair::{self, cosffi_pair};
use crate::result::cosffi_result;
use crate::text::{cosffi_str, cosffi_string};

const TOKEN: &str = "x-cos-security-token";

/// What to sign.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_sign_options {
    /// sizeof(cosffi_sign_options) when the program was compiled.
    pub struct_size: usize,
    /// Whose signature. Required.
    pub credentials: *const cosffi_credentials,
    /// "GET", "PUT" and so on. Required.
    pub method: cosffi_str,
    /// The path, decoded, beginning with "/". Required.
    pub path: cosffi_str,
    /// The query parameters, decoded; all that will be sent.
    pub params: *const cosffi_pair,
    /// How many there are.
    pub params_count: usize,
    /// The headers to sign, values exactly as sent; sign at least "host".
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
    /// From when the signature is good, Unix seconds. Required.
    pub key_time_start_s: u64,
    /// Until when, Unix seconds. Required.
    pub key_time_end_s: u64,
}

// SAFETY: repr(C), struct_size first; pointers and integers may be zero.
unsafe impl SizeTagged for cosffi_sign_options {}

/// What to presign.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cosffi_presign_options {
    /// sizeof(cosffi_presign_options) when the program was compiled.
    pub struct_size: usize,
    /// Whose signature. Required.
    pub credentials: *const cosffi_credentials,
    /// "GET", "PUT" and so on: the URL is good for this method only. Required.
    pub method: cosffi_str,
    /// Scheme and host the URL is for, e.g. "https://photos-1250000000.cos.ap-guangzhou.myqcloud.com";
    /// a port and a path before the key are possible. Required.
    pub base_url: cosffi_str,
    /// The object key, decoded, without a leading "/". Empty for the bucket itself.
    pub object_key: cosffi_str,
    /// Further query parameters, decoded.
    pub params: *const cosffi_pair,
    /// How many there are.
    pub params_count: usize,
    /// Headers that the user of the URL must send exactly so, besides Host.
    pub headers: *const cosffi_pair,
    /// How many there are.
    pub headers_count: usize,
    /// From when the URL is good, Unix seconds. Required.
    pub key_time_start_s: u64,
    /// Until when, Unix seconds. Required. The URL ends with the credentials if they end first.
    pub key_time_end_s: u64,
}

// SAFETY: as above.
unsafe impl SizeTagged for cosffi_presign_options {}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Failure {
        Failure::argument(error.to_string())
    }
}

/// Computes the value of the `Authorization` header of a request that you send yourself. When the
/// credentials carry a session token, the header `x-cos-security-token` is signed as well; send it
/// with cosffi_credentials_session_token() as its value.
///
/// Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
/// Threads: any; the function has no state.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT with what is wrong.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_sign_request(
    options: *const cosffi_sign_options,
    out: Option<&mut MaybeUninit<cosffi_string>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = cosffi_string::clear(out)?;
        // SAFETY: the caller passes a struct that starts with its size, and everything it points to
        // lives for this call.
        let (options, credentials, method, path, params, mut headers) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                credentials(options.credentials)?,
                options.method.read_required("options->method")?,
                options.path.read_required("options->path")?,
                pair::read(options.params, options.params_count, "options->params")?,
                pair::read(options.headers, options.headers_count, "options->headers")?,
            )
        };
        if let Some(token) = credentials.session_token()
            && !headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(TOKEN))
        {
            headers.push((TOKEN, token));
        }
        let key_time = KeyTime::new(options.key_time_start_s, options.key_time_end_s)?;
        let key = SignKey::derive(credentials.secret_key().expose(), key_time)?;
        let signer = Signer::new(credentials.secret_id(), &key);
        let request = Request {
            method,
            path,
            params: &params,
            headers: &headers,
        };
        // Nearly all are shorter; one copy less for these.
        match signer.authorization_into(&request, &mut [0; 768]) {
            Err(SignError::BufferTooSmall { .. }) => out.write(&signer.authorization(&request)?),
            short => out.write(short?),
        }
    })
}

/// Makes a URL that carries its own signature, for a browser or for somebody else. When the
/// credentials carry a session token it becomes part of the URL, which is then as secret as they are.
///
/// Ownership: `*out` is yours; end it with cosffi_string_free(). `options` is read during the call.
/// Threads: any; the function has no state.
/// How often: any number of times.
/// Errors: INVALID_ARGUMENT with what is wrong, also when the credentials end before the URL begins.
/// Since: 0.1 (ABI 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosffi_presign_url(
    options: *const cosffi_presign_options,
    out: Option<&mut MaybeUninit<cosffi_string>>,
    err: Option<&mut MaybeUninit<*mut cosffi_error>>,
) -> cosffi_result {
    guard::call(err, || {
        let out = cosffi_string::clear(out)?;
        // SAFETY: as in cosffi_sign_request().
        let (options, credentials, method, base_url, object_key, mut params, mut headers) = unsafe {
            let options = options::read(options, "options")?;
            (
                options,
                credentials(options.credentials)?,
                options.method.read_required("options->method")?,
                options.base_url.read_required("options->base_url")?,
                options.object_key.read("options->object_key")?,
                pair::read(options.params, options.params_count, "options->params")?,
                pair::read(options.headers, options.headers_count, "options->headers")?,
            )
        };
        let base = BaseUrl::parse(base_url)?;
        if let Some(token) = credentials.session_token() {
            params.retain(|(name, _)| !name.eq_ignore_ascii_case(TOKEN));
            params.push((TOKEN, token));
        }
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
        headers.push(("host", base.host));
        let key_time = KeyTime::new(options.key_time_start_s, options.key_time_end_s)?;
        let key_time = match credentials.expired_time_s() {
            Some(end) => {
                key_time
                    .capped_at(end)
                    .map_err(|_| Failure::argument("the credentials end before the URL begins"))?
                    .key_time
            }
            None => key_time,
        };
        let key = SignKey::derive(credentials.secret_key().expose(), key_time)?;
        let path = format!("{}/{object_key}", base.path);
        let query = Signer::new(credentials.secret_id(), &key).presigned_query(&Request {
            method,
            path: &path,
            params: &params,
            headers: &headers,
        })?;
        out.write(&format!(
            "{}://{}{}?{query}",
            base.scheme,
            base.host,
            encode_path(&path)
        ))
    })
}

/// # Safety
/// `credentials` is NULL or a live handle.
unsafe fn credentials<'a>(
    credentials: *const cosffi_credentials,
) -> Result<&'a Credentials, Failure> {
    // SAFETY: the caller's promise.
    unsafe { credentials.as_ref() }
        .map(cosffi_credentials::get)
        .ok_or_else(|| Failure::null("options->credentials"))
}

/// `scheme://host[:port][/path]` in its parts; the path has no slash at its end.
struct BaseUrl<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
}

impl<'a> BaseUrl<'a> {
    fn parse(url: &'a str) -> Result<BaseUrl<'a>, Failure> {
        let wrong = || {
            Failure::argument(
                "options->base_url is not scheme://host, with http or https and at most a plain path behind it",
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let plain = |text: &str, more: &[u8]| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let fine = matches!(scheme, "http" | "https")
            && !host.is_empty()
            && plain(host, b".-_:[]")
            && plain(path, b"-_.~/");
        fine.then_some(BaseUrl {
            scheme,
            host,
            path: path.trim_end_matches('/'),
        })
        .ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However long: the first ones fit the buffer of this function, the last ones do not.
    #[test]
    fn signs_any_number_of_headers() {
        let str_of = |text: &str| cosffi_str {
            data: text.as_ptr().cast(),
            len: text.len(),
        };
        let owner = Credentials::permanent("AKIDtest", "secret").unwrap();
        let handle = cosffi_credentials::into_raw(owner);
        for count in [0, 1, 20, 45, 46, 47, 100, 400] {
            let names: Vec<String> = (0..count).map(|n| format!("x-cos-meta-{n}")).collect();
            let pairs: Vec<cosffi_pair> = names
                .iter()
                .map(|name| cosffi_pair {
                    name: str_of(name),
                    value: str_of("v"),
                })
                .collect();
            let options = cosffi_sign_options {
                struct_size: size_of::<cosffi_sign_options>(),
                credentials: handle,
                method: str_of("GET"),
                path: str_of("/k"),
                params: core::ptr::null(),
                params_count: 0,
                headers: pairs.as_ptr(),
                headers_count: pairs.len(),
                key_time_start_s: 1_700_000_000,
                key_time_end_s: 1_700_003_600,
            };
            let mut out = MaybeUninit::uninit();
            // SAFETY: everything lives for the call.
            let result = unsafe { cosffi_sign_request(&options, Some(&mut out), None) };
            assert_eq!(result, cosffi_result::COSFFI_OK);
            // SAFETY: written by the call; freed below.
            let out = unsafe { out.assume_init() };
            // SAFETY: `len` bytes of text.
            let got = unsafe { core::slice::from_raw_parts(out.data.cast::<u8>(), out.len) };
            let key_time = KeyTime::new(1_700_000_000, 1_700_003_600).unwrap();
            let key = SignKey::derive("secret", key_time).unwrap();
            let headers: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "v")).collect();
            let wanted = Signer::new("AKIDtest", &key).authorization(&Request {
                method: "GET",
                path: "/k",
                params: &[],
                headers: &headers,
            });
            assert_eq!(
                core::str::from_utf8(got).unwrap(),
                wanted.unwrap(),
                "{count}"
            );
            let mut out = out;
            crate::text::cosffi_string_free(Some(&mut out));
        }
        // SAFETY: ours, once.
        drop(unsafe { Box::from_raw(handle) });
    }

    #[test]
    fn takes_base_urls_apart() {
        let parts = |url| BaseUrl::parse(url).map(|base| (base.scheme, base.host, base.path));
        assert_eq!(parts("https://a.b").unwrap(), ("https", "a.b", ""));
        assert_eq!(
            parts("http://127.0.0.1:80/demo-1/").unwrap(),
            ("http", "127.0.0.1:80", "/demo-1")
        );
        for bad in [
            "a.b",
            "ftp://a.b",
            "https://",
            "https://u@h",
            "https://a.b?x",
            "https://a.b/x y",
        ] {
            assert!(parts(bad).is_err(), "{bad}");
        }
    }
}
