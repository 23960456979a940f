//! TLS by rustls, with the certificates that the system trusts.

use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

/// For `http` and `https` alike. Where the system has no certificates, `https` trusts nobody.
pub(super) fn connector(tcp: HttpConnector) -> HttpsConnector<HttpConnector> {
    let config = || {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.2 and 1.3")
    };
    let trusting = match config().with_native_roots() {
        Ok(trusting) => trusting,
        Err(_) => config().with_root_certificates(RootCertStore::empty()),
    };
    let config = trusting.with_no_client_auth();
    HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(tcp)
}
