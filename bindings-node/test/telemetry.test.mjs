// What the channels of node:diagnostics_channel tell, and that nothing is told of what nobody listens to.
import assert from "node:assert/strict";
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { after, afterEach, before, describe, it } from "node:test";
import { createJwtAuthInterceptor, createJwtRequestGate, JwtVerifier } from "bearergate";
import { request } from "./support/requests.mjs";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const { HttpGuard } = createRequire(import.meta.url)("../lib/http.js");

const VERIFY = "bearergate:verify";
const JWKS = "bearergate:jwks";
const ALICE = hmacToken({ sub: "alice", iss: "https://a.example" });

const listeners = [];
/** Everything that a channel tells from now to the end of the test. */
function hear(name) {
  const told = [];
  const listener = (message, from) => {
    assert.equal(from, name);
    assert.ok(Object.isFrozen(message));
    told.push(message);
  };
  subscribe(name, listener);
  listeners.push([name, listener]);
  return told;
}
afterEach(() => {
  for (const [name, listener] of listeners.splice(0)) {
    unsubscribe(name, listener);
  }
});

async function until(what, done) {
  for (let i = 0; i < 500 && !done(); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(done(), `in vain: ${what}`);
}

/** Events without what they took. */
function timeless(events) {
  return events.map(({ durationMs, ...event }) => {
    assert.ok(durationMs >= 0 && durationMs < 60_000, `${durationMs} ms`);
    return event;
  });
}

describe("bearergate:verify", () => {
  it("tells of each accepted token, however it came", async () => {
    const told = hear(VERIFY);
    const verifier = new JwtVerifier({ secret: SECRET });
    await verifier.verify(ALICE);
    verifier.verifySync(ALICE);
    await createJwtAuthInterceptor(verifier)(async () => {})(request(ALICE));
    assert.deepEqual(timeless(told), [{ outcome: "OK" }, { outcome: "OK" }, { outcome: "OK", procedure: "a.B/Get" }]);
  });

  it("names the issuer where the options do", async () => {
    const told = hear(VERIFY);
    new JwtVerifier({ secret: SECRET, issuer: ["https://b.example", "https://a.example"] }).verifySync(ALICE);
    new JwtVerifier({ issuers: [{ issuer: "https://a.example", secret: SECRET }] }).verifySync(ALICE);
    new JwtVerifier({ secret: SECRET, issuer: undefined, issuers: null }).verifySync(ALICE);
    assert.deepEqual(timeless(told), [
      { outcome: "OK", issuer: "https://a.example" },
      { outcome: "OK", issuer: "https://a.example" },
      { outcome: "OK" },
    ]);
  });

  it("tells of a refusal what onReject is told, the code as outcome", async () => {
    const told = hear(VERIFY);
    const rejected = [];
    const options = { secret: SECRET, issuer: "https://a.example", onReject: (event) => rejected.push(event) };
    const verifier = new JwtVerifier(options);
    const guarded = createJwtAuthInterceptor(verifier)(() => assert.fail("ran"));
    await assert.rejects(guarded(request()));
    await assert.rejects(guarded(request(hmacToken({ sub: "a", iss: "other" }, { header: { kid: "k" } }))));
    await assert.rejects(verifier.verify(7));
    assert.throws(() => verifier.verifySync(hmacToken({ sub: "a", iss: "https://a.example", exp: inSeconds(-1) })));
    const seen = timeless(told);
    assert.deepEqual(
      seen.map(({ outcome, procedure }) => [outcome, procedure]),
      [
        ["ERR_CREDENTIALS_MISSING", "a.B/Get"],
        ["ERR_CLAIM_INVALID", "a.B/Get"],
        ["ERR_TOKEN_MALFORMED", undefined],
        ["ERR_TOKEN_EXPIRED", undefined],
      ],
    );
    assert.deepEqual([seen[1].claim, seen[1].alg, seen[1].kid], ["iss", "HS256", "k"]);
    assert.deepEqual(
      seen.map(({ outcome: code, ...event }) => ({ code, ...event })),
      rejected,
    );
  });

  it("tells of refusals without an onReject, and of hooks' verdicts", async () => {
    const told = hear(VERIFY);
    const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
    const refuse = (validate) => assert.rejects(new JwtVerifier({ secret: SECRET, validate }).verify(ALICE));
    await refuse(() => false);
    await refuse(async () => {
      await wait();
      return false;
    });
    await refuse(() => {
      throw new Error("the hook's own");
    });
    const outcomes = told.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ["ERR_REVOKED", "ERR_REVOKED", "ERR_VALIDATE_FAILED"]);
    assert.ok(told[1].durationMs > 15, `${told[1].durationMs} ms`);
  });

  it("tells once of what a request gate verified for the interceptor, and not of skipped methods", async () => {
    const told = hear(VERIFY);
    const jwtAuth = createJwtAuthInterceptor({ secret: SECRET, skipMethods: ["a.B/Open"] });
    const gate = createJwtRequestGate(jwtAuth.verifier);
    const values = new Map();
    const { header } = request(ALICE);
    gate({ service: { typeName: "a.B" }, method: { name: "Get" }, requestHeader: header, values });
    await jwtAuth(async () => {})({ ...request(ALICE), header, contextValues: values });
    await jwtAuth(async () => {})(request(undefined, { method: "Open" }));
    assert.deepEqual(timeless(told), [{ outcome: "OK", procedure: "a.B/Get" }]);
  });

  it("tells of requests in front of a framework, and not of those that go through", () => {
    const told = hear(VERIFY);
    const guard = new HttpGuard({ secret: SECRET }, { skipPaths: ["/health"] });
    const check = (target, token) =>
      guard.check({ method: "POST", target, header: (name) => (name === "authorization" ? token : undefined) });
    check("/a.B/Get?x=1", `Bearer ${ALICE}`);
    check("/health");
    assert.throws(() => check("/a.B/Get"));
    assert.deepEqual(
      timeless(told).map(({ outcome, procedure }) => [outcome, procedure]),
      [
        ["OK", "a.B/Get"],
        ["ERR_CREDENTIALS_MISSING", "a.B/Get"],
      ],
    );
  });

  it("never holds a token", async () => {
    const told = hear(VERIFY);
    const verifier = new JwtVerifier({ secret: SECRET, issuer: "https://a.example" });
    const tokens = [ALICE, `${ALICE}x`, hmacToken({ sub: "a" }, { secret: SECRET.repeat(2) }), "not.a.token"];
    await Promise.allSettled(tokens.map((token) => verifier.verify(token)));
    assert.equal(told.length, tokens.length);
    const text = JSON.stringify(told);
    for (const part of tokens.flatMap((token) => token.split(".")).filter((part) => part.length > 5)) {
      assert.ok(!text.includes(part), part);
    }
    assert.ok(!text.includes(SECRET));
  });

  it("is silent once nobody listens", () => {
    const told = hear(VERIFY);
    const [[name, listener]] = listeners;
    const verifier = new JwtVerifier({ secret: SECRET });
    verifier.verifySync(ALICE);
    unsubscribe(name, listener);
    verifier.verifySync(ALICE);
    assert.equal(told.length, 1);
    assert.equal(channel(VERIFY).hasSubscribers, false);
  });
});

