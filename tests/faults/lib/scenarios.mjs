// What most rows come down to: a fault that must neither replace the keys nor stop them.
import assert from "node:assert/strict";
import { json } from "../server/answers.mjs";
import { Signer, setOf } from "./tokens.mjs";

/** Past the age of a set that says nothing about its own. */
export const PAST_AGE = 601;

/** Past any backoff and any cooldown of the defaults. */
export const PAST_COOLDOWN = 37;

/** A verifier whose set holds the keys of these signers. */
export async function warm(bench, endpoint, signers, jwks = {}, settings = {}) {
  const gate = await bench.open(endpoint.url, jwks, settings);
  endpoint.answer(json(setOf(...signers)));
  await gate.accepts(signers[0].token());
  return gate;
}

/**
 * A fault at boot is unavailable; after that, one refresh that meets it leaves the old set in service and its
 * reason in the stats and the event; and when it is over, the next refresh brings the new keys.
 *
 * @param {import("./bench.mjs").Bench} bench
 * @param {(signer: Signer) => Function} fault makes the answer, with keys of this signer that must not be let in
 * @param {object} expected
 * @param {RegExp} expected.error in `stats().lastError`
 * @param {string} expected.reason of the event
 * @param {number} [expected.status] of the event
 * @param {object} [settings] `endpoint`, `jwks` options, `recovered` to run before the good answer
 */
export async function keepsOld(bench, fault, expected, { endpoint: given, jwks = {}, recovered = () => {} } = {}) {
  const endpoint = given ?? (await bench.endpoint());
  const [old, other] = [new Signer("old"), new Signer("other")];
  const wrong = fault(other);
  const event = { source: "remote", reason: expected.reason, error: expected.error };
  if (expected.status !== undefined) {
    event.status = expected.status;
  }

  const cold = await bench.open(endpoint.url, jwks);
  endpoint.answer(wrong);
  await cold.unavailable(other.token());
  await cold.shows({ state: "cold", keys: 0, fetches: 1, failures: 1, lastError: expected.error });
  await cold.hear("onFetchError", { ...event, state: "cold" });
  await cold.close();

  await recovered();
  const gate = await warm(bench, endpoint, [old], jwks);
  const before = endpoint.fetches;
  endpoint.answer(wrong);
  await gate.pass(PAST_AGE);
  await gate.accepts(old.token());
  await gate.shows({ state: "stale", keys: 1, fetches: 2, failures: 1, lastError: expected.error });
  await gate.hear("onFetchError", { ...event, state: "stale" });
  // The one key the fault brings, if it brings any, is not let in, and no other is lost.
  await gate.unavailable(other.token());
  await gate.accepts(old.token());
  const { fetches } = await gate.shows({ keys: 1, failures: 2 });
  assert.equal(fetches, 3);
  const seen = endpoint.fetches - before;

  await recovered();
  endpoint.answer(json(setOf(other)));
  await gate.pass(PAST_COOLDOWN);
  await gate.accepts(old.token());
  await gate.shows({ state: "fresh", keys: 1, fetches: 4, failures: 2 });
  await gate.accepts(other.token());
  await gate.refuses(old.token(), "ERR_KEY_NOT_FOUND");
  await gate.close();
  return seen;
}

/** The same where every attempt reaches the endpoint as one request. */
export async function keepsOldWithEveryRequestCounted(bench, fault, expected, settings) {
  assert.equal(await keepsOld(bench, fault, expected, settings), 2);
}

/** Waits for something that comes by itself; gives up loudly. */
export async function until(what, check, limitMs = 5000) {
  for (const started = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const value = await check();
    if (value) {
      return value;
    }
    assert.ok(Date.now() - started < limitMs, `not within ${limitMs} ms: ${what}`);
  }
}
