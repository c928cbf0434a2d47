use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use super::{BucketName, InvalidValue, Region};

/// Which of the service's domains a bucket is reached at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Domain {
    /// `<bucket>.cos.<region>.myqcloud.com`, the classic one.
    #[default]
    Default,
    /// `<bucket>.cos.<region>.tencentcos.cn`, the newer one.
    TencentCos,
    /// `<bucket>.cos-internal.<region>.tencentcos.cn`, inside Tencent's network only.
    Internal,
    /// `<bucket>.cos.accelerate.myqcloud.com`; acceleration must be on for the bucket.
    Accelerate,
    /// `<bucket>.cos.accelerate.tencentcos.cn`, the same at the newer domain.
    AccelerateTencentCos,
    /// `<bucket>.cos-internal.accelerate.tencentcos.cn`, the same inside Tencent's network only.
    AccelerateInternal,
}

impl Domain {
    /// What its names end with.
    pub(crate) fn root(self) -> &'static str {
        match self {
            Self::Default | Self::Accelerate => "myqcloud.com",
            Self::TencentCos
            | Self::Internal
            | Self::AccelerateTencentCos
            | Self::AccelerateInternal => "tencentcos.cn",
        }
    }
}

/// Where requests go: the address to connect to, and the `Host` they carry and sign.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base: String,
    host: String,
    /// Made once, as parsing takes longer than signing.
    parsed: OnceLock<Option<Parsed>>,
}

/// What every request to an endpoint has.
#[derive(Debug, Clone)]
struct Parsed {
    /// Of `base`; copies share their text.
    scheme: Scheme,
    authority: Authority,
    /// `host` as a header; copies of it share its text.
    host: HeaderValue,
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        (&self.base, &self.host) == (&other.base, &other.host)
    }
}

impl Eq for Endpoint {}

impl Endpoint {
    /// The service's own address of a bucket.
    pub fn of_bucket(bucket: &BucketName, region: &Region, domain: Domain, https: bool) -> Self {
        let (service, place) = match domain {
            Domain::Default | Domain::TencentCos => ("cos", region.as_str()),
            Domain::Internal => ("cos-internal", region.as_str()),
            Domain::Accelerate | Domain::AccelerateTencentCos => ("cos", "accelerate"),
            Domain::AccelerateInternal => ("cos-internal", "accelerate"),
        };
        let host = format!("{bucket}.{service}.{place}.{}", domain.root());
        let scheme = if https { "https" } else { "http" };
        Self::new(format!("{scheme}://{host}"), host)
    }

    fn new(base: String, host: String) -> Self {
        Self {
            base,
            host,
            parsed: OnceLock::new(),
        }
    }

    /// A domain of the user's own that leads to the bucket: `https://files.example.com`.
    ///
    /// # Errors
    /// When `url` is not `http(s)://host[:port]`.
    pub fn custom_domain(url: &str) -> Result<Self, InvalidValue> {
        let base = check_base(url)?;
        let host = base.split_once("://").map_or("", |(_, host)| host).into();
        Ok(Self::new(base, host))
    }

    /// The same `Host`, but connected to elsewhere: an emulator, a private gateway, a fixed address.
    ///
    /// # Errors
    /// When `url` is not `http(s)://host[:port]`.
    pub fn connect_to(self, url: &str) -> Result<Self, InvalidValue> {
        Ok(Self::new(check_base(url)?, self.host))
    }

    /// `scheme://host[:port]` that is connected to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of a request: a path, and a query if there is one, that are encoded already.
    /// `None` when they or the names in the endpoint do not make a URI.
    pub(crate) fn uri(&self, path_and_query: String) -> Option<Uri> {
        let parsed = self.parsed()?;
        let path = PathAndQuery::from_maybe_shared(Bytes::from(path_and_query)).ok()?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(parsed.scheme.clone());
        parts.authority = Some(parsed.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).ok()
    }

    /// The `Host` header.
    pub(crate) fn host_value(&self) -> Option<HeaderValue> {
        Some(self.parsed()?.host.clone())
    }

    fn parsed(&self) -> Option<&Parsed> {
        let parse = || {
            let base = self.base.parse::<Uri>().ok()?.into_parts();
            Some(Parsed {
                scheme: base.scheme?,
                authority: base.authority?,
                host: self.host.parse().ok()?,
            })
        };
        self.parsed.get_or_init(parse).as_ref()
    }

