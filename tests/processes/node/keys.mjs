// Signing keys of the process tests: RS256 and ES256, with the JWK that a provider publishes.
import { generateKeyPairSync, sign } from "node:crypto";

const KINDS = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A key of one algorithm: its JWK, and the tokens it signs. */
export function signer(alg, kid) {
  const { privateKey, publicKey } = KINDS[alg]();
  return {
    jwk: { ...publicKey.export({ format: "jwk" }), alg, use: "sig", kid },
    token(claims, header = {}) {
      const signed = `${encode({ alg, kid, ...header })}.${encode(claims)}`;
      const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
  };
}
