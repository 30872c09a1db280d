// The two error classes of the package.
"use strict";

/** A token, or a request without one, was refused. */
class JwtAuthError extends Error {
  /**
   * @param {string} message
   * @param {{code: string, claim?: string, reason: string, cause?: unknown}} details
   */
  constructor(message, details) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = details.code;
    this.claim = details.claim;
    this.reason = details.reason;
  }
}

/** An option is wrong; thrown at construction. */
class ConfigError extends TypeError {
  /**
   * @param {string} option path of the option, such as `jwks.timeout`
   * @param {string} message
   */
  constructor(option, message) {
    super(message);
    this.code = "ERR_CONFIG";
    this.option = option;
  }
}

for (const type of [JwtAuthError, ConfigError]) {
  Object.defineProperty(type.prototype, "name", { value: type.name, writable: true, configurable: true });
}

/** The construction error that the native side tells as `option`, a line feed and the message. */
function configError(described) {
  const end = described.indexOf("\n");
  return new ConfigError(described.slice(0, end), described.slice(end + 1));
}

module.exports = { ConfigError, JwtAuthError, configError };
