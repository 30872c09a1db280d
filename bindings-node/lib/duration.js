// Durations outside the options: seconds, or a string that the core reads.
"use strict";

const { ConfigError } = require("./errors.js");
const native = require("./native.js");

/**
 * @param {unknown} value
 * @param {string} option its name, for the error
 * @returns {number | undefined} seconds, undefined when not given
 */
function readDuration(value, option) {
  if (value === undefined) {
    return undefined;
  }
  const seconds = typeof value === "string" ? native.parseDuration(value) : value;
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds < Number.POSITIVE_INFINITY)) {
    throw new ConfigError(
      option,
      `${option} must be a duration that is not negative: seconds as a number, or a string such as "5s" or "2m"`,
    );
  }
  return seconds;
}

module.exports = { readDuration };
