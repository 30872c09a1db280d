// bearergate/testing: what it mints passes or fails the package's own verifier, and its key endpoint
// fails and recovers as real ones do.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, KeyObject } from "node:crypto";
import { createRequire } from "node:module";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, getAuthContext, JwtVerifier, requireAuthContext } from "bearergate";
import * as testing from "bearergate/testing";

const {
  TEST_JWT_KID,
  TEST_JWT_SECRET,
  createMockAuthContext,
  createTestJwt,
  createTestJwtRS256,
  generateRsaTestKeypair,
  startTestJwksServer,
  withAuthContext,
} = testing;
const require = createRequire(import.meta.url);
const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
const refusedWith = (code) => (error) => error.code === code;

describe("createTestJwt", () => {
  const verifier = new JwtVerifier({ secret: TEST_JWT_SECRET, issuer: "i", audience: "api" });
  const options = { issuer: "i", audience: "api" };

  it("mints what a verifier with TEST_JWT_SECRET accepts", async () => {
    const before = Math.floor(Date.now() / 1000);
    const token = await createTestJwt({ sub: "user-123", roles: ["admin"], scope: "read write" }, options);
    const context = await verifier.verify(token);
    assert.equal(context.subject, "user-123");
    assert.deepEqual(context.scopes, ["read", "write"]);
    assert.deepEqual(context.claims.roles, ["admin"]);
    assert.equal(context.claims.exp - context.claims.iat, 3600);
    assert.ok(context.claims.iat >= before && context.claims.iat <= before + 5);
    assert.deepEqual(headerOf(token), { typ: "JWT", alg: "HS256" });
  });

  it("mints tokens that must be refused, each for its reason", async () => {
    for (const [payload, changed, code] of [
      [{ sub: "a" }, { expiresIn: "-5m" }, "ERR_TOKEN_EXPIRED"],
      [{ sub: "a", exp: 1 }, {}, "ERR_TOKEN_EXPIRED"],
      [{ sub: "a", nbf: 4102444800 }, {}, "ERR_TOKEN_NOT_YET_VALID"],
      [{ sub: "a" }, { audience: "other" }, "ERR_CLAIM_INVALID"],
      [{ sub: "a" }, { issuer: "other" }, "ERR_CLAIM_INVALID"],
      [{ sub: "a" }, { secret: "x".repeat(40) }, "ERR_SIGNATURE_INVALID"],
      [{}, {}, "ERR_SUBJECT_MISSING"],
    ]) {
      const token = await createTestJwt(payload, { ...options, ...changed });
      await assert.rejects(verifier.verify(token), refusedWith(code), code);
    }
  });

  it("takes what options say before what the payload says, and false for no exp", async () => {
    const token = await createTestJwt(
      { sub: "a", iss: "x", exp: 5 },
      { ...options, audience: ["b", "api"], expiresIn: false, kid: "k", typ: "at+jwt" },
    );
    const { claims, expiresAt } = await verifier.verify(token);
    assert.equal(expiresAt, undefined);
    assert.deepEqual([claims.iss, claims.aud], ["i", ["b", "api"]]);
    assert.deepEqual(headerOf(token), { typ: "at+jwt", alg: "HS256", kid: "k" });
  });

  it("refuses what cannot be meant", async () => {
    for (const [payload, given, option] of [
      [[], {}, "payload"],
      [undefined, {}, "payload"],
      [{}, { expiresIn: "soon" }, "expiresIn"],
      [{}, { audiance: "x" }, "audiance"],
      [{}, { expiresIn: Number.NaN }, "expiresIn"],
      [{}, "1h", "options"],
    ]) {
      await assert.rejects(createTestJwt(payload, given), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.option, option);
        return true;
      });
    }
  });
});

