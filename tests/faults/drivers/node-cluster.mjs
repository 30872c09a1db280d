// One process of a cluster: verifies the token it is sent, and says how that ended.
import { JwtVerifier } from "../../../bindings-node/index.mjs";

process.once("message", async ({ options, token }) => {
  const verifier = new JwtVerifier(options);
  let outcome;
  try {
    outcome = { subject: (await verifier.verify(token)).subject };
  } catch (error) {
    outcome = { code: error.code };
  }
  const { fetches } = verifier.stats();
  process.send({ ...outcome, fetches }, () => process.exit(0));
});