describe("bearergate:jwks", () => {
  const key = rsaKey("k");
  let jwks;
  before(async () => {
    jwks = await serveJwks(key);
  });
  after(() => jwks.close());
  let count = 0;
  /** A source that no other verifier shares. */
  const source = () => {
    count += 1;
    return `${jwks.url}?${count}`;
  };
  const types = (told) => told.map(({ type }) => type);

  it("tells of fetches and keys without any hook, the wait for them as part of the judgement", async () => {
    const told = hear(JWKS);
    const judged = hear(VERIFY);
    jwks.delayMs = 50;
    const verifier = new JwtVerifier({ jwksUri: source(), issuer: "https://a.example" });
    await verifier.verify(key.token({ sub: "alice", iss: "https://a.example" }));
    jwks.delayMs = 0;
    assert.ok(judged[0].durationMs > 40, `${judged[0].durationMs} ms`);
    await until("two events", () => told.length === 2);
    assert.deepEqual(types(told), ["fetch", "keysChanged"]);
    assert.deepEqual(timeless([told[0]]), [
      { type: "fetch", url: jwks.url, issuer: "https://a.example", notModified: false, keys: 1, skipped: 0 },
    ]);
    assert.deepEqual([told[1].added, told[1].source], [["k"], "remote"]);
    verifier.close();
  });

  it("tells who subscribes after the verifier was made, before its first fetch", async () => {
    for (const first of [
      (verifier) => verifier.verify(key.token({ sub: "alice" })),
      (verifier) => verifier.ready(),
      (verifier) => createJwtAuthInterceptor(verifier)(async () => {})(request(key.token({ sub: "alice" }))),
      async (verifier) => {
        assert.throws(() => verifier.verifySync(key.token({ sub: "alice" })), { code: "ERR_KEYS_UNAVAILABLE" });
      },
    ]) {
      const verifier = new JwtVerifier({ jwksUri: source() });
      const told = hear(JWKS);
      await first(verifier);
      await until("two events", () => told.length === 2);
      assert.deepEqual(types(told), ["fetch", "keysChanged"]);
      verifier.close();
      const [[name, listener]] = listeners.splice(0);
      unsubscribe(name, listener);
    }
  });

  it("tells beside the hooks, and of failures", async () => {
    const told = hear(JWKS);
    const hooked = [];
    const verifier = new JwtVerifier({
      jwksUri: "http://127.0.0.1:9/jwks",
      onFetchError: (event) => hooked.push(event),
    });
    const judged = hear(VERIFY);
    await assert.rejects(verifier.verify(key.token({ sub: "alice" })));
    assert.deepEqual([judged[0].outcome, judged[0].alg], ["ERR_KEYS_UNAVAILABLE", "RS256"]);
    await until("an event", () => told.length > 0 && hooked.length > 0);
    const { type, ...event } = told[0];
    assert.equal(type, "fetchError");
    assert.deepEqual(event, hooked[0]);
    assert.equal(event.state, "cold");
    verifier.close();
  });

  it("tells each verifier's own issuer", async () => {
    const told = hear(JWKS);
    const url = source();
    const verifiers = ["https://a.example", "https://b.example"].map(
      (issuer) => new JwtVerifier({ jwksUri: url, issuer }),
    );
    await Promise.all(verifiers.map((verifier) => verifier.ready()));
    await until("four events", () => told.length === 4);
    assert.deepEqual(new Set(told.map(({ issuer }) => issuer)), new Set(["https://a.example", "https://b.example"]));
    for (const verifier of verifiers) {
      verifier.close();
    }
  });
});
