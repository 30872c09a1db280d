// The context as x-auth-* headers, and back.
"use strict";

const { createContext } = require("./context.js");
const native = require("./native.js");

/** Names of the headers by their part of the context. */
const AUTH_HEADERS = Object.freeze(
  Object.fromEntries(
    native
      .authHeaderNames()
      .map((key, index, all) => [key, all[index + 1]])
      .filter((_, index) => index % 2 === 0),
  ),
);

const NAMES = Object.values(AUTH_HEADERS);

/** Removes what a client may have sent to pass for someone. */
function stripAuthHeaders(headers) {
  for (const name of NAMES) {
    headers.delete(name);
  }
}

/** Writes a list of names and values. */
function writeHeaders(headers, list) {
  for (let index = 0; index < list.length; index += 2) {
    headers.set(list[index], list[index + 1]);
  }
}

/** A list for the native side. Text is iterable too, and its letters are no list. */
function list(value, name) {
  if (!Array.isArray(value)) {
    throw new TypeError(`${name} must be an array`);
  }
  return [...value];
}

function setAuthHeaders(headers, context, propagatedClaims) {
  // What is not written must not be what someone else has sent, even where this throws.
  stripAuthHeaders(headers);
  const { subject, name, roles, scopes, claims, type } = context;
  const encoded = native.encodeHeaders(
    {
      subject,
      name,
      roles: list(roles, "roles"),
      scopes: list(scopes, "scopes"),
      claimsJson: JSON.stringify(claims ?? {}),
      type,
    },
    propagatedClaims === undefined || propagatedClaims === null ? null : list(propagatedClaims, "propagatedClaims"),
  );
  if (typeof encoded === "string") {
    throw new RangeError(encoded);
  }
  writeHeaders(headers, encoded);
}

function parseAuthHeaders(headers) {
  const parts = native.decodeHeaders((name) => headers.get(name));
  if (parts === null) {
    return undefined;
  }
  const { subject, name, roles, scopes, claimsJson, type } = parts;
  const lists = { roles: Object.freeze(roles), scopes: Object.freeze(scopes) };
  const told = { subject, name: name ?? undefined, ...lists, expiresAtMs: undefined };
  return createContext(told, claimsJson ?? "{}", type);
}

module.exports = { AUTH_HEADERS, parseAuthHeaders, setAuthHeaders, stripAuthHeaders, writeHeaders };
