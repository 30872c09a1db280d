// One process of a cluster: verifies the token it was started with, and says how that ended.
import { JwtVerifier } from "../../../bindings-node/index.mjs";

const { options, token } = JSON.parse(process.env.FAULTS_GIVEN);
const verifier = new JwtVerifier(options);
let outcome;
try {
  outcome = { subject: (await verifier.verify(token)).subject };
} catch (error) {
  outcome = { code: error.code };
}
process.send({ ...outcome, fetches: verifier.stats().fetches }, () => process.exit(0));
