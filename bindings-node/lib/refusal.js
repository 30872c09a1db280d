// A refusal of the core as what JavaScript sees: the operator's error and event.
"use strict";

const { JwtAuthError } = require("./errors.js");

/** The refusal behind each JwtAuthError made here: what the client is told, and how. */
const refusals = new WeakMap();

/**
 * @param {object} refusal as the core tells it
 * @param {{cause?: unknown}} details
 */
function refusalError(refusal, details) {
  const { code, claim, reason, message } = refusal;
  const told = "cause" in details ? { code, claim, reason, cause: details.cause } : refusal;
  const error = withoutStack(() => new JwtAuthError(message, told));
  refusals.set(error, refusal);
  return error;
}

/**
 * Makes an error whose stack is its first line. The frames of a refusal are this package's and the
 * server's, the same for every token, and taking them down costs more than the whole judgement: a
 * flood of forged tokens would pay us for it.
 */
function withoutStack(make) {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    // Frozen intrinsics.
    return make();
  }
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The members of a refusal that an operator's hook sees, in this order. */
const REPORTED = ["code", "connectCode", "claim", "reason", "alg", "kid", "issuer"];

/** A refusal as the operator is told of it. */
function rejectionOf(refusal, procedure) {
  const rejection = {};
  for (const member of REPORTED) {
    if (refusal[member] !== undefined) {
      rejection[member] = refusal[member];
    }
  }
  if (procedure !== undefined) {
    rejection.procedure = procedure;
  }
  return rejection;
}

/** Tells the hook of a refusal. Whatever it does changes nothing. */
function report(onReject, rejection) {
  try {
    Promise.resolve(onReject(rejection)).catch(() => {});
  } catch {
    // The request's outcome stands, whatever the hook throws.
  }
}

module.exports = { refusalError, refusals, rejectionOf, report, withoutStack };
