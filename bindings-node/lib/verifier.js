// JwtVerifier: tokens without a server.
"use strict";

const { readRefusal } = require("./answer.js");
const { readDuration } = require("./duration.js");
const { ConfigError } = require("./errors.js");
const { Guard } = require("./guard.js");
const { isPlain, ownMembers } = require("./members.js");
const { refusalError } = require("./refusal.js");

/** The guard of each verifier, for the interceptor and the request gate. */
const guards = new WeakMap();

/** Guards whose keys are waited for. A verifier that nobody holds any more is closed. */
const awaited = new Set();

class JwtVerifier {
  constructor(options) {
    guards.set(this, new Guard(options));
  }

  async verify(token) {
    return guardOf(this).verify(token);
  }

  verifySync(token) {
    return guardOf(this).verifyNow(token);
  }

  async ready(options) {
    const guard = guardOf(this);
    const seconds = readTimeout(options);
    guard.attend();
    awaited.add(guard);
    const answer = await Promise.resolve(guard.native.ready(seconds)).finally(() => awaited.delete(guard));
    if (answer) {
      throw refusalError(readRefusal(answer), {});
    }
  }

  stats() {
    return JSON.parse(guardOf(this).native.stats());
  }

  close() {
    guardOf(this).native.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")]() {
    this.close();
  }
}

/** The `timeout` of ready's options in seconds, undefined when not given. */
function readTimeout(options) {
  if (options === undefined || options === null) {
    return undefined;
  }
  if (typeof options !== "object" || !isPlain(options)) {
    throw new ConfigError("options", "options must be a plain object such as { timeout: 5 }");
  }
  const { timeout, ...unknown } = Object.fromEntries(ownMembers(options, ""));
  for (const name of Object.keys(unknown)) {
    throw new ConfigError(name, `option \`${name}\`: unknown option; known here: timeout`);
  }
  return readDuration(timeout, "timeout");
}

function guardOf(verifier) {
  const guard = guards.get(verifier);
  if (guard === undefined) {
    throw new TypeError("not a JwtVerifier");
  }
  return guard;
}

/** The verifier itself, or one made from options. */
const verifierFrom = (optionsOrVerifier) =>
  optionsOrVerifier instanceof JwtVerifier ? optionsOrVerifier : new JwtVerifier(optionsOrVerifier);

/** A verifier whose guard was made elsewhere. */
function verifierOver(guard) {
  const verifier = Object.create(JwtVerifier.prototype);
  guards.set(verifier, guard);
  return verifier;
}

module.exports = { JwtVerifier, guardOf, verifierFrom, verifierOver };
