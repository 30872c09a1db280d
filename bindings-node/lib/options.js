// Options, split into what the core reads and what stays on this side of the border.
"use strict";

const { encodeMembers } = require("./encode.js");
const { ConfigError } = require("./errors.js");
const { EVENT_HOOKS } = require("./events.js");
const { isPlain, ownMembers } = require("./members.js");

/** Members that stay: functions. */
const HOOKS = ["validate", "onReject", ...EVENT_HOOKS];

/** Where slow signatures are verified, which only this runtime has to choose. */
const OFF_MAIN_THREAD = "offMainThread";

/** Every hook, present or not: what an absent one would inherit is none. */
function readHooks(members) {
  const given = new Map(members);
  return Object.fromEntries(
    HOOKS.map((name) => {
      const hook = given.get(name) ?? undefined;
      if (hook !== undefined && typeof hook !== "function") {
        throw new ConfigError(name, `${name} must be a function`);
      }
      return [name, hook];
    }),
  );
}

function readOffMainThread(members) {
  const given = new Map(members).get(OFF_MAIN_THREAD) ?? false;
  if (typeof given !== "boolean") {
    throw new ConfigError(OFF_MAIN_THREAD, `${OFF_MAIN_THREAD} must be true or false`);
  }
  return given;
}

/**
 * @param {object} options
 * @returns {{
 *   json: string,
 *   hooks: Record<string, Function | undefined>,
 *   namesIssuers: boolean,
 *   offMainThread: boolean,
 * }}
 */
function readOptions(options) {
  if (typeof options !== "object" || options === null || Array.isArray(options) || !isPlain(options)) {
    throw new ConfigError(
      "options",
      "options must be a plain object with at least one key source: requires one of: jwksUri, secret, or publicKey",
    );
  }
  const members = ownMembers(options, "");
  const forCore = members.filter(([name]) => !HOOKS.includes(name) && name !== OFF_MAIN_THREAD);
  return {
    json: JSON.stringify(encodeMembers(forCore, "", [options])),
    hooks: readHooks(members),
    offMainThread: readOffMainThread(members),
    namesIssuers: members.some(([name, value]) => ["issuer", "issuers"].includes(name) && (value ?? null) !== null),
  };
}

module.exports = { readOptions };
