// What the process may listen to: the channels `bearergate:verify` and `bearergate:jwks` of
// node:diagnostics_channel. Nothing is made for a channel that nobody has subscribed to.
"use strict";

const { channel } = require("node:diagnostics_channel");

const verifications = channel("bearergate:verify");
const keyEvents = channel("bearergate:jwks");

/** When a judgement begins, undefined where nobody would be told how long it took. */
const beginning = () => (verifications.hasSubscribers ? performance.now() : undefined);

const publish = (since, event) =>
  verifications.publish(Object.freeze({ outcome: "OK", durationMs: performance.now() - since, ...event }));

/**
 * Tells of an accepted token.
 *
 * @param {number} since
 * @param {string | undefined} procedure
 * @param {string | undefined} issuer
 */
function tellAccepted(since, procedure, issuer) {
  const event = {};
  if (procedure !== undefined) {
    event.procedure = procedure;
  }
  if (issuer !== undefined) {
    event.issuer = issuer;
  }
  publish(since, event);
}

/**
 * Tells of a refusal.
 *
 * @param {number} since
 * @param {object} rejection as `onReject` is told
 */
function tellRefused(since, { code, ...rejection }) {
  publish(since, { ...rejection, outcome: code });
}

/** The guards that there are, for whoever asks how their keys are. */
const guards = new Set();
const forget = new FinalizationRegistry((ref) => guards.delete(ref));

/** Counts a guard among those that there are, for as long as somebody else has it. */
function enlist(guard) {
  const ref = new WeakRef(guard);
  guards.add(ref);
  forget.register(guard, ref);
}

/** Every guard that there is. */
function* enlisted() {
  for (const ref of guards) {
    const guard = ref.deref();
    if (guard !== undefined) {
      yield guard;
    }
  }
}

module.exports = { beginning, enlist, enlisted, keyEvents, tellAccepted, tellRefused };
