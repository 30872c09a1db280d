// Worker threads that end in every way while they wait for keys, and a main thread that goes on.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { JwtVerifier, options } from "./lib.mjs";

// Fifty workers take a while to start; the fetch must outlast it.
const jwks = { timeout: 50 };

// Hooks are called from the thread that fetches, whatever has become of the worker.
let heard = 0;
const hear = () => {
  heard += 1;
};
const hooks = { onFetch: hear, onFetchError: hear, onKeysChanged: hear };

const ENDS = ["terminate", "exit", "close", "answer"];

async function work({ url, token, end }) {
  const verifier = new JwtVerifier({ jwksUri: url, jwks, ...hooks });
  const pending = Promise.allSettled(Array.from({ length: 5 }, () => verifier.verify(token)));
  parentPort.postMessage("waiting");
  if (end === "exit") {
    process.exit(5);
  } else if (end === "close") {
    verifier.close();
  }
  const outcomes = await pending;
  parentPort.postMessage(outcomes.map(({ value, reason }) => value?.subject ?? reason.code).join());
  // Falls off its end; with "terminate" it has been stopped before.
}

async function run({ url, token, workers }) {
  const verifier = new JwtVerifier({ jwksUri: url, jwks, ...hooks });
  const told = {};
  const ended = [];
  for (let index = 0; index < workers; index += 1) {
    const end = ENDS[index % ENDS.length];
    const worker = new Worker(new URL(import.meta.url), { workerData: { url, token, end } });
    const exit = once(worker, "exit");
    // A worker that is told to end never gets as far as an answer.
    worker.on("message", (message) => {
      if (message !== "waiting") {
        told[`${end}: ${message}`] = (told[`${end}: ${message}`] ?? 0) + 1;
      }
    });
    await once(worker, "message");
    if (end === "terminate") {
      // Some at once, some a moment later, when the fetch may be anywhere.
      ended.push(sleep(index % 8).then(() => worker.terminate()));
    }
    ended.push(exit);
  }
  console.log("started");
  await Promise.all(ended);
  told.main = (await verifier.verify(token)).subject;
  const { fetching, state } = verifier.stats();
  await sleep(20);
  console.log(JSON.stringify({ ...told, fetching, state, heard }));
}

if (isMainThread) {
  await run(options());
} else {
  await work(workerData);
}
