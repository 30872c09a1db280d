// What the interceptor adds to a call in process, over one that does nothing.
import { createRequire } from "node:module";
import { verifier } from "./libraries.mjs";
import { alternate, rows, runAwaited } from "./measure.mjs";
import { subject } from "./tokens.mjs";

const require = createRequire(import.meta.url);
const { createJwtAuthInterceptor } = require("../../../bindings-node");

const ALGORITHMS = ["RS256", "ES256", "EdDSA", "HS256"];

const next = async (req) => ({ stream: false, message: req.message });
const empty = (next) => async (req) => next(req);

function call(interceptor, token) {
  const run = interceptor(next);
  const header = new Headers({ authorization: `Bearer ${token}`, "content-type": "application/json" });
  const req = { stream: false, service: { typeName: "bench.v1.Echo" }, method: { name: "Say" }, header, message: {} };
  return () => run(req);
}

export async function interceptor({ rounds }) {
  const measurements = [];
  for (const alg of ALGORITHMS) {
    const signed = subject(alg);
    const guarded = (options) => call(createJwtAuthInterceptor(verifier(signed, options)), signed.token);
    const calls = {
      "empty interceptor": call(empty, signed.token),
      bearergate: guarded({ cache: false }),
      "bearergate, cache hit": guarded({}),
    };
    measurements.push(...rows("interceptor", alg, await alternate(calls, { rounds, run: runAwaited })));
  }
  return measurements;
}
