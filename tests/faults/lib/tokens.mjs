// Keys with names, and the tokens they sign.
import { createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const KINDS = {
  ES256: { generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }), hash: "sha256" },
  RS256: { generate: () => generateKeyPairSync("rsa", { modulusLength: 2048 }), hash: "sha256" },
  EdDSA: { generate: () => generateKeyPairSync("ed25519"), hash: null },
};

/** A key pair under a name, as an issuer has it. */
export class Signer {
  constructor(kid, alg = "ES256") {
    this.kid = kid;
    this.alg = alg;
    this.privateKey = KINDS[alg].generate().privateKey;
  }

  /** The public key as a JWK, with other members where they are given. */
  jwk(members = {}) {
    return { ...createPublicKey(this.privateKey).export({ format: "jwk" }), kid: this.kid, ...members };
  }

  /** A token of this key; no two are alike, so that no cache answers for another. */
  token(claims = {}, header = {}) {
    const input = `${encode({ alg: this.alg, kid: this.kid, ...header })}.${encode({
      sub: "alice",
      jti: randomUUID(),
      ...claims,
    })}`;
    return `${input}.${this.#sign(input)}`;
  }

  #sign(input) {
    const key = { key: this.privateKey, dsaEncoding: "ieee-p1363" };
    return sign(KINDS[this.alg].hash, Buffer.from(input), key).toString("base64url");
  }
}

/** A JWK Set of signers, or of JWKs as they are given. */
export const setOf = (...keys) => ({ keys: keys.map((key) => (key instanceof Signer ? key.jwk() : key)) });
