// The storage is shared with @connectum/auth, whichever is loaded first, and with every copy of
// this package.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { authContextStorage } from "bearergate";

const script = fileURLToPath(new URL("./fixtures/load-order.cjs", import.meta.url));

function load(...order) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...order], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

describe("the storage", () => {
  it("is the one registered on globalThis", () => {
    assert.equal(globalThis[Symbol.for("@connectum/auth/context-storage")], authContextStorage);
  });

  it("is registered with a mark that keeps the other package quiet", () => {
    const { meta, ...result } = load("bearergate", "stand-in");
    assert.deepEqual(result, { subject: "alice", warnings: [], sameStorage: true, sameMeta: true });
    assert.match(meta.initUrl, /^file:\/\/.*storage\.js$/);
    assert.equal(meta.warned, true);
  });

  it("is taken as it is where the other package came first", () => {
    const { meta, ...result } = load("stand-in", "bearergate");
    assert.deepEqual(result, { subject: "alice", warnings: [], sameStorage: true, sameMeta: true });
    assert.deepEqual(meta, { initUrl: "stand-in", warned: false });
  });
});
