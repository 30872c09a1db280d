// Begins a fetch and ends in the way it is told, while the fetch is under way.
import { JwtVerifier, options } from "./lib.mjs";

const { url, token, way, jwks, after = 0 } = options();
const hear = () => {};
const hooks = { onFetch: hear, onFetchError: hear, onKeysChanged: hear };
const verifier = new JwtVerifier({ jwksUri: url, jwks, ...hooks });

const ways = {
  // End while calls wait, when they are told that the fetch has reached the provider.
  exit: () => process.stdin.once("data", () => process.exit(7)),
  throw: () =>
    process.stdin.once("data", () => {
      throw new Error("on purpose");
    }),
  // Ends at a time of its own.
  "exit after": () => setTimeout(() => process.exit(7), after),
  // Ends in the turn in which the answers arrive: some callers have theirs, others not yet.
  "exit on the answer": () => verifier.verify(token).then(() => process.exit(7)),
  // Ends by itself once the last waiting call is refused.
  natural: () => {},
  // Keys are there, and a refresh in the background is nobody's wait.
  background() {
    verifier.verifySync(token);
    process.stdin.once("data", () => process.stdin.destroy());
  },
};

if (way !== "background") {
  for (let count = 0; count < 20; count += 1) {
    verifier.verify(token).then(
      () => console.log("verified"),
      (error) => console.log(error.code, error.reason),
    );
  }
}
ways[way]();
