// Rows 7 to 13: the endpoint answers, but not with keys.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { row } from "../lib/row.mjs";
import { keepsOld, keepsOldWithEveryRequestCounted, PAST_AGE, until, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { inTurn, json, redirect, status } from "../server/answers.mjs";

const REDIRECTS = [301, 302, 303, 307, 308];

/** Every kind of redirect to these places is refused, and nobody there is called upon. */
async function refusesRedirects(bench, targets, settings = {}) {
  for (const target of targets) {
    for (const code of REDIRECTS) {
      const fault = (signer) => {
        target.answer?.(json(setOf(signer)));
        return redirect(target.url, code);
      };
      const expected = { error: new RegExp(`status ${code}`), reason: "unavailable", status: code };
      await keepsOldWithEveryRequestCounted(bench, fault, expected, settings);
    }
  }
  for (const target of targets) {
    assert.equal(target.connections ?? 0, 0);
  }
}

row(7, "302 to http", async (bench) => {
  const { ca, certify } = await bench.authority();
  const endpoint = await bench.endpoint({ tls: await certify() });
  const plain = await bench.endpoint();
  await refusesRedirects(bench, [plain], { endpoint, jwks: { ca } });
});

row(8, "302 to another host", async (bench) => {
  const other = await bench.endpoint({ host: "127.0.0.2" });
  await refusesRedirects(bench, [other]);
  // Nor is a metadata document looked for elsewhere.
  const endpoint = await bench.endpoint();
  const gate = await bench.open({ issuer: endpoint.origin, discover: true });
  endpoint.answer(redirect(`${other.origin}/.well-known/openid-configuration`));
  await gate.unavailable(new Signer("a").token({ iss: endpoint.origin }));
  await gate.shows({ state: "cold", failures: 1, lastError: /discovery: status 302/ });
  assert.deepEqual([endpoint.fetches, other.connections], [1, 0]);
});

row(
  9,
  "302 to loopback / 169.254.169.254",
  async (bench) => {
    try {
      execFileSync("ip", ["link", "set", "lo", "up"], { stdio: "ignore" });
      execFileSync("ip", ["address", "add", "169.254.169.254/32", "dev", "lo"], { stdio: "ignore" });
    } catch {
      bench.skip("no `ip` here to give a network namespace the link-local address");
    }
    const metadata = await bench.endpoint({ host: "169.254.169.254", port: 80 });
    const local = await bench.endpoint({ host: "127.0.0.1" });
    await refusesRedirects(bench, [metadata, local]);
    await refusesRedirects(bench, [metadata, local], { jwks: { allowHttp: true } });
  },
  { namespace: "net" },
);

row(10, "304 to our ETag / 304 we did not ask for", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const gate = await bench.open(endpoint.url);
  endpoint.answer(json(setOf(signer), { etag: '"one"' }));
  await gate.accepts(signer.token());
  assert.equal(endpoint.requests[0].headers["if-none-match"], undefined);
  const remembered = signer.token();
  await gate.accepts(remembered);
  endpoint.answer(status(304, { "cache-control": "max-age=120" }));
  await gate.pass(PAST_AGE);
  await gate.accepts(signer.token());
  await gate.shows({ state: "fresh", keys: 1, failures: 0, ageSeconds: 0, lastSuccess: gate.wallSeconds * 1000 });
  assert.equal(endpoint.requests[1].headers["if-none-match"], '"one"');
  await gate.hear("onFetch", { notModified: true, keys: 1 });
  await gate.accepts(remembered);
  // The age that the 304 gives counts, and the validator is kept for the next time.
  await gate.pass(121);
  await gate.accepts(signer.token());
  await gate.shows({ state: "fresh", fetches: 3 });
  assert.equal(endpoint.requests[2].headers["if-none-match"], '"one"');

  const expected = { error: /status 304/, reason: "unavailable", status: 304 };
  await keepsOldWithEveryRequestCounted(bench, () => status(304), expected);
});

