// Options on their way in: what is wrong is told at once, by name.
import assert from "node:assert/strict";
import { createPublicKey, createSecretKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { ConfigError, createJwtAuthInterceptor, createJwtRequestGate, JwtVerifier } from "bearergate";
import { hmacToken, rsaKey, SECRET } from "./support/tokens.mjs";

const key = rsaKey("k");
const TOKEN = key.token({ sub: "alice" });
const accepts = (options, token = TOKEN) => assert.equal(new JwtVerifier(options).verifySync(token).subject, "alice");

function refuses(options, option, message = /./) {
  for (const make of [(given) => new JwtVerifier(given), createJwtAuthInterceptor, createJwtRequestGate]) {
    assert.throws(
      () => make(options),
      (error) => {
        assert.ok(error instanceof ConfigError && error instanceof TypeError);
        assert.equal(error.name, "ConfigError");
        assert.equal(error.code, "ERR_CONFIG");
        assert.equal(error.option, option, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  }
}

describe("key sources", () => {
  it("come in every documented form", async () => {
    const { publicKey, jwk } = key;
    const der = publicKey.export({ type: "spki", format: "der" });
    const cryptoKey = await webcrypto.subtle.importKey(
      "spki",
      der,
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      true,
      ["verify"],
    );
    for (const form of [
      publicKey,
      cryptoKey,
      publicKey.export({ type: "spki", format: "pem" }),
      publicKey.export({ type: "pkcs1", format: "pem" }),
      der,
      new Uint8Array(der),
      new Uint8Array(der).buffer,
      new DataView(new Uint8Array(der).buffer),
      jwk,
      { keys: [jwk] },
      createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
    ]) {
      accepts({ publicKey: form });
    }
  });

  it("include a CryptoKey that may not be extracted", async () => {
    const der = key.publicKey.export({ type: "spki", format: "der" });
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    accepts({ publicKey: await webcrypto.subtle.importKey("spki", der, algorithm, false, ["verify"]) });
  });

  it("bind a CryptoKey to the algorithm it was imported for", async () => {
    const der = key.publicKey.export({ type: "spki", format: "der" });
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" };
    const publicKey = await webcrypto.subtle.importKey("spki", der, algorithm, true, ["verify"]);
    assert.throws(() => new JwtVerifier({ publicKey }).verifySync(TOKEN), { code: "ERR_ALG_NOT_ALLOWED" });
  });

  it("include secrets as text, bytes and lists", () => {
    const token = hmacToken({ sub: "alice" });
    for (const secret of [SECRET, Buffer.from(SECRET), ["x".repeat(32), SECRET], [new TextEncoder().encode(SECRET)]]) {
      accepts({ secret }, token);
    }
  });

  it("are refused when they are private, secret or something else", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    refuses({ publicKey: privateKey }, "publicKey");
    refuses({ publicKey: privateKey.export({ type: "pkcs8", format: "pem" }) }, "publicKey");
    refuses({ publicKey: createSecretKey(Buffer.alloc(32)) }, "publicKey");
    refuses({ publicKey: "not a key" }, "publicKey");
    refuses({ publicKey: 7 }, "publicKey");
    refuses({ publicKey: () => {} }, "publicKey");
    refuses({ secret: 7 }, "secret");
    refuses({ secret: "short" }, "secret", /must be at least 32 bytes/);
  });

  it("are needed", () => {
    const needed = /requires one of: jwksUri, secret, or publicKey/;
    for (const options of [{}, { secret: undefined, publicKey: null }, { issuer: "x" }]) {
      assert.throws(() => new JwtVerifier(options), needed);
    }
  });

  it("take precedence in the documented order", () => {
    accepts({ publicKey: key.publicKey, secret: "ignored" });
    assert.equal(
      new JwtVerifier({ jwksUri: "https://a.example.com/jwks", publicKey: "?", secret: "?" }).stats().keys,
      0,
    );
  });
});

describe("options", () => {
  it("that are unknown are errors at any depth", () => {
    refuses({ secret: SECRET, audiance: "x" }, "audiance");
    refuses({ secret: SECRET, claimsMapping: { rolls: "x" } }, "claimsMapping.rolls");
    refuses({ secret: SECRET, onReject: () => {}, onAccept: () => {} }, "onAccept");
  });

  it("of a wrong type are errors that name them", () => {
    refuses({ secret: SECRET, issuer: 7 }, "issuer");
    refuses({ secret: SECRET, issuer: new Date() }, "issuer");
    refuses({ secret: SECRET, audience: 7n }, "audience");
    refuses({ secret: SECRET, maxTokenAge: Number.NaN }, "maxTokenAge");
    refuses({ secret: SECRET, maxTokenAge: Number.POSITIVE_INFINITY }, "maxTokenAge");
    refuses({ secret: SECRET, clockTolerance: Symbol("x") }, "clockTolerance");
    refuses({ secret: SECRET, validate: true }, "validate", /must be a function/);
    refuses({ secret: SECRET, onReject: "log" }, "onReject", /must be a function/);
    refuses({ jwksUri: "https://a.example.com/jwks", jwks: { timeout: 5000 } }, "jwks.timeout");
    refuses({ secret: SECRET, claimsMapping: new Map() }, "claimsMapping");
  });

  it("that are not given as a plain object are errors, so that none is dropped", () => {
    class Options {
      secret = SECRET;
    }
    for (const options of [undefined, null, 7, "x", [], new Options(), Object.create({ issuer: "x" }), () => {}]) {
      refuses(options, "options");
    }
  });

  it("may come from another realm, or without a prototype", () => {
    const token = hmacToken({ sub: "alice", iss: "me" });
    accepts(vm.runInNewContext("({ secret, issuer: ['me'], cache: { maxEntries: 2 } })", { secret: SECRET }), token);
    accepts(Object.assign(Object.create(null), { secret: SECRET }), token);
  });

  it("that are undefined or null are not given", () => {
    accepts(
      { secret: SECRET, issuer: undefined, audience: null, jwks: undefined, validate: null },
      hmacToken({ sub: "alice" }),
    );
  });

  it("that contain themselves are errors", () => {
    const claimsMapping = {};
    claimsMapping.roles = claimsMapping;
    refuses({ secret: SECRET, claimsMapping }, "claimsMapping.roles");
  });

  it("may be URLs where a URL is asked for, and nowhere else", () => {
    const url = new URL("https://a.example.com/jwks");
    const verifier = new JwtVerifier({ jwksUri: url, resourceMetadata: url, jwks: { proxy: new URL("http://p:1") } });
    assert.equal(verifier.stats().state, "cold");
    const secret = pathToFileURL("/run/secrets/production/jwt-signing-secret.txt");
    refuses({ secret }, "secret", /URL/);
    refuses({ secret: [secret] }, "secret[0]", /URL/);
    refuses({ secret: SECRET, issuer: url }, "issuer", /URL/);
    refuses({ publicKey: secret }, "publicKey", /URL/);
    refuses({ jwksUri: url, jwks: { caFile: secret } }, "jwks.caFile", /URL/);
  });

  it("that look like what stands for bytes and keys are errors", () => {
    refuses({ secret: { $bytes: Buffer.from(SECRET).toString("base64") } }, "secret", /begins with \$/);
    refuses({ publicKey: { $key: { kind: "public", spki: "", algorithm: null } } }, "publicKey", /begins with \$/);
    refuses({ jwksUri: { $url: "https://a.example.com/jwks" } }, "jwksUri", /begins with \$/);
    refuses({ secret: SECRET, audience: [{ $foreign: "x" }] }, "audience[0]", /begins with \$/);
    refuses({ secret: SECRET, $bytes: "AAAA" }, "$bytes");
    refuses({ $bytes: "AAAA" }, "options");
  });

  it("of a class are errors, whatever the class calls itself", () => {
    for (const name of [() => "x", undefined, "", 7, "\ud800"]) {
      class Mapping {
        static name = name;
        roles = "roles";
        header = "x-token";
      }
      refuses({ secret: SECRET, claimsMapping: new Mapping() }, "claimsMapping");
      refuses({ secret: SECRET, credentials: new Mapping() }, "credentials");
      refuses({ jwksUri: "https://a.example.com/jwks", jwks: new Mapping() }, "jwks");
    }
  });

  it("that enumeration passes over are errors, so that none is dropped", () => {
    const hidden = (object, name) => Object.defineProperty(object, name, { value: "x", enumerable: false });
    refuses(hidden({ secret: SECRET }, "audience"), "audience", /not enumerable/);
    refuses(hidden({ secret: SECRET }, "validate"), "validate", /not enumerable/);
    refuses({ secret: SECRET, claimsMapping: hidden({}, "roles") }, "claimsMapping.roles", /not enumerable/);
    refuses({ secret: SECRET, [Symbol("audience")]: "x" }, "Symbol(audience)", /is a symbol/);
  });

  it("are read once, the hooks like all others, and from the options alone", () => {
    const token = hmacToken({ sub: "alice" });
    let reads = 0;
    const options = {
      secret: SECRET,
      get validate() {
        reads += 1;
        return reads === 1 ? () => false : undefined;
      },
    };
    assert.throws(() => new JwtVerifier(options).verifySync(token), { code: "ERR_REVOKED" });
    assert.equal(reads, 1);
    Object.prototype.validate = () => false;
    try {
      accepts({ secret: SECRET }, token);
    } finally {
      delete Object.prototype.validate;
    }
  });

  it("that cannot be carried over are errors that name them", () => {
    refuses({ secret: SECRET, issuer: "a\ud800" }, "issuer", /lone surrogate/);
    refuses({ secret: `${SECRET}\udc00` }, "secret", /lone surrogate/);
    refuses({ secret: SECRET, "a\ud800": 1 }, "a\ufffd", /lone surrogate/);
    for (const depth of [33, 200, 20_000]) {
      let roles = "x";
      for (let level = 0; level < depth; level += 1) {
        roles = [roles];
      }
      refuses({ secret: SECRET, claimsMapping: { roles } }, "claimsMapping.roles[0]");
      let jwk = {};
      for (let level = 0; level < depth; level += 1) {
        jwk = { x: jwk };
      }
      refuses({ publicKey: jwk }, "publicKey");
    }
    const buffer = new ArrayBuffer(32);
    const views = [new Uint8Array(buffer), new DataView(buffer), buffer];
    structuredClone(buffer, { transfer: [buffer] });
    for (const secret of views) {
      refuses({ secret }, "secret", /detached/);
    }
  });

  it("are read once: later changes change nothing", () => {
    const options = { secret: SECRET, issuer: ["me"] };
    const verifier = new JwtVerifier(options);
    options.issuer.push("evil");
    assert.throws(() => verifier.verifySync(hmacToken({ sub: "a", iss: "evil" })), { code: "ERR_CLAIM_INVALID" });
  });
});
