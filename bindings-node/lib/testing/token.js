// Test tokens. They are minted by the native side, which also holds their defaults.
"use strict";

const { KeyObject } = require("node:crypto");
const { types } = require("node:util");
const { encodeMembers, encodeValue } = require("../encode.js");
const { ConfigError, configError } = require("../errors.js");
const { isPlain, ownMembers } = require("../members.js");
const native = require("../native.js");
const { bytesTag } = require("../tags.js");

/** Mints an HS256 token, by TEST_JWT_SECRET unless the options name another secret. */
async function createTestJwt(payload, options) {
  return minted(native.mintTestJwt(encodePayload(payload), encodeOptions(options)));
}

/** Mints an RS256 token. */
async function createTestJwtRS256(privateKey, payload, options) {
  const key = JSON.stringify(encodeKey(privateKey));
  return minted(native.mintTestJwtRs256(key, encodePayload(payload), encodeOptions(options)));
}

function minted(answer) {
  if (typeof answer === "string") {
    throw configError(answer);
  }
  return answer[0];
}

/** What JSON.stringify makes of it; whether that can be a payload is decided by the core. */
function encodePayload(payload) {
  return JSON.stringify(payload) ?? "";
}

function encodeOptions(options) {
  if (options === undefined || options === null) {
    return "{}";
  }
  if (typeof options !== "object" || !isPlain(options)) {
    throw new ConfigError("options", 'options must be a plain object such as { expiresIn: "1h" }');
  }
  return JSON.stringify(encodeMembers(ownMembers(options, ""), "", [options]));
}

/** A private key object as the bytes of its PKCS#8 form; anything else as any option. */
function encodeKey(value) {
  const key = types.isCryptoKey(value) ? KeyObject.from(value) : value;
  return types.isKeyObject(key) && key.type === "private"
    ? bytesTag(key.export({ type: "pkcs8", format: "der" }))
    : encodeValue(key, "privateKey");
}

module.exports = { createTestJwt, createTestJwtRS256 };
