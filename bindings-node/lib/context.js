// AuthContext: a plain, frozen object whose claims are parsed when they are first read.
"use strict";

const { inspect } = require("node:util");

function deepFreeze(value) {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) {
      deepFreeze(member);
    }
    Object.freeze(value);
  }
  return value;
}

/** Prints a context as the literal it equals, not as accessors. */
const printed = {
  value() {
    return { ...this };
  },
};

/**
 * @param {readonly [string, string | null, string[], string[], number | null]} head
 *   subject, name, roles, scopes, expiry in milliseconds
 * @param {string} claimsText the claims, a JSON object
 * @param {string} type how the caller was authenticated
 */
function createContext(head, claimsText, type) {
  const expiresAtMs = head[4];
  let parsed;
  const context = {
    subject: head[0],
    name: head[1] ?? undefined,
    roles: Object.freeze(head[2]),
    scopes: Object.freeze(head[3]),
    get claims() {
      parsed ??= deepFreeze(JSON.parse(claimsText));
      return parsed;
    },
    type,
    // A Date cannot be frozen, so each reader gets its own.
    get expiresAt() {
      return expiresAtMs === null ? undefined : new Date(expiresAtMs);
    },
  };
  Object.defineProperty(context, inspect.custom, printed);
  return Object.freeze(context);
}

module.exports = { createContext };
