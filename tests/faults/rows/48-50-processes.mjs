// Rows 48 to 50: forks, and ends in the middle of a fetch.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { openGunicorn } from "../lib/gunicorn.mjs";
import { row } from "../lib/row.mjs";
import { until, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { after, json, silence } from "../server/answers.mjs";

const SYSTEM_CLOCK = { clocked: false };

row(48, "process forks (gunicorn preload, os.fork, mid-fetch too)", async (bench) => {
  if (bench.isNode) {
    await cluster(bench);
  } else {
    await forks(bench);
    await preloaded(bench);
  }
});

async function cluster(bench) {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(json(setOf(signer)));
  const options = { jwksUri: endpoint.url };
  const gate = await bench.open(options, {}, SYSTEM_CLOCK);
  await gate.accepts(signer.token());
  const children = await bench.driver.call("fork", { options, token: signer.token(), number: 3 });
  assert.deepEqual(
    children,
    Array.from({ length: 3 }, () => ({ subject: "alice", fetches: 1 })),
  );
  assert.equal(endpoint.fetches, 4);
  bench.remark("Node has no fork that keeps memory: processes of a cluster, each with its own keys");
}

async function forks(bench) {
  const endpoint = await bench.endpoint();
  const [signer, next] = [new Signer("a"), new Signer("next")];
  const children = (number, fetches) => Array.from({ length: number }, () => ({ subject: "alice", fetches, exit: 0 }));
  endpoint.answer(json(setOf(signer)));

  const cold = await bench.open(endpoint.url, {}, SYSTEM_CLOCK);
  assert.deepEqual(await cold.fork(signer.token(), { number: 3 }), children(3, 1));
  assert.equal(endpoint.fetches, 3);
  await cold.accepts(signer.token());
  assert.equal(endpoint.fetches, 4);

  // The parent's keys, no fetch; and where one is due, by a runtime of the child's own.
  assert.deepEqual(await cold.fork(signer.token(), { number: 3 }), children(3, 1));
  assert.equal(endpoint.fetches, 4);
  endpoint.answer(json(setOf(signer, next)));
  assert.deepEqual(await cold.fork(next.token(), { number: 3 }), children(3, 2));
  assert.equal(endpoint.fetches, 7);
  await cold.accepts(next.token());
  assert.equal(endpoint.fetches, 8);

  const middle = await bench.endpoint();
  middle.answer(after(1000, json(setOf(signer))));
  const gate = await bench.open(middle.url, {}, SYSTEM_CLOCK);
  const waiting = [gate.accepts(signer.token()), gate.verify(signer.token(), { block: true })];
  await until("the fetch has begun", () => middle.fetches === 1);
  assert.deepEqual(await gate.fork(signer.token(), { number: 3 }), children(3, 2));
  await Promise.all(waiting);
  assert.equal(middle.fetches, 4);
}

async function preloaded(bench) {
  const endpoint = await bench.endpoint();
  const [signer, next] = [new Signer("a"), new Signer("next")];
  endpoint.answer(json(setOf(signer)));
  const gunicorn = bench.keep(await openGunicorn({ url: endpoint.url, token: signer.token(), workers: 2 }));
  // The application was loaded, and a token verified, before the fork.
  assert.equal(endpoint.fetches, 1);
  const say = async (token) => {
    const [status, worker] = await gunicorn.get(token);
    assert.equal(status, 200);
    return worker;
  };
  const workers = new Set();
  await until("both workers have answered", async () => workers.add(await say(signer.token())).size === 2, 10_000);
  assert.equal(endpoint.fetches, 1);
  endpoint.answer(json(setOf(signer, next)));
  workers.clear();
  await until("both have refreshed", async () => workers.add(await say(next.token())).size === 2, 10_000);
  assert.equal(endpoint.fetches, 3);
}

row(
  49,
  "Node worker ends / Python interpreter exits during a fetch",
  async (bench) => {
    const endpoint = await bench.endpoint();
    const signer = new Signer("a");
    endpoint.answer(silence());
    if (bench.isNode) {
      const given = { options: { jwksUri: endpoint.url }, token: signer.token() };
      await bench.driver.call("workers", { ...given, number: 20, afterMs: 50 });
      const beside = await bench.endpoint();
      await warm(bench, beside, [signer], {}, SYSTEM_CLOCK);
    }
    for (const moment of [0, 100]) {
      const driver = bench.launch();
      const gate = await bench.open(endpoint.url, { timeout: 30 }, { ...SYSTEM_CLOCK, driver });
      const seen = endpoint.fetches;
      const asked = Date.now();
      gate.exit(signer.token(), moment).catch(() => {});
      const { code, signal } = await Promise.race([driver.exited, pause(5000, { code: "still there" })]);
      const took = Date.now() - asked - moment;
      assert.deepEqual([code, signal], [0, null], driver.stderr);
      assert.ok(took < 1000, `ended after ${took} ms`);
      assert.ok(moment === 0 || endpoint.fetches === seen + 1, "it was not in the middle of a fetch");
    }
    bench.note("exit 0");
  },
  { alone: true },
);

row(50, "close() during a fetch", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(silence());
  const gate = await bench.open(endpoint.url, { timeout: 20 }, SYSTEM_CLOCK);
  const waiting = gate.verifyMany([signer.token()], 50);
  const ready = gate.ready(20);
  const threads = bench.isNode ? undefined : gate.verifyInThreads(signer.token(), 10);
  await until("the fetch has begun", () => endpoint.fetches === 1);
  await pause(50);
  const asked = Date.now();
  await gate.close();
  assert.deepEqual((await waiting).counts, { "ERR_KEYS_UNAVAILABLE unavailable": 50 });
  assert.equal((await ready).code, "ERR_KEYS_UNAVAILABLE");
  if (threads !== undefined) {
    assert.deepEqual((await threads).counts, { "ERR_KEYS_UNAVAILABLE unavailable": 10 });
  }
  assert.ok(Date.now() - asked < 1000, `ended ${Date.now() - asked} ms after close()`);
  await gate.unavailable(signer.token(), { within: 500 });
  await gate.close();
  await gate.shows({ state: "closed" });
  assert.equal(endpoint.fetches, 1);

  // Another verifier of the same keys goes on.
  const shared = await bench.endpoint();
  shared.answer(after(500, json(setOf(signer))));
  const [leaving, staying] = [
    await bench.open(shared.url, {}, SYSTEM_CLOCK),
    await bench.open(shared.url, {}, SYSTEM_CLOCK),
  ];
  const [left, stayed] = [leaving.verifyMany([signer.token()]), staying.verifyMany([signer.token()])];
  await until("the fetch has begun", () => shared.fetches === 1);
  await leaving.close();
  assert.deepEqual(
    [(await left).counts, (await stayed).counts],
    [{ "ERR_KEYS_UNAVAILABLE unavailable": 1 }, { ok: 1 }],
  );
  assert.equal(shared.fetches, 1);
});