    /// The `Host` header's value, which is signed.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host's name alone, as traces want it.
    pub(crate) fn address(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.host,
        }
    }

    /// The port that is connected to.
    pub(crate) fn port(&self) -> u16 {
        let Some(parsed) = self.parsed() else {
            return 443;
        };
        let usual = if parsed.scheme == Scheme::HTTP {
            80
        } else {
            443
        };
        parsed.authority.port_u16().unwrap_or(usual)
    }

    /// The same bucket at the service's second domain, for a bucket's own classic domain that is
    /// connected to directly.
    pub(crate) fn backup(&self) -> Option<Self> {
        if self.base.split_once("://").map(|(_, host)| host) != Some(&self.host) {
            return None;
        }
        let rest = self.host.strip_suffix(".myqcloud.com")?;
        let (bucket, region) = rest.split_once(".cos.")?;
        let (_, app_id) = bucket.rsplit_once('-')?;
        let is_bucket = !app_id.is_empty()
            && app_id.bytes().all(|b| b.is_ascii_digit())
            && !bucket.contains('.');
        if !is_bucket || region.contains('.') || region == "accelerate" {
            return None;
        }
        let host = format!("{rest}.tencentcos.cn");
        let scheme = self.base.split_once("://")?.0;
        Some(Self::new(format!("{scheme}://{host}"), host))
    }

    /// `scheme://` and the service's own name: what a URL for somebody else begins with.
    pub(crate) fn public_base(&self) -> String {
        let scheme = self.base.split_once("://").map_or("https", |(s, _)| s);
        format!("{scheme}://{}", self.host)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

fn check_base(url: &str) -> Result<String, InvalidValue> {
    let fail = |why: &str| InvalidValue::new("endpoint", format!("{url:?} {why}"));
    let parts = url.parse::<Uri>().map(Uri::into_parts).map_err(|_| {
        fail(if url.is_ascii() {
            "is not a URL such as https://host:port"
        } else {
            "is not ASCII: a name such as 例子.cn is given as xn--fsqu00a.cn"
        })
    })?;
    let Some(scheme) = parts
        .scheme
        .filter(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS)
    else {
        return Err(fail("must begin with http:// or https://"));
    };
    let Some(authority) = parts.authority.filter(|a| !a.host().is_empty()) else {
        return Err(fail("names no host"));
    };
    if authority.as_str().contains('@') {
        // The URL is not repeated here: it holds a password.
        return Err(InvalidValue::new(
            "endpoint",
            "it must not hold a user or password",
        ));
    }
    // A fragment is dropped by the parser.
    let has_more = parts.path_and_query.is_some_and(|path| path != "/");
    if has_more || url.contains('#') {
        return Err(fail("must have no path, query or fragment"));
    }
    let host = authority.host().to_ascii_lowercase();
    let usual = if scheme == Scheme::HTTP { 80 } else { 443 };
    let port = match (authority.as_str().len() > host.len(), authority.port_u16()) {
        (false, _) => String::new(),
        (true, None) => return Err(fail("has a port that is none")),
        // As browsers and servers write it in `Host`.
        (true, Some(port)) if port == usual => String::new(),
        (true, Some(port)) => format!(":{port}"),
    };
    Ok(format!("{scheme}://{host}{port}"))
}

#[cfg(test)]
mod tests {
    use super::{BucketName, Domain, Endpoint, Region};

    fn of(domain: Domain) -> Endpoint {
        let bucket = BucketName::new("demo-1250000000").unwrap();
        let region = Region::new("ap-guangzhou").unwrap();
        Endpoint::of_bucket(&bucket, &region, domain, true)
    }

    #[test]
    fn the_domains() {
        for (domain, host) in [
            (
                Domain::Default,
                "demo-1250000000.cos.ap-guangzhou.myqcloud.com",
            ),
            (
                Domain::TencentCos,
                "demo-1250000000.cos.ap-guangzhou.tencentcos.cn",
            ),
            (
                Domain::Internal,
                "demo-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
            ),
            (
                Domain::Accelerate,
                "demo-1250000000.cos.accelerate.myqcloud.com",
            ),
            (
                Domain::AccelerateTencentCos,
                "demo-1250000000.cos.accelerate.tencentcos.cn",
            ),
            (
                Domain::AccelerateInternal,
                "demo-1250000000.cos-internal.accelerate.tencentcos.cn",
            ),
        ] {
            assert_eq!(of(domain).host(), host);
            assert_eq!(of(domain).base(), format!("https://{host}"));
        }
    }

    #[test]
    fn an_override_keeps_the_host() {
        let e = of(Domain::Default)
            .connect_to("http://127.0.0.1:8080/")
            .unwrap();
        assert_eq!(e.base(), "http://127.0.0.1:8080");
        assert_eq!(e.host(), "demo-1250000000.cos.ap-guangzhou.myqcloud.com");
        assert_eq!(
            e.public_base(),
            "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com"
        );
        let v6 = of(Domain::Default).connect_to("http://[::1]:80").unwrap();
        assert_eq!(v6.base(), "http://[::1]");
    }

    #[test]
    fn only_a_buckets_own_classic_domain_has_a_backup() {
        let backup = of(Domain::Default).backup().unwrap();
        assert_eq!(backup, of(Domain::TencentCos));
        assert_eq!(backup.backup(), None);
        for domain in [Domain::Internal, Domain::Accelerate] {
            assert_eq!(of(domain).backup(), None);
        }
        let elsewhere = of(Domain::Default)
            .connect_to("http://127.0.0.1:1")
            .unwrap();
        assert_eq!(elsewhere.backup(), None);
        for url in [
            "https://files.example.com",
            "https://service.cos.myqcloud.com",
            "https://cos.ap-guangzhou.myqcloud.com",
            "https://demo-1.file.myqcloud.com",
            "https://demo-1.cos.ap-guangzhou.myqcloud.com:8443",
            "https://demo.cos.ap-guangzhou.myqcloud.com",
            "https://a.demo-1.cos.ap-guangzhou.myqcloud.com",
        ] {
            assert_eq!(
                Endpoint::custom_domain(url).unwrap().backup(),
                None,
                "{url}"
            );
        }
    }

    #[test]
    fn custom_domains_are_their_own_host() {
        let e = Endpoint::custom_domain("https://files.example.com:8443").unwrap();
        assert_eq!(e.host(), "files.example.com:8443");
        assert_eq!((e.address(), e.port()), ("files.example.com", 8443));
        let own = of(Domain::Default);
        assert_eq!((own.address(), own.port()), (own.host(), 443));
        let elsewhere = own.connect_to("http://127.0.0.1:9000").unwrap();
        assert_eq!(elsewhere.port(), 9000);
    }

    /// The C library knows no Unicode tables (docs/adr/0005-names-of-hosts-are-ascii.md).
    #[test]
    fn international_names_are_given_in_ascii() {
        let e = Endpoint::custom_domain("https://xn--fsqu00a.cn").unwrap();
        assert_eq!(e.host(), "xn--fsqu00a.cn");
        let error = Endpoint::custom_domain("https://例子.cn").unwrap_err();
        assert!(error.to_string().contains("xn--fsqu00a.cn"), "{error}");
    }

    #[test]
    fn are_written_as_the_host_header_wants_them() {
        for (given, base) in [
            (
                "HTTPS://Files.Example.COM:443/",
                "https://files.example.com",
            ),
            ("http://h:80", "http://h"),
            ("http://h:443/", "http://h:443"),
            ("http://[::1]:9000", "http://[::1]:9000"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(Endpoint::custom_domain(given).unwrap().base(), base);
        }
    }

    #[test]
    fn refuses_other_urls_and_does_not_repeat_passwords() {
        for bad in [
            "",
            "host",
            "ftp://h",
            "http://h/p",
            "http://h?x",
            "http://h#x",
            "http://",
            "http://:80",
            "http://h:",
            "http://h:x",
            "http://h:65536",
            "http://h i",
            "https:h",
            "/h",
        ] {
            assert!(Endpoint::custom_domain(bad).is_err(), "{bad}");
        }
        for secret in [
            "http://u:hunter2@h",
            "http://u:hunter2@h:1/",
            "https://hunter2@h",
        ] {
            let error = Endpoint::custom_domain(secret).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
