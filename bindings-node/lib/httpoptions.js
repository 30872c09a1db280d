// What the adapters for HTTP servers are given: options of a verifier, or a verifier, and the paths
// that need none.
"use strict";

const { ConfigError } = require("./errors.js");
const { HttpGuard } = require("./http.js");
const { isPlain, ownMembers } = require("./members.js");
const { JwtVerifier } = require("./verifier.js");

/** What is given beside the options of a verifier. */
const BESIDE = ["skipPaths", "verifier"];

/**
 * The guard of an adapter.
 *
 * @param {object} options options of a verifier and `skipPaths`; or `verifier` and `skipPaths`; or a
 *   verifier
 * @returns {{guard: HttpGuard, owned: boolean}} `owned`: whether its verifier was made here
 */
function httpGuard(options) {
  if (options instanceof JwtVerifier) {
    return { guard: new HttpGuard(options), owned: false };
  }
  if (typeof options !== "object" || options === null || !isPlain(options)) {
    return { guard: new HttpGuard(options), owned: true };
  }
  const members = ownMembers(options, "");
  const { skipPaths, verifier } = Object.fromEntries(members.filter(([name]) => BESIDE.includes(name)));
  const rest = Object.fromEntries(members.filter(([name]) => !BESIDE.includes(name)));
  if (verifier === undefined || verifier === null) {
    return { guard: new HttpGuard(rest, { skipPaths }), owned: true };
  }
  if (!(verifier instanceof JwtVerifier)) {
    throw new ConfigError("verifier", "option `verifier`: must be a JwtVerifier; give its options without `verifier`");
  }
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined && value !== null) {
      throw new ConfigError(name, `option \`${name}\`: has no effect beside \`verifier\`; give it to the verifier`);
    }
  }
  return { guard: new HttpGuard(verifier, { skipPaths }), owned: false };
}

module.exports = { httpGuard };
