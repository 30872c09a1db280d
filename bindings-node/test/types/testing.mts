// What TypeScript users write with `bearergate/testing`. It is compiled, not run.
import type { AuthContext } from "bearergate";
import { JwtVerifier } from "bearergate";
import {
  createMockAuthContext,
  createTestJwt,
  createTestJwtRS256,
  generateRsaTestKeypair,
  type RsaTestKeypair,
  startTestJwksServer,
  TEST_JWT_KID,
  TEST_JWT_SECRET,
  type TestJwksServer,
  withAuthContext,
} from "bearergate/testing";

const token: string = await createTestJwt(
  { sub: "a", roles: ["admin"] },
  { issuer: "i", audience: "b", expiresIn: "1h" },
);
await createTestJwt({ sub: "a" }, { expiresIn: false, secret: new Uint8Array(32) });
// @ts-expect-error a misspelt option
await createTestJwt({ sub: "a" }, { audiance: "b" });

const keypair: RsaTestKeypair = await generateRsaTestKeypair(TEST_JWT_KID);
await createTestJwtRS256(keypair.privateKey, { sub: "a" }, { kid: keypair.kid });
// @ts-expect-error the kid is required
await createTestJwtRS256(keypair.privateKey, { sub: "a" }, {});

await using jwks: TestJwksServer = await startTestJwksServer(keypair.publicJwk);
jwks.rotate([keypair.publicJwk]);
jwks.fail();
jwks.fail("hang");
jwks.fail(429, { "retry-after": "5" });
// @ts-expect-error no such failure
jwks.fail("slow");
jwks.recover();
new JwtVerifier({ jwksUri: jwks.url });
new JwtVerifier({ secret: TEST_JWT_SECRET, publicKey: keypair.publicKey });

const context: AuthContext = createMockAuthContext({ subject: "a", roles: ["admin"] });
// @ts-expect-error no such member
createMockAuthContext({ role: "admin" });
export const subject: string = await withAuthContext(context, () => token);
export const later: string = await withAuthContext(context, async () => token);
