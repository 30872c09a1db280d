// What npm `jose` makes of each mutant, with equivalent options: the oracle for what we accept.
import { createLocalJWKSet, errors, importSPKI, jwtVerify } from "jose";
import { canonical } from "../../conformance/runner-node/canonical.mjs";
import { oneLine, serve } from "./lines.mjs";

const currentDate = new Date(Number(process.argv[2]) * 1000);

function prepare({ peer }) {
  const { key, ...options } = peer;
  try {
    return { key: source(key), options: { ...options, currentDate } };
  } catch (error) {
    return `R\t${oneLine(error)}`;
  }
}

function source({ secret, pem, jwk }) {
  if (secret !== undefined) {
    return new TextEncoder().encode(secret);
  }
  if (pem !== undefined) {
    const imported = new Map();
    return ({ alg }) => imported.get(alg) ?? imported.set(alg, importSPKI(pem, alg)).get(alg);
  }
  return jwk.keys === undefined ? jwk : createLocalJWKSet(jwk);
}

async function judge(prepared, token) {
  if (typeof prepared === "string") {
    return prepared;
  }
  const { key, options } = prepared;
  try {
    return accepted(await jwtVerify(token, key, options));
  } catch (error) {
    return error instanceof errors.JWKSMultipleMatchingKeys ? each(error, token, options) : refused(error);
  }
}

/** As jose's documentation has it: where several keys match, each is tried. */
async function each(matching, token, options) {
  let verdict = refused(matching);
  for await (const key of matching) {
    try {
      return accepted(await jwtVerify(token, key, options));
    } catch (error) {
      verdict = refused(error);
    }
  }
  return verdict;
}

const accepted = ({ payload }) => `A\t${canonical(payload)}`;
const refused = (error) => `R\t${error.code ?? error.name} ${oneLine(error.message)}`;

await serve(prepare, judge);
