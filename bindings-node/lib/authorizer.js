// Rules compiled once, and the `authorize` function that stays in JavaScript.
"use strict";

const { encodeMembers } = require("./encode.js");
const { ConfigError, configError } = require("./errors.js");
const { isPlain, ownMembers } = require("./members.js");
const native = require("./native.js");
const { isPromised } = require("./promised.js");

/** The verdicts that are no denial, as src/authz.rs writes them. */
const ALLOWED = "+";
const UNDECIDED = "?";

/** What rules have for effect: `ALLOW` and `DENY`. */
const AuthzEffect = Object.freeze(
  Object.fromEntries(native.authzEffects().map((effect) => [effect.toUpperCase(), effect])),
);

class Authorizer {
  #policy;
  #authorize;

  /** @param {object} options */
  constructor(options) {
    const { json, authorize } = readOptions(options);
    const compiled = native.createAuthzPolicy(json);
    if (typeof compiled === "string") {
      throw configError(compiled);
    }
    this.#policy = compiled;
    this.#authorize = authorize;
  }

  /**
   * Judges a call. Gives undefined where it may go on, else the denial, or a promise of these. It never
   * throws: what cannot be judged is denied.
   *
   * @param {object | undefined} context
   * @param {string} service
   * @param {string} method
   * @returns {{connectCode: string, message: string, challenge?: string, rule?: object, cause?: unknown} | undefined}
   */
  judge(context, service, method) {
    try {
      const known = context ?? undefined;
      const roles = known && texts(known.roles, "roles");
      const scopes = known && texts(known.scopes, "scopes");
      const verdict = this.#policy.check(service, method, roles, scopes);
      return verdict === UNDECIDED ? this.#ask(context, { service, method }) : read(verdict);
    } catch (cause) {
      return failure(cause);
    }
  }

  #ask(context, call) {
    const authorize = this.#authorize;
    if (authorize === undefined) {
      return read(this.#policy.decide(undefined));
    }
    // Only a plain yes allows: an object that says no inside is no yes.
    const decide = (answer) => read(this.#policy.decide(answer === true));
    const answer = authorize(context, call);
    return isPromised(answer) ? Promise.resolve(answer).then(decide).catch(failure) : decide(answer);
  }
}

/** A context may come from another package; what it calls roles decides, so they must be some. */
function texts(value, name) {
  if (!Array.isArray(value) || !value.every((text) => typeof text === "string")) {
    throw new TypeError(`the context's ${name} must be an array of strings`);
  }
  return [...value];
}

const read = (verdict) => (verdict === ALLOWED ? undefined : JSON.parse(verdict));

const failure = (cause) => ({ ...JSON.parse(native.authzFailure()), cause });

function readOptions(options) {
  if (typeof options !== "object" || options === null || Array.isArray(options) || !isPlain(options)) {
    throw new ConfigError("options", "options must be a plain object such as { rules: [...] }");
  }
  const members = ownMembers(options, "");
  const authorize = new Map(members).get("authorize") ?? undefined;
  if (authorize !== undefined && typeof authorize !== "function") {
    throw new ConfigError("authorize", "authorize must be a function");
  }
  const forCore = members.filter(([name]) => name !== "authorize");
  return { json: JSON.stringify(encodeMembers(forCore, "", [options])), authorize };
}

module.exports = { Authorizer, AuthzEffect };
