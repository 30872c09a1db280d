//! The native module `bearergate._native`: the core's gate as Python sees it. It holds no rule of its
//! own; the Python package beside it (`python/bearergate`) holds what is Python's business: hooks,
//! ContextVars, event loops.

mod answer;
mod authz;
mod claims;
mod command;
mod context;
mod gate;
mod guard;
mod headers;
mod http;
mod lent;
mod once;
mod options;
mod outside;
mod python;
mod recurring;
mod refusal;
mod testing;
mod ticket;
mod told;

use pyo3::pymodule;

/// The native side of `bearergate`. Private: use the package.
#[pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;
    use pyo3::types::PyMapping;

    #[pymodule_export]
    use super::authz::{AuthzDenial, AuthzPolicy, authz_failure};
    #[pymodule_export]
    use super::claims::Claims;
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::context::AuthContext;
    #[pymodule_export]
    use super::gate::Gate;
    #[pymodule_export]
    use super::headers::{decode_auth_headers, encode_auth_headers, matches_method_pattern};
    #[pymodule_export]
    use super::http::{SkipPaths, answer_http, internal_refusal, procedure_of};
    #[pymodule_export]
    use super::options::read_duration;
    #[pymodule_export]
    use super::outside::{end_calls, forget_calls, hold_calls, resume_calls};
    #[pymodule_export]
    use super::refusal::{Refusal, error_table, missing_credentials, unfit_claims};
    #[pymodule_export]
    use super::testing::{
        allow_test_secret, generate_rsa_test_keypair, mint_test_jwt, mint_test_jwt_rs256, mock_context,
    };
    #[pymodule_export]
    use super::ticket::Ticket;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        PyMapping::register::<Claims>(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("TEST_JWT_SECRET", bearergate_core::mint::TEST_JWT_SECRET)?;
        module.add("TEST_JWT_KID", bearergate_core::mint::TEST_JWT_KID)?;
        module.add("AUTHZ_EFFECTS", super::authz::effects())?;
        module.add("AUTH_HEADERS", super::headers::table(module.py())?)
    }
}
