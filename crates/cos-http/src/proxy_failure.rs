//! The proxy failed, not the server behind it.

use std::error::Error;
use std::fmt;
use std::io;

use crate::cause::{is_io, is_refused, is_timeout, is_tls, is_unknown_name, root_cause};
use crate::proxy::ProxyName;

type BoxError = Box<dyn Error + Send + Sync>;

/// No connection came about because of a proxy. Says where that is, and what named it.
#[derive(Debug)]
pub struct ProxyFailure {
    pub(crate) proxy: ProxyName,
    /// The server that was to be reached, `host:port`.
    pub(crate) to: String,
    pub(crate) trouble: Trouble,
}

/// What the proxy did.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No name, no connection, or no TLS with it.
    Unreachable(BoxError),
    /// It took the connection and gave no answer.
    NoAnswer(io::Error),
    /// It answered with this HTTP status.
    Answer(u16),
}

/// 407: it wants to know who asks.
const WANTS_LOGIN: u16 = 407;

impl ProxyFailure {
    /// A proxy answered a plain request with status 407. `to` is the server.
    pub fn wants_login(proxy: ProxyName, to: &str) -> Self {
        Self {
            proxy,
            to: to.to_owned(),
            trouble: Trouble::Answer(WANTS_LOGIN),
        }
    }

    /// Which one.
    pub fn proxy(&self) -> &ProxyName {
        &self.proxy
    }

    /// The status it answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        match self.trouble {
            Trouble::Answer(status) => Some(status),
            _ => None,
        }
    }

    /// Whether trying again cannot help: it refuses, or its certificate is not trusted.
    pub fn is_final(&self) -> bool {
        match &self.trouble {
            Trouble::Unreachable(cause) => is_tls(&**cause),
            Trouble::NoAnswer(_) => false,
            // 5xx, 408 and 429 pass.
            Trouble::Answer(status) => *status < 500 && !matches!(status, 408 | 429),
        }
    }

    /// Whether the proxy works and could not reach the server: another server may be reached.
    pub fn is_servers(&self) -> bool {
        matches!(self.trouble, Trouble::Answer(502..=504))
    }

    /// What to do about it: a sentence for a person.
    pub fn hint(&self) -> String {
        let (address, to) = (self.proxy.address(), &self.to);
        let mend = match self.proxy.variable() {
            Some(variable) => format!("correct or unset {variable}, or name the host in NO_PROXY"),
            None => "correct the proxy setting or leave it out".to_owned(),
        };
        let why = match &self.trouble {
            Trouble::Answer(WANTS_LOGIN) => {
                return format!(
                    "the proxy {} wants a user and a password, or others: http://user:password@host:port",
                    self.proxy
                );
            }
            Trouble::Answer(_) if self.is_servers() => {
                return format!(
                    "the proxy {address} works, but did not get through to {to}; check that name, and the network \
                     of the proxy"
                );
            }
            Trouble::Answer(403 | 405) => {
                return format!(
                    "the proxy {address} does not let this machine reach {to}; its keeper has to allow that; else {mend}"
                );
            }
            Trouble::Answer(_) => format!("{address} may be no proxy for HTTPS"),
            Trouble::NoAnswer(_) => format!("{address} may be no proxy"),
            Trouble::Unreachable(cause) => {
                let cause = &**cause;
                if is_refused(cause) {
                    format!("nothing listens at {address}")
                } else if is_unknown_name(cause) {
                    format!("the name of the proxy {address} cannot be resolved")
                } else if is_tls(cause) {
                    format!(
                        "TLS with the proxy {address} failed, which needs its CA certificate configured \
                         if it is a private one"
                    )
                } else {
                    format!("the proxy {address} cannot be reached")
                }
            }
        };
        format!("the proxy failed, not {to}: {why}; {mend}")
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proxy, to, trouble } = self;
        match trouble {
            Trouble::Unreachable(cause) if is_timeout(&**cause) => {
                write!(f, "connecting to the proxy {proxy} took too long")
            }
            Trouble::Unreachable(cause) => {
                let cause = root_cause(&**cause);
                write!(f, "cannot connect to the proxy {proxy}: {cause}")
            }
            Trouble::NoAnswer(cause) if is_timeout(cause) => {
                write!(f, "the proxy {proxy} did not answer in time")
            }
            Trouble::NoAnswer(cause) if is_io(cause, io::ErrorKind::UnexpectedEof) => {
                write!(f, "the proxy {proxy} hung up without an answer")
            }
            Trouble::NoAnswer(cause) => write!(f, "the proxy {proxy} gave no answer: {cause}"),
            Trouble::Answer(WANTS_LOGIN) => {
                write!(f, "the proxy {proxy} wants a login: HTTP {WANTS_LOGIN}")
            }
            Trouble::Answer(status) if self.is_servers() => {
                write!(f, "the proxy {proxy} could not reach {to}: HTTP {status}")
            }
            Trouble::Answer(status) => {
                write!(f, "the proxy {proxy} opens no way to {to}: HTTP {status}")
            }
        }
    }
}