row(11, "429 with Retry-After", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const at = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  const asked = [
    [() => "20", 20, 20],
    [() => "7200", 30, 30],
    [() => "99999999999999999999999", 30, 30],
    [() => at(25), 15, 25],
    [() => at(86_400), 30, 30],
    [() => at(-86_400), 0.8, 1.2],
    [() => "0", 0.8, 1.2],
    [() => "-20", 0.8, 1.2],
    [() => "soon", 0.8, 1.2],
  ];
  for (const [write, least, most] of asked) {
    const value = write();
    const cold = await bench.open(endpoint.url);
    endpoint.answer(status(429, { "retry-after": value }));
    await cold.unavailable(signer.token());
    const { nextAttemptSeconds: delay } = await cold.shows({ state: "cold", failures: 1, lastError: /status 429/ });
    assert.ok(delay >= least && delay <= most, `${delay} s for ${value}`);
    // The client is told the same; and until then nobody is asked again.
    const { retryAfter, connectCode } = await cold.request(signer.token());
    assert.deepEqual([connectCode, Number(retryAfter)], ["unavailable", Math.ceil(delay)]);
    await cold.pass(delay - 0.01);
    await cold.unavailable(signer.token());
    await cold.shows({ fetches: 1 });
    endpoint.answer(json(setOf(signer)));
    await cold.pass(0.02);
    await cold.accepts(signer.token());
  }
  const gate = await warm(bench, endpoint, [signer]);
  const stranger = new Signer("b");
  endpoint.answer(status(429, { "retry-after": "25" }));
  await gate.pass(PAST_AGE);
  await gate.accepts(signer.token());
  await gate.hear("onFetchError", { status: 429, state: "stale", reason: "unavailable" });
  await gate.shows({ state: "stale", failures: 1, nextAttemptSeconds: 25 });
  // What the endpoint asks for binds the fetches that tokens would cause, too.
  await gate.pass(24);
  await gate.refuses(stranger.token(), "ERR_KEY_NOT_FOUND");
  await gate.shows({ fetches: 2 });
});

row(12, "burst of 500s", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  await keepsOldWithEveryRequestCounted(bench, () => status(500), {
    error: /status 500/,
    reason: "unavailable",
    status: 500,
  });

  const delays = new Set();
  for (let replica = 0; replica < 6; replica += 1) {
    const cold = await bench.open(endpoint.url);
    endpoint.answer(inTurn(status(500), status(502), status(503), status(504)));
    await cold.unavailable(signer.token());
    const { nextAttemptSeconds: delay } = await cold.shows({ failures: 1 });
    assert.ok(delay >= 0.8 && delay <= 1.2, `${delay} s`);
    delays.add(delay);
    for (const nominal of [2, 4, 8]) {
      await cold.pass((await cold.stats()).nextAttemptSeconds + 0.001);
      await cold.unavailable(signer.token());
      const { nextAttemptSeconds: next } = await cold.shows({ lastError: /status 50[234]/ });
      assert.ok(next >= nominal * 0.8 && next <= nominal * 1.2, `${next} s, not about ${nominal} s`);
    }
  }
  assert.ok(delays.size > 1, `no jitter: ${[...delays]}`);

  // Bad for one second: good again by itself within seconds, not after a cooldown of 30.
  const [bad, good] = [status(500), json(setOf(signer))];
  const booted = Date.now();
  endpoint.answer((exchange) => (Date.now() - booted < 1000 ? bad : good)(exchange));
  const own = await bench.open(endpoint.url, {}, { clocked: false });
  await own.unavailable(signer.token());
  await until("fresh again", async () => (await own.stats()).state === "fresh", 6000);
  await own.accepts(signer.token());
});

row(13, "401, 403, 404", async (bench) => {
  for (const code of [401, 403, 404]) {
    const expected = { error: new RegExp(`status ${code}`), reason: "unavailable", status: code };
    await keepsOldWithEveryRequestCounted(bench, () => status(code, { "www-authenticate": "Basic" }), expected);
  }
  // What was sent to be let in is told to nobody.
  const endpoint = await bench.endpoint();
  endpoint.answer(status(401));
  const secret = "c2VjcmV0LW9mLXRoZS1vcGVyYXRvcg";
  const headers = { authorization: `Bearer ${secret}`, "x-api-key": secret };
  const gate = await bench.open(`${endpoint.url}?key=${secret}`, { headers });
  await gate.unavailable(new Signer("a").token());
  assert.equal(endpoint.requests[0].headers.authorization, headers.authorization);
  assert.equal(endpoint.requests[0].target, `/jwks?key=${secret}`);
  const { url } = await gate.hear("onFetchError", { status: 401 });
  assert.equal(url, endpoint.url);
  const told = JSON.stringify([await gate.stats(), await gate.events(), bench.driver.stderr]);
  assert.ok(!told.includes(secret), "a secret is told on");
  // A body of keys is not read where the status says no.
  for (const code of [201, 203, 206, 401, 500]) {
    const fault = (signer) => json(setOf(signer), {}, code);
    await keepsOld(bench, fault, { error: new RegExp(`status ${code}`), reason: "unavailable", status: code });
  }
});
