// Worker threads started and ended during fetches; the main thread goes on.
import assert from "node:assert/strict";
import { it } from "node:test";
import { signer } from "./keys.mjs";
import { provide, start } from "./provider.mjs";

const WORKERS = 50;

it(`FAULTS 49: ${WORKERS} workers started and ended during a fetch`, async (t) => {
  const key = signer("ES256", "key-1");
  const provider = await provide(key);
  t.after(() => provider.close());
  provider.hold();
  const program = start("workers.mjs", { url: provider.url, token: key.token({ sub: "alice" }), workers: WORKERS });
  await program.hears("started");
  // Those that were terminated are gone; a fetch that all shared is still there for the others.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(provider.requests, 1);
  provider.release();
  const { code, signal, stdout, stderr } = await program.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ""]);
  assert.deepEqual(JSON.parse(stdout.split("\n")[1]), {
    [`close: ${Array(5).fill("ERR_KEYS_UNAVAILABLE")}`]: 12,
    [`answer: ${Array(5).fill("alice")}`]: 12,
    main: "alice",
    fetching: false,
    state: "fresh",
    // The main thread's own hooks: the fetch, and the new keys.
    heard: 2,
  });
});

it(`${WORKERS} workers that end while answers arrive`, async (t) => {
  const key = signer("ES256", "key-1");
  const provider = await provide(key);
  t.after(() => provider.close());
  provider.delayMs = () => Math.random() * 30;
  const program = start("workers.mjs", { url: provider.url, token: key.token({ sub: "alice" }), workers: WORKERS });
  const { code, signal, stdout, stderr } = await program.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ""]);
  const { main, state } = JSON.parse(stdout.split("\n")[1]);
  assert.deepEqual([main, state], ["alice", "fresh"]);
});
