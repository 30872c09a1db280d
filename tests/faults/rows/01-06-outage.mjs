// Rows 1 to 6: the endpoint is not there, or takes its time.
import assert from "node:assert/strict";
import { row } from "../lib/row.mjs";
import { keepsOldWithEveryRequestCounted, PAST_AGE, until, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { after, json, silence, slowBody, slowHead } from "../server/answers.mjs";
import { openFullListener } from "../server/listeners.mjs";

/** What a busy machine may add to a deadline, in milliseconds. */
const SLACK = 700;

row(1, "endpoint down at boot", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  await endpoint.stop();
  const gate = await bench.open(endpoint.url);
  await gate.unavailable(signer.token());
  await gate.hear("onFetchError", { source: "remote", reason: "unavailable", state: "cold" });
  assert.deepEqual(await gate.ready(0.2).then(({ code, reason }) => [code, reason]), [
    "ERR_KEYS_UNAVAILABLE",
    "timeout",
  ]);
  for (const [attempt, nominal] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    const stats = await gate.shows({ state: "cold", keys: 0, failures: attempt + 1, fetches: attempt + 1 });
    assert.match(stats.lastError, /cannot connect/);
    const delay = stats.nextAttemptSeconds;
    assert.ok(delay >= nominal * 0.8 && delay <= nominal * 1.2, `${delay} s after failure ${attempt + 1}`);
    // Between attempts: at once, no attempt, and told when to come again.
    const refused = await gate.request(signer.token());
    assert.deepEqual(
      [refused.connectCode, refused.code, refused.message],
      ["unavailable", "ERR_KEYS_UNAVAILABLE", "Authentication temporarily unavailable"],
    );
    assert.equal(Number(refused.retryAfter), Math.max(1, Math.ceil(delay)));
    await gate.shows({ fetches: attempt + 1 });
    await gate.pass(delay + 0.001);
    await gate.unavailable(signer.token());
  }

  const own = await bench.open(endpoint.url, {}, { clocked: false });
  await own.unavailable(signer.token());
  const ready = own.ready(20);
  await endpoint.start();
  endpoint.answer(json(setOf(signer)));
  await until("fresh without a request", async () => (await own.stats()).state === "fresh");
  assert.equal((await ready).ready, true);
  assert.equal((await own.ready(0.1)).ready, true);
  await own.accepts(signer.token());
  assert.equal(endpoint.fetches, 1);
});

row(2, "down after warm", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const gate = await warm(bench, endpoint, [signer]);
  await endpoint.stop();
  await gate.pass(PAST_AGE);
  await gate.accepts(signer.token());
  await gate.shows({ state: "stale", keys: 1, failures: 1, lastError: /cannot connect/ });
  await gate.hear("onFetchError", { source: "remote", reason: "unavailable", state: "stale", error: /cannot connect/ });
  for (let seconds = 0; seconds < 3200; seconds += 400) {
    await gate.pass(400);
    await gate.accepts(signer.token());
    await gate.settle();
  }
  await gate.shows({ state: "stale", keys: 1, failures: 9, fetches: 10 });
});

row(3, "down past staleIfError", async (bench) => {
  const endpoint = await bench.endpoint();
  const [signer, stranger] = [new Signer("a"), new Signer("b")];
  await endpoint.stop();
  for (const [jwks, last] of [
    [{}, 4199],
    [{ staleIfError: 60, cacheMaxAge: 120 }, 179],
    [{ staleIfError: 0 }, 599],
  ]) {
    await endpoint.start();
    const gate = await warm(bench, endpoint, [signer], jwks);
    await endpoint.stop();
    const token = signer.token();
    await gate.pass(last);
    // The one that the cache of verified signatures remembers, too.
    await gate.accepts(token);
    await gate.settle();
    await gate.pass(1);
    for (const each of [token, signer.token(), stranger.token()]) {
      await gate.unavailable(each);
    }
    await gate.shows({ state: "dead", keys: 1 });
    await endpoint.start();
    await gate.pass(37);
    await gate.accepts(token);
    await gate.shows({ state: "fresh" });
    await endpoint.stop();
  }
});

row(4, "connect never completes", async (bench) => {
  const listener = bench.keep(await openFullListener());
  const signer = new Signer("a");
  for (const block of bench.isNode ? [false] : [false, true]) {
    const gate = await bench.open(listener.url, { timeout: 0.5 });
    const { ms } = await gate.unavailable(signer.token(), { block, within: 500 + SLACK, reason: "timeout" });
    assert.ok(ms >= 450, `answered after ${ms} ms`);
    await gate.shows({ state: "cold", failures: 1, lastError: /timed out/ });
    await gate.hear("onFetchError", { reason: "timeout", state: "cold" });
  }
});

row(5, "slow response headers", async (bench) => {
  const expected = { error: /timed out/, reason: "timeout" };
  const jwks = { timeout: 0.3 };
  await keepsOldWithEveryRequestCounted(bench, () => silence(), expected, { jwks });
  await keepsOldWithEveryRequestCounted(bench, () => slowHead("{}", 40), expected, { jwks });
  await atTheDeadline(bench, silence(), 300);
  // One deadline for discovery and keys together.
  const endpoint = await bench.endpoint();
  const [issuer, signer] = [endpoint.origin, new Signer("a")];
  const metadata = after(600, json({ issuer, jwks_uri: endpoint.url }));
  const keys = after(600, json(setOf(signer)));
  endpoint.answer((exchange) => (exchange.request.target === "/jwks" ? keys : metadata)(exchange));
  const gate = await bench.open({ issuer, discover: true }, { timeout: 1 });
  const { ms } = await gate.unavailable(signer.token({ iss: issuer }), { within: 1000 + SLACK, reason: "timeout" });
  assert.ok(ms >= 950, `answered after ${ms} ms`);
  assert.equal(endpoint.fetches, 2);
});

row(6, "slow-loris body, 1 byte/s", async (bench) => {
  const settings = { jwks: { timeout: 0.3 } };
  // Often enough that a limit on idle time would never end it.
  const fault = (signer) => slowBody(setOf(signer), 40);
  await keepsOldWithEveryRequestCounted(bench, fault, { error: /timed out/, reason: "timeout" }, settings);
  await atTheDeadline(bench, slowBody(setOf(new Signer("a")), 1000), 1500);
});

/** Who waits is answered at the total deadline, and who has keys does not wait. */
async function atTheDeadline(bench, slow, ms) {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const cold = await bench.open(endpoint.url, { timeout: ms / 1000 });
  endpoint.answer(slow);
  const refused = await cold.unavailable(signer.token(), { within: ms + SLACK, reason: "timeout" });
  assert.ok(refused.ms >= ms * 0.9, `answered after ${refused.ms} ms`);
  const gate = await warm(bench, endpoint, [signer], { timeout: ms / 1000 });
  endpoint.answer(slow);
  await gate.pass(PAST_AGE);
  const { code, ms: took } = await gate.verify(signer.token());
  assert.ok(code === undefined && took < ms / 2, `${code ?? "accepted"} after ${took} ms`);
  assert.equal((await gate.stats()).fetching, true);
}
