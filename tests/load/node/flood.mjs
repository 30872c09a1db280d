// Valid requests beside 10,000 unknown kids a second: their p99 with the flood and without it, in
// alternating windows, and the fetches that the flood causes.
//
// Every call has a time at which it is due and is begun by a loop that never sleeps; a valid call's
// latency counts from when it was due, so that whatever the flood holds up is part of it.
import { loadavg } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { figure, JwtVerifier, median, quantile, startProvider } from "./lib.mjs";

const { values: given } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    pairs: { type: "string", default: "3" },
    cooldown: { type: "string", default: "2" },
    smoke: { type: "boolean", default: false },
  },
});
const SECONDS = given.smoke ? 0.5 : Number(given.seconds);
const PAIRS = given.smoke ? 1 : Number(given.pairs);
const COOLDOWN = given.smoke ? 30 : Number(given.cooldown);
const FLOOD_RATE = 10_000;
const VALID_RATE = 200;

const provider = await startProvider();
const exp = Math.floor(Date.now() / 1000) + 3600;
const claims = (index) => ({ sub: "alice", jti: `${index}`, exp });
const valid = Array.from({ length: 200 }, (_, index) => provider.token(0, "fixed", claims(index)));
// Never signed by a key of the set, which is found out only after the look-up of the kid.
const unknown = Array.from({ length: 10_000 }, (_, index) => provider.token(1, `unknown-${index}`, claims(index)));
// Without the cache each valid request verifies a signature.
const verifier = new JwtVerifier({
  jwksUri: provider.url("/fixed/flood"),
  cache: false,
  jwks: { cooldown: COOLDOWN },
});

/** One window; gives the latencies of its valid calls and the refusals of its flood. */
async function run(floods) {
  const floodCalls = floods ? FLOOD_RATE * SECONDS : 0;
  const validCalls = VALID_RATE * SECONDS;
  const latencies = [];
  const refusals = {};
  const pending = [];
  const waiting = new Set();
  const started = performance.now();
  let flood = 0;
  let good = 0;
  while (flood < floodCalls || good < validCalls) {
    const now = performance.now() - started;
    const dueFlood = flood < floodCalls ? (flood * 1000) / FLOOD_RATE : Number.POSITIVE_INFINITY;
    const dueGood = good < validCalls ? (good * 1000) / VALID_RATE : Number.POSITIVE_INFINITY;
    if (Math.min(dueFlood, dueGood) > now) {
      await turn();
    } else if (dueGood <= dueFlood) {
      const call = verifier.verify(valid[good % valid.length]);
      pending.push(call.then(() => latencies.push(performance.now() - started - dueGood)));
      good += 1;
    } else {
      const call = verifier.verify(unknown[flood % unknown.length]);
      const refused = call.catch(({ code }) => {
        refusals[code] = (refusals[code] ?? 0) + 1;
      });
      waiting.add(refused);
      refused.then(() => waiting.delete(refused));
      flood += 1;
    }
  }
  const elapsed = performance.now() - started;
  await Promise.all([...pending, ...waiting]);
  return { latencies, refusals, offered: flood, rate: (flood * 1000) / elapsed };
}

/** What else the machine does: beside others a p99 is theirs as much as ours. */
const busy = () => `load average ${loadavg()[0].toFixed(1)}`;

const us = (ms) => `${(ms * 1000).toFixed(0)} µs`;

await verifier.ready({ timeout: 5 });
if (!given.smoke) {
  await run(true);
}
const causedBefore = (await provider.count("/fixed/flood")) - 1;
const started = performance.now();
const [calm, flooded] = [[], []];
for (let pair = 0; pair < PAIRS; pair += 1) {
  for (const floods of [false, true]) {
    const result = await run(floods);
    (floods ? flooded : calm).push(result);
    const p = (share) => us(quantile(result.latencies, share));
    console.log(
      `     node: ${floods ? `flood of ${result.rate.toFixed(0)}/s` : "no flood         "}: ` +
        `${result.latencies.length} valid, p50 ${p(0.5)}, p99 ${p(0.99)}, worst ${p(1)} ${JSON.stringify(result.refusals)}, ${busy()}`,
    );
  }
}
const seconds = (performance.now() - started) / 1000;
// The last fetch may be under way when its window ends.
await new Promise((resolve) => setTimeout(resolve, 100));
const caused = (await provider.count("/fixed/flood")) - 1 - causedBefore;

const offered = flooded.reduce((sum, window) => sum + window.offered, 0);
const rate = Math.min(...flooded.map((window) => window.rate));
const most = Math.ceil(seconds / COOLDOWN) + 1;
const latencies = (windows) => windows.reduce((sum, window) => sum + window.latencies.length, 0);
figure(
  `${offered} unknown kids in ${PAIRS} windows of ${SECONDS} s, slowest at ${rate.toFixed(0)}/s: ` +
    `${caused} fetches caused, at most ${given.smoke ? 1 : most} with a cooldown of ${COOLDOWN} s`,
  given.smoke
    ? offered === FLOOD_RATE * SECONDS && caused === 1
    : caused >= 1 && caused <= most && rate >= 0.98 * FLOOD_RATE,
);
figure(
  `${latencies(calm)} and ${latencies(flooded)} valid requests verified without and with the flood`,
  [calm, flooded].every((windows) => latencies(windows) === PAIRS * VALID_RATE * SECONDS),
);
if (!given.smoke) {
  const p99 = (windows) => median(windows.map((window) => quantile(window.latencies, 0.99)));
  const ratio = p99(flooded) / p99(calm);
  figure(`p99 ${us(p99(calm))} without, ${us(p99(flooded))} with the flood: ${ratio.toFixed(2)} x`, ratio <= 2);
}
verifier.close();
provider.close();
