// The TypeScript union of codes is the table of the core.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { it } from "node:test";

const native = createRequire(import.meta.url)("../lib/native.js");
const types = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");

it("JwtAuthErrorCode lists every code of the table, in its order", () => {
  const [, union] = /export type JwtAuthErrorCode =([^;]+);/.exec(types);
  const listed = [...union.matchAll(/"(ERR_[A-Z_]+)"/g)].map(([, code]) => code);
  assert.ok(listed.length > 20);
  assert.deepEqual(listed, native.refusalCodes());
});

it("every refusal tells what the union of reasons and the client messages know", () => {
  const [, union] = /export type JwtAuthErrorReason =([^;]+);/.exec(types);
  const reasons = [...union.matchAll(/"([a-z_]+)"/g)].map(([, reason]) => reason);
  const gate = native.createGate(JSON.stringify({ secret: "x".repeat(32) }), false);
  for (const code of native.refusalCodes()) {
    const refusal = JSON.parse(gate.refuse(code).slice(1).split("\t")[0]);
    assert.equal(refusal.code, code);
    assert.ok(reasons.includes(refusal.reason), `${code}: ${refusal.reason}`);
    const unavailable = code === "ERR_KEYS_UNAVAILABLE";
    assert.equal(refusal.connectCode, unavailable ? "unavailable" : "unauthenticated");
    assert.equal(refusal.httpStatus, unavailable ? 503 : 401);
  }
});
