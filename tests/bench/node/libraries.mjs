// Each library set up as its documentation says for speed: keys imported, verifiers made once, caches named.
import { createHmac, createSecretKey, timingSafeEqual, verify } from "node:crypto";
import { createRequire } from "node:module";
import { JwtVerifier as AwsJwtVerifier } from "aws-jwt-verify";
import { createVerifier } from "fast-jwt";
import { importJWK, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { AUDIENCE, ISSUER } from "./tokens.mjs";

const require = createRequire(import.meta.url);
export const { JwtVerifier } = require("../../../bindings-node");
const native = require("../../../bindings-node/lib/native.js");
const { createContext } = require("../../../bindings-node/lib/context.js");
const { isRefusal } = require("../../../bindings-node/lib/answer.js");
export const BARE = "node:crypto, signature alone";
/** The least that can be left of ours: nothing is made of what the native side answers. */
export const NATIVE = "bearergate, native side alone";
/** The same, and the object that a handler is given is made, of what is known here. */
export const CONTEXT = "native side and a context";
/** The same, and its claims are parsed and frozen. */
export const CLAIMS = "native side, a context and its claims";

const mapping = { roles: "realm_access.roles", scopes: "scope" };

/** Ours over one key, with or without its cache. */
export function verifier({ pem, secret }, options) {
  const key = secret === undefined ? { publicKey: pem } : { secret };
  return new JwtVerifier({ ...key, issuer: ISSUER, audience: AUDIENCE, claimsMapping: mapping, ...options });
}

/** The claims' text in what is signed. */
export const claimsOf = (input) => Buffer.from(input.split(".")[1], "base64url").toString("latin1");

/** Claims with each object in them frozen, which are known here, so that none is looked for. */
function frozen(claims) {
  Object.freeze(claims.aud);
  Object.freeze(claims["allowed-origins"]);
  Object.freeze(Object.freeze(claims.realm_access).roles);
  Object.freeze(Object.freeze(Object.freeze(claims.resource_access).account).roles);
  return Object.freeze(claims);
}

/** The native side of a verifier; nothing is made of what it answers. */
export function nativeSide({ pem, secret }, cache = false) {
  const key = secret === undefined ? { publicKey: pem } : { secret };
  const options = {
    ...key,
    issuer: ISSUER,
    audience: AUDIENCE,
    claimsMapping: mapping,
    cache: cache ? undefined : false,
  };
  const gate = native.createGate(JSON.stringify(options), false);
  if (typeof gate === "string") {
    throw new Error(gate);
  }
  const judge = gate.tokenJudgeNow();
  return (token) => {
    if (isRefusal(judge(token))) {
      throw new Error("refused");
    }
  };
}

const lists = { roles: Object.freeze(["admin", "user"]), scopes: Object.freeze(["openid", "email"]) };
const told = { subject: "alice", name: "Alice Example", ...lists, expiresAtMs: 4102444800000 };

/** A context that says nothing of an answer: what has to be made whatever that says. */
export const contextOf = (claims) => createContext(told, claims, "jwt");

/** What a handler reads of a context. */
const read = (context) => context.subject.length + context.roles.length + context.scopes.length;

function awsVerifier({ jwk }) {
  const jwksUri = "https://auth.example.com/jwks";
  const made = AwsJwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri });
  made.cacheJwks({ keys: [jwk] });
  return made;
}

/**
 * Functions that verify the subject's token, by name. Those of `sync` answer at once, those of `async` promise.
 *
 * @param {ReturnType<import("./tokens.mjs").subject>} subject
 */
export async function libraries(subject) {
  const { alg, token, input, signature, secret, pem, jwk, publicKey, verification } = subject;
  const key = secret ?? pem;
  const plain = verifier(subject, { cache: false });
  const cached = verifier(subject, {});
  const fast = (cache) => createVerifier({ key, algorithms: [alg], allowedIss: ISSUER, allowedAud: AUDIENCE, cache });
  const [fastPlain, fastCached] = [fast(false), fast(true)];
  const joseKey = secret === undefined ? await importJWK(jwk, alg) : new TextEncoder().encode(secret);
  const joseOptions = { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] };
  const jwtKey = secret === undefined ? publicKey : createSecretKey(Buffer.from(secret));
  const aws = secret === undefined ? awsVerifier(subject) : undefined;
  const message = Buffer.from(input);
  const ofNative = nativeSide(subject);
  const claims = claimsOf(input);
  const bare =
    secret === undefined
      ? () => verify(verification.digest, message, { key: publicKey, ...verification.options }, signature)
      : () => timingSafeEqual(createHmac("sha256", jwtKey).update(message).digest(), signature);
  const sync = {
    [BARE]: bare,
    [NATIVE]: (given = token) => ofNative(given),
    [CONTEXT]: (given = token) => {
      ofNative(given);
      return read(contextOf(claims));
    },
    [CLAIMS]: (given = token) => {
      ofNative(given);
      return read(contextOf(claims)) + frozen(JSON.parse(claims)).email.length;
    },
    bearergate: (given = token) => read(plain.verifySync(given)),
    "bearergate, claims read": (given = token) => plain.verifySync(given).claims.email.length,
    "bearergate, cache hit": (given = token) => read(cached.verifySync(given)),
    "fast-jwt": (given = token) => fastPlain(given),
    "fast-jwt, cache hit": (given = token) => fastCached(given),
    jsonwebtoken: (given = token) =>
      jsonwebtoken.verify(given, jwtKey, { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE }),
  };
  const async = {
    "bearergate, promise": (given = token) => plain.verify(given),
    jose: (given = token) => jwtVerify(given, joseKey, joseOptions),
    "aws-jwt-verify": aws && ((given = token) => aws.verify(given)),
  };
  return { sync: await working(sync, token), async: await working(async, token) };
}

/** Those that accept the token and refuse it with another signature; the others lack the algorithm. */
async function working(all, token) {
  const at = token.lastIndexOf(".") + 3;
  const forged = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
  const accepts = (call, given) =>
    Promise.resolve(given)
      .then(call)
      .then(
        () => true,
        () => false,
      );
  const found = {};
  for (const [name, call] of Object.entries(all)) {
    if (call !== undefined && (await accepts(call, token))) {
      if (name !== BARE && (await accepts(call, forged))) {
        throw new Error(`${name} accepts a forged token`);
      }
      found[name] = call;
    }
  }
  return found;
}
