// Workers that verify without a pause, and build and close verifiers, while keys are rotated: what one of
// them has seen of a rotation holds for all of them.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { signer } from "../keys.mjs";
import { provide } from "../provider.mjs";
import { JwtVerifier, options } from "./lib.mjs";

// What the threads share: the newest key that one of them has accepted, and whether to stop.
const NEWEST = 0;
const STOP = 1;

const SOUGHT = ["ERR_KEY_NOT_FOUND", "ERR_KEYS_UNAVAILABLE"];

const built = (url) => new JwtVerifier({ jwksUri: url, jwks: { cooldown: 1, timeout: 30 }, cache: { maxEntries: 8 } });

/** The subject, or the code of the refusal. */
function verdict(verifier, token) {
  try {
    return verifier.verifySync(token).subject;
  } catch (error) {
    return error.code;
  }
}

async function work({ url, tokens, junk, shared }) {
  const counts = { calls: 0, accepted: 0, built: 0 };
  const wrong = new Set();
  const expect = (what, answer, allowed) => {
    counts.calls += 1;
    counts.accepted += answer === "alice" ? 1 : 0;
    if (!allowed.includes(answer)) {
      wrong.add(`${what}: ${answer}`);
    }
  };
  const verifier = built(url);
  await verifier.ready({ timeout: 30 });
  parentPort.postMessage("ready");
  let atTheEnd = false;
  for (let turn = 0; Atomics.load(shared, STOP) === 0; turn += 1) {
    const newest = Atomics.load(shared, NEWEST);
    const [current, next] = tokens.slice(newest);
    for (const gone of tokens.slice(0, newest)) {
      // Whatever this thread's cache holds.
      expect("a key that is gone", verdict(verifier, gone), SOUGHT);
    }
    // Only the last key is in service for as long as it is asked for.
    const expected = next === undefined ? ["alice"] : ["alice", ...SOUGHT];
    expect("the key in service", verdict(verifier, current), expected);
    if (next !== undefined) {
      const answer = verdict(verifier, next);
      expect("the next key", answer, ["alice", ...SOUGHT]);
      if (answer === "alice") {
        Atomics.compareExchange(shared, NEWEST, newest, newest + 1);
      }
    }
    if (next === undefined && !atTheEnd) {
      atTheEnd = true;
      parentPort.postMessage("at the end");
    }
    const forged = `${current.slice(0, -6)}AAAAAA`;
    expect("a forged token", verdict(verifier, forged), ["ERR_SIGNATURE_INVALID", ...SOUGHT]);
    for (const [token, code] of junk) {
      expect("junk", verdict(verifier, token), [code]);
    }
    if (turn % 50 === 0) {
      const other = built(url);
      const later = other.verify(current).then(
        (context) => context.subject,
        (error) => error.code,
      );
      other.close();
      expect("a closed verifier", verdict(other, current), ["ERR_KEYS_UNAVAILABLE"]);
      expect("a verifier closed meanwhile", await later, ["alice", ...SOUGHT]);
      counts.built += 1;
    }
  }
  verifier.close();
  parentPort.postMessage({ ...counts, wrong: [...wrong] });
}

async function run({ workers, rotations }) {
  const keys = Array.from({ length: rotations + 1 }, (_, index) => signer("ES256", `key-${index}`));
  const tokens = keys.map((key) => key.token({ sub: "alice" }));
  const junk = [
    ["a.b.c", "ERR_TOKEN_MALFORMED"],
    ["", "ERR_TOKEN_MALFORMED"],
    [keys[0].token({ sub: "alice" }, { alg: "none" }), "ERR_ALG_NOT_ALLOWED"],
    ["x".repeat(20_000), "ERR_TOKEN_TOO_LARGE"],
  ];
  const provider = await provide(keys[0]);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const data = { url: provider.url, tokens, junk, shared };
  const threads = Array.from({ length: workers }, () => new Worker(new URL(import.meta.url), { workerData: data }));
  /** The next message of each thread. */
  const told = () => Promise.all(threads.map(async (thread) => (await once(thread, "message"))[0]));
  const ended = Promise.all(threads.map((thread) => once(thread, "exit")));
  await told();
  let atTheEnd;
  for (let newest = 1; newest <= rotations; newest += 1) {
    provider.keys = [keys[newest]];
    if (newest === rotations) {
      atTheEnd = told();
    }
    while (Atomics.load(shared, NEWEST) < newest) {
      await sleep(5);
    }
  }
  await atTheEnd;
  const counted = told();
  Atomics.store(shared, STOP, 1);
  const counts = await counted;
  await ended;
  provider.close();
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  console.log(
    JSON.stringify({
      calls: sum("calls"),
      accepted: sum("accepted"),
      built: sum("built"),
      requests: provider.requests,
      wrong: [...new Set(counts.flatMap(({ wrong }) => wrong))],
    }),
  );
}

if (isMainThread) {
  await run(options());
} else {
  await work(workerData);
}
