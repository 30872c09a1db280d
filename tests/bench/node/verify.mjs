// A verification by each library, from the header's string to what a handler reads: one at a time, and with
// 64 under way.
import { libraries } from "./libraries.mjs";
import { alternate, rows, runAwaited, runInFlight, runSync } from "./measure.mjs";
import { ALGORITHMS, subject } from "./tokens.mjs";

const IN_FLIGHT = 64;

export async function verify({ rounds, algorithms = ALGORITHMS }) {
  const measurements = [];
  for (const alg of algorithms) {
    const { sync, async } = await libraries(subject(alg));
    // One rotation of turns for all of them: what promises is awaited.
    const calls = { ...sync, ...async };
    const run = (call, size) => (Object.values(sync).includes(call) ? runSync(call, size) : runAwaited(call, size));
    measurements.push(...rows("verify", alg, await alternate(calls, { rounds, run })));
    const promising = { bearergate: async["bearergate, promise"], jose: async.jose };
    measurements.push(...rows("in flight", alg, await alternate(promising, { rounds, run: runInFlight(IN_FLIGHT) })));
  }
  return measurements;
}
