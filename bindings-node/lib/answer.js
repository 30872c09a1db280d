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
const isRefusal = (answer) => answer.startsWith("!");

/** The refusal that an answer holds; what it does not tell is absent. */
const readRefusal = (answer) => JSON.parse(answer.slice(1), (_, value) => value ?? undefined);

/** What a bare token's answer holds. */
function readVerified(answer) {
  const [head, claims] = cut(answer, 2);
  return { context: createContext(JSON.parse(head), claims, TYPE), headers: [], deadline: undefined };
}

/**
 * What a request's answer holds: the context, and what the request carries on.
 *
 * `headers` is a list of names and values, or the answer of a refusal that takes effect once
 * `validate` has run; `deadline` is when its streams end, in milliseconds, or undefined.
 */
function readAccepted(answer) {
  const [head, headers, deadline, claims] = cut(answer, 4);
  return {
    context: createContext(JSON.parse(head), claims, TYPE),
    headers: isRefusal(headers) ? headers : headers === "" ? [] : headers.split("\t"),
    deadline: deadline === "" ? undefined : Number(deadline),
  };
}

module.exports = { isRefusal, isSkip, readAccepted, readRefusal, readVerified };
