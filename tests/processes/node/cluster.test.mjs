// A cluster: workers verify, pick up rotated keys, and are replaced when one dies during a fetch.
import assert from "node:assert/strict";
import { it } from "node:test";
import { signer } from "./keys.mjs";
import { provide, start } from "./provider.mjs";

const WORKERS = 3;

/** Calls until every worker has answered, and gives what they said. */
async function askAll(url, token, workers) {
  const answers = new Map();
  // A worker that takes the place of another needs time to start.
  const deadline = performance.now() + 15_000;
  while (answers.size < workers && performance.now() < deadline) {
    const said = await (await fetch(url, { headers: { authorization: token } })).text();
    const [pid, outcome] = said.split(" ");
    answers.set(pid, outcome);
  }
  return answers;
}

it("FAULTS 49: a cluster of 3 verifies, rotates, and replaces a worker that ends during a fetch", async () => {
  const [old, next] = [signer("ES256", "key-1"), signer("ES256", "key-2")];
  const provider = await provide(old);
  const program = start("cluster.mjs", { url: provider.url, token: old.token({ sub: "alice" }), workers: WORKERS });
  let output = "";
  program.child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  while (!/^port \d+$/m.test(output)) {
    await new Promise((resolve) => program.child.once("said", resolve));
  }
  const url = `http://127.0.0.1:${/^port (\d+)$/m.exec(output)[1]}/`;
  try {
    const first = await askAll(url, old.token({ sub: "alice" }), WORKERS);
    assert.deepEqual([...first.values()], Array(WORKERS).fill("alice"));
    // One fetch by the primary, and one by each worker, a process of its own.
    assert.equal(provider.requests, 1 + WORKERS);

    provider.keys = [next];
    const rotated = await askAll(url, next.token({ sub: "bob" }), WORKERS);
    assert.deepEqual([...rotated.values()], Array(WORKERS).fill("bob"));
    assert.deepEqual([...rotated.keys()].sort(), [...first.keys()].sort());
    assert.equal(provider.requests, 1 + 2 * WORKERS);

    // The cooldown after the rotation is over: the unknown key of this token causes a fetch.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    provider.hold();
    const dying = fetch(`${url}die`, { headers: { authorization: old.token({ sub: "eve" }) } });
    await assert.rejects(dying);
    assert.equal(provider.requests, 2 + 2 * WORKERS);
    await program.hears("worker ended 3");
    provider.release();
    const replaced = await askAll(url, next.token({ sub: "carol" }), WORKERS);
    assert.deepEqual([...replaced.values()], Array(WORKERS).fill("carol"));

    program.child.stdin.write(`${next.token({ sub: "dora" })}\n`);
    await program.hears("dora");
    const { code, signal, stderr } = await program.ended;
    assert.deepEqual([code, signal, stderr], [0, null, ""]);
  } finally {
    program.child.kill("SIGKILL");
    provider.close();
  }
});
