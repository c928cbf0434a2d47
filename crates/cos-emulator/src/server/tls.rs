//! TLS under a certificate authority made at start.
//!
//! The leaf for a host name is made when the first client asks for it, so any bucket in any region can be named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// What an address is called when the client sends no name.
const LOCAL: &[&str] = &["localhost", "127.0.0.1", "::1"];
/// Different names that get a certificate; more are refused.
const MAX_NAMES: usize = 1000;

/// A certificate authority that lives as long as the emulator.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The authority's own certificate.
    pub(crate) pem: String,
    leaves: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// Certificates could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TlsError(String);

fn failed(error: impl std::fmt::Display) -> TlsError {
    TlsError(error.to_string())
}

impl Authority {
    pub(crate) fn new() -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "cos-emulator");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let pem = params.self_signed(&key).map_err(failed)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
            leaves: Mutex::default(),
        })
    }

    fn leaf(&self, names: &[&str]) -> Result<CertifiedKey, TlsError> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(names.clone()).map_err(failed)?;
        params
            .distinguished_name
            .push(DnType::CommonName, names.first().map_or("", String::as_str));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(failed)?;
        let signer = ring::sign::any_supported_type(&private).map_err(failed)?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], signer))
    }

    fn leaf_for(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let key = name.unwrap_or_default().to_ascii_lowercase();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(&key) {
            return Some(Arc::clone(leaf));
        }
        if leaves.len() >= MAX_NAMES {
            return None;
        }
        let names = if key.is_empty() {
            LOCAL.to_vec()
        } else {
            vec![key.as_str()]
        };
        let leaf = Arc::new(self.leaf(&names).ok()?);
        leaves.insert(key, Arc::clone(&leaf));
        Some(leaf)
    }
}

impl ResolvesServerCert for Authority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.leaf_for(hello.server_name())
    }
}

/// An acceptor that answers to every name.
pub(crate) fn acceptor(authority: Arc<Authority>) -> Result<TlsAcceptor, TlsError> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_cert_resolver(authority);
    Ok(TlsAcceptor::from(Arc::new(config)))
}
