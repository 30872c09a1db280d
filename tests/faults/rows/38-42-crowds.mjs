// Rows 38 to 42: many at once.
import assert from "node:assert/strict";
import { row } from "../lib/row.mjs";
import { until, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { after, json, silence } from "../server/answers.mjs";

/** Tokens of keys that nobody has, cheap to make and costly to look for. */
function strangers(number) {
  const stranger = new Signer("stranger");
  const [, payload, signature] = stranger.token().split(".");
  const header = (kid) => Buffer.from(JSON.stringify({ alg: "ES256", kid })).toString("base64url");
  return Array.from({ length: number }, (_, at) => `${header(`unknown-${at}`)}.${payload}.${signature}`);
}

const tokensOf = (signer, number) => Array.from({ length: number }, () => signer.token());

row(
  38,
  "unknown-kid flood, 10k/s",
  async (bench) => {
    const endpoint = await bench.endpoint();
    const signer = new Signer("a");
    const gate = await warm(bench, endpoint, [signer], {}, { clocked: false });
    const [tokens, valid] = [strangers(2000), tokensOf(signer, 64)];
    await gate.flood({ tokens, valid, perSecond: 0, seconds: 0.3 });
    // A busy machine may spoil a measurement; one that is not spoilt is enough.
    const measured = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const calm = await gate.flood({ tokens, valid, perSecond: 0, seconds: 1 });
      const flooded = await gate.flood({ tokens, valid, perSecond: 10_000, seconds: 1.5 });
      const { ERR_KEY_NOT_FOUND: refused, ...others } = byCode(flooded.counts);
      assert.deepEqual(others, {});
      assert.ok(refused > 10_000, `only ${refused} tokens in 1.5 s`);
      measured.push([calm.p99, flooded.p99]);
      if (flooded.p99 <= calm.p99 * 2 + 0.05) {
        break;
      }
    }
    const [calm, flooded] = measured.at(-1);
    assert.ok(flooded <= calm * 2 + 0.05, `p99 of valid tokens, calm and flooded: ${JSON.stringify(measured)}`);
    assert.equal(endpoint.fetches, 2, "one cold fetch, and one that a token caused");

    // While that fetch is under way, no more wait for it than may; the others are answered at once.
    const slow = await bench.endpoint();
    slow.answer(silence());
    const waiting = await bench.open(slow.url, { timeout: 1.5 });
    const { counts } = await waiting.verifyMany(strangers(5000));
    assert.deepEqual(counts, { "ERR_KEYS_UNAVAILABLE timeout": 4096, "ERR_KEYS_UNAVAILABLE unavailable": 904 });
    assert.equal(slow.fetches, 1);
  },
  { alone: true },
);

function byCode(counts) {
  const codes = {};
  for (const [name, number] of Object.entries(counts)) {
    const [code] = name.split(" ");
    codes[code] = (codes[code] ?? 0) + number;
  }
  return codes;
}

row(39, "the same flood while the endpoint is down", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const gate = await warm(bench, endpoint, [signer]);
  const tokens = strangers(200);
  await endpoint.stop();
  for (let second = 0; second <= 90; second += 1) {
    const { counts } = await gate.verifyMany(tokens);
    // Who caused the fetch, or waited for it, could not be judged; the others were, by the keys there are.
    const { ERR_KEYS_UNAVAILABLE: unavailable = 0, ERR_KEY_NOT_FOUND: refused = 0, ...others } = byCode(counts);
    assert.deepEqual(others, {});
    assert.equal(unavailable + refused, tokens.length);
    assert.equal(unavailable > 0, second % 30 === 0, `${unavailable} after ${second} s`);
    const { fetches, failures } = await gate.stats();
    assert.deepEqual([fetches, failures], [2 + Math.floor(second / 30), 1 + Math.floor(second / 30)]);
    await gate.accepts(signer.token());
    await gate.pass(1);
  }
});

row(40, "rotation during a flood", async (bench) => {
  const endpoint = await bench.endpoint();
  const [before, next] = [new Signer("before"), new Signer("next")];
  const gate = await warm(bench, endpoint, [before]);
  const tokens = strangers(100);
  let accepted;
  for (let second = 0; second <= 40 && accepted === undefined; second += 1) {
    if (second === 5) {
      endpoint.answer(json(setOf(before, next)));
    }
    await gate.verifyMany(tokens);
    await gate.settle();
    accepted = (await gate.verify(next.token())).code === undefined ? second : undefined;
    await gate.accepts(before.token());
    await gate.pass(1);
  }
  assert.equal(accepted, 30, "a cooldown after the fetch that the flood has caused");
  assert.equal(endpoint.fetches, 3);
});

row(41, "1,000 concurrent requests on a cold cache", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(after(300, json(setOf(signer))));
  const gate = await bench.open(endpoint.url, {}, { clocked: false });
  const { counts } = await gate.verifyMany(tokensOf(signer, 50), 20);
  assert.deepEqual(counts, { ok: 1000 });
  assert.deepEqual([endpoint.fetches, endpoint.connections], [1, 1]);
  await gate.shows({ fetches: 1, failures: 0, state: "fresh" });
  if (!bench.isNode) {
    const threads = await bench.endpoint();
    threads.answer(after(500, json(setOf(signer))));
    const blocked = await bench.open(threads.url, {}, { clocked: false });
    assert.deepEqual((await blocked.verifyInThreads(signer.token(), 100)).counts, { ok: 100 });
    assert.deepEqual([threads.fetches, threads.connections], [1, 1]);
  }
});

row(42, "the caller that began the shared fetch is cancelled", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(after(1000, json(setOf(signer))));
  const options = { jwksUri: endpoint.url };
  const gate = await bench.open(options, {}, { clocked: false });
  // A promise cannot be cancelled, but the thread that waits for it can be ended.
  const given = { options, token: signer.token(), number: 1, afterMs: 150 };
  const cancelled = bench.isNode ? bench.driver.call("workers", given) : gate.cancelledVerify(signer.token(), 150);
  await until("the fetch has begun", () => endpoint.fetches === 1);
  const others = gate.verifyMany(tokensOf(signer, 10));
  await cancelled;
  const { counts, ms } = await others;
  assert.deepEqual(counts, { ok: 10 });
  assert.ok(ms > 200, "the others waited for the same fetch");
  assert.equal(endpoint.fetches, 1);
});
