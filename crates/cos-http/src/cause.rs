//! What an error means, told from its causes: libraries wrap one another's.

use std::error::Error;
use std::io;

use crate::proxy::UnusableProxy;
use crate::proxy_failure::ProxyFailure;

type Any = dyn Error + 'static;

/// An error and what caused it, outermost first. I/O errors hide theirs from `source()`.
fn causes(error: &Any) -> impl Iterator<Item = &Any> {
    std::iter::successors(Some(error), |&at| {
        let inside = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inside {
            Some(inside) => Some(inside as &Any),
            None => at.source(),
        }
    })
}

pub(crate) fn is_io(error: &Any, kind: io::ErrorKind) -> bool {
    causes(error).any(|at| {
        let io = at.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == kind)
    })
}

/// The innermost cause, in its own words.
pub fn root_cause(error: &Any) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// Whether something took longer than it might.
pub fn is_timeout(error: &Any) -> bool {
    is_io(error, io::ErrorKind::TimedOut)
}

/// Whether nothing listens there.
pub fn is_refused(error: &Any) -> bool {
    is_io(error, io::ErrorKind::ConnectionRefused)
}

/// Whether TLS itself failed: trying again cannot help.
pub fn is_tls(error: &Any) -> bool {
    causes(error).any(|at| at.is::<rustls::Error>())
}

/// Whether the certificate is good, but not for this host.
pub fn is_other_name(error: &Any) -> bool {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
    causes(error).any(|at| {
        matches!(
            at.downcast_ref::<rustls::Error>(),
            Some(rustls::Error::InvalidCertificate(
                NotValidForName | NotValidForNameContext { .. }
            ))
        )
    })
}

/// The failure of a proxy on the way, if it was one.
pub fn proxy_failure(error: &Any) -> Option<&ProxyFailure> {
    causes(error).find_map(|at| at.downcast_ref())
}

/// The complaint about what the environment names as a proxy, if it was that: trying again cannot help.
pub fn unusable_proxy(error: &Any) -> Option<&UnusableProxy> {
    causes(error).find_map(|at| at.downcast_ref())
}

/// Whether nobody knows the host.
pub fn is_unknown_name(error: &Any) -> bool {
    causes(error).any(|at| {
        let text = at.to_string();
        text.contains("dns error") || text.contains("lookup address")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_an_error_is_found() {
        let tls = || rustls::Error::General("certificate".into());
        let wrapped = io::Error::other(io::Error::other(tls()));
        assert!(is_tls(&wrapped) && !is_other_name(&wrapped));
        assert!(root_cause(&wrapped).contains("certificate"));
        let name = rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForName);
        assert!(is_other_name(&io::Error::other(name)));
        let late = io::Error::other(io::Error::from(io::ErrorKind::TimedOut));
        assert!(is_timeout(&late) && !is_refused(&late) && !is_tls(&late));
        assert!(is_refused(&io::Error::from(
            io::ErrorKind::ConnectionRefused
        )));
        assert!(is_unknown_name(&io::Error::other("dns error: nobody")));
    }
}
