//! TLS settings: rustls, one crypto provider (ring), bundled roots plus the user's own.
//!
//! Bundled rather than the platform's, whose verifier would want the JVM before the first call on Android.
//! Needs no process-wide default provider.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::tls_provider::provider;

/// The bundled roots and `extra` ones; with `pinned` ones only those.
fn roots(extra: &[Vec<u8>], pinned: &[Vec<u8>]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    if pinned.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for pem in extra.iter().chain(pinned) {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| format!("not a PEM certificate: {e}"))?;
            roots
                .add(certificate)
                .map_err(|e| format!("not a usable root certificate: {e}"))?;
            found += 1;
        }
        if found == 0 {
            return Err("no PEM certificate in it".into());
        }
    }
    Ok(roots)
}

/// TLS that trusts the bundled roots and the certificates in these PEM texts; with pinned ones, only those.
///
/// # Errors
/// What is wrong with a certificate, in words for a person.
pub fn tls_config(extra: &[Vec<u8>], pinned: &[Vec<u8>]) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("no usable TLS version: {e}"))?
        .with_root_certificates(roots(extra, pinned)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pinning_leaves_nothing_else() {
        let emulator = cos_emulator::Emulator::builder().tls(true).start().await;
        let pem = emulator.unwrap().ca_pem().unwrap().as_bytes().to_vec();
        let bundled = webpki_roots::TLS_SERVER_ROOTS.len();
        let one = std::slice::from_ref(&pem);
        assert_eq!(roots(&[], &[]).unwrap().len(), bundled);
        assert_eq!(roots(one, &[]).unwrap().len(), bundled + 1);
        assert_eq!(roots(&[], one).unwrap().len(), 1);
        assert!(roots(&[], &[b"nothing".to_vec()]).is_err());
    }
}
