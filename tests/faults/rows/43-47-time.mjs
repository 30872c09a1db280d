// Rows 43 to 47: time, names and connections that are not what they were.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { row } from "../lib/row.mjs";
import { PAST_AGE, PAST_COOLDOWN, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { after, inTurn, json } from "../server/answers.mjs";

row(43, "an older response arrives after a newer one", async (bench) => {
  const endpoint = await bench.endpoint();
  const [older, newer] = [new Signer("older"), new Signer("newer")];
  let late;
  const slowly = (exchange) => {
    late = after(600, json(setOf(older)))(exchange);
  };
  endpoint.answer(inTurn(slowly, json(setOf(newer))));
  const gate = await bench.open(endpoint.url, { timeout: 0.3 });
  await gate.unavailable(older.token(), { reason: "timeout" });
  await gate.pass(1.3);
  await gate.accepts(newer.token());
  await late;
  await pause(50);
  await gate.shows({ keys: 1, fetches: 2, failures: 1 });
  await gate.accepts(newer.token());
  await gate.refuses(older.token(), "ERR_KEY_NOT_FOUND");
  bench.remark("on the state machine: core/src/keyset/machine/tests.rs");
});

row(44, "wall clock ±1 h", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const gate = await warm(bench, endpoint, [signer]);
  const lasting = signer.token();
  const brief = signer.token({ exp: gate.wallSeconds + 600 });
  const later = signer.token({ nbf: gate.wallSeconds + 600 });
  await gate.accepts(brief);
  await gate.refuses(later, "ERR_TOKEN_NOT_YET_VALID");
  await gate.move(3600, 0);
  await gate.refuses(brief, "ERR_TOKEN_EXPIRED");
  await gate.accepts(later);
  await gate.accepts(lasting);
  await gate.shows({ state: "fresh", ageSeconds: 0, fetches: 1 });
  await gate.move(-7200, 0);
  await gate.accepts(brief);
  await gate.refuses(later, "ERR_TOKEN_NOT_YET_VALID");
  await gate.accepts(lasting);
  await gate.shows({ state: "fresh", ageSeconds: 0, fetches: 1 });
  // And the set ages while the wall clock goes back.
  await endpoint.stop();
  await gate.move(-3600, PAST_AGE);
  await gate.accepts(lasting);
  await gate.shows({ state: "stale", ageSeconds: PAST_AGE, failures: 1 });
  await gate.move(-3600, 3600);
  await gate.unavailable(lasting);
});

row(45, "suspend / resume", async (bench) => {
  const endpoint = await bench.endpoint();
  const [kept, revoked] = [new Signer("kept"), new Signer("revoked")];
  const gate = await warm(bench, endpoint, [kept, revoked]);
  const remembered = revoked.token();
  await gate.accepts(remembered);
  // No timer ran and no request came while the machine slept.
  const night = 8 * 3600;
  await endpoint.stop();
  await gate.pass(night);
  await gate.unavailable(remembered);
  await gate.shows({ state: "dead", ageSeconds: night });
  await endpoint.start();
  endpoint.answer(json(setOf(kept)));
  await gate.pass(night);
  await gate.refuses(remembered, "ERR_KEY_NOT_FOUND");
  await gate.accepts(kept.token());
  await gate.shows({ state: "fresh", ageSeconds: 0 });
  // A nap within `staleIfError`: served at once, and refreshed.
  const seen = endpoint.fetches;
  await gate.pass(1800);
  await gate.accepts(kept.token());
  await gate.shows({ state: "fresh", ageSeconds: 0 });
  assert.equal(endpoint.fetches, seen + 1);
});

row(
  46,
  "name does not resolve; address changes",
  async (bench) => {
    const hosts = join(bench.directory, "hosts");
    const order = join(bench.directory, "nsswitch.conf");
    const name = (line) => writeFileSync(hosts, `127.0.0.1 localhost\n${line}\n`);
    name("");
    writeFileSync(order, "hosts: files\n");
    try {
      execFileSync("mount", ["--bind", hosts, "/etc/hosts"], { stdio: "ignore" });
      execFileSync("mount", ["--bind", order, "/etc/nsswitch.conf"], { stdio: "ignore" });
    } catch {
      bench.skip("files of /etc cannot be bind-mounted here");
    }
    const [first, second] = [new Signer("first"), new Signer("second")];
    const one = await bench.endpoint({ host: "127.0.0.2" });
    const two = await bench.endpoint({ host: "127.0.0.3", port: one.port });
    one.answer(json(setOf(first)));
    two.answer(json(setOf(second)));
    const gate = await bench.open(`http://keys.test:${one.port}/jwks`, { allowHttp: true });
    await gate.unavailable(first.token());
    await gate.shows({ state: "cold", failures: 1, lastError: /cannot connect|resol|lookup/ });
    await gate.hear("onFetchError", { reason: "unavailable", state: "cold" });
    name("127.0.0.2 keys.test");
    await gate.pass(1.3);
    await gate.accepts(first.token());
    name("");
    await gate.pass(PAST_AGE);
    await gate.accepts(first.token());
    await gate.shows({ state: "stale", failures: 2 });
    name("127.0.0.3 keys.test");
    await gate.pass(PAST_COOLDOWN);
    await gate.accepts(first.token());
    await gate.settle();
    await gate.accepts(second.token());
    await gate.shows({ state: "fresh", failures: 2 });
    assert.deepEqual([one.fetches, two.fetches], [1, 1]);
  },
  { namespace: "mount" },
);

row(47, "endpoint restarted, pooled connection dead", async (bench) => {
  const endpoint = await bench.endpoint();
  const [before, next] = [new Signer("before"), new Signer("next")];
  endpoint.answer(json(setOf(before), { connection: "keep-alive" }));
  const gate = await bench.open(endpoint.url);
  await gate.accepts(before.token());
  for (let restart = 1; restart <= 3; restart += 1) {
    await endpoint.stop();
    await endpoint.start();
    endpoint.answer(json(setOf(before, next), { connection: "keep-alive" }));
    await gate.pass(PAST_AGE);
    await gate.accepts(before.token());
    await gate.shows({ state: "fresh", ageSeconds: 0, failures: 0, fetches: 1 + restart });
    await gate.accepts(next.token());
  }
  assert.deepEqual([endpoint.fetches, endpoint.connections], [4, 4]);
  bench.remark("no connection is pooled: each fetch has its own");
});
