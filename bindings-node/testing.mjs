// ES module entry of `bearergate/testing`: the same implementation as the CommonJS entry.
import testing from "./lib/testing/index.js";

export const {
  TEST_JWT_KID,
  TEST_JWT_SECRET,
  createMockAuthContext,
  createTestJwt,
  createTestJwtRS256,
  generateRsaTestKeypair,
  startTestJwksServer,
  withAuthContext,
} = testing;
