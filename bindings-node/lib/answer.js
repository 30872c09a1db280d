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

/**
 * What a bare token's answer holds.
 *
 * @param {string} answer
 * @param {import("./told.js").Told} told where an answer that has a number is kept
 */
function readVerified(answer, told) {
  const number = answer.indexOf("\n");
  const head = answer.indexOf("\n", number + 1);
  return kept(told, answer.slice(0, number), {
    context: createContext(readHead(answer.slice(number + 1, head)), answer.slice(head + 1), TYPE),
    headers: NONE,
    deadline: undefined,
  });
}

/**
 * What a request's answer holds: the context, and what the request carries on.
 *
 * `headers` is a list of names and values, or the answer of a refusal that takes effect once
 * `validate` has run; `deadline` is when its streams end, in milliseconds, or undefined.
 *
 * @param {string} answer
 * @param {import("./told.js").Told} told where an answer that has a number is kept
 */
function readAccepted(answer, told) {
  // Where each line but the last ends.
  const number = answer.indexOf("\n");
  const head = answer.indexOf("\n", number + 1);
  const carried = answer.indexOf("\n", head + 1);
  const end = answer.indexOf("\n", carried + 1);
  const headers = answer.slice(head + 1, carried);
  const deadline = answer.slice(carried + 1, end);
  return kept(told, answer.slice(0, number), {
    context: createContext(readHead(answer.slice(number + 1, head)), answer.slice(end + 1), TYPE),
    headers: isRefusal(headers) ? headers : headers === "" ? NONE : Object.freeze(headers.split("\t")),
    deadline: deadline === "" ? undefined : Number(deadline),
  });
}

const NONE = Object.freeze([]);

function kept(told, number, accepted) {
  if (number !== "") {
    told.keep(Number(number), accepted);
  }
  return accepted;
}

/** What a context tells beside its claims. */
function readHead(head) {
  if (head.startsWith("[")) {
    const [subject, name, roles, scopes, expiresAtMs] = JSON.parse(head);
    return { subject, name: name ?? undefined, ...listsOf(roles, scopes), expiresAtMs: expiresAtMs ?? undefined };
  }
  const expiry = head.indexOf("\t");
  const subject = head.indexOf("\t", expiry + 1);
  const name = head.indexOf("\t", subject + 1);
  const { roles, scopes } = readLists(head.slice(name + 1));
  return {
    subject: head.slice(expiry + 1, subject),
    name: name === subject + 1 ? undefined : head.slice(subject + 2, name),
    roles,
    scopes,
    // A number where somebody asks for it.
    expiresAtMs: expiry === 0 ? undefined : head.slice(0, expiry),
  };
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

module.exports = { isRefusal, isSkip, readAbout, readAccepted, readRefusal, readVerified };
