//! Which proxy a request goes through.

use std::fmt;
use std::sync::Arc;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Rules about proxies. Copies share them.
#[derive(Clone, Default)]
pub struct Proxy(Option<Arc<Matcher>>);

/// Why a proxy cannot be used. Does not repeat its address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableProxy(&'static str);

impl fmt::Display for UnusableProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for UnusableProxy {}

const OTHER_SCHEME: UnusableProxy = UnusableProxy("only http:// and https:// lead to a proxy here");

impl Proxy {
    /// Straight to the server.
    pub fn none() -> Self {
        Self(None)
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say now, as curl reads them.
    pub fn from_environment() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    /// Everything through `http(s)://[user:password@]host[:port]`, but for these hosts, separated by
    /// commas, in the form of `NO_PROXY`.
    ///
    /// # Errors
    /// When that is no such address.
    pub fn through(url: &str, exceptions: &str) -> Result<Self, UnusableProxy> {
        if let Some((scheme, _)) = url.split_once("://")
            && !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        {
            return Err(OTHER_SCHEME);
        }
        let matcher = Matcher::builder().all(url).no(exceptions).build();
        // One without a host or with a malformed one is dropped by the matcher.
        let probe = Matcher::builder().all(url).build();
        let somewhere = Uri::from_static("http://h");
        let leads = |found: Intercept| {
            let authority = found.uri().authority()?.clone();
            let has_port = authority.as_str().len() > authority.host().len();
            let is_named = !authority.host().is_empty();
            (is_named && (!has_port || authority.port_u16().is_some())).then_some(())
        };
        match probe.intercept(&somewhere).and_then(leads) {
            Some(()) => Ok(Self(Some(Arc::new(matcher)))),
            None => Err(UnusableProxy("it is not a URL such as http://host:port")),
        }
    }

    /// The proxy on the way to `to`, if there is one.
    pub(crate) fn on_the_way(&self, to: &Uri) -> Result<Option<Intercept>, UnusableProxy> {
        let Some(found) = self.0.as_ref().and_then(|rules| rules.intercept(to)) else {
            return Ok(None);
        };
        // The environment may name others.
        match found.uri().scheme() {
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(Some(found)),
            _ => Err(OTHER_SCHEME),
        }
    }

    /// What a request itself has to carry for a proxy; tunnels carry it instead where there are some.
    pub(crate) fn login_for(&self, to: &Uri) -> Option<HeaderValue> {
        let rules = self.0.as_ref()?;
        if to.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        let mut login = rules.intercept(to)?.basic_auth()?.clone();
        login.set_sensitive(true);
        Some(login)
    }
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
        let found = proxy.on_the_way(&Uri::from_static(to)).unwrap()?;
        Some(found.uri().to_string())
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
}
