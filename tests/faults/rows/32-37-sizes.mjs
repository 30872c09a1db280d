// Rows 32 to 37: too much, too deep, too often, too early.
import assert from "node:assert/strict";
import { row } from "../lib/row.mjs";
import { keepsOldWithEveryRequestCounted, PAST_AGE, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { endless, gzipBomb, json, padded, text } from "../server/answers.mjs";

const MiB = 1024 * 1024;
const tooLong = (limit) => ({ error: new RegExp(`longer than \`maxBytes\` \\(${limit}\\)`), reason: "invalid" });

row(32, "10 MB body; endless chunked body", async (bench) => {
  const ten = (signer) => padded(setOf(signer), 10_000_000);
  await keepsOldWithEveryRequestCounted(bench, ten, tooLong(524_288));

  const endpoint = await bench.endpoint();
  await keepsOldWithEveryRequestCounted(bench, (signer) => endless(setOf(signer)), tooLong(524_288), { endpoint });
  // More than the limit was under way in buffers, but nobody went on taking.
  assert.ok(endpoint.sent < 64 * MiB, `${endpoint.sent} bytes were taken`);

  // To the byte.
  const signer = new Signer("a");
  for (const [length, most] of [
    [4096, 4096],
    [4097, 4096],
  ]) {
    const gate = await bench.open(endpoint.url, { maxBytes: most });
    endpoint.answer(padded(setOf(signer), length));
    await (length > most ? gate.unavailable(signer.token()) : gate.accepts(signer.token()));
  }
});

row(33, "gzip bomb", async (bench) => {
  const bomb = (signer) => gzipBomb(setOf(signer), 256 * MiB);
  const before = await bench.driver.call("memory");
  await keepsOldWithEveryRequestCounted(bench, bomb, tooLong(524_288));
  const grown = (await bench.driver.call("memory")) - before;
  assert.ok(grown < 64 * MiB, `memory grew by ${grown} bytes`);
  // What is small when inflated is let in.
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(gzipBomb(setOf(signer), 400_000));
  await (await bench.open(endpoint.url)).accepts(signer.token());
  assert.match(endpoint.requests[0].headers["accept-encoding"], /gzip/);
});

/** Ten thousand keys, made once. */
let many;

function tenThousandKeys() {
  many ??= Array.from({ length: 10_000 }, (_, at) => new Signer(`kid-${at}`, "EdDSA"));
  return many;
}

row(
  34,
  "10,000 keys",
  async (bench) => {
    const signers = tenThousandKeys();
    const whole = json(setOf(...signers));
    const settings = { jwks: { maxBytes: 4 * MiB } };
    const expected = { error: /10000 keys are more than `maxKeys` \(256\)/, reason: "invalid" };
    await keepsOldWithEveryRequestCounted(bench, () => whole, expected, settings);

    const endpoint = await bench.endpoint();
    const timed = async (keys, valid) => {
      endpoint.answer(json(setOf(...keys)));
      const jwks = { maxBytes: 4 * MiB, maxKeys: 10_000, timeout: 20 };
      const gate = await bench.open({ jwksUri: endpoint.url, cache: false, jwks });
      await gate.accepts(valid[0]);
      await gate.shows({ keys: keys.length });
      return (await gate.flood({ tokens: [valid[0]], valid, perSecond: 0, seconds: 0.5 })).p50;
    };
    const valid = [0, 4999, 9999].map((at) => signers[at].token());
    const alone = await timed([signers[0]], [signers[0].token()]);
    const among = await timed(signers, valid);
    // A search would take ten thousand times as long.
    assert.ok(among < alone * 3 + 0.1, `${among} ms among 10,000 keys, ${alone} ms with one`);
  },
  { alone: true },
);

row(35, "deep nesting; duplicate members", async (bench) => {
  const nested = (levels) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const wrap = (signer, before, after = "") => text(`{${before}"keys":[${JSON.stringify(signer.jwk())}]${after}}`);
  const bodies = [
    (signer) => wrap(signer, `"x":${nested(32)},`),
    (signer) => wrap(signer, `"x":${nested(100_000)},`),
    (signer) => wrap(signer, `"x":${'{"a":'.repeat(40)}1${"}".repeat(40)},`),
    (signer) => wrap(signer, '"keys":[],'),
    (signer) => wrap(signer, "", ',"keys":[]'),
    (signer) => wrap(signer, "", ',"\\u006beys":[]'),
    (signer) => wrap(signer, '"x":{"a":1,"a":1},'),
    (signer) => text(JSON.stringify(setOf(signer)).replace('"kid"', '"kid":"another","kid"')),
  ];
  for (const body of bodies) {
    await keepsOldWithEveryRequestCounted(bench, body, { error: /not strict JSON/, reason: "invalid" });
  }
  // As deep as is allowed.
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(wrap(signer, `"x":${nested(31)},`));
  await (await bench.open(endpoint.url)).accepts(signer.token());
});

row(36, "rotation on every response", async (bench) => {
  const endpoint = await bench.endpoint();
  const served = [];
  endpoint.answer((exchange) => {
    served.push(new Signer(`generation-${served.length}`));
    json(setOf(served.at(-1)))(exchange);
  });
  const gate = await bench.open(endpoint.url);
  const stranger = new Signer("never-served");
  await gate.refuses(stranger.token(), "ERR_KEY_NOT_FOUND");
  assert.equal(served.length, 1);
  for (let second = 1; second <= 120; second += 1) {
    await gate.refuses(stranger.token(), "ERR_KEY_NOT_FOUND");
    await gate.accepts(served.at(-1).token());
    if (served.length > 1) {
      await gate.refuses(served.at(-2).token(), "ERR_KEY_NOT_FOUND");
    }
    assert.equal(endpoint.fetches, 1 + Math.ceil(second / 30), `after ${second - 1} s`);
    await gate.pass(1);
  }
  await gate.shows({ state: "fresh", keys: 1, failures: 0 });
});

row(37, "keys dropped before their tokens expire", async (bench) => {
  const [dropped, kept] = [new Signer("dropped"), new Signer("kept")];
  const endpoint = await bench.endpoint();
  const gate = await warm(bench, endpoint, [dropped, kept]);
  const token = dropped.token({ exp: gate.wallSeconds + 86_400 });
  await gate.accepts(token);
  endpoint.answer(json(setOf(kept)));
  await gate.pass(PAST_AGE);
  await gate.accepts(kept.token());
  await gate.settle();
  // One more look at the endpoint for it, and no second.
  for (let time = 0; time < 3; time += 1) {
    await gate.refuses(token, "ERR_KEY_NOT_FOUND");
    assert.equal(endpoint.fetches, 3);
  }
});
