// Contexts that nobody verified, and code run as if somebody had.
"use strict";

const { createContext } = require("../context.js");
const native = require("../native.js");
const { authContextStorage } = require("../storage.js");

const MEMBERS = ["subject", "name", "roles", "scopes", "claims", "type", "expiresAt"];

/** A context like a verified one: the same members, as deeply frozen. */
function createMockAuthContext(overrides = {}) {
  const unknown = Object.keys(overrides).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${unknown} is no member of an AuthContext: ${MEMBERS.join(", ")}`);
  }
  const { claimsJson, ...defaults } = native.mockContext();
  const { subject, name, roles, scopes, claims, type, expiresAt } = { ...defaults, ...overrides };
  if (typeof subject !== "string" || subject === "") {
    throw new TypeError("subject must be a non-empty string");
  }
  const told = {
    subject,
    name: name ?? undefined,
    roles: strings(roles, "roles"),
    scopes: strings(scopes, "scopes"),
    expiresAtMs: milliseconds(expiresAt),
  };
  return createContext(told, claims === undefined ? claimsJson : JSON.stringify(claims), type);
}

function strings(value, name) {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new TypeError(`${name} must be an array of strings`);
  }
  return Object.freeze([...value]);
}

function milliseconds(expiresAt) {
  if (expiresAt === undefined || expiresAt === null) {
    return undefined;
  }
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) {
    throw new TypeError("expiresAt must be a valid Date");
  }
  return expiresAt.getTime();
}

/** Runs a function as if a request of this caller were being handled. */
async function withAuthContext(context, fn) {
  return authContextStorage.run(context, fn);
}

module.exports = { createMockAuthContext, withAuthContext };
