// AuthContext: a plain, frozen object whose claims are parsed when they are first read.
"use strict";

const { custom } = require("node:util").inspect;

/** Freezes an object of a JSON text and all that it holds. */
function deepFreeze(value) {
  // By index, and only what can be frozen: every reader of claims waits for this.
  const members = Array.isArray(value) ? value : Object.values(value);
  for (let at = 0; at < members.length; at += 1) {
    const member = members[at];
    if (typeof member === "object" && member !== null) {
      deepFreeze(member);
    }
  }
  return Object.freeze(value);
}

// What the accessors ask a context's own function for.
const [CLAIMS, EXPIRES_AT] = [Symbol("claims"), Symbol("expiresAt")];

// The same functions for all contexts: accessors of its own would give each context a hidden class of its own,
// which the engine keeps, with all that the accessors see, until it next looks through the whole heap.
function getClaims() {
  return this[custom](CLAIMS);
}
function getExpiresAt() {
  return this[custom](EXPIRES_AT);
}

// Half the time of `Object.defineProperty`, to the same effect (ECMA-262, section B.2.2.2).
const defineGetter = Object.prototype.__defineGetter__;

// What is not told in a literal; one object for all contexts, since it is read at once.
const tellDescriptor = { value: undefined, writable: false, enumerable: false, configurable: false };

/**
 * What a context tells that is not kept in a field. Asked by `util.inspect`, the literal that it equals, so that
 * it is not printed as accessors.
 */
function teller(claimsText, expiresAtMs) {
  let claims;
  const telling = {
    tell(what) {
      switch (what) {
        case CLAIMS:
          claims ??= deepFreeze(JSON.parse(claimsText));
          return claims;
        // A Date cannot be frozen, so each reader gets its own.
        case EXPIRES_AT:
          return expiresAtMs === undefined ? undefined : new Date(Number(expiresAtMs));
        default:
          return { ...this };
      }
    },
  };
  return Object.freeze(telling.tell);
}

/**
 * The first members. Objects of a constructor have hidden classes apart from those of all literals, where another copy
 * of this package, whose accessors are other functions, would part them from contexts made before.
 */
function Plain(subject, name, roles, scopes) {
  this.subject = subject;
  this.name = name;
  this.roles = roles;
  this.scopes = scopes;
}
Plain.prototype = Object.prototype;

/**
 * @param {object} told
 * @param {string} told.subject
 * @param {string | undefined} told.name
 * @param {readonly string[]} told.roles frozen
 * @param {readonly string[]} told.scopes frozen
 * @param {number | string | undefined} told.expiresAtMs a number or its digits
 * @param {string} claimsText the claims, a JSON object
 * @param {string} type how the caller was authenticated
 */
function createContext({ subject, name, roles, scopes, expiresAtMs }, claimsText, type) {
  const context = new Plain(subject, name, roles, scopes);
  defineGetter.call(context, "claims", getClaims);
  context.type = type;
  defineGetter.call(context, "expiresAt", getExpiresAt);
  tellDescriptor.value = teller(claimsText, expiresAtMs);
  Object.defineProperty(context, custom, tellDescriptor);
  tellDescriptor.value = undefined;
  // Assignment runs a setter that Object.prototype may have, and nobody is to be taken for who its getter names.
  if (
    context.subject !== subject ||
    context.name !== name ||
    context.roles !== roles ||
    context.scopes !== scopes ||
    context.type !== type
  ) {
    throw new TypeError("Object.prototype has an accessor with the name of a member of AuthContext; remove it");
  }
  return Object.freeze(context);
}

module.exports = { createContext };
