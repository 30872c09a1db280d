//! Options as JSON in, a gate or a structured construction error out.

use bearergate_core::{Clock, ConfigError, Gate, OptionValue, Options, Spelling};

/// Builds a gate on a clock.
pub fn open(options: &str, clock: Clock) -> Result<Gate, ConfigError> {
    let value = OptionValue::from_json(options)?;
    Gate::with_clock(Options::read(value, Spelling::Camel)?, clock)
}

/// A construction error as `option`, a line feed and the message; the shim throws it.
pub fn describe(error: &ConfigError) -> String {
    format!("{}\n{error}", error.option())
}
