// Where slow signatures belong: on Node's main thread, on other threads (offMainThread), or, of the signature
// alone, in Node's thread pool as node:crypto has it.
// 64 verifications are under way; each that ends begins another, in a turn of the event loop of its own.
import { verify } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { verifier } from "./libraries.mjs";
import { subject } from "./tokens.mjs";

const IN_FLIGHT = 64;
const CASES = [
  ["RS256", "RS256", {}],
  ["RS256, 4096 bits", "RS256", { modulusLength: 4096 }],
  ["ES384", "ES384", {}],
  ["ES512", "ES512", {}],
  ["ML-DSA-65", "ML-DSA-65", {}],
];

async function during(seconds, once) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let count = 0;
  let over = false;
  const chain = async () => {
    while (!over) {
      await once();
      count += 1;
    }
  };
  const begun = performance.now();
  const chains = Array.from({ length: IN_FLIGHT }, chain);
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  over = true;
  const elapsed = performance.now() - begun;
  delay.disable();
  await Promise.all(chains);
  return { per_second: (count * 1000) / elapsed, p99_ms: delay.percentile(99) / 1e6 };
}

export async function eventLoop({ seconds = 4 }) {
  const measurements = [];
  for (const [row, alg, options] of CASES) {
    const signed = subject(alg, options);
    const ours = verifier(signed, { cache: false });
    const aside = verifier(signed, { cache: false, offMainThread: true });
    const message = Buffer.from(signed.input);
    const key = { key: signed.publicKey, ...signed.verification.options };
    const ways = {
      "main thread": () =>
        new Promise((resolve) => {
          setImmediate(() => resolve(ours.verifySync(signed.token)));
        }),
      offMainThread: () =>
        new Promise((resolve) => {
          setImmediate(() => resolve(aside.verify(signed.token)));
        }),
      "signature alone, thread pool": () =>
        new Promise((resolve) => {
          verify(signed.verification.digest, message, key, signed.signature, (_, good) => resolve(good));
        }),
    };
    for (const [column, once] of Object.entries(ways)) {
      await during(0.5, once);
      measurements.push({ table: "event loop", row, column, ...(await during(seconds, once)) });
    }
  }
  return measurements;
}
