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
  const error = new JwtAuthError(message, "cause" in details ? { code, claim, reason, cause: details.cause } : refusal);
  refusals.set(error, refusal);
  return error;
}

/** The members of a refusal that an operator's hook sees, in this order. */
const REPORTED = ["code", "connectCode", "claim", "reason", "alg", "kid", "issuer"];

/** Tells the hook of a refusal. Whatever it does changes nothing. */
function report(onReject, refusal, procedure) {
  if (onReject === undefined) {
    return;
  }
  const event = {};
  for (const member of REPORTED) {
    if (refusal[member] !== undefined) {
      event[member] = refusal[member];
    }
  }
  if (procedure !== undefined) {
    event.procedure = procedure;
  }
  try {
    Promise.resolve(onReject(event)).catch(() => {});
  } catch {
    // The request's outcome stands, whatever the hook throws.
  }
}

module.exports = { refusalError, refusals, report };
