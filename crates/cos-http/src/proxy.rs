//! Which proxy a request goes through.

use std::fmt;
use std::sync::Arc;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Rules about proxies. Copies share them.
#[derive(Clone, Default)]
pub struct Proxy(Option<Arc<Rules>>);

struct Rules {
    /// For `http://`, for `https://`.
    http: Option<Rule>,
    https: Option<Rule>,
    /// Leads nowhere for hosts that are to be reached directly.
    exceptions: Matcher,
}

#[derive(Clone)]
struct Rule {
    /// What named it; nothing for a setting.
    variable: Option<&'static str>,
    way: Result<Intercept, UnusableProxy>,
}

/// Where a proxy is and what named it. Never its user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyName {
    address: String,
    variable: Option<&'static str>,
}

impl ProxyName {
    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The environment variable that named it; nothing if it was set by the program.
    pub fn variable(&self) -> Option<&'static str> {
        self.variable
    }
}

/// `127.0.0.1:3128 (HTTPS_PROXY)`.
impl fmt::Display for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named_by = self.variable.unwrap_or("the proxy setting");
        write!(f, "{} ({named_by})", self.address)
    }
}

/// Why a proxy cannot be used. Does not repeat its address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableProxy {
    variable: Option<&'static str>,
    why: &'static str,
}

impl UnusableProxy {
    /// The environment variable that named it; nothing if it was set by the program.
    pub fn variable(&self) -> Option<&'static str> {
        self.variable
    }
}

/// Names the variable where there is one.
impl fmt::Display for UnusableProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.variable {
            write!(f, "{name}: ")?;
        }
        f.write_str(self.why)
    }
}

impl std::error::Error for UnusableProxy {}

const SOCKS: &str = "it names a SOCKS proxy; only http:// and https:// lead to a proxy here";
const OTHER_SCHEME: &str = "only http:// and https:// lead to a proxy here";
const NO_URL: &str = "it is not a URL such as http://host:port";

impl Rule {
    fn new(url: &str, variable: Option<&'static str>) -> Self {
        let way = way(url).map_err(|why| UnusableProxy { variable, why });
        Self { variable, way }
    }
}

/// Reads a proxy's address.
fn way(url: &str) -> Result<Intercept, &'static str> {
    if let Some((scheme, _)) = url.split_once("://") {
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {}
            scheme if scheme.starts_with("socks") => return Err(SOCKS),
            _ => return Err(OTHER_SCHEME),
        }
    }
    // One without a host or with a malformed one is dropped by the matcher.
    let probe = Matcher::builder().all(url).build();
    let found = probe.intercept(&Uri::from_static("http://h"));
    let found = found.ok_or(NO_URL)?;
    let authority = found.uri().authority().ok_or(NO_URL)?;
    let has_port = authority.as_str().len() > authority.host().len();
    if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
        return Err(NO_URL);
    }
    Ok(found)
}

impl Proxy {
    /// Straight to the server.
    pub fn none() -> Self {
        Self(None)
    }

    /// What the environment says now; see [`Proxy::from_variables`].
    pub fn from_environment() -> Self {
        Self::from_variables(&|name| std::env::var(name).ok())
    }

