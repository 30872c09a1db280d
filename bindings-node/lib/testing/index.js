// The testing module: tokens, keys, a key endpoint and contexts for tests. Loading it lets verifiers
// of this process be built with TEST_JWT_SECRET, unless NODE_ENV says that this is production.
"use strict";

const native = require("../native.js");
const { createMockAuthContext, withAuthContext } = require("./context.js");
const { generateRsaTestKeypair } = require("./keypair.js");
const { startTestJwksServer } = require("./server.js");
const { createTestJwt, createTestJwtRS256 } = require("./token.js");

if (process.env.NODE_ENV !== "production") {
  native.allowTestSecret();
}

module.exports = {
  TEST_JWT_KID: native.testJwtKid(),
  TEST_JWT_SECRET: native.testJwtSecret(),
  createMockAuthContext,
  createTestJwt,
  createTestJwtRS256,
  generateRsaTestKeypair,
  startTestJwksServer,
  withAuthContext,
};
