// For the conformance and fault runners only: a verifier on clocks that they move. The package does
// not export this file, and no option leads here.
"use strict";

const native = require("../native.js");
const { Guard } = require("../guard.js");
const { verifierOver } = require("../verifier.js");

/**
 * @param {object} options as for JwtVerifier
 * @param {number} wallMs milliseconds since the epoch
 * @param {number} monoMs milliseconds of the monotonic clock
 */
function createVerifierOnClock(options, wallMs, monoMs) {
  const guard = new Guard(options, (json, aside) => native.createGateOnClock(json, aside, wallMs, monoMs));
  return {
    verifier: verifierOver(guard),
    setClock: (wall, mono) => guard.native.setClock(wall, mono),
  };
}

module.exports = { createVerifierOnClock };
