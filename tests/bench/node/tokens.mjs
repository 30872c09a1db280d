// The tokens that are verified, and the keys for them: an access token of the kind that Keycloak issues.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";

export const ISSUER = "https://auth.example.com/realms/main";
export const AUDIENCE = "my-api";
export const KID = "f2d1b1a2c3d4e5f6";

const SECRET = "0123456789abcdef0123456789abcdef";

const CLAIMS = {
  exp: 4102444800,
  iat: 1700000000,
  auth_time: 1699999990,
  jti: "5f0e6c1a-2f0b-4a0a-9a63-0f7e6f1f0c11",
  iss: ISSUER,
  aud: [AUDIENCE, "account"],
  sub: "f3b7a0de-6a5b-4c38-9a0e-7d7a7d3f9f10",
  typ: "Bearer",
  azp: "web-frontend",
  sid: "b8f0c7a4-3a52-4d8a-bb3a-93b7c0a1b7d5",
  acr: "1",
  "allowed-origins": ["https://app.example.com"],
  realm_access: { roles: ["admin", "user", "offline_access", "uma_authorization", "default-roles-main"] },
  resource_access: { account: { roles: ["manage-account", "manage-account-links", "view-profile"] } },
  scope: "openid profile email read write",
  email_verified: true,
  name: "Alice Example",
  preferred_username: "alice",
  given_name: "Alice",
  family_name: "Example",
  email: "alice@example.com",
};

const ECDSA = { dsaEncoding: "ieee-p1363" };
const PSS = { padding: 6, saltLength: -1 };

const rsa = (digest, options) => ({ type: "rsa", generate: { modulusLength: 2048 }, digest, options });
const ec = (namedCurve, digest) => ({ type: "ec", generate: { namedCurve }, digest, options: ECDSA });

/** How each algorithm makes keys and signs, as node:crypto says it. */
const METHODS = {
  RS256: rsa("sha256"),
  PS256: rsa("sha256", PSS),
  ES256: ec("P-256", "sha256"),
  ES384: ec("P-384", "sha384"),
  ES512: ec("P-521", "sha512"),
  EdDSA: { type: "ed25519", generate: {}, digest: null },
};

/** What the other libraries do not verify. */
const OURS_ALONE = { "ML-DSA-65": { type: "ml-dsa-65", generate: {}, digest: null } };

export const ALGORITHMS = [...Object.keys(METHODS), "HS256"];

/**
 * A token with its key in every form that the libraries take.
 *
 * @param {string} alg
 * @param {{ claims?: object, modulusLength?: number }} [options] claims beside the usual ones; bits of an RSA key
 */
export function subject(alg, { claims = {}, modulusLength } = {}) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const input = `${encode({ alg, typ: "JWT", kid: KID })}.${encode({ ...CLAIMS, ...claims })}`;
  const done = (signature, keys) => ({
    alg,
    input,
    signature,
    token: `${input}.${signature.toString("base64url")}`,
    ...keys,
  });
  if (alg === "HS256") {
    return done(createHmac("sha256", SECRET).update(input).digest(), { secret: SECRET });
  }
  const { type, generate, digest, options } = { ...METHODS, ...OURS_ALONE }[alg];
  const { privateKey, publicKey } = generateKeyPairSync(type, modulusLength ? { modulusLength } : generate);
  const signature = sign(digest, Buffer.from(input), { key: privateKey, ...options });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const jwk = { ...publicKey.export({ format: "jwk" }), alg, kid: KID, use: "sig" };
  return done(signature, { publicKey, pem, jwk, verification: { digest, options } });
}
