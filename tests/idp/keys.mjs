// Named key sets: the same name gives the same keys for the life of the process.
import { generateKeyPairSync, randomUUID } from "node:crypto";

const made = new Map();

function jwk(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: `${alg}-${randomUUID()}` };
}

/** A private JWK Set with one key each for RS256, PS256, ES256 and EdDSA. */
export function namedKeys(name) {
  if (!made.has(name)) {
    const rsa = { modulusLength: 2048 };
    made.set(name, {
      keys: [
        jwk("RS256", "rsa", rsa),
        jwk("PS256", "rsa", rsa),
        jwk("ES256", "ec", { namedCurve: "P-256" }),
        jwk("EdDSA", "ed25519"),
      ],
    });
  }
  return made.get(name);
}
