//! What the testing module mints, and what it takes from the core.

use bearergate_core::mint;
use bearergate_core::{OptionValue, Spelling};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::context::AuthContext;
use crate::{guard, options, python};

type Minted = Option<Result<String, bearergate_core::ConfigError>>;

fn minted(py: Python<'_>, token: Minted) -> PyResult<String> {
    match token {
        Some(token) => token.map_err(|error| python::config_error(py, &error)),
        None => Err(defect()),
    }
}

fn defect() -> PyErr {
    PyRuntimeError::new_err("a defect inside the minting of test tokens")
}

/// An HS256 token over a payload, the text of a JSON object.
#[pyfunction]
pub fn mint_test_jwt(py: Python<'_>, payload: &str, options: &Bound<'_, PyAny>) -> PyResult<String> {
    let options = options::read(options)?;
    minted(py, guard::detached(py, || mint::test_jwt(payload, options, Spelling::Snake)))
}

/// An RS256 token over a payload, the text of a JSON object.
#[pyfunction]
pub fn mint_test_jwt_rs256(
    py: Python<'_>,
    private_key: &Bound<'_, PyAny>,
    payload: &str,
    options: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let key: OptionValue = options::read(private_key)?;
    let options = options::read(options)?;
    minted(py, guard::detached(py, || mint::test_jwt_rs256(&key, payload, options, Spelling::Snake)))
}

/// A new RSA key: PEM PKCS#8, PEM SPKI, public JWK as text.
#[pyfunction]
pub fn generate_rsa_test_keypair(py: Python<'_>, kid: &str) -> PyResult<(String, String, String)> {
    let made = guard::detached(py, || mint::generate_rsa_test_keypair(kid)).ok_or_else(defect)?;
    let pair = made.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok((pair.private_pem.to_string(), pair.public_pem, pair.public_jwk))
}

/// Lets verifiers of this process be built with the test secret.
#[pyfunction]
pub fn allow_test_secret() {
    mint::allow_test_secret();
}

/// The caller that tests pretend to be.
#[pyfunction]
pub fn mock_context(py: Python<'_>) -> PyResult<AuthContext> {
    AuthContext::of_parts(py, &mint::mock_context())
}
