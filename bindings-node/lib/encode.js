// Values on their way to the core: JavaScript becomes JSON with tags for what JSON lacks. What is
// right or wrong about them is decided there.
"use strict";

const { URL } = require("node:url");
const { types } = require("node:util");
const { isPlain, memberPath, ownMembers } = require("./members.js");
const { bytesTag, foreignTag, foreignType, keyTag, looksLikeTag, urlTag } = require("./tags.js");

/** Objects within objects: more than any option needs, and far less than a parser bears. */
const DEEPEST = 32;

/**
 * @param {unknown} value
 * @param {string} path where it is, for errors
 * @param {object[]} [inside] the objects around it
 */
function encodeValue(value, path, inside = []) {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value.isWellFormed() ? value : foreignTag("a string with a lone surrogate");
    case "number":
      return Number.isFinite(value) ? value : foreignTag(String(value));
    case "object":
      return value === null ? null : encodeObject(value, path, inside);
    default:
      return foreignType(value);
  }
}

function encodeObject(value, path, inside) {
  if (types.isKeyObject(value) || types.isCryptoKey(value)) {
    return keyTag(value, path);
  }
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    return bytesTag(value);
  }
  if (value instanceof URL) {
    return urlTag(value);
  }
  if (inside.includes(value)) {
    return foreignTag("object that contains itself");
  }
  if (inside.length >= DEEPEST) {
    return foreignTag(`an object more than ${DEEPEST} deep`);
  }
  const within = [...inside, value];
  if (Array.isArray(value)) {
    return Array.from(value, (item, index) => encodeValue(item ?? null, `${path}[${index}]`, within));
  }
  return isPlain(value) ? encodeMembers(ownMembers(value, path), path, within) : foreignType(value);
}

/**
 * @param {[string, unknown][]} entries
 * @param {string} path
 * @param {object[]} inside
 */
function encodeMembers(entries, path, inside) {
  const members = Object.create(null);
  for (const [name, value] of entries) {
    if (value !== undefined) {
      members[name] = encodeValue(value, memberPath(path, name), inside);
    }
  }
  return looksLikeTag(members) ? foreignTag("an object with a member that begins with $") : members;
}

module.exports = { encodeMembers, encodeValue };
