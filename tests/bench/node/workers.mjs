// Verifications per second of one thread and of two, without the cache.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { verifier } from "./libraries.mjs";
import { median } from "./measure.mjs";
import { subject } from "./tokens.mjs";

const MS = 1000;

async function perSecond(threads, alg) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url), { workerData: alg }));
  const told = () => Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  await told();
  const counts = told();
  for (const worker of workers) {
    worker.postMessage("go");
  }
  const total = (await counts).reduce((sum, count) => sum + count, 0);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return (total * 1000) / MS;
}

export async function workers({ rounds = 9, alg = "RS256" }) {
  const rates = { 1: [], 2: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const threads of [1, 2]) {
      rates[threads].push(await perSecond(threads, alg));
    }
  }
  return [1, 2].map((threads) => ({
    table: "threads",
    row: `${alg}, ${threads} worker${threads > 1 ? "s" : ""}`,
    column: "bearergate",
    per_second: median(rates[threads]),
  }));
}

if (!isMainThread && workerData !== null) {
  const signed = subject(workerData);
  const plain = verifier(signed, { cache: false });
  const until = (end) => {
    let count = 0;
    while (performance.now() < end) {
      for (let i = 0; i < 16; i += 1) {
        plain.verifySync(signed.token);
      }
      count += 16;
    }
    return count;
  };
  until(performance.now() + 300);
  parentPort.once("message", () => parentPort.postMessage(until(performance.now() + MS)));
  parentPort.postMessage("ready");
}
