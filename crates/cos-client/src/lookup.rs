//! Names looked up by the app instead of the system.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use cos_sts::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

type Hook = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync;

/// The app's own way to find a host.
#[derive(Clone)]
pub(crate) struct Lookup(Arc<Hook>);

impl Lookup {
    pub(crate) fn new<R>(hook: impl Fn(String) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |host| Box::pin(hook(host))))
    }
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let looking = (self.0)(host.clone());
        Box::pin(async move {
            let found = looking.await?;
            if found.is_empty() {
                let why = format!("dns error: the resolver knows no address of {host}");
                return Err(io::Error::new(io::ErrorKind::NotFound, why).into());
            }
            // Port 0 stands for the one of the URL.
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}