impl Error for ProxyFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.trouble {
            Trouble::Unreachable(cause) => Some(&**cause),
            Trouble::NoAnswer(cause) => Some(cause),
            Trouble::Answer(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Proxy;
    use http::Uri;

    fn failure(trouble: Trouble) -> ProxyFailure {
        let url = "http://u:hunter2@p:1".to_owned();
        let proxy = Proxy::from_variables(&|name| (name == "HTTPS_PROXY").then(|| url.clone()));
        let name = proxy.name_for(&Uri::from_static("https://h"));
        ProxyFailure {
            proxy: name.unwrap().unwrap(),
            to: "h:443".into(),
            trouble,
        }
    }

    fn io(kind: io::ErrorKind) -> io::Error {
        kind.into()
    }

    #[test]
    fn each_trouble_says_whose_it_is_and_whether_to_try_again() {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof};
        let unreachable = |kind| Trouble::Unreachable(Box::new(io(kind)));
        let no_answer = |kind| Trouble::NoAnswer(io(kind));
        let unknown = || Trouble::Unreachable(io::Error::other("dns error: nobody").into());
        let tls = || Trouble::Unreachable(rustls::Error::General("bad".into()).into());
        for (trouble, message, hint, is_final, is_servers) in [
            (
                unreachable(ConnectionRefused),
                "cannot connect to",
                "nothing listens at p:1",
                false,
                false,
            ),
            (
                unknown(),
                "cannot connect to",
                "cannot be resolved",
                false,
                false,
            ),
            (tls(), "cannot connect to", "CA certificate", true, false),
            (
                unreachable(TimedOut),
                "took too long",
                "cannot be reached",
                false,
                false,
            ),
            (
                no_answer(UnexpectedEof),
                "hung up",
                "may be no proxy",
                false,
                false,
            ),
            (
                no_answer(TimedOut),
                "in time",
                "may be no proxy",
                false,
                false,
            ),
            (
                no_answer(ConnectionReset),
                "gave no answer",
                "may be no proxy",
                false,
                false,
            ),
            (
                Trouble::Answer(407),
                "wants a login",
                "user and a password",
                true,
                false,
            ),
            (
                Trouble::Answer(403),
                "no way to h:443: HTTP 403",
                "allow",
                true,
                false,
            ),
            (
                Trouble::Answer(404),
                "no way to h:443: HTTP 404",
                "no proxy for HTTPS",
                true,
                false,
            ),
            (
                Trouble::Answer(301),
                "HTTP 301",
                "no proxy for HTTPS",
                true,
                false,
            ),
            (
                Trouble::Answer(429),
                "HTTP 429",
                "no proxy for HTTPS",
                false,
                false,
            ),
            (
                Trouble::Answer(500),
                "HTTP 500",
                "no proxy for HTTPS",
                false,
                false,
            ),
            (
                Trouble::Answer(502),
                "could not reach h:443",
                "the proxy p:1 works",
                false,
                true,
            ),
            (
                Trouble::Answer(504),
                "could not reach h:443",
                "the proxy p:1 works",
                false,
                true,
            ),
        ] {
            let failure = failure(trouble);
            let text = failure.to_string();
            assert!(
                text.contains("p:1 (HTTPS_PROXY)") && text.contains(message),
                "{text}"
            );
            let advice = failure.hint();
            assert!(
                advice.contains(hint) && advice.contains("p:1"),
                "{text}: {advice}"
            );
            assert_eq!(
                (failure.is_final(), failure.is_servers()),
                (is_final, is_servers),
                "{text}"
            );
            for text in [text, advice, format!("{failure:?}")] {
                assert!(!text.contains("hunter2"), "{text}");
            }
        }
    }
}
