// A process that ends while keys are fetched ends at once, as it said, and without a crash.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signer } from "./keys.mjs";
import { provide, start } from "./provider.mjs";

const key = signer("ES256", "key-1");
const token = key.token({ sub: "alice" });

/** How a program ended, and how long after its fetch had reached the provider. */
async function endDuringFetch(way, more = {}) {
  const provider = await provide(key);
  provider.hold();
  try {
    const program = start("exit.mjs", { url: provider.url, token, way, ...more });
    await provider.asked(1);
    const asked = performance.now();
    program.child.stdin.end("now\n");
    const { at, ...ended } = await program.ended;
    return { ...ended, ms: at - asked };
  } finally {
    provider.close();
  }
}

describe("FAULTS 49: a process that ends during a fetch", () => {
  for (const [way, expected] of [
    ["exit", 7],
    ["throw", 1],
  ]) {
    it(`ends by ${way}`, async () => {
      const { code, signal, stdout, stderr, ms } = await endDuringFetch(way);
      assert.deepEqual([code, signal, stdout], [expected, null, ""]);
      assert.equal(/FATAL|panicked|Assertion/.test(stderr), false, stderr);
      assert.ok(ms < 1000, `${ms} ms`);
    });
  }

  it("ends by itself once the waiting calls are refused at their timeout", async () => {
    const { code, signal, stdout, stderr, ms } = await endDuringFetch("natural", { jwks: { timeout: 0.3 } });
    assert.deepEqual([code, signal, stderr], [0, null, ""]);
    assert.equal(stdout, "ERR_KEYS_UNAVAILABLE timeout\n".repeat(20));
    assert.ok(ms > 200 && ms < 1300, `${ms} ms`);
  });

  it("does not wait for a refresh in the background", async () => {
    const jwks = { initial: { keys: [key.jwk] } };
    const { code, signal, stderr, ms } = await endDuringFetch("background", { jwks });
    assert.deepEqual([code, signal, stderr], [0, null, ""]);
    assert.ok(ms < 1000, `${ms} ms`);
  });

  it("dies of a signal", async (t) => {
    const provider = await provide(key);
    t.after(() => provider.close());
    provider.hold();
    const program = start("exit.mjs", { url: provider.url, token, way: "natural" });
    await provider.asked(1);
    const asked = performance.now();
    program.child.kill("SIGTERM");
    const { code, signal, stderr, at } = await program.ended;
    assert.deepEqual([code, signal, stderr], [null, "SIGTERM", ""]);
    assert.ok(at - asked < 1000);
  });

  it("ends as it said whenever the answer arrives: 24 times", async (t) => {
    for (let round = 0; round < 24; round += 4) {
      const provider = await provide(key);
      t.after(() => provider.close());
      provider.delayMs = () => Math.random() * 8;
      const programs = [0, 1, 2, 3].map((index) =>
        start("exit.mjs", {
          url: provider.url,
          token,
          ...(index % 2 === 0 ? { way: "exit on the answer" } : { way: "exit after", after: round + index - 1 }),
        }),
      );
      const ended = await Promise.all(programs.map((program) => program.ended));
      for (const { code, signal, stderr } of ended) {
        assert.deepEqual([code, signal, stderr], [7, null, ""], `round ${round}`);
      }
    }
  });
});
