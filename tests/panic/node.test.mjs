// A panic in the core is a refusal in Node. Runs on a build whose core panics on every token: see
// `make test-panic`.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const { createJwtAuthInterceptor, JwtVerifier } = createRequire(import.meta.url)("../../build/panic/node/index.js");
const options = { secret: "0123456789abcdef0123456789abcdef" };
const token = "e30.e30.AA";

test("a panic refuses the request and the handler does not run", async () => {
  let ran = false;
  const handler = createJwtAuthInterceptor(options)(async () => {
    ran = true;
  });
  const header = new Headers({ authorization: `Bearer ${token}` });
  const request = { service: { typeName: "a.B" }, method: { name: "Get" }, header };
  await assert.rejects(handler(request), (error) => error.code === 16 && error.cause.code === "ERR_INTERNAL");
  assert.equal(ran, false);
});

test("a panic refuses a bare token, and the verifier goes on", async () => {
  const verifier = new JwtVerifier(options);
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.throws(() => verifier.verifySync(token), { code: "ERR_INTERNAL" });
    await assert.rejects(verifier.verify(token), { code: "ERR_INTERNAL" });
  }
});
