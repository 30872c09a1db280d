// `bearergate/otel` where its optional peer is not installed: the package works, and says what is missing.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { it } from "node:test";
import { JwtVerifier } from "bearergate";
import * as otel from "bearergate/otel";

it("metrics without @opentelemetry/api name what to install", () => {
  assert.ok(!existsSync(new URL("../node_modules/@opentelemetry/api", import.meta.url)));
  assert.equal(createRequire(import.meta.url)("bearergate/otel").instrument, otel.instrument);
  assert.throws(() => otel.instrument(), {
    message: "bearergate/otel needs @opentelemetry/api: npm install @opentelemetry/api",
  });
  const verifier = new JwtVerifier({ secret: "the secret of a test without metrics" });
  assert.throws(() => verifier.verifySync("x"), { code: "ERR_TOKEN_MALFORMED" });
});
