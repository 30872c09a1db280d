// Method patterns.
"use strict";

const { ConfigError } = require("./errors.js");
const native = require("./native.js");

function matchesMethodPattern(service, method, patterns) {
  // Each pattern is read, also behind one that matches, so that a bad one is always an error.
  const results = patterns.map((pattern) => native.matchesMethodPattern(service, method, pattern));
  const wrong = results.find((result) => typeof result === "string");
  if (wrong !== undefined) {
    throw new ConfigError("pattern", wrong.slice(wrong.indexOf("\n") + 1));
  }
  return results.includes(true);
}

module.exports = { matchesMethodPattern };
