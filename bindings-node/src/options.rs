//! Options as JSON in, a gate or a structured construction error out.

use bearergate_core::{Clock, ConfigError, Gate, OptionValue, Options, Spelling};
use zeroize::Zeroizing;

/// Builds a gate on a clock. The text may hold a secret and is wiped.
pub fn open(options: String, clock: Clock) -> Result<Gate, ConfigError> {
    let options = Zeroizing::new(options);
    let value = OptionValue::from_json(&options)?;
    Gate::with_clock(Options::read(value, Spelling::Camel)?, clock)
}

/// A construction error as `option`, a line feed and the message; the shim throws it.
pub fn describe(error: &ConfigError) -> String {
    format!("{}\n{error}", error.option())
}
