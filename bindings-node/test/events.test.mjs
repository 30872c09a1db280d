// What hooks are told of keys, the snapshot, the warning about verifiers built per request, and the
// README's readiness probe, which uses them.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigError, JwtVerifier } from "bearergate";
import { rsaKey, serveJwks } from "./support/tokens.mjs";

const key = rsaKey("k");
const directory = mkdtempSync(join(tmpdir(), "bearergate-events-"));
after(() => rmSync(directory, { recursive: true }));

async function until(what, done) {
  for (let i = 0; i < 500; i += 1) {
    if (done()) {
      return;
    }
    await sleep(10);
  }
  assert.fail(`in vain: ${what}`);
}

/** An endpoint that answers with what `answer` holds: a status, or keys. */
async function endpoint(answer) {
  const server = createServer((_, response) => {
    if (typeof answer.is === "number") {
      response.writeHead(answer.is).end();
    } else {
      response.end(JSON.stringify({ keys: answer.is }));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/jwks`;
}

describe("events", () => {
  it("tell of fetches, failures and changes, in frozen objects", async () => {
    const told = [];
    const hook = (name) => (event) => told.push([name, event]);
    const answer = { is: 500 };
    const url = await endpoint(answer);
    const verifier = new JwtVerifier({
      jwksUri: `${url}?secret=1`,
      issuer: "https://issuer.example",
      onFetch: hook("fetch"),
      onFetchError: hook("error"),
      onKeysChanged: hook("changed"),
    });
    await verifier.ready({ timeout: 0.1 }).catch(() => {});
    await until("an error", () => told.length === 1);
    const [, error] = told[0];
    assert.equal(error.error, "status 500");
    assert.deepStrictEqual(
      { ...error, durationMs: 0, nextAttemptSeconds: 1 },
      {
        url,
        issuer: "https://issuer.example",
        source: "remote",
        error: "status 500",
        reason: "unavailable",
        status: 500,
        state: "cold",
        durationMs: 0,
        nextAttemptSeconds: 1,
      },
    );
    assert.ok(error.nextAttemptSeconds > 0.5 && error.nextAttemptSeconds < 1.3);
    answer.is = [key.jwk, { kty: "oct", kid: "s" }];
    await verifier.ready({ timeout: 5 });
    await until("a fetch", () => told.length === 3);
    assert.deepStrictEqual(told[1][0], "fetch");
    assert.deepStrictEqual(
      { ...told[1][1], durationMs: 0 },
      { url, issuer: "https://issuer.example", durationMs: 0, notModified: false, keys: 1, skipped: 1 },
    );
    const [name, changed] = told[2];
    assert.equal(name, "changed");
    assert.deepStrictEqual([changed.source, changed.keys, changed.added, changed.removed], ["remote", 1, ["k"], []]);
    assert.equal(changed.skipped[0].kid, "s");
    assert.ok(Object.isFrozen(changed) && Object.isFrozen(changed.added) && Object.isFrozen(changed.skipped[0]));
    verifier.close();
  });

  it("change nothing, whatever a hook does", async () => {
    const url = await endpoint({ is: [key.jwk] });
    let called = 0;
    const verifier = new JwtVerifier({
      jwksUri: url,
      onFetch: () => {
        called += 1;
        throw new Error("the hook's own");
      },
      onKeysChanged: async () => {
        called += 1;
        throw new Error("the hook's own");
      },
    });
    await verifier.ready();
    await until("both calls", () => called === 2);
    assert.equal((await verifier.verify(key.token({ sub: "alice" }))).subject, "alice");
    verifier.close();
  });

  it("are functions, and keep no process alive", () => {
    assert.throws(() => new JwtVerifier({ secret: "x".repeat(32), onFetch: "log" }), ConfigError);
    const script = `
      const { JwtVerifier } = require("bearergate");
      const verifier = new JwtVerifier({ jwksUri: "http://127.0.0.1:9/jwks", onFetchError: () => {} });
      verifier.ready({ timeout: 0.05 }).catch(() => {});`;
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    assert.equal(spawnSync(process.execPath, ["-e", script], { timeout: 5000, cwd }).status, 0);
  });
});

describe("snapshotFile", () => {
  it("serves a start while the endpoint is down, and is not trusted blindly", async () => {
    const snapshotFile = join(directory, "keys");
    const answer = { is: [key.jwk] };
    const url = await endpoint(answer);
    const first = new JwtVerifier({ jwksUri: url, jwks: { snapshotFile } });
    await first.ready();
    await until("the file", () => existsSync(snapshotFile));
    assert.equal(statSync(snapshotFile).mode & 0o777, 0o600);
    first.close();
    answer.is = 503;

    const token = key.token({ sub: "alice" });
    const warm = new JwtVerifier({ jwksUri: url, jwks: { snapshotFile } });
    assert.equal(warm.verifySync(token).subject, "alice");
    warm.close();

    const told = [];
    const jwks = { snapshotFile, timeout: 0.5 };
    chmodSync(snapshotFile, 0o606);
    const open = new JwtVerifier({ jwksUri: url, jwks, onFetchError: (event) => told.push(event) });
    await assert.rejects(open.verify(token), { code: "ERR_KEYS_UNAVAILABLE" });
    await until("the event", () => told.length > 0);
    assert.equal(told[0].source, "snapshot");
    assert.match(told[0].error, /written by other users/);
    open.close();

    chmodSync(snapshotFile, 0o600);
    writeFileSync(snapshotFile, readFileSync(snapshotFile).subarray(0, -5));
    const broken = new JwtVerifier({ jwksUri: url, jwks: { snapshotFile, timeout: 0.4 } });
    await assert.rejects(broken.verify(token), { code: "ERR_KEYS_UNAVAILABLE" });
    broken.close();
  });

  it("names a directory that is not there", () => {
    const jwks = { snapshotFile: join(directory, "none", "keys") };
    assert.throws(() => new JwtVerifier({ jwksUri: "https://a.example/jwks", jwks }), { option: "jwks.snapshotFile" });
  });
});

it("a verifier built for each request is warned of once", async () => {
  const jwks = await serveJwks(key);
  const script = `
    const { JwtVerifier } = require("bearergate");
    process.on("warning", (warning) => console.log(warning.code, warning.message));
    (async () => {
      for (let i = 0; i < 100; i += 1) {
        const verifier = new JwtVerifier({ jwksUri: process.argv[1] });
        await verifier.verify(process.argv[2]);
        verifier.close();
      }
    })();`;
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, ["-e", script, jwks.url, key.token({ sub: "alice" })], { cwd });
  const lines = (await child.stdout.toArray()).join("").trim().split("\n");
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0], /^BEARERGATE_VERIFIER_PER_REQUEST more than 64 verifiers/);
  assert.ok(jwks.requests <= 65, `${jwks.requests} fetches`);
  jwks.close();
});

it("the README's readiness probe answers by the keys", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, code] = /<!-- readiness-node -->\n```js\n([\s\S]*?)```/.exec(readme);
  const answer = { is: 500 };
  const url = await endpoint(answer);
  const port = await freePort();
  const file = new URL("./readiness.generated.mjs", import.meta.url);
  writeFileSync(file, code);
  const env = { ...process.env, JWKS_URI: url, HEALTH_PORT: String(port) };
  const child = spawn(process.execPath, [fileURLToPath(file)], { env, stdio: "inherit" });
  try {
    const probe = () => fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    let response;
    for (let i = 0; i < 100 && response === undefined; i += 1) {
      response = await probe();
      await sleep(50);
    }
    assert.equal(response.status, 503);
    assert.deepStrictEqual(await response.json(), { state: "cold", keys: 0, lastError: "status 500" });
    answer.is = [key.jwk];
    for (let i = 0; i < 10 && response.status !== 200; i += 1) {
      response = await probe();
    }
    assert.equal(response.status, 200);
    assert.equal((await response.json()).state, "fresh");
  } finally {
    child.kill();
    rmSync(file);
  }
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