    /// What `https_proxy` (`http_proxy` for URLs without TLS), else `all_proxy`, and `no_proxy` say, each also
    /// in upper case and, as with curl, first in lower case. Empty ones count as unset. One that names no
    /// usable proxy fails the requests that would go that way, and nothing else.
    ///
    /// As a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` is not read: anybody sets it by sending a header.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let set = |name| Some((variable(name).filter(|value| !value.is_empty())?, name));
            names.into_iter().find_map(set)
        };
        let rule = |own: Option<(String, &'static str)>| {
            let (url, name) = own.or_else(|| first(["all_proxy", "ALL_PROXY"]))?;
            Some(Rule::new(&url, Some(name)))
        };
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = first(["http_proxy", "HTTP_PROXY"]).filter(|_| !is_cgi);
        let (http, https) = (rule(http), rule(first(["https_proxy", "HTTPS_PROXY"])));
        if http.is_none() && https.is_none() {
            return Self::none();
        }
        let no = first(["no_proxy", "NO_PROXY"]).map(|(hosts, _)| hosts);
        Self::new(http, https, &no.unwrap_or_default())
    }

    /// Everything through `http(s)://[user:password@]host[:port]`, but for these hosts, separated by
    /// commas, in the form of `NO_PROXY`.
    ///
    /// # Errors
    /// When that is no such address.
    pub fn through(url: &str, exceptions: &str) -> Result<Self, UnusableProxy> {
        let rule = Rule::new(url, None);
        rule.way.as_ref().map_err(|why| *why)?;
        Ok(Self::new(Some(rule.clone()), Some(rule), exceptions))
    }

    fn new(http: Option<Rule>, https: Option<Rule>, exceptions: &str) -> Self {
        let exceptions = Matcher::builder().all("http://other").no(exceptions);
        Self(Some(Arc::new(Rules {
            http,
            https,
            exceptions: exceptions.build(),
        })))
    }

    /// The same proxies with other exceptions, in the form of `NO_PROXY`.
    #[must_use]
    pub fn with_exceptions(&self, exceptions: &str) -> Self {
        match &self.0 {
            Some(rules) => Self::new(rules.http.clone(), rules.https.clone(), exceptions),
            None => Self::none(),
        }
    }

    fn rule(&self, to: &Uri) -> Option<&Rule> {
        let rules = self.0.as_ref()?;
        let rule = if to.scheme() == Some(&Scheme::HTTPS) {
            rules.https.as_ref()
        } else {
            rules.http.as_ref()
        };
        rule.filter(|_| rules.exceptions.intercept(to).is_some())
    }

    /// The proxy on the way to this URL, if there is one.
    ///
    /// # Errors
    /// When the one that the environment names for it cannot be used.
    pub fn name_for(&self, to: &Uri) -> Result<Option<ProxyName>, UnusableProxy> {
        Ok(self.on_the_way(to)?.map(|(name, _)| name))
    }

    /// The proxy on the way to `to`, if there is one, and what leads there.
    pub(crate) fn on_the_way(
        &self,
        to: &Uri,
    ) -> Result<Option<(ProxyName, &Intercept)>, UnusableProxy> {
        let Some(rule) = self.rule(to) else {
            return Ok(None);
        };
        let way = rule.way.as_ref().map_err(|why| *why)?;
        let name = ProxyName {
            address: host_and_port(way.uri()),
            variable: rule.variable,
        };
        Ok(Some((name, way)))
    }

    /// What a request itself has to carry for a proxy; tunnels carry it instead where there are some.
    pub(crate) fn login_for(&self, to: &Uri) -> Option<HeaderValue> {
        if to.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        let mut login = self.rule(to)?.way.as_ref().ok()?.basic_auth()?.clone();
        login.set_sensitive(true);
        Some(login)
    }
}

/// With the port that the scheme stands for where none is written.
pub(crate) fn host_and_port(uri: &Uri) -> String {
    let usual = if uri.scheme() == Some(&Scheme::HTTPS) {
        443
    } else {
        80
    };
    let port = uri.port_u16().unwrap_or(usual);
    format!("{}:{port}", uri.host().unwrap_or_default())
}

