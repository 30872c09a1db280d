//! Method patterns.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::gate::NativeGate;
use crate::options::describe;
use crate::panic::throwing;

/// Whether a pattern matches, or what is wrong with it.
#[napi]
pub fn matches_method_pattern(service: String, method: String, pattern: String) -> napi::Result<Either<bool, String>> {
    throwing(|| match bearergate_core::matches_method_pattern(&service, &method, &pattern) {
        Ok(matches) => Either::A(matches),
        Err(error) => Either::B(describe(&error)),
    })
}

#[napi]
impl NativeGate {
    /// Whether a method goes through without a context.
    #[napi]
    pub fn skips(&self, service: String, method: String) -> napi::Result<bool> {
        throwing(|| self.gate.skips(&service, &method))
    }
}
