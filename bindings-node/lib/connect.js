// Refusals as errors of @connectrpc/connect. Which copy of that package is used is the caller's
// choice: the entry of each module format hands over the one its users import, so that the
// ConnectError thrown here is theirs.
"use strict";

const { refusals, withoutStack } = require("./refusal.js");
const { JwtAuthError } = require("./errors.js");

const CODES = { unauthenticated: "Unauthenticated", unavailable: "Unavailable" };

/**
 * The ConnectError for a refused request, its cause the JwtAuthError. Other errors stay as they are.
 *
 * @param {{ConnectError: Function, Code: object}} connect
 * @param {unknown} error
 */
function connectError(connect, error) {
  if (!(error instanceof JwtAuthError)) {
    return error;
  }
  const refusal = refusals.get(error);
  const { connectCode, message } = refusal;
  const metadata = connectMetadata(refusal);
  return withoutStack(
    () => new connect.ConnectError(message, connect.Code[CODES[connectCode]], metadata, undefined, error),
  );
}

/** What of a refusal travels beside its code and message. */
function connectMetadata({ challenge, retryAfter }) {
  const metadata = {};
  if (challenge !== undefined) {
    metadata["www-authenticate"] = challenge;
  }
  if (retryAfter !== undefined) {
    metadata["retry-after"] = String(retryAfter);
  }
  return metadata;
}

module.exports = { connectError, connectMetadata };
