// Sixteen workers hammer one process's key set while its keys are rotated.
import assert from "node:assert/strict";
import { it } from "node:test";
import { start } from "./provider.mjs";

const WORKERS = 16;
const ROTATIONS = 3;

it(`${WORKERS} workers verify without a pause through ${ROTATIONS} rotations`, async (t) => {
  const program = start("hammer.mjs", { workers: WORKERS, rotations: ROTATIONS });
  const { code, signal, stdout, stderr } = await program.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ""]);
  const { calls, accepted, built, requests, wrong } = JSON.parse(stdout);
  assert.deepEqual(wrong, []);
  // One fetch of the cold set, and a token's fetch at most once in a cooldown, whoever caused it.
  assert.ok(requests > ROTATIONS && requests < 30, `${requests} requests`);
  assert.ok(calls > 5000 && accepted > 500 && built >= WORKERS, `${calls} calls, ${accepted} accepted, ${built} built`);
  t.diagnostic(`${calls} calls, ${built} verifiers built and closed, ${requests} requests`);
});
