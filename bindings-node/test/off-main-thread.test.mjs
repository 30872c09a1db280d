// offMainThread: slow signatures are verified on other threads, with the same verdicts and no others.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { ConfigError, createJwtAuthInterceptor, getAuthContext, JwtVerifier } from "bearergate";
import { hmacToken, inSeconds, SECRET, serveJwks } from "./support/tokens.mjs";

const require = createRequire(import.meta.url);
const { Guard } = require("../lib/guard.js");

const execute = promisify(execFile);

const CURVES = { ES256: ["P-256", "sha256"], ES384: ["P-384", "sha384"], ES512: ["P-521", "sha512"] };

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A key on a curve that signs tokens and tells its JWK. */
function curveKey(alg, kid = alg) {
  const [namedCurve, digest] = CURVES[alg];
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  return {
    publicKey,
    jwk: { ...publicKey.export({ format: "jwk" }), alg, use: "sig", kid },
    token(claims) {
      const signed = `${encode({ alg, kid })}.${encode({ exp: inSeconds(60), ...claims })}`;
      const signature = sign(digest, Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
  };
}

const slow = curveKey("ES384");
const isPromise = (answer) => typeof answer?.then === "function";
const broken = (token) => `${token.slice(0, -9)}${token.at(-9) === "A" ? "B" : "A"}${token.slice(-8)}`;
const outcome = (verifier, token) =>
  verifier.verify(token).then(
    ({ subject }) => subject,
    ({ code }) => code,
  );

describe("offMainThread", () => {
  it("answers later for what is slow, and at once for all else", async () => {
    const ask = (options, token) =>
      new Guard({ cache: false, offMainThread: true, ...options }).native.tokenJudge()(token);
    for (const alg of ["ES384", "ES512"]) {
      const key = curveKey(alg);
      const answer = ask({ publicKey: key.publicKey }, key.token({ sub: "a" }));
      assert.ok(isPromise(answer), alg);
      assert.match(await answer, /"a"/);
      assert.equal(typeof ask({ publicKey: key.publicKey, offMainThread: false }, key.token({ sub: "a" })), "string");
    }
    const quick = curveKey("ES256");
    assert.equal(typeof ask({ publicKey: quick.publicKey }, quick.token({ sub: "a" })), "string");
    assert.equal(typeof ask({ secret: SECRET }, hmacToken({ sub: "a" })), "string");
    assert.equal(typeof ask({ publicKey: slow.publicKey }, "x.y.z"), "string");
    assert.equal(
      typeof ask({ publicKey: slow.publicKey, maxTokenBytes: 256 }, slow.token({ x: "x".repeat(256) })),
      "string",
    );
  });

  it("answers at once for what the cache holds", async () => {
    const guard = new Guard({ publicKey: slow.publicKey, offMainThread: true });
    const token = slow.token({ sub: "a" });
    const judge = guard.native.tokenJudge();
    assert.ok(isPromise(judge(token)));
    await guard.verify(token);
    assert.ok(!isPromise(judge(token)));
    assert.ok(!isPromise(guard.verify(token)));
  });

  it("says the same of every token", async () => {
    const options = { publicKey: slow.publicKey, audience: "me", cache: false };
    const [here, there] = [new JwtVerifier(options), new JwtVerifier({ ...options, offMainThread: true })];
    const good = slow.token({ sub: "a", aud: "me" });
    const tokens = {
      a: good,
      ERR_SIGNATURE_INVALID: broken(good),
      ERR_TOKEN_EXPIRED: slow.token({ sub: "a", aud: "me", exp: inSeconds(-60) }),
      ERR_CLAIM_INVALID: slow.token({ sub: "a", aud: "you" }),
      ERR_SUBJECT_MISSING: slow.token({ aud: "me" }),
      ERR_TOKEN_MALFORMED: `${good}.`,
    };
    for (const [expected, token] of Object.entries(tokens)) {
      assert.deepEqual([await outcome(here, token), await outcome(there, token)], [expected, expected]);
    }
    assert.equal(there.verifySync(good).subject, "a");
    assert.throws(() => there.verifySync(broken(good)), { code: "ERR_SIGNATURE_INVALID" });
  });

  it("lets the event loop go on, and answers each of very many its own", async () => {
    const verifier = new JwtVerifier({ publicKey: slow.publicKey, cache: false, offMainThread: true });
    const tokens = Array.from({ length: 50 }, (_, at) => slow.token({ sub: `caller-${at}` }));
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    // More than may wait for a thread: what is too much is verified here.
    const answers = await Promise.all(
      Array.from({ length: 5000 }, async (_, at) => [at % 50, (await verifier.verify(tokens[at % 50])).subject]),
    );
    clearInterval(ticking);
    assert.ok(answers.every(([at, subject]) => subject === `caller-${at}`));
    assert.ok(turns > 5, `${turns} turns`);
  });

  describe("of an interceptor with remote keys", () => {
    let jwks;
    before(async () => {
      jwks = await serveJwks(slow);
    });
    after(() => jwks.close());

    it("has the context in the handler, and refuses as ever", async () => {
      const interceptor = createJwtAuthInterceptor({ jwksUri: jwks.url, offMainThread: true, cache: false });
      const call = interceptor(async () => getAuthContext()?.subject);
      const request = (token) => ({
        service: { typeName: "pkg.Service" },
        method: { name: "Get" },
        header: new Headers({ authorization: `Bearer ${token}` }),
        contextValues: undefined,
      });
      for (let turn = 0; turn < 3; turn += 1) {
        assert.equal(await call(request(slow.token({ sub: "alice" }))), "alice");
        await assert.rejects(
          call(request(broken(slow.token({ sub: "alice" })))),
          (error) => error instanceof ConnectError && error.code === Code.Unauthenticated,
        );
      }
    });
  });

  // Programs in an argument are Node's way.
  it("does not keep a process from ending, and is waited for where nothing ends it", {
    skip: "Deno" in globalThis,
  }, async () => {
    const program = `
      const { JwtVerifier } = require(${JSON.stringify(require.resolve("../index.js"))});
      const [publicKey, token, ending] = process.argv.slice(1);
      const verifier = new JwtVerifier({ publicKey, cache: false, offMainThread: true });
      let answered = 0;
      for (let i = 0; i < 200; i += 1) verifier.verify(token).then(() => { answered += 1; });
      if (ending === "at once") setTimeout(() => process.exit(), 5);
      process.on("exit", () => console.log(answered));
    `;
    const pem = slow.publicKey.export({ format: "pem", type: "spki" });
    const run = (ending) => execute(process.execPath, ["-e", program, "--", pem, slow.token({ sub: "a" }), ending]);
    assert.equal((await run("by itself")).stdout, "200\n");
    for (let turn = 0; turn < 5; turn += 1) {
      assert.match((await run("at once")).stdout, /^\d+\n$/);
    }
  });

  it("is true or false", () => {
    for (const offMainThread of ["yes", 1, {}]) {
      assert.throws(
        () => new JwtVerifier({ secret: SECRET, offMainThread }),
        (error) => error instanceof ConfigError && error.option === "offMainThread",
      );
    }
    for (const offMainThread of [undefined, null, false]) {
      assert.equal(new JwtVerifier({ secret: SECRET, offMainThread }).verifySync(hmacToken({ sub: "a" })).subject, "a");
    }
  });
});
