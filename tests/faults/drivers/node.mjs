// The Node package behind JSON lines: one operation per line on standard input, one answer per line on
// standard output, answers in the order in which they are ready.
import cluster from "node:cluster";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ConfigError, createJwtAuthInterceptor, JwtVerifier } from "../../../bindings-node/index.mjs";

const { createVerifierOnClock } = createRequire(import.meta.url)("../../../bindings-node/lib/internal/clock.js");

const HOOKS = ["onFetch", "onFetchError", "onKeysChanged"];
const CONNECT_CODES = { 14: "unavailable", 16: "unauthenticated" };
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

const gates = new Map();

function outcomeOf(error, rejection) {
  if (error?.code?.startsWith?.("ERR_") !== true) {
    return { crash: String(error?.stack ?? error) };
  }
  return { code: error.code, reason: error.reason, connectCode: rejection?.connectCode };
}

const operations = {
  open({ options, clock }) {
    const gate = { events: [], rejections: [] };
    const given = { ...options, onReject: (rejection) => gate.rejections.push(rejection) };
    for (const hook of HOOKS) {
      given[hook] = (event) => gate.events.push({ hook, ...event });
    }
    try {
      if (clock) {
        Object.assign(gate, createVerifierOnClock(given, clock.wall, clock.mono));
      } else {
        gate.verifier = new JwtVerifier(given);
      }
    } catch (error) {
      if (error instanceof ConfigError) {
        return { config: { option: error.option, message: error.message } };
      }
      throw error;
    }
    gates.set(gates.size + 1, gate);
    return { gate: gates.size };
  },

  async verify({ gate, token }) {
    const { verifier, rejections } = gates.get(gate);
    const started = performance.now();
    let outcome;
    try {
      outcome = { subject: (await verifier.verify(token)).subject };
    } catch (error) {
      outcome = outcomeOf(error, rejections.at(-1));
    }
    return { ...outcome, ms: performance.now() - started };
  },

  async request({ gate, token }) {
    const { verifier } = gates.get(gate);
    const header = new Headers({ authorization: `Bearer ${token}` });
    const call = { service: { typeName: "pkg.Service" }, method: { name: "Get" }, header };
    try {
      await createJwtAuthInterceptor(verifier)(async () => ({}))(call);
      return { admitted: true };
    } catch (error) {
      const { code, metadata, cause, rawMessage } = error;
      const retryAfter = metadata.get("retry-after");
      return { connectCode: CONNECT_CODES[code], code: cause?.code, retryAfter, message: rawMessage };
    }
  },

  /** How many of these calls, all begun at once, ended in which way. */
  async verifyMany({ gate, tokens, times = 1 }) {
    const started = performance.now();
    const calls = Array.from({ length: times }, () => tokens).flat();
    const outcomes = await Promise.all(calls.map((token) => operations.verify({ gate, token })));
    return { counts: count(outcomes), ms: performance.now() - started };
  },

  /** Tokens at an even pace, with a valid one every now and then whose time is taken. */
  async flood({ gate, tokens, valid, perSecond, seconds }) {
    const { verifier } = gates.get(gate);
    const [started, outcomes, times] = [performance.now(), [], []];
    let [sent, slots] = [0, 0];
    for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - started) {
      for (const due = (elapsed / 1000) * perSecond; sent < due; sent += 1) {
        outcomes.push(operations.verify({ gate, token: `${tokens[sent % tokens.length]}` }));
      }
      for (const due = elapsed / 2; slots < due; slots += 1) {
        const before = performance.now();
        verifier.verifySync(valid[slots % valid.length]);
        times.push(performance.now() - before);
      }
      await new Promise(setImmediate);
    }
    return { counts: count(await Promise.all(outcomes)), times };
  },

  async ready({ gate, timeout }) {
    const started = performance.now();
    try {
      await gates.get(gate).verifier.ready({ timeout });
      return { ready: true, ms: performance.now() - started };
    } catch (error) {
      return { ...outcomeOf(error), ms: performance.now() - started };
    }
  },

  stats: ({ gate }) => gates.get(gate).verifier.stats(),
  close: ({ gate }) => gates.get(gate).verifier.close(),
  clock: ({ gate, wall, mono }) => gates.get(gate).setClock(wall, mono),

  /** Returns once no fetch is under way. */
  async settle({ gate }) {
    while (gates.get(gate).verifier.stats().fetching) {
      await pause(2);
    }
  },

  /** The events so far; hooks are called soon after what they tell. */
  events: ({ gate }) => gates.get(gate).events,

  memory: () => process.memoryUsage().rss,

  /** Workers that begin to verify and are ended while they wait. */
  async workers({ options, token, number, afterMs }) {
    const threads = Array.from({ length: number }, () => {
      const workerData = { options, token };
      return new Worker(new URL("node-worker.mjs", import.meta.url), { workerData });
    });
    await Promise.all(threads.map((thread) => new Promise((begun) => thread.once("message", begun))));
    await pause(afterMs);
    return Promise.all(threads.map((thread) => thread.terminate()));
  },

  /** Processes of a cluster; Node has no fork that keeps what the parent has. */
  async fork({ options, token, number = 1 }) {
    cluster.setupPrimary({ exec: file("node-cluster.mjs"), silent: true });
    const given = { FAULTS_GIVEN: JSON.stringify({ options, token }) };
    const children = Array.from({ length: number }, () => cluster.fork(given));
    return Promise.all(children.map((child) => new Promise((answered) => child.once("message", answered))));
  },

  /** Ends this process while a verification waits. */
  async exit({ gate, token, afterMs }) {
    gates
      .get(gate)
      .verifier.verify(token)
      .catch(() => {});
    await pause(afterMs);
    process.exit(0);
  },
};

function count(outcomes) {
  const counts = {};
  for (const { subject, code, reason, crash } of outcomes) {
    const name = subject === undefined ? (crash ?? `${code} ${reason}`) : "ok";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, op, ...given } = JSON.parse(line);
  Promise.resolve()
    .then(() => operations[op](given))
    .then(
      (result) => ({ id, result: result ?? null }),
      (error) => ({ id, error: String(error?.stack ?? error) }),
    )
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
process.exit(0);
