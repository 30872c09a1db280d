// HTTP requests in front of a framework: what the adapters for HTTP servers share.
"use strict";

const { readRefusal } = require("./answer.js");
const { denials } = require("./authz.js");
const { encodeValue } = require("./encode.js");
const { ConfigError, JwtAuthError, configError } = require("./errors.js");
const { isPlain, ownMembers } = require("./members.js");
const native = require("./native.js");
const { refusals } = require("./refusal.js");
const { guardOf, verifierFrom } = require("./verifier.js");

class HttpGuard {
  #guard;
  #judge;

  /**
   * @param {object} optionsOrVerifier
   * @param {{skipPaths?: readonly string[]}} [paths] raw paths that go through without a context:
   *   exact, or ending in `/*`
   */
  constructor(optionsOrVerifier, paths = {}) {
    const skipPaths = compile(readPaths(paths));
    this.verifier = verifierFrom(optionsOrVerifier);
    this.#guard = guardOf(this.verifier);
    this.#judge = this.#guard.native.httpJudge(skipPaths);
  }

  /**
   * Judges a request before its body is read. Gives the context and the headers that carry it on
   * (names and values in turn), undefined for a request that goes through without one, or a promise
   * of these.
   *
   * @param {object} request
   * @param {string} request.method
   * @param {string} request.target the request target as received, with its query
   * @param {(name: string) => string | string[] | undefined} request.header the value of a header by its
   *   lower-case name, or every value of one that was sent more than once
   * @param {(giveUp: () => void) => void} [request.waiting] told, where keys are waited for, how to stop
   *   that: the client has gone. What was promised is then rejected, and nobody is told of a refusal
   * @throws {JwtAuthError} (or rejects) when the request is refused
   */
  check(request) {
    return this.#guard.checkHttp(request, this.#judge);
  }
}

function readPaths(paths) {
  if (typeof paths !== "object" || paths === null || !isPlain(paths)) {
    throw new ConfigError("options", "options must be a plain object such as { skipPaths: ['/health'] }");
  }
  const { skipPaths, ...unknown } = Object.fromEntries(ownMembers(paths, ""));
  for (const name of Object.keys(unknown)) {
    throw new ConfigError(name, `option \`${name}\`: unknown option; known here: skipPaths`);
  }
  return skipPaths;
}

function compile(skipPaths) {
  const compiled = native.createSkipPaths(JSON.stringify(encodeValue(skipPaths ?? null, "skipPaths")));
  if (typeof compiled === "string") {
    throw configError(compiled);
  }
  return compiled;
}

/** What a client is told of an error that is no refusal. */
const internal = readRefusal(native.internalRefusal());

/**
 * The response to a refused request, in the protocol of its content type. For anything but a refusal or a
 * denial it is that of ERR_INTERNAL.
 *
 * @param {unknown} error
 * @param {string | undefined} contentType of the request
 * @returns {{status: number, headers: [string, string][], body: Buffer}}
 */
function answerOf(error, contentType) {
  const told = (error instanceof JwtAuthError && refusals.get(error)) || denials.get(error) || internal;
  const { connectCode, message, challenge, retryAfter } = told;
  const type = typeof contentType === "string" ? contentType : undefined;
  const { status, headers, body } = native.answerHttp(connectCode, message, challenge, retryAfter, type);
  const pairs = [];
  for (let index = 0; index < headers.length; index += 2) {
    pairs.push([headers[index], headers[index + 1]]);
  }
  return { status, headers: pairs, body };
}

module.exports = { HttpGuard, answerOf };
