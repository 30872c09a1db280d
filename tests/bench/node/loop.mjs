// Verifies an HS256 token without a cache for so many seconds, for a profiler: node loop.mjs SECONDS
import { verifier } from "./libraries.mjs";
import { subject } from "./tokens.mjs";

const signed = subject("HS256");
const plain = verifier(signed, { cache: false });
const end = performance.now() + Number(process.argv[2]) * 1000;
while (performance.now() < end) {
  for (let i = 0; i < 1000; i += 1) {
    plain.verifySync(signed.token);
  }
}
