// The main path on whatever runtime runs this: a provider's key set, tokens of three kinds, and a
// Connect server that lets their bearers in.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, it } from "node:test";
import { hmacToken, inSeconds, serveJwks } from "../../../bindings-node/test/support/tokens.mjs";
import { signer } from "../node/keys.mjs";
import { bearergate, connect, connectNode, WhoService } from "./service.mjs";

const { JwtVerifier, createJwtAuthInterceptor, requireAuthContext } = bearergate;
const SECRET = "a secret of the runtimes' tests, thirty-two bytes and more";
const claims = (more) => ({ sub: "alice", iss: "https://idp.test", aud: "api", exp: inSeconds(300), ...more });

const rules = { issuer: "https://idp.test", audience: "api" };

describe("the main path", () => {
  const rsa = signer("RS256", "rsa-1");
  const ec = signer("ES256", "ec-1");
  let jwks;
  before(async () => {
    jwks = await serveJwks(rsa, ec);
  });
  after(() => jwks.close());

  it("verifies RS256 and ES256 under a fetched set, with one fetch", async () => {
    const verifier = new JwtVerifier({ jwksUri: jwks.url, ...rules });
    const before = jwks.requests;
    const contexts = await Promise.all([rsa, ec, rsa, ec].map((key) => verifier.verify(key.token(claims()))));
    assert.deepEqual(
      contexts.map(({ subject }) => subject),
      Array(4).fill("alice"),
    );
    assert.equal(verifier.verifySync(ec.token(claims({ sub: "bob" }))).subject, "bob");
    assert.equal(jwks.requests - before, 1);
    assert.equal(verifier.stats().keys, 2);
    verifier.close();
  });

  it("verifies HS256 under a secret", async () => {
    const verifier = new JwtVerifier({ secret: SECRET, ...rules });
    const context = await verifier.verify(hmacToken(claims({ name: "Alice" }), { secret: SECRET }));
    assert.deepEqual([context.subject, context.name, context.type], ["alice", "Alice", "jwt"]);
    assert.ok(context.expiresAt instanceof Date);
  });

  it("refuses what it must, with its code", async () => {
    const verifier = new JwtVerifier({ jwksUri: jwks.url, ...rules });
    const good = rsa.token(claims());
    const refused = [
      ["ERR_TOKEN_MALFORMED", "a.b"],
      ["ERR_TOKEN_EXPIRED", rsa.token(claims({ exp: inSeconds(-1) }))],
      ["ERR_CLAIM_INVALID", rsa.token(claims({ aud: "other" }))],
      ["ERR_CLAIM_INVALID", rsa.token(claims({ iss: "https://other.test" }))],
      ["ERR_ALG_NOT_ALLOWED", hmacToken(claims(), { secret: SECRET })],
      ["ERR_KEY_NOT_FOUND", signer("ES256", "nobody").token(claims())],
      [
        "ERR_SIGNATURE_INVALID",
        `${good.slice(0, good.lastIndexOf("."))}.${rsa.token(claims({ sub: "eve" })).split(".")[2]}`,
      ],
    ];
    for (const [code, token] of refused) {
      await assert.rejects(
        verifier.verify(token),
        (error) => error.name === "JwtAuthError" && error.code === code,
        code,
      );
    }
    assert.throws(() => new JwtVerifier({ jwksUri: jwks.url, audiance: "api" }), /audiance/);
    verifier.close();
  });

  it("picks up a rotated key, drops the one that is gone, and tells of it", async () => {
    const changes = [];
    const onKeysChanged = ({ added, removed }) => changes.push({ added, removed });
    const verifier = new JwtVerifier({ jwksUri: jwks.url, ...rules, onKeysChanged });
    await verifier.ready({ timeout: 5 });
    const next = signer("ES256", "ec-2");
    jwks.keys = [next];
    assert.equal((await verifier.verify(next.token(claims()))).subject, "alice");
    await assert.rejects(verifier.verify(rsa.token(claims())), { code: "ERR_KEY_NOT_FOUND" });
    for (let waited = 0; changes.length < 2 && waited < 100; waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(changes.at(-1), { added: ["ec-2"], removed: ["rsa-1", "ec-1"] });
    jwks.keys = [rsa, ec];
    verifier.close();
  });

  it("is unavailable at its deadline where the provider hangs", async () => {
    jwks.delayMs = 1000;
    const verifier = new JwtVerifier({ jwksUri: `${jwks.url}?hangs`, ...rules, jwks: { timeout: 0.2 } });
    await assert.rejects(verifier.verify(rsa.token(claims())), { code: "ERR_KEYS_UNAVAILABLE", reason: "timeout" });
    jwks.delayMs = 0;
    verifier.close();
  });

  it("warns of verifiers built per request, once", async () => {
    const warnings = [];
    const hear = ({ code }) => warnings.push(code);
    process.on("warning", hear);
    for (let built = 0; built < 100; built += 1) {
      new JwtVerifier({ jwksUri: `${jwks.url}?per-request` }).close();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("warning", hear);
    assert.deepEqual(warnings, ["BEARERGATE_VERIFIER_PER_REQUEST"]);
  });

  describe("a Connect server over HTTP/1.1", () => {
    let server;
    let client;
    before(async () => {
      const who = () => ({ subject: requireAuthContext().subject });
      const adapter = connectNode.connectNodeAdapter({
        interceptors: [createJwtAuthInterceptor({ jwksUri: jwks.url, ...rules })],
        routes: (router) =>
          router.service(WhoService, {
            who,
            async *whoStream() {
              yield who();
              await new Promise((resolve) => setTimeout(resolve, 5));
              yield who();
            },
          }),
      });
      server = http.createServer(adapter);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const baseUrl = `http://127.0.0.1:${server.address().port}`;
      client = connect.createClient(WhoService, connectNode.createConnectTransport({ baseUrl, httpVersion: "1.1" }));
    });
    after(() => {
      server.close();
      server.closeAllConnections?.();
    });

    const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

    it("lets a caller in, and each handler sees its own", async () => {
      const names = Array.from({ length: 20 }, (_, index) => `caller-${index}`);
      const answers = await Promise.all(names.map((sub) => client.who({}, bearer(rsa.token(claims({ sub }))))));
      assert.deepEqual(
        answers.map(({ subject }) => subject),
        names,
      );
    });

    it("keeps the caller through a stream", async () => {
      const seen = [];
      for await (const { subject } of client.whoStream({}, bearer(ec.token(claims())))) {
        seen.push(subject);
      }
      assert.deepEqual(seen, ["alice", "alice"]);
    });

    it("refuses the others as unauthenticated", async () => {
      const { Code, ConnectError } = connect;
      for (const [message, options] of [
        ["Missing credentials", {}],
        ["Authentication failed", bearer(rsa.token(claims({ exp: inSeconds(-1) })))],
      ]) {
        const error = await client.who({}, options).then(assert.fail, ConnectError.from);
        assert.deepEqual([error.code, error.rawMessage], [Code.Unauthenticated, message]);
      }
    });
  });
});
