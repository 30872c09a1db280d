// Options on their way to the core: JavaScript values become JSON with tags for what JSON lacks.
// What is right or wrong about them is decided there.
"use strict";

const { KeyObject } = require("node:crypto");
const { URL } = require("node:url");
const { types } = require("node:util");
const { ConfigError } = require("./errors.js");

/** Members that stay on this side of the border: functions. */
const HOOKS = ["validate", "onReject"];

/** An object of `{}` or `Object.create(null)`, of any realm. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"))
  );
}

const base64 = (bytes) => bytes.toString("base64");

function bytesTag(value) {
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return { $bytes: base64(bytes) };
}

function keyTag(value, path) {
  let key = value;
  let algorithm = null;
  if (types.isCryptoKey(value)) {
    const { name, hash, namedCurve } = value.algorithm;
    algorithm = { name, hash: hash?.name, namedCurve };
    try {
      key = KeyObject.from(value);
    } catch (cause) {
      const error = new ConfigError(
        path,
        `${path}: this runtime does not let the CryptoKey be read (${cause.message}); import it with extractable: true`,
      );
      error.cause = cause;
      throw error;
    }
  }
  const spki = key.type === "public" ? base64(key.export({ type: "spki", format: "der" })) : "";
  return { $key: { kind: key.type, spki, algorithm } };
}

/** How a value that no option takes is called in the error about it. */
function foreignName(value) {
  return typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value;
}

/**
 * @param {unknown} value
 * @param {string} path where it is, for errors
 * @param {object[]} [inside] the objects around it
 */
function encodeValue(value, path, inside = []) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $foreign: String(value) };
    case "object":
      break;
    default:
      return { $foreign: foreignName(value) };
  }
  if (value === null) {
    return null;
  }
  if (types.isKeyObject(value) || types.isCryptoKey(value)) {
    return keyTag(value, path);
  }
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    return bytesTag(value);
  }
  if (value instanceof URL) {
    return value.href;
  }
  if (inside.includes(value)) {
    return { $foreign: "object that contains itself" };
  }
  const within = [...inside, value];
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => encodeValue(item ?? null, `${path}[${index}]`, within));
  }
  if (!isPlain(value)) {
    return { $foreign: foreignName(value) };
  }
  return encodeMembers(value, path, within);
}

function encodeMembers(object, path, inside) {
  const members = Object.create(null);
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== undefined) {
      members[name] = encodeValue(value, path === "" ? name : `${path}.${name}`, inside);
    }
  }
  return members;
}

function readHook(options, name) {
  const hook = options[name] ?? undefined;
  if (hook !== undefined && typeof hook !== "function") {
    throw new ConfigError(name, `${name} must be a function`);
  }
  return hook;
}

/**
 * Splits options into the JSON for the core and what stays here.
 *
 * @param {object} options
 */
function readOptions(options) {
  if (typeof options !== "object" || options === null || Array.isArray(options) || !isPlain(options)) {
    throw new ConfigError(
      "options",
      "options must be a plain object with at least one key source: requires one of: jwksUri, secret, or publicKey",
    );
  }
  const forCore = encodeMembers(options, "", [options]);
  const hooks = {};
  for (const name of HOOKS) {
    hooks[name] = readHook(options, name);
    delete forCore[name];
  }
  const { propagatedClaims } = options;
  return {
    json: JSON.stringify(forCore),
    hooks,
    propagatedClaims: Array.isArray(propagatedClaims) ? [...propagatedClaims] : undefined,
  };
}

module.exports = { encodeValue, readOptions };
