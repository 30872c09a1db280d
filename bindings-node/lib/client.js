// The interceptor of outgoing Connect calls: a bearer token on each, which may depend on the caller.
"use strict";

const { isBearerToken, isPrivateWay } = require("./bearer.js");
const { ConfigError } = require("./errors.js");
const { isPlain, ownMembers } = require("./members.js");
const { isPromised } = require("./promised.js");
const { authContextStorage } = require("./storage.js");
const { TokenCache } = require("./token-cache.js");

const KNOWN = ["token", "cache", "allowHttp"];

/** @returns {{token: string | Function, cache: boolean, allowHttp: boolean}} */
function readOptions(options) {
  if (typeof options !== "object" || options === null || !isPlain(options)) {
    throw new ConfigError("options", "options must be a plain object such as { token: async () => ... }");
  }
  const given = Object.fromEntries(
    ownMembers(options, "").filter(([, value]) => value !== undefined && value !== null),
  );
  const refuse = (name, why) => {
    throw new ConfigError(name, `option \`${name}\`: ${why}`);
  };
  for (const name of Object.keys(given)) {
    if (!KNOWN.includes(name)) {
      refuse(name, `unknown option; known here: ${KNOWN.join(", ")}`);
    }
  }
  const { token } = given;
  const flag = (name) => {
    const value = given[name] ?? false;
    return typeof value === "boolean" ? value : refuse(name, "must be true or false");
  };
  if (typeof token !== "function" && typeof token !== "string") {
    refuse("token", "must be a token, or a function that gives one");
  }
  if (typeof token === "string" && !isBearerToken(token)) {
    refuse("token", "is empty or has a character that no bearer token has; give the token alone, without its scheme");
  }
  const cache = flag("cache");
  if (cache && typeof token === "string") {
    refuse("cache", "is for a function; a string is one token as it is");
  }
  return { token, cache, allowHttp: flag("allowHttp") };
}

/**
 * @param {{ConnectError: Function, Code: object}} connect
 * @param {object} options
 */
function createClientBearerInterceptor({ ConnectError, Code }, options) {
  const { token, cache, allowHttp } = readOptions(options);

  const checked = (value) => {
    if (!isBearerToken(value)) {
      throw new ConnectError("The token for this call is malformed", Code.Internal);
    }
    return value;
  };

  const made = async () => {
    let value;
    try {
      value = await token();
    } catch (cause) {
      throw cause instanceof ConnectError
        ? cause
        : new ConnectError("The token for this call is not available", Code.Unavailable, undefined, undefined, cause);
    }
    return checked(value);
  };

  // One token for all callers must not be made of one caller: a function that asks for the context finds none.
  const kept = cache ? new TokenCache(() => authContextStorage.run(undefined, made)) : undefined;

  const next = () => {
    if (typeof token === "string") {
      return token;
    }
    return kept === undefined ? made() : kept.token();
  };

  /** The token, unless the call ends first. */
  const awaited = ({ signal }, promise) =>
    signal === undefined
      ? promise
      : new Promise((resolve, reject) => {
          const stop = () => reject(ConnectError.from(signal.reason, Code.Canceled));
          signal.addEventListener("abort", stop, { once: true });
          promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
        });

  return (call) => async (req) => {
    // What a call brings itself is meant.
    if (req.header.has("authorization")) {
      return call(req);
    }
    if (!isPrivateWay(req.url, allowHttp)) {
      throw new ConnectError(
        "No token is sent over a connection that others can read: use https, or allowHttp",
        Code.FailedPrecondition,
      );
    }
    if (req.signal?.aborted) {
      throw ConnectError.from(req.signal.reason, Code.Canceled);
    }
    const bearer = next();
    req.header.set("authorization", `Bearer ${isPromised(bearer) ? await awaited(req, bearer) : bearer}`);
    return call(req);
  };
}

module.exports = { createClientBearerInterceptor };