describe("TEST_JWT_SECRET", () => {
  const BUILD = `new (require("bearergate").JwtVerifier)({ secret: process.env.SECRET }).close();`;
  const build = (code, env) =>
    execFileSync(process.execPath, ["-e", code], {
      cwd: new URL("..", import.meta.url),
      env: { ...process.env, SECRET: TEST_JWT_SECRET, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    });

  it("serves only where the testing module is loaded, and never in production", () => {
    assert.equal(build(`require("bearergate/testing"); ${BUILD}`), "");
    assert.throws(() => build(BUILD), /ConfigError.*everyone knows/s);
    assert.throws(() => build(BUILD, { SECRET: `${TEST_JWT_SECRET}\n` }), /ConfigError.*everyone knows/s);
    const production = { NODE_ENV: "production" };
    assert.throws(() => build(`require("bearergate/testing"); ${BUILD}`, production), /ConfigError.*everyone knows/s);
  });

  it("is long enough for every HMAC algorithm", () => {
    assert.ok(Buffer.byteLength(TEST_JWT_SECRET) >= 64);
  });
});

describe("RS256 and the key endpoint", () => {
  let keypair;
  let other;
  const rules = { issuer: "https://issuer.example", audience: "my-api" };
  const mint = (pair, payload = { sub: "user-123" }) =>
    createTestJwtRS256(pair.privateKey, payload, { kid: pair.kid, ...rules });

  before(async () => {
    [keypair, other] = await Promise.all([generateRsaTestKeypair(), generateRsaTestKeypair("other")]);
  });

  it("generates keys in every form, without holding up the event loop", async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const made = await generateRsaTestKeypair();
    clearInterval(timer);
    assert.ok(turns > 2, `${turns} turns of the event loop`);
    assert.equal(made.kid, TEST_JWT_KID);
    assert.deepEqual(
      [made.publicJwk.kty, made.publicJwk.alg, made.publicJwk.use, made.publicJwk.kid],
      ["RSA", "RS256", "sig", TEST_JWT_KID],
    );
    const jwk = KeyObject.from(made.publicKey).export({ format: "jwk" });
    assert.deepEqual([jwk.n, jwk.e], [made.publicJwk.n, made.publicJwk.e]);
    assert.equal(KeyObject.from(made.privateKey).asymmetricKeyDetails.modulusLength, 2048);
    const verifier = new JwtVerifier({ publicKey: made.publicKey, ...rules });
    assert.equal((await verifier.verify(await mint(made))).subject, "user-123");
  });

  it("signs with a key in any form", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const verifier = new JwtVerifier({ publicKey });
    const pem = { type: "pkcs8", format: "pem" };
    for (const key of [
      privateKey,
      privateKey.export(pem),
      privateKey.export({ type: "pkcs1", format: "pem" }),
      privateKey.export({ type: "pkcs8", format: "der" }),
      privateKey.export({ format: "jwk" }),
    ]) {
      const token = await createTestJwtRS256(key, { sub: "a" }, { kid: "k" });
      assert.equal((await verifier.verify(token)).subject, "a");
      assert.equal(headerOf(token).kid, "k");
    }
    for (const [key, options, option] of [
      [publicKey, { kid: "k" }, "privateKey"],
      ["nonsense", { kid: "k" }, "privateKey"],
      [generateKeyPairSync("ed25519").privateKey, { kid: "k" }, "privateKey"],
      [privateKey, {}, "kid"],
      [privateKey, { kid: "k", secret: "s" }, "secret"],
    ]) {
      await assert.rejects(createTestJwtRS256(key, { sub: "a" }, options), (error) => error.option === option);
    }
  });

  it("serves keys, and discovery", async () => {
    const jwks = await startTestJwksServer(keypair.publicJwk);
    assert.equal(jwks.url, `${jwks.origin}/.well-known/jwks.json`);
    const verifier = new JwtVerifier({ jwksUri: jwks.url, ...rules });
    assert.equal((await verifier.verify(await mint(keypair))).subject, "user-123");
    assert.equal((await verifier.verify(await mint(keypair))).subject, "user-123");
    assert.equal(jwks.requests, 1);
    const discovering = new JwtVerifier({ discover: true, issuer: jwks.origin, audience: "my-api" });
    const token = await createTestJwtRS256(
      keypair.privateKey,
      { sub: "b" },
      { kid: keypair.kid, issuer: jwks.origin, audience: "my-api" },
    );
    assert.equal((await discovering.verify(token)).subject, "b");
    assert.equal((await fetch(`${jwks.origin}/elsewhere`)).status, 404);
    await jwks[Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")]();
    await assert.rejects(fetch(jwks.url));
  });

  it("rotates keys", async () => {
    const jwks = await startTestJwksServer([keypair.publicJwk]);
    const verifier = new JwtVerifier({ jwksUri: jwks.url, jwks: { cooldown: 1 } });
    await verifier.verify(await mint(keypair));
    jwks.rotate({ keys: [other.publicJwk] });
    assert.deepEqual(jwks.keys, [other.publicJwk]);
    await sleep(1100);
    assert.equal((await verifier.verify(await mint(other))).subject, "user-123");
    await assert.rejects(verifier.verify(await mint(keypair)), refusedWith("ERR_KEY_NOT_FOUND"));
    await jwks.close();
    assert.throws(() => jwks.rotate("keys"), TypeError);
  });

  it("fails in each way and recovers", async () => {
    const jwks = await startTestJwksServer(keypair.publicJwk);
    const token = await mint(keypair);
    const attempt = () => {
      const verifier = new JwtVerifier({ jwksUri: jwks.url, jwks: { timeout: 0.3 } });
      return verifier.verify(token).finally(() => verifier.close());
    };
    for (const [how, reason] of [
      [undefined, "unavailable"],
      [404, "unavailable"],
      ["disconnect", "unavailable"],
      ["invalid", "unavailable"],
      ["hang", "timeout"],
    ]) {
      jwks.fail(how, { "retry-after": "7" });
      await assert.rejects(attempt(), (error) => {
        assert.deepEqual([error.code, error.reason], ["ERR_KEYS_UNAVAILABLE", reason], String(how));
        return true;
      });
    }
    assert.equal(jwks.requests, 5);
    jwks.recover();
    assert.equal((await attempt()).subject, "user-123");
    for (const how of [200, "slow", 600, null]) {
      assert.throws(() => jwks.fail(how), TypeError);
    }
    await jwks.close();
  });
});

