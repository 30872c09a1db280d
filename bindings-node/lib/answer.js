// What the native side answers, read back. The format is described in src/answer.rs.
"use strict";

const { createContext } = require("./context.js");

const TYPE = "jwt";

const isSkip = (answer) => answer === "";
const isRefusal = (answer) => typeof answer === "string" && answer.startsWith("!");

/** Refusals by their text, which is the same for all tokens that are refused alike. */
const known = new Map();

/** Most that are remembered; more there could be only by what they say of waiting. */
const MAX_KNOWN = 512;

/** The refusal that an answer holds, for the error; what it does not tell is absent. */
function readRefusal(answer) {
  const told = answer.slice(1, answer.indexOf("\t"));
  let refusal = known.get(told);
  if (refusal === undefined) {
    refusal = Object.freeze(JSON.parse(told));
    if (known.size < MAX_KNOWN) {
      known.set(told, refusal);
    }
  }
  return refusal;
}

/** What only the operator is told of the token that was refused. */
const readAbout = (answer) => JSON.parse(answer.slice(answer.indexOf("\t") + 1));

const NONE = Object.freeze([]);

/** A digit of six bits. */
const digit = (answer, at) => answer.charCodeAt(at) - 48;

/** Where a field ends, of which three digits tell. */
const end = (answer, at) => (digit(answer, at) << 12) | (digit(answer, at + 1) << 6) | digit(answer, at + 2);

/**
 * What the answer of an accepted token holds: the context, and what the request carries on.
 *
 * `headers` is a list of names and values, or the answer of a refusal that takes effect once
 * `validate` has run; `deadline` is when its streams end, in milliseconds, or undefined.
 *
 * @param {string} answer
 * @param {import("./told.js").Told} told where an answer that has a number is kept
 */
function readAccepted(answer, told) {
  if (answer.startsWith("[")) {
    return readJson(answer, told);
  }
  const ends = answer.length - 21;
  const number = end(answer, ends);
  const expiry = end(answer, ends + 3);
  const subject = end(answer, ends + 6);
  const name = end(answer, ends + 9);
  const listed = end(answer, ends + 12);
  const headers = end(answer, ends + 15);
  const deadline = end(answer, ends + 18);
  const { roles, scopes } = readLists(answer.slice(name, listed));
  const head = {
    subject: answer.slice(expiry, subject),
    name: subject === name ? undefined : answer.slice(subject + 1, name),
    roles,
    scopes,
    // A number where somebody asks for it.
    expiresAtMs: number === expiry ? undefined : answer.slice(number, expiry),
  };
  return accept(told, {
    number: number === 1 ? undefined : Number(answer.slice(1, number)),
    context: createContext(head, answer.slice(deadline, ends), TYPE),
    headers: answer.slice(listed, headers),
    deadline: headers === deadline ? undefined : Number(answer.slice(headers, deadline)),
  });
}

/** The same of the form that holds everything. */
function readJson(answer, told) {
  const line = answer.indexOf("\n");
  const [number, deadline, length, [subject, name, roles, scopes, expiresAtMs]] = JSON.parse(answer.slice(0, line));
  const claims = line + 1 + length;
  const head = { subject, name: name ?? undefined, ...listsOf(roles, scopes), expiresAtMs: expiresAtMs ?? undefined };
  return accept(told, {
    number: number ?? undefined,
    context: createContext(head, answer.slice(claims), TYPE),
    headers: answer.slice(line + 1, claims),
    deadline: deadline ?? undefined,
  });
}

const listOf = (headers) => (headers === "" ? NONE : Object.freeze(headers.split("\t")));

/** What both forms say, kept where it has a number. */
function accept(told, { number, context, headers, deadline }) {
  const accepted = { context, headers: isRefusal(headers) ? headers : listOf(headers), deadline };
  if (number !== undefined) {
    told.keep(number, accepted);
  }
  return accepted;
}

// Contexts share them, so they must not be changed.
const listsOf = (roles, scopes) => ({ roles: Object.freeze(roles), scopes: Object.freeze(scopes) });

/**
 * Roles and scopes that were read last, by the length of their text: the callers of a service have few sets of
 * them, and to tell that a text is the same takes a tenth of reading it.
 */
const lists = new Array(256).fill({ text: undefined });

/** The longest text that is remembered. */
const MAX_LISTS = 1024;

/** The roles and scopes of a text that says how many of them are roles. */
function readLists(text) {
  const known = lists[text.length % lists.length];
  if (known.text === text) {
    return known;
  }
  // A copy: parts of an answer keep all of it, with the claims.
  const own = Buffer.from(text).toString();
  const [count, ...names] = own.split("\t");
  const roles = Number(count);
  const read = { text: own, ...listsOf(names.slice(0, roles), names.slice(roles)) };
  if (own.length <= MAX_LISTS) {
    lists[own.length % lists.length] = read;
  }
  return read;
}

module.exports = { isRefusal, isSkip, readAbout, readAccepted, readRefusal };
