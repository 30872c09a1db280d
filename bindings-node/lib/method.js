// Method patterns.
"use strict";

const { configError } = require("./errors.js");
const native = require("./native.js");

function matchesMethodPattern(service, method, patterns) {
  // Each pattern is read, also behind one that matches, so that a bad one is always an error.
  const results = patterns.map((pattern) => native.matchesMethodPattern(service, method, pattern));
  const wrong = results.find((result) => typeof result === "string");
  if (wrong !== undefined) {
    throw configError(wrong);
  }
  return results.includes(true);
}

module.exports = { matchesMethodPattern };
