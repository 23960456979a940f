//! TLS by rustls, with the certificates that the system trusts, for a server behind a proxy.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

/// Where the system has no certificates, nobody is trusted.
pub(crate) fn config() -> ClientConfig {
    let config = || {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.2 and 1.3")
    };
    let trusting = match config().with_native_roots() {
        Ok(trusting) => trusting,
        Err(_) => config().with_root_certificates(RootCertStore::empty()),
    };
    trusting.with_no_client_auth()
}
