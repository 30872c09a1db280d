// Our verdicts in Node, through the package.
import { createRequire } from "node:module";
import { ConfigError, JwtAuthError } from "../../../bindings-node/index.mjs";
import { canonical } from "../../conformance/runner-node/canonical.mjs";
import { oneLine, serve } from "./lines.mjs";

const { createVerifierOnClock } = createRequire(import.meta.url)("../../../bindings-node/lib/internal/clock.js");
const now = Number(process.argv[2]);

function prepare({ options }) {
  try {
    return createVerifierOnClock(options, now * 1000, 0).verifier;
  } catch (error) {
    return error instanceof ConfigError ? `R\tERR_CONFIG\t${error.option}\t` : `R\t${oneLine(error)}`;
  }
}

function judge(verifier, token) {
  if (typeof verifier === "string") {
    return verifier;
  }
  try {
    const { subject, name, roles, scopes, claims, expiresAt } = verifier.verifySync(token);
    const context = { subject, name: name ?? null, roles, scopes, expiresAt: expiresAt?.getTime() ?? null };
    return `A\t${canonical(claims)}\t${canonical(context)}`;
  } catch (error) {
    return error instanceof JwtAuthError
      ? `R\t${error.code}\t${error.claim ?? ""}\t${error.reason}`
      : `R\t${oneLine(error.stack)}`;
  }
}

await serve(prepare, judge);
