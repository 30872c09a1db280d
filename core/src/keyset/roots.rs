//! Whom TLS trusts: the system's roots, the bundled Mozilla set where the system has none, and what
//! the options and the environment add.

use std::path::Path;
use std::sync::OnceLock;

use reqwest::Certificate;
use rustls_native_certs::load_certs_from_paths;

use crate::options::FetchPolicy;

/// Environment variable of the host's runtime that names one more PEM file.
static HOST_VARIABLE: OnceLock<&'static str> = OnceLock::new();

/// Trusts the PEM file that an environment variable of the host names, as Node does with
/// `NODE_EXTRA_CA_CERTS`.
pub(crate) fn add_certificates_from_env(variable: &'static str) {
    let _ = HOST_VARIABLE.set(variable);
}

/// Every root for a client with this policy.
pub(super) fn certificates(policy: &FetchPolicy) -> Result<Vec<Certificate>, String> {
    let mut roots = system();
    if roots.is_empty() {
        roots.extend(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| usable(der)));
    }
    // A broken file of the environment is the environment's matter; one of the options is not.
    if let Some(path) = HOST_VARIABLE.get().and_then(std::env::var_os) {
        roots.extend(from_file(Path::new(&path)).unwrap_or_default());
    }
    let (file, dir) = (std::env::var_os("SSL_CERT_FILE"), std::env::var_os("SSL_CERT_DIR"));
    let named = load_certs_from_paths(file.as_deref().map(Path::new), dir.as_deref().map(Path::new));
    roots.extend(named.certs.iter().filter_map(|der| usable(der)));
    if let Some(path) = &policy.ca_file {
        roots.extend(from_file(Path::new(path))?);
    }
    for pem in &policy.ca {
        roots.extend(from_pem(pem.as_bytes())?);
    }
    Ok(roots)
}

/// The system's own roots. The environment's are trusted beside them, not instead, so where the
/// loader would look only at the environment, the well-known files are read.
fn system() -> Vec<Certificate> {
    let only_environment = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some());
    let loaded = if only_environment {
        load_certs_from_paths(SYSTEM_FILES.iter().map(Path::new).find(|file| file.exists()), None)
    } else {
        rustls_native_certs::load_native_certs()
    };
    loaded.certs.iter().filter_map(|der| usable(der)).collect()
}

/// Where Linux distributions and BSDs keep their roots.
const SYSTEM_FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A root that path building can use. One that it cannot would make the whole client fail.
fn usable(der: &[u8]) -> Option<Certificate> {
    webpki::anchor_from_trusted_cert(&der.into()).ok()?;
    Certificate::from_der(der).ok()
}

pub(crate) fn from_file(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot read \"{}\": {}", path.display(), error.kind()))?;
    from_pem(&pem)
}

/// The certificates of a PEM text, at least one, all of them usable.
pub(crate) fn from_pem(text: &[u8]) -> Result<Vec<Certificate>, String> {
    let blocks = pem::parse_many(text).map_err(|_| "is not valid PEM".to_owned())?;
    let certificates = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
    let roots: Vec<_> = certificates
        .map(|block| usable(block.contents()).ok_or("holds a certificate that cannot be used as a root"))
        .collect::<Result<_, _>>()?;
    if roots.is_empty() { Err("holds no PEM certificate".to_owned()) } else { Ok(roots) }
}