describe("contexts", () => {
  it("are like verified ones, with defaults that may be overridden", () => {
    assert.deepStrictEqual(createMockAuthContext(), {
      subject: "test-user",
      name: "Test User",
      roles: ["user"],
      scopes: ["read"],
      claims: {},
      type: "test",
      expiresAt: undefined,
    });
    const expiresAt = new Date(4102444800000);
    const claims = { deep: { er: [1] } };
    const made = createMockAuthContext({ subject: "admin-1", roles: ["admin"], name: undefined, claims, expiresAt });
    assert.deepStrictEqual(made, {
      subject: "admin-1",
      name: undefined,
      roles: ["admin"],
      scopes: ["read"],
      claims,
      type: "test",
      expiresAt,
    });
    assert.throws(() => made.claims.deep.er.push(2), TypeError);
    assert.ok(!Object.isFrozen(claims.deep), "the caller's own object");
    for (const wrong of [{ role: ["x"] }, { roles: "admin" }, { subject: "" }, { expiresAt: 5 }]) {
      assert.throws(() => createMockAuthContext(wrong), TypeError);
    }
  });

  it("hold inside the function and nowhere else", async () => {
    const alice = createMockAuthContext({ subject: "alice" });
    const seen = await withAuthContext(alice, async () => {
      await sleep(1);
      return [requireAuthContext().subject, await withAuthContext(createMockAuthContext(), () => getAuthContext())];
    });
    assert.deepEqual(seen, ["alice", createMockAuthContext()]);
    assert.equal(getAuthContext(), undefined);
    await assert.rejects(
      withAuthContext(alice, () => {
        throw new Error("the function's own");
      }),
      /the function's own/,
    );
    assert.equal(getAuthContext(), undefined);
  });
});

describe("the module", () => {
  it("is one implementation in both formats", () => {
    const cjs = require("bearergate/testing");
    const esm = { ...testing };
    assert.deepEqual(Object.keys(esm).sort(), Object.keys(cjs).sort());
    for (const [name, value] of Object.entries(cjs)) {
      assert.equal(esm[name], value, name);
    }
  });
});