/// No address: it may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Proxy(..)"
        } else {
            "Proxy(none)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(proxy: &Proxy, to: &'static str) -> Option<String> {
        let (_, found) = proxy.on_the_way(&Uri::from_static(to)).unwrap()?;
        Some(found.uri().to_string())
    }

    fn from(variables: &[(&str, &str)]) -> Proxy {
        Proxy::from_variables(&|name| {
            let found = variables.iter().find(|(n, _)| *n == name)?;
            Some(found.1.to_owned())
        })
    }

    /// The name or the complaint.
    fn named(proxy: &Proxy, to: &'static str) -> Option<String> {
        match proxy.name_for(&Uri::from_static(to)) {
            Ok(name) => Some(name?.to_string()),
            Err(why) => Some(why.to_string()),
        }
    }

    #[test]
    fn leads_everywhere_but_to_exceptions() {
        let proxy = Proxy::through("http://ada:p%3Aw@proxy:8080", "localhost, .inside.cn").unwrap();
        let http = Uri::from_static("http://h/x");
        let there = Some("http://proxy:8080/".to_owned());
        assert_eq!(way(&proxy, "http://h/x"), there);
        assert_eq!(way(&proxy, "https://h/x"), there);
        assert_eq!(way(&proxy, "http://localhost/"), None);
        assert_eq!(way(&proxy, "https://a.inside.cn/"), None);
        // ada:p:w
        assert_eq!(proxy.login_for(&http).unwrap(), "Basic YWRhOnA6dw==");
        assert!(proxy.login_for(&http).unwrap().is_sensitive());
        assert_eq!(proxy.login_for(&Uri::from_static("https://h/x")), None);
        assert!(!format!("{proxy:?}").contains("ada"));
        assert_eq!(way(&Proxy::none(), "http://h/x"), None);
        assert_eq!(
            way(&Proxy::through("proxy:1", "").unwrap(), "http://h"),
            Some("http://proxy:1/".into())
        );
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_repeating_it() {
        for url in [
            "",
            "http://",
            "http://u:hunter2@",
            "http://u:hunter2@:x",
            "http://h:x",
            "http://h:99999",
            "socks5://u:hunter2@h:1",
            "ftp://h",
        ] {
            let error = Proxy::through(url, "").unwrap_err().to_string();
            assert!(
                !error.contains("hunter2") && error.contains("http://"),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn proxies_have_names_without_passwords() {
        for (url, name) in [
            (
                "http://ada:p%3Aw@proxy:8080",
                "proxy:8080 (the proxy setting)",
            ),
            ("proxy", "proxy:80 (the proxy setting)"),
            ("https://ada@[::1]/", "[::1]:443 (the proxy setting)"),
        ] {
            let proxy = Proxy::through(url, "").unwrap();
            assert_eq!(named(&proxy, "https://h"), Some(name.to_owned()));
        }
        let proxy = from(&[("HTTPS_PROXY", "http://ada:w@proxy:1")]);
        let name = proxy.name_for(&Uri::from_static("https://h")).unwrap();
        let name = name.unwrap();
        assert_eq!(
            (name.address(), name.variable()),
            ("proxy:1", Some("HTTPS_PROXY"))
        );
        assert!(!format!("{name:?}").contains("ada"));
    }

    #[test]
    fn the_environment_is_read_as_curl_does() {
        let all = [
            ("http_proxy", ""),
            ("HTTP_PROXY", "http://a:1"),
            ("https_proxy", "http://b:1"),
            ("HTTPS_PROXY", "http://not"),
            ("ALL_PROXY", "http://not"),
            ("no_proxy", "local"),
            ("NO_PROXY", "h"),
        ];
        let proxy = from(&all);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(named(&proxy, "http://h"), some("a:1 (HTTP_PROXY)"));
        assert_eq!(named(&proxy, "https://h"), some("b:1 (https_proxy)"));
        assert_eq!(named(&proxy, "https://local"), None);
        let other = proxy.with_exceptions("h");
        assert_eq!(named(&other, "https://h"), None);
        assert_eq!(named(&other, "https://local"), some("b:1 (https_proxy)"));
        let only = from(&all[4..5]);
        assert_eq!(named(&only, "http://h"), some("not:80 (ALL_PROXY)"));
        assert_eq!(named(&only, "https://h"), some("not:80 (ALL_PROXY)"));
        let cgi = from(&[all[1], all[2], ("REQUEST_METHOD", "GET")]);
        assert_eq!(named(&cgi, "http://h"), None);
        assert_eq!(named(&cgi, "https://h"), some("b:1 (https_proxy)"));
        assert_eq!(named(&from(&all[5..]), "http://h"), None);
        assert_eq!(format!("{:?}", from(&[])), "Proxy(none)");
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_named_where_it_matters() {
        let proxy = from(&[
            ("all_proxy", "socks5://u:hunter2@h:1"),
            ("HTTP_PROXY", "http://u:hunter2@"),
            ("NO_PROXY", "direct"),
        ]);
        assert_eq!(
            named(&proxy, "https://h").unwrap(),
            "all_proxy: it names a SOCKS proxy; only http:// and https:// lead to a proxy here"
        );
        assert_eq!(
            named(&proxy, "http://h").unwrap(),
            "HTTP_PROXY: it is not a URL such as http://host:port"
        );
        assert_eq!(proxy.login_for(&Uri::from_static("http://h")), None);
        assert_eq!(named(&proxy, "https://direct"), None);
    }
}
