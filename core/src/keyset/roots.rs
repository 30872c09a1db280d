//! Whom TLS trusts: the system's roots, the bundled Mozilla set where the system has none, and what
//! the options and the environment add.

use std::path::Path;
use std::sync::OnceLock;

use reqwest::Certificate;

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
        roots.extend(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok()));
    }
    if let Some(path) = HOST_VARIABLE.get().and_then(std::env::var_os) {
        // A broken file of the environment is the environment's matter; one of the options is not.
        roots.extend(from_file(Path::new(&path)).unwrap_or_default());
    }
    if let Some(path) = &policy.ca_file {
        roots.extend(from_file(Path::new(path))?);
    }
    for pem in &policy.ca {
        roots.extend(from_pem(pem.as_bytes())?);
    }
    Ok(roots)
}

/// The system's roots, and, beside them rather than instead, those that `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name.
fn system() -> Vec<Certificate> {
    let mut loaded = rustls_native_certs::load_native_certs().certs;
    if std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some() {
        for file in [
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/cert.pem",
            "/etc/ssl/ca-bundle.pem",
        ] {
            let file = Path::new(file);
            if file.exists() {
                loaded.extend(rustls_native_certs::load_certs_from_paths(Some(file), None).certs);
                break;
            }
        }
    }
    loaded.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

pub(crate) fn from_file(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot read \"{}\": {}", path.display(), error.kind()))?;
    from_pem(&pem)
}

/// The certificates of a PEM text, at least one.
pub(crate) fn from_pem(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let certificates = Certificate::from_pem_bundle(pem).map_err(|_| "is not PEM with certificates".to_owned())?;
    if certificates.is_empty() { Err("holds no PEM certificate".to_owned()) } else { Ok(certificates) }
}
