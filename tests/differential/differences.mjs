// Where two verifiers part on purpose, each with a name and the rule that it follows from. A predicate
// looks at what the mutant holds (mutant.mjs); our code alone is never enough for a name. `code` is what
// ours refuses with; a difference without one is about what ours accepts and another refuses.
import { createPublicKey } from "node:crypto";

const isText = (value) => typeof value === "string";
const has = (object, name) => Object.hasOwn(object, name);
const badText = (object, ...names) => names.some((name) => has(object, name) && !isText(object[name]));

const OTHERS = ["pyjwt", "jsonwebtoken"];
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
const ALGS_OF = {
  RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  secp256k1: ["ES256K"],
  Ed25519: ["EdDSA", "Ed25519"],
  AKP: ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"],
};

const isObject = (jwk) => typeof jwk === "object" && jwk !== null && !Array.isArray(jwk);
const isLaxText = (text) => Buffer.from(text, "base64url").toString("base64url") !== text;
const bytesOf = (text) => (isText(text) ? Buffer.from(text, "base64url") : Buffer.alloc(0));
const isForAnotherUse = ({ use, key_ops: operations }) =>
  (use !== undefined && use !== "sig") ||
  (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify")));
const algDoesNotFit = ({ kty, crv, alg }) =>
  alg !== undefined && !(ALGS_OF[kty === "RSA" || kty === "AKP" ? kty : crv] ?? []).includes(alg);

function isUnusable(jwk) {
  try {
    createPublicKey({ key: jwk, format: "jwk" });
    return false;
  } catch {
    return true;
  }
}

function isWeakRsa({ kty, n, e }) {
  const [modulus, exponent] = [bytesOf(n), bytesOf(e)];
  const significant = exponent.subarray(exponent.findIndex((byte) => byte !== 0));
  const value = significant.reduce((sum, byte) => sum * 256 + byte, 0);
  return kty === "RSA" && (modulus.length < 256 || value < 3 || value % 2 === 0 || significant.length > 4);
}

const COORDINATES = { "P-256": 32, "P-384": 48, "P-521": 66, secp256k1: 32, Ed25519: 32 };
const isCurveOf = ({ kty, crv }) => (kty === "EC" ? /^(P-(256|384|521)|secp256k1)$/ : /^Ed25519$/).test(crv);
const fitsItsCurve = ({ kty, crv }, length) => kty === "RSA" || kty === "AKP" || COORDINATES[crv] === length;

/** The configured keys that a token may mean. */
const meant = ({ jwks, isSet, header }) =>
  jwks.filter((jwk) => isObject(jwk) && (!isSet || !has(header, "kid") || jwk.kid === header.kid));
const someKey =
  (predicate) =>
  ({ mutant }) =>
    mutant.jwks.filter(isObject).some(predicate);
const isFraction = (value) => typeof value === "number" && !Number.isInteger(value);
const isNear = (value, { now, mutant }) =>
  typeof value === "number" && Math.abs(value - now) <= (mutant.options.clockTolerance ?? 0) + 14_400;

export const DIFFERENCES = [
  // What others accept and we refuse.
  {
    name: "a token longer than maxTokenBytes",
    rule: "BEHAVIOUR 3 row 1",
    code: "ERR_TOKEN_TOO_LARGE",
    when: ({ mutant }) => mutant.token.length > 16_384,
  },
  {
    name: "base64url with padding, another alphabet, white space or stray bits",
    rule: "BEHAVIOUR 3 row 2",
    code: "ERR_TOKEN_MALFORMED",
    when: ({ mutant }) => mutant.laxSegments > 0,
  },
  {
    name: "a header that is not strict JSON",
    rule: "BEHAVIOUR 3 row 3",
    code: "ERR_TOKEN_MALFORMED",
    when: ({ mutant }) => mutant.headerOddities.size > 0 && !mutant.headerOddities.has("syntax"),
  },
  {
    name: "a header with NaN or Infinity",
    rule: "BEHAVIOUR 3 row 3",
    peers: ["pyjwt"],
    code: "ERR_TOKEN_MALFORMED",
    when: ({ mutant }) => mutant.headerOddities.has("syntax") && /NaN|Infinity/.test(mutant.headerText),
  },
  {
    name: "kid, typ or cty that is not a string",
    rule: "BEHAVIOUR 3 row 3",
    code: "ERR_TOKEN_MALFORMED",
    when: ({ mutant }) => badText(mutant.header, "kid", "typ", "cty"),
  },
  {
    name: "any crit",
    rule: "BEHAVIOUR 3 row 4",
    code: "ERR_TOKEN_CRITICAL",
    when: ({ mutant }) => has(mutant.header, "crit"),
  },
  {
    name: "b64 other than true",
    rule: "BEHAVIOUR 3 row 4",
    code: "ERR_TOKEN_CRITICAL",
    when: ({ mutant }) => has(mutant.header, "b64") && mutant.header.b64 !== true,
  },
  {
    name: "a key's alg, use or key_ops is ignored",
    rule: "BEHAVIOUR 4",
    peers: OTHERS,
    code: ["ERR_ALG_NOT_ALLOWED", "ERR_KEY_NOT_FOUND"],
    when: ({ mutant }) =>
      meant(mutant).some((jwk) => isForAnotherUse(jwk) || (has(jwk, "alg") && jwk.alg !== mutant.header.alg)),
  },
  {
    name: "the curve that a key names may be any",
    rule: "BEHAVIOUR 4",
    peers: ["jsonwebtoken"],
    code: ["ERR_ALG_NOT_ALLOWED", "ERR_KEY_NOT_FOUND", "ERR_CONFIG"],
    when: ({ mutant }) =>
      meant(mutant).some(
        (jwk) =>
          (jwk.kty === "EC" || jwk.kty === "OKP") && !(isCurveOf(jwk) && fitsItsCurve(jwk, bytesOf(jwk.x).length)),
      ),
  },
  {
    name: "more than one key fits, and each is tried or the first is taken",
    rule: "BEHAVIOUR 5",
    code: "ERR_KEY_AMBIGUOUS",
    when: ({ mutant }) => mutant.isSet && meant(mutant).length > 1,
  },
  {
    name: "claims that are not strict JSON",
    rule: "BEHAVIOUR 3 row 8",
    code: "ERR_CLAIMS_MALFORMED",
    when: ({ mutant }) => mutant.claimsOddities.size > 0 && !mutant.claimsOddities.has("syntax"),
  },
  {
    name: "claims with NaN or Infinity",
    rule: "BEHAVIOUR 3 row 8",
    peers: ["pyjwt"],
    code: "ERR_CLAIMS_MALFORMED",
    when: ({ mutant }) => mutant.claimsOddities.has("syntax") && /NaN|Infinity/.test(mutant.claimsText),
  },
  {
    name: "JSON in UTF-16",
    rule: "BEHAVIOUR 3 rows 3 and 8",
    peers: ["pyjwt"],
    code: ["ERR_TOKEN_MALFORMED", "ERR_CLAIMS_MALFORMED"],
    when: ({ mutant }) => [mutant.headerText, mutant.claimsText].some((text) => text.startsWith("{\0")),
  },
  {
    name: "a required typ cannot be asked for",
    rule: "BEHAVIOUR 3 row 9",
    peers: OTHERS,
    code: "ERR_TYP_INVALID",
    when: ({ mutant }) => mutant.options.typ !== undefined,
  },
  {
    name: "a maximum age cannot be asked for",
    rule: "BEHAVIOUR 3 rows 10 and 15",
    peers: OTHERS,
    code: ["ERR_TOKEN_TOO_OLD", "ERR_CLAIM_INVALID", "ERR_CLAIM_MISSING"],
    when: ({ mutant, code, claim }) =>
      mutant.options.maxTokenAge !== undefined && (code === "ERR_TOKEN_TOO_OLD" || claim === "iat"),
  },
  {
    name: "only registered claims can be required",
    rule: "BEHAVIOUR 3 row 10",
    peers: ["jsonwebtoken"],
    code: "ERR_CLAIM_MISSING",
    when: ({ mutant, claim }) =>
      mutant.options.requiredClaims?.includes(claim) && !["exp", "nbf", "aud", "iss", "sub"].includes(claim),
  },
  {
    name: "iss that is not a string",
    rule: "BEHAVIOUR 3 row 11",
    code: "ERR_CLAIM_INVALID",
    when: ({ mutant, claim }) => claim === "iss" && badText(mutant.claims, "iss"),
  },
  {
    name: "aud that is neither a string nor an array of strings",
    rule: "BEHAVIOUR 3 row 11",
    code: "ERR_CLAIM_INVALID",
    when: ({ mutant: { claims }, claim }) =>
      claim === "aud" && badText(claims, "aud") && !(Array.isArray(claims.aud) && claims.aud.every(isText)),
  },
  {
    name: "iat, nbf or exp that is not a number",
    rule: "BEHAVIOUR 3 row 12",
    peers: OTHERS,
    code: "ERR_CLAIM_INVALID",
    when: ({ mutant: { claims }, claim }) =>
      ["iat", "nbf", "exp"].includes(claim) && has(claims, claim) && typeof claims[claim] !== "number",
  },
  {
    name: "fractions of a second are cut off or rounded",
    rule: "BEHAVIOUR 3",
    peers: OTHERS,
    code: ["ERR_TOKEN_NOT_YET_VALID", "ERR_TOKEN_EXPIRED"],
    when: ({ mutant: { claims } }) => isFraction(claims.nbf) || isFraction(claims.exp),
  },
  {
    name: "the clock is the machine's, which goes on",
    rule: "BEHAVIOUR 3",
    peers: ["jsonwebtoken"],
    code: ["ERR_TOKEN_NOT_YET_VALID", "ERR_TOKEN_EXPIRED"],
    when: (judged) => isNear(judged.mutant.claims.nbf, judged) || isNear(judged.mutant.claims.exp, judged),
  },
  {
    name: "a token that is bound to a key or certificate",
    rule: "BEHAVIOUR 3 row 16",
    code: "ERR_TOKEN_BOUND",
    when: ({ mutant }) => has(mutant.claims, "cnf"),
  },
  {
    name: "a subject that is no string, or empty",
    rule: "BEHAVIOUR 3 row 17",
    code: "ERR_SUBJECT_MISSING",
    when: ({ mutant }) => !isText(mutant.claims.sub) || mutant.claims.sub === "",
  },
  {
    name: "a private or symmetric key where a public one belongs",
    rule: "BEHAVIOUR 1 and 5",
    code: "ERR_CONFIG",
    when: someKey((jwk) => PRIVATE_MEMBERS.some((name) => has(jwk, name)) || jwk.kty === "oct"),
  },
  {
    name: "an RSA key under 2048 bits, or with an exponent that is even, under 3 or over 32 bits",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: someKey(isWeakRsa),
  },
  {
    name: "a member of a JWK that is not strict base64url, or not of its curve's length",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: someKey((jwk) =>
      ["n", "e", "x", "y", "pub"].some(
        (name) => isText(jwk[name]) && (isLaxText(jwk[name]) || !fitsItsCurve(jwk, bytesOf(jwk[name]).length)),
      ),
    ),
  },
  {
    name: "kid or alg of a JWK that is not a string",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: someKey((jwk) => badText(jwk, "kid", "alg")),
  },
  {
    name: "key_ops or ext of a JWK of another type, or the same operation twice",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: someKey(
      ({ key_ops: operations, ext }) =>
        (ext !== undefined && typeof ext !== "boolean") ||
        (Array.isArray(operations) && (!operations.every(isText) || new Set(operations).size < operations.length)),
    ),
  },
  {
    name: "a JWK whose use or key_ops is not for verifying",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: someKey(isForAnotherUse),
  },
  {
    name: "a JWK with an alg that is unknown or does not fit it",
    rule: "BEHAVIOUR 4",
    code: "ERR_CONFIG",
    when: someKey(algDoesNotFit),
  },
  {
    name: "a fixed set with a member that is no key, beside one that is",
    rule: "BEHAVIOUR 1",
    code: "ERR_CONFIG",
    when: ({ mutant }) => mutant.isSet && mutant.jwks.some((jwk) => !isObject(jwk) || isUnusable(jwk)),
  },
  // What we accept and others refuse.
  {
    name: "ES256K, which jose has not",
    rule: "BEHAVIOUR 4",
    peers: ["jose"],
    when: ({ mutant }) => mutant.header.alg === "ES256K",
  },
  {
    name: "a public key whose key_ops have sign beside verify, which WebCrypto refuses",
    rule: "BEHAVIOUR 5: containing verify",
    peers: ["jose"],
    when: ({ mutant, theirs }) =>
      meant(mutant).some(({ key_ops: operations }) => operations?.includes("sign")) && theirs.includes("key usage"),
  },
  {
    name: "algorithms that they have not",
    rule: "BEHAVIOUR 4",
    peers: OTHERS,
    when: ({ mutant: { header }, theirs }) =>
      /^(Ed25519|ML-DSA-..|ES256K|ES512)$/.test(header.alg) && /not supported|unknown variant/.test(theirs),
  },
  {
    name: "the first key of a kid is taken, whatever its type",
    rule: "BEHAVIOUR 5",
    peers: OTHERS,
    when: ({ mutant }) => mutant.isSet && meant(mutant).length > 1,
  },
  {
    name: "a set with a member that they cannot read",
    rule: "BEHAVIOUR 5",
    peers: ["jsonwebtoken"],
    when: ({ mutant, theirs }) =>
      mutant.isSet && /unknown variant|missing field|invalid type|did not match/.test(theirs),
  },
  {
    name: "members of header and JWK whose types are not RFC 7515's business",
    rule: "BEHAVIOUR 3 row 3",
    peers: ["jsonwebtoken"],
    when: ({ theirs }) => /invalid type/.test(theirs),
  },
  {
    name: "iat in the future is refused without a maximum age",
    rule: "BEHAVIOUR 3 row 15",
    peers: ["pyjwt"],
    when: ({ mutant, now }) => mutant.claims.iat > now && mutant.options.maxTokenAge === undefined,
  },
  {
    name: "jti must be a string, and a required claim not null",
    rule: "BEHAVIOUR 3 row 10",
    peers: ["pyjwt"],
    when: ({ mutant }) => badText(mutant.claims, "jti"),
  },
  {
    name: "exp with a fraction counts as the second before",
    rule: "BEHAVIOUR 3",
    peers: ["pyjwt"],
    when: ({ mutant: { claims }, theirs }) => isFraction(claims.exp) && theirs.includes("Expired"),
  },
  {
    name: "the clock is the machine's, which has gone on",
    rule: "BEHAVIOUR 3",
    peers: ["jsonwebtoken"],
    when: (judged) => isNear(judged.mutant.claims.exp, judged) && judged.theirs.includes("ExpiredSignature"),
  },
  {
    name: "times that are no whole positive number",
    rule: "BEHAVIOUR 3 row 12",
    peers: ["jsonwebtoken"],
    when: ({ mutant: { claims }, theirs }) =>
      /Invalid format for claim|Missing required claim: exp/.test(theirs) &&
      [claims.exp, claims.nbf].some((time) => time < 0 || time >= 2 ** 64 || Object.is(time, -0) || isFraction(time)),
  },
];
