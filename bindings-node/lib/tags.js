// Tags for what JSON lacks: objects whose only member begins with `$`.
"use strict";

const { types } = require("node:util");
const { ConfigError } = require("./errors.js");

const base64 = (bytes) => bytes.toString("base64");

/** A value that no option takes, by what the error is to call it. */
const foreignTag = (what) => ({ $foreign: what.toWellFormed() });

/** A value of a type that no option takes. A class may hold anything as its `name`. */
function foreignType(value) {
  if (typeof value !== "object") {
    return foreignTag(typeof value);
  }
  const name = value.constructor?.name;
  return foreignTag(typeof name === "string" && name !== "" ? name : "object");
}

function bytesTag(value) {
  try {
    const bytes = ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : Buffer.from(value);
    return { $bytes: base64(bytes) };
  } catch {
    // Only a buffer that was transferred away cannot be read.
    return foreignTag("a detached buffer");
  }
}

function keyTag(value, path) {
  let key = value;
  let algorithm = null;
  if (types.isCryptoKey(value)) {
    const { name, hash, namedCurve } = value.algorithm;
    algorithm = { name, hash: hash?.name, namedCurve };
    try {
      // Loaded when a program that has such a key has loaded it.
      key = require("node:crypto").KeyObject.from(value);
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

const urlTag = (value) => ({ $url: String(value.href) });

/** Whether an object of the user's would be read as a tag. */
function looksLikeTag(members) {
  const names = Object.keys(members);
  return names.length === 1 && names[0].startsWith("$");
}

module.exports = { bytesTag, foreignTag, foreignType, keyTag, looksLikeTag, urlTag };
