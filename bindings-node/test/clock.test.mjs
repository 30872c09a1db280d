// The private entry that the conformance and fault runners use.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { it } from "node:test";
import { createJwtAuthInterceptor, getAuthContext } from "bearergate";
import { request } from "./support/requests.mjs";
import { hmacToken, SECRET } from "./support/tokens.mjs";

const { createVerifierOnClock } = createRequire(import.meta.url)("../lib/internal/clock.js");

it("a verifier stands on the clock it is given", async () => {
  const { verifier, setClock } = createVerifierOnClock({ secret: SECRET }, 1_000_000_000, 0);
  const token = hmacToken({ sub: "a", exp: 1_000_001 });
  const guarded = createJwtAuthInterceptor(verifier)(async () => getAuthContext().subject);
  assert.equal(verifier.verifySync(token).subject, "a");
  assert.equal(await guarded(request(token)), "a");
  setClock(1_000_001_000, 1000);
  assert.throws(() => verifier.verifySync(token), { code: "ERR_TOKEN_EXPIRED" });
  await assert.rejects(guarded(request(token)));
  setClock(1_000_000_500, 1000);
  assert.equal(verifier.verifySync(token).subject, "a");
});
