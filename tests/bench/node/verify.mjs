// A verification by each library, from the header's string to what a handler reads: one at a time, and with
// 64 under way.
import { libraries } from "./libraries.mjs";
import { alternateRows, runAwaited, runInFlight, runSync } from "./measure.mjs";
import { ALGORITHMS, subject } from "./tokens.mjs";

const IN_FLIGHT = 64;

export async function verify({ rounds, algorithms = ALGORITHMS }) {
  const all = {};
  const promising = {};
  const answering = new Set();
  for (const alg of algorithms) {
    const { sync, async } = await libraries(subject(alg));
    // One rotation of turns for all of them: what promises is awaited.
    all[alg] = { ...sync, ...async };
    promising[alg] = { bearergate: async["bearergate, promise"], jose: async.jose };
    for (const call of Object.values(sync)) {
      answering.add(call);
    }
  }
  const run = (call, size) => (answering.has(call) ? runSync(call, size) : runAwaited(call, size));
  return [
    ...(await alternateRows("verify", all, { rounds, run })),
    ...(await alternateRows("in flight", promising, { rounds, run: runInFlight(IN_FLIGHT) })),
  ];
}
