//! Where a host is: fixed addresses first, then the app's own way to find it, else the system's.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

type Looking<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// The app's own way to find a host.
#[derive(Clone)]
pub struct Lookup(Arc<dyn Fn(String) -> Looking<Vec<IpAddr>> + Send + Sync>);

impl Lookup {
    /// Asked for every new connection, so it should remember.
    pub fn new<R>(hook: impl Fn(String) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = io::Result<Vec<IpAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |host| Box::pin(hook(host))))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// How hosts are found. Copies share what they know.
#[derive(Clone, Debug)]
pub struct Resolver {
    fixed: Arc<HashMap<String, SocketAddr>>,
    lookup: Option<Lookup>,
    system: GaiResolver,
}

impl Resolver {
    /// As the system does.
    pub fn system() -> Self {
        Self::new([], None)
    }

    /// These hosts are at these addresses, whatever else is said of them; others are looked up. Port 0
    /// stands for the one of the URL, and a port in the URL goes before one given here.
    pub fn new(
        fixed: impl IntoIterator<Item = (String, SocketAddr)>,
        lookup: Option<Lookup>,
    ) -> Self {
        let fixed = fixed.into_iter();
        let fixed = fixed.map(|(host, address)| (host.to_ascii_lowercase(), address));
        Self {
            fixed: Arc::new(fixed.collect()),
            lookup,
            system: GaiResolver::new(),
        }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Looking<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str();
        if let Some(address) = self.fixed.get(&host.to_ascii_lowercase()) {
            let found = vec![*address];
            return Box::pin(async move { Ok(found.into_iter()) });
        }
        if let Some(lookup) = &self.lookup {
            let host = host.to_owned();
            let looking = (lookup.0)(host.clone());
            return Box::pin(async move {
                let found = looking.await?;
                if found.is_empty() {
                    let why = format!("dns error: the resolver knows no address of {host}");
                    return Err(io::Error::new(io::ErrorKind::NotFound, why));
                }
                let found = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
                Ok(found.collect::<Vec<_>>().into_iter())
            });
        }
        let looking = self.system.call(name);
        Box::pin(async move { Ok(looking.await?.collect::<Vec<_>>().into_iter()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(resolver: &Resolver, host: &str) -> io::Result<Vec<SocketAddr>> {
        let name = host.parse().unwrap();
        Ok(resolver.clone().call(name).await?.collect())
    }

    #[tokio::test]
    async fn fixed_ones_first_then_the_apps_then_the_systems() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let fixed = || [("Fixed.Example".to_owned(), at("10.0.0.1:9"))];
        let lookup = Lookup::new(|host| async move {
            match host.as_str() {
                "known" => Ok(vec!["10.0.0.2".parse().unwrap()]),
                "empty" => Ok(Vec::new()),
                _ => Err(io::Error::other("dns error: offline")),
            }
        });
        let own = Resolver::new(fixed(), Some(lookup));
        assert_eq!(
            ask(&own, "fixed.EXAMPLE").await.unwrap(),
            [at("10.0.0.1:9")]
        );
        assert_eq!(ask(&own, "known").await.unwrap(), [at("10.0.0.2:0")]);
        for host in ["empty", "localhost"] {
            let error = ask(&own, host).await.unwrap_err();
            assert!(crate::is_unknown_name(&error), "{error}");
        }
        let system = Resolver::new(fixed(), None);
        let found = ask(&system, "localhost").await.unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback()), "{found:?}");
    }
}
