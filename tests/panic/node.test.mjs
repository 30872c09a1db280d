// A panic in the core is a refusal in Node. Runs on a build whose core panics on every token: see
// `make test-panic`.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const { createJwtAuthInterceptor, JwtVerifier } = require("../../build/panic/node/index.js");
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

test("what the panic writes holds no secret and no token", () => {
  const [secret, claims, signature] = ["SECRETMARKER-5d41402abc4b2a76b9719d91", "Q0xBSU1NQVJLRVI", "U0lHTkFUVVJF"];
  const program = `
    const { JwtVerifier } = require(${JSON.stringify(require.resolve("../../build/panic/node/index.js"))});
    new JwtVerifier({ secret: "${secret}" }).verify("e30.${claims}.${signature}").catch((error) => console.log(error));`;
  const environment = { ...process.env, RUST_BACKTRACE: "full" };
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], { env: environment, encoding: "utf8" });
  assert.match(stderr, /panicked/);
  assert.match(stdout, /ERR_INTERNAL/);
  for (const marker of [secret, claims, signature, Buffer.from(secret).toString("base64url").slice(0, -4)]) {
    assert.ok(!(stdout + stderr).includes(marker), marker);
  }
});
