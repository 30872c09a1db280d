//! The table of codes, for the test that holds the TypeScript union to it.

use bearergate_core::Code;
use napi_derive::napi;

/// Every refusal code, in the order of the table.
#[napi]
pub fn refusal_codes() -> Vec<String> {
    Code::ALL.iter().map(|code| code.as_str().to_owned()).collect()
}
