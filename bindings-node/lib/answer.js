// What the native side answers, read back. The format is described in src/answer.rs.
"use strict";

const { createContext } = require("./context.js");

const TYPE = "jwt";

/** Cuts a text at its first line feeds, into `count` parts. */
function cut(text, count) {
  const parts = [];
  let start = 0;
  while (parts.length < count - 1) {
    const end = text.indexOf("\n", start);
    parts.push(text.slice(start, end));
    start = end + 1;
  }
  parts.push(text.slice(start));
  return parts;
}

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
  const [number, head, claims] = cut(answer, 3);
  return kept(told, number, {
    context: createContext(readHead(head), claims, TYPE),
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
  const [number, head, headers, deadline, claims] = cut(answer, 5);
  return kept(told, number, {
    context: createContext(readHead(head), claims, TYPE),
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

/** Subject, name, roles, scopes and expiry. */
function readHead(head) {
  if (head.startsWith("[")) {
    return JSON.parse(head);
  }
  const fields = head.split("\t");
  const scopes = 4 + Number(fields[0]);
  const [, expiry, subject, name] = fields;
  return [
    subject,
    name === "" ? null : name.slice(1),
    fields.slice(4, scopes),
    fields.slice(scopes),
    expiry === "" ? null : Number(expiry),
  ];
}

module.exports = { isRefusal, isSkip, readAbout, readAccepted, readRefusal, readVerified };
