// JwtVerifier: waiting and not waiting, readiness, counts, closing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ConfigError, JwtAuthError, JwtVerifier } from "bearergate";
import { hmacToken, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const key = rsaKey("k");
let jwks;
before(async () => {
  jwks = await serveJwks(key);
});
after(() => jwks.close());

/** A remote verifier that shares its set with none of the others. */
let queries = 0;
const remote = (more = {}) => {
  queries += 1;
  return new JwtVerifier({ jwksUri: `${jwks.url}?${queries}`, ...more });
};

describe("JwtVerifier", () => {
  it("verifies at once with fixed keys", async () => {
    const verifier = new JwtVerifier({ secret: SECRET });
    assert.equal(verifier.verifySync(hmacToken({ sub: "alice" })).subject, "alice");
    assert.equal((await verifier.verify(hmacToken({ sub: "bob" }))).subject, "bob");
    await verifier.ready();
    assert.deepStrictEqual(verifier.stats(), {
      state: "static",
      keys: 1,
      skipped: [],
      ageSeconds: null,
      lastSuccess: null,
      lastError: null,
      nextAttemptSeconds: null,
      fetching: false,
      fetches: 0,
      failures: 0,
      cacheHits: 0,
      cacheMisses: 2,
      url: null,
    });
  });

  it("reads tokens of every length to their end", () => {
    const verifier = new JwtVerifier({ secret: SECRET, maxTokenBytes: 200_000 });
    const padded = (padding) => hmacToken({ sub: "alice", padding: "x".repeat(padding) });
    // Around what is read at first, and then; what more takes is not kept for the next.
    const around = (length) => Array.from({ length: 64 }, (_, at) => Math.round(length * 0.75) - 110 + at);
    const lengths = new Set();
    for (const padding of [0, ...[8192, 65_536].flatMap(around), 300]) {
      const token = padded(padding);
      lengths.add(token.length);
      assert.equal(verifier.verifySync(padded(100_000)).subject, "alice");
      assert.equal(verifier.verifySync(token).claims.padding.length, padding);
      // Whatever a reader that stops early leaves out.
      for (const end of ["x", "é", "€", "😀", "\ud83d", "€€€€", "😀😀", "\ud83d\ud83d\ud83d"]) {
        assert.throws(() => verifier.verifySync(token + end), { name: "JwtAuthError" });
      }
    }
    for (const length of [8192, 65_536]) {
      assert.ok(lengths.has(length - 5) || lengths.has(length - 4));
      assert.ok(lengths.has(length) || lengths.has(length + 1));
    }
  });

  it("tells what was wrong", async () => {
    const verifier = new JwtVerifier({ secret: SECRET, audience: "me" });
    const wrong = { name: "JwtAuthError", code: "ERR_CLAIM_MISSING", claim: "aud", reason: "missing" };
    assert.throws(() => verifier.verifySync(hmacToken({ sub: "a" })), wrong);
    await assert.rejects(verifier.verify(hmacToken({ sub: "a" })), wrong);
    for (const token of ["", "a.b", undefined, null, 7, {}, Symbol("x")]) {
      await assert.rejects(verifier.verify(token), { code: "ERR_TOKEN_MALFORMED" });
      assert.throws(() => verifier.verifySync(token), { code: "ERR_TOKEN_MALFORMED" });
    }
  });

  it("fetches on the way of a synchronous call that cannot wait", async () => {
    const verifier = remote();
    assert.equal(verifier.stats().state, "cold");
    const token = key.token({ sub: "alice" });
    assert.throws(() => verifier.verifySync(token), { code: "ERR_KEYS_UNAVAILABLE" });
    assert.equal(verifier.stats().fetching, true);
    await verifier.ready();
    assert.equal(verifier.verifySync(token).subject, "alice");
    const { state, keys, fetches, url } = verifier.stats();
    assert.deepEqual([state, keys, fetches], ["fresh", 1, 1]);
    assert.doesNotMatch(url, /\?/);
    verifier.close();
  });

  it("is ready within a duration, or says that it was not", async () => {
    jwks.delayMs = 300;
    try {
      const verifier = remote();
      await assert.rejects(verifier.ready({ timeout: 0.05 }), (error) => {
        assert.ok(error instanceof JwtAuthError);
        assert.deepEqual([error.code, error.reason], ["ERR_KEYS_UNAVAILABLE", "timeout"]);
        return true;
      });
      await verifier.ready({ timeout: "2s" });
      await verifier.ready({ timeout: 0 });
      verifier.close();
    } finally {
      jwks.delayMs = 0;
    }
  });

  it("refuses a timeout that is no duration", async () => {
    const verifier = new JwtVerifier({ secret: SECRET });
    for (const timeout of ["5", "5ms", -1, Number.NaN, Number.POSITIVE_INFINITY, {}, "-5s"]) {
      await assert.rejects(verifier.ready({ timeout }), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.option, "timeout");
        return true;
      });
    }
  });

  it("takes no options but a timeout", async () => {
    const verifier = new JwtVerifier({ secret: SECRET });
    for (const options of [undefined, null, {}, { timeout: undefined }, { timeout: null }]) {
      await verifier.ready(options);
    }
    for (const [options, option] of [
      [{ timout: 5 }, "timout"],
      [{ timeout: 5, signal: null }, "signal"],
      ["5s", "options"],
      [[5], "options"],
    ]) {
      await assert.rejects(verifier.ready(options), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.option, option);
        return true;
      });
    }
  });

  it("ends waiting calls when it is closed, any number of times", async () => {
    jwks.delayMs = 1000;
    try {
      const verifier = remote();
      const waiting = verifier.verify(key.token({ sub: "a" }));
      verifier.close();
      verifier.close();
      await assert.rejects(waiting, { code: "ERR_KEYS_UNAVAILABLE" });
      await assert.rejects(verifier.verify(key.token({ sub: "a" })), { code: "ERR_KEYS_UNAVAILABLE" });
      assert.equal(verifier.stats().state, "closed");
    } finally {
      jwks.delayMs = 0;
    }
  });

  it("closes at the end of an await using block", async () => {
    const verifier = remote();
    await verifier[Symbol.asyncDispose]();
    assert.equal(verifier.stats().state, "closed");
  });

  it("counts what its cache saved", async () => {
    const verifier = new JwtVerifier({ publicKey: key.publicKey });
    const token = key.token({ sub: "a" });
    verifier.verifySync(token);
    verifier.verifySync(token);
    const { cacheHits, cacheMisses } = verifier.stats();
    assert.deepEqual([cacheHits, cacheMisses], [1, 1]);
  });

  it("refuses in verifySync what an asynchronous validate has not said", async () => {
    const verifier = new JwtVerifier({ secret: SECRET, validate: async () => true });
    const token = hmacToken({ sub: "a" });
    assert.throws(
      () => verifier.verifySync(token),
      (error) => {
        assert.equal(error.code, "ERR_VALIDATE_FAILED");
        assert.match(error.cause.message, /validate is async: use verify\(\)/);
        return true;
      },
    );
    assert.equal((await verifier.verify(token)).subject, "a");
  });

  it("works in worker threads", async () => {
    const worker = new Worker(new URL("./fixtures/worker.mjs", import.meta.url), {
      workerData: { url: jwks.url, token: key.token({ sub: "worker" }) },
    });
    const subject = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
    assert.equal(subject, "worker");
    await worker.terminate();
  });

  it("outlives workers that end while they wait for keys", async () => {
    jwks.delayMs = 200;
    try {
      const ended = Array.from({ length: 5 }, async (_, index) => {
        const worker = new Worker(new URL("./fixtures/worker.mjs", import.meta.url), {
          workerData: { url: `${jwks.url}?worker=${index}`, token: key.token({ sub: "worker" }) },
        });
        worker.on("message", () => {});
        await new Promise((resolve) => setTimeout(resolve, 150 + 20 * index));
        await worker.terminate();
      });
      await Promise.all(ended);
    } finally {
      jwks.delayMs = 0;
    }
    const verifier = remote();
    assert.equal((await verifier.verify(key.token({ sub: "after" }))).subject, "after");
    verifier.close();
  });

  it("does not keep the process alive once its keys are there", async () => {
    const script = fileURLToPath(new URL("./fixtures/exits.mjs", import.meta.url));
    const started = Date.now();
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, [script, jwks.url, key.token({ sub: "a" })], { stdio: "inherit" });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    assert.equal(code, 0);
    assert.ok(Date.now() - started < 5000);
  });
});
