// The interceptor on hand-made requests: what it strips, skips, refuses and carries on.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { authContextStorage, createJwtAuthInterceptor, getAuthContext, JwtAuthError, JwtVerifier } from "bearergate";
import { collect, request, stream, streamRequest } from "./support/requests.mjs";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const ALICE = hmacToken({ sub: "alice" });
const SPOOF = Object.fromEntries(
  ["subject", "roles", "scopes", "claims", "name", "type"].map((name) => [`x-auth-${name}`, "root"]),
);
const other = Object.freeze({ subject: "other", roles: [], scopes: [], claims: {}, type: "session" });
const make = (options = {}) => createJwtAuthInterceptor({ secret: SECRET, ...options });
const never = () => assert.fail("the handler ran");
const authHeaders = ({ header }) => Object.fromEntries([...header].filter(([name]) => name.startsWith("x-auth-")));

describe("an accepted request", () => {
  it("runs in its context, and what awaits it does not", async () => {
    const answer = await make()(async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { req, context: getAuthContext() };
    })(request(ALICE));
    assert.equal(answer.context.subject, "alice");
    assert.equal(getAuthContext(), undefined);
  });

  it("hands on the same request and response objects when nothing streams", async () => {
    const req = request(ALICE);
    const res = { message: {} };
    const answer = await make()((seen) => {
      assert.equal(seen, req);
      return Promise.resolve(res);
    })(req);
    assert.equal(answer, res);
  });

  it("is of the method that is called, however many methods there are", async () => {
    const jwtAuth = make({ skipMethods: ["test.v1.S/Open"] });
    const handler = jwtAuth(async () => getAuthContext()?.subject);
    const call = (typeName, name) => handler({ ...request(), service: { typeName }, method: { name } });
    const refused = (...of) => assert.rejects(call(...of), ({ cause }) => cause.code === "ERR_CREDENTIALS_MISSING");
    for (let index = 0; index < 9000; index += 1) {
      await refused(`test.v1.S${index % 7}`, `M${index}`);
      if (index % 97 === 0) {
        assert.equal(await call("test.v1.S", "Open"), undefined);
        for (const others of [
          ["test.v1.T", "Open"],
          ["test.v1.S", "Opem"],
          ["test.v1.SO", "pen"],
          ["test.v1.S/Open", ""],
          ["Open", "test.v1.S"],
          ["__proto__", "Open"],
        ]) {
          await refused(...others);
        }
      }
    }
  });

  it("reaches the handler in the same turn when keys are there", () => {
    let ran = false;
    const pending = make()(async () => {
      ran = true;
    })(request(ALICE));
    assert.ok(ran);
    return pending;
  });

  it("lets the handler's error through as it is", async () => {
    const failure = new Error("of the handler");
    await assert.rejects(make()(() => Promise.reject(failure))(request(ALICE)), (error) => error === failure);
  });

  it("rejects, and does not throw, where the next interceptor or the request's headers do", async () => {
    const failure = new Error("of the next interceptor");
    const throws = () => {
      throw failure;
    };
    const broken = { ...request(ALICE), header: { delete: throws } };
    for (const pending of [make()(throws)(request(ALICE)), make()(never)(broken)]) {
      assert.ok(pending instanceof Promise);
      await assert.rejects(pending, (error) => error === failure);
    }
  });

  it("is answered by what the next interceptor promises, whoever made that promise", async () => {
    const res = { message: {} };
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const thenable = { then: (resolve) => resolve(res) };
    assert.equal(await make()(() => thenable)(request(ALICE)), res);
    assert.equal(await make()(() => res)(request(ALICE)), res);
  });

  it("loses the headers of a spoofer", async () => {
    const req = request(ALICE, { headers: SPOOF });
    await make()(async (seen) => assert.deepEqual(authHeaders(seen), {}))(req);
    assert.deepEqual(authHeaders(req), {});
  });

  it("carries the verified context on with propagateHeaders", async () => {
    const token = hmacToken({ sub: "alice", name: "Älice", scope: "a b", roles: ["r"], x: "é", y: 1 });
    const req = request(token, { headers: SPOOF });
    const options = { propagateHeaders: true, propagatedClaims: ["x"], claimsMapping: { roles: "roles" } };
    await make(options)(async () => {})(req);
    assert.deepEqual(authHeaders(req), {
      "x-auth-subject": "alice",
      "x-auth-type": "jwt",
      "x-auth-name": "UTF-8''%C3%84lice",
      "x-auth-roles": '["r"]',
      "x-auth-scopes": "a b",
      "x-auth-claims": '{"x":"\\u00e9"}',
    });
  });

  it("shares a verifier that is given instead of options", async () => {
    const verifier = new JwtVerifier({ secret: SECRET });
    const jwtAuth = createJwtAuthInterceptor(verifier);
    assert.equal(jwtAuth.verifier, verifier);
    assert.equal(await jwtAuth(async () => getAuthContext().subject)(request(ALICE)), "alice");
  });
});

describe("credentials", () => {
  const subject = (credentials) => make({ credentials })(async () => getAuthContext().subject);
  const req = (headers) => request(undefined, { headers });

  it("are read where the options say", async () => {
    assert.equal(await subject({ header: "X-Token", scheme: null })(req({ "x-token": ALICE })), "alice");
    assert.equal(await subject({ scheme: "DPoP" })(req({ authorization: `dpop  ${ALICE}` })), "alice");
    assert.equal(await subject({ cookie: "session" })(req({ cookie: `a=b; session=${ALICE}; c=d` })), "alice");
    // Bytes that are no ASCII are characters of their own to JavaScript.
    assert.equal(await subject({ cookie: "session" })(req({ cookie: `a=caf\u00e9; session=${ALICE}` })), "alice");
  });

  it("are read nowhere else", async () => {
    const isMissing = (error) => error.cause.code === "ERR_CREDENTIALS_MISSING";
    const bearer = req({ authorization: `Bearer ${ALICE}` });
    await assert.rejects(subject({ header: "x-token", scheme: null })(bearer), isMissing);
    await assert.rejects(subject({ scheme: "DPoP" })(bearer), isMissing);
    await assert.rejects(subject({ cookie: "session" })(bearer), isMissing);
  });

  it("in any case of the scheme, once, and of no other characters", async () => {
    assert.equal(await subject()(req({ authorization: `bEARER   ${ALICE}` })), "alice");
    for (const value of [`Bearer ${ALICE}, Bearer ${ALICE}`, `Bearer ${ALICE} x`, `Bearer ${ALICE}\u00e9`]) {
      await assert.rejects(subject()(req({ authorization: value })), (error) => {
        assert.equal(error.cause.code, "ERR_TOKEN_MALFORMED");
        return true;
      });
    }
  });

  it("are measured in bytes as they were received", async () => {
    const value = "\u00e9".repeat(200);
    const told = [];
    const jwtAuth = make({ maxTokenBytes: 256, onReject: ({ code }) => told.push(code) });
    for (const length of [256, 257]) {
      await assert.rejects(jwtAuth(never)(req({ authorization: `Bearer ${value}${"a".repeat(length - 200)}` })));
    }
    assert.deepEqual(told, ["ERR_TOKEN_MALFORMED", "ERR_TOKEN_TOO_LARGE"]);
  });
});

describe("a refused request", () => {
  it("is a ConnectError whose cause is for the operator", async () => {
    await assert.rejects(make()(never)(request(hmacToken({ sub: "a", exp: 1 }))), (error) => {
      assert.ok(error instanceof ConnectError);
      assert.equal(error.constructor, ConnectError);
      assert.equal(error.code, Code.Unauthenticated);
      assert.equal(error.rawMessage, "Authentication failed");
      assert.equal(error.metadata.get("www-authenticate"), 'Bearer error="invalid_token"');
      assert.equal(error.metadata.get("retry-after"), null);
      assert.ok(error.cause instanceof JwtAuthError);
      assert.deepEqual([error.cause.code, error.cause.reason], ["ERR_TOKEN_EXPIRED", "check_failed"]);
      return true;
    });
  });

  it("loses the headers of a spoofer too", async () => {
    const req = request("garbage", { headers: SPOOF });
    await assert.rejects(make()(never)(req));
    assert.deepEqual(authHeaders(req), {});
  });

  it("without credentials is told so, and how to get in", async () => {
    const jwtAuth = make({ resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource" });
    for (const headers of [{}, { authorization: "Basic YTpi" }, { authorization: "Bearer" }]) {
      await assert.rejects(jwtAuth(never)(request(undefined, { headers })), (error) => {
        assert.equal(error.rawMessage, "Missing credentials");
        assert.equal(error.cause.code, "ERR_CREDENTIALS_MISSING");
        const challenge = error.metadata.get("www-authenticate");
        assert.match(challenge, /^Bearer resource_metadata="https:/);
        return true;
      });
    }
  });

  it("for want of keys is unavailable, with the time to come back", async () => {
    const jwtAuth = createJwtAuthInterceptor({ jwksUri: "http://127.0.0.1:9/" });
    await assert.rejects(jwtAuth(never)(request(rsaKey("a").token({ sub: "a" }))), (error) => {
      assert.equal(error.code, Code.Unavailable);
      assert.equal(error.rawMessage, "Authentication temporarily unavailable");
      assert.match(error.metadata.get("retry-after"), /^[1-9]\d*$/);
      assert.equal(error.metadata.get("www-authenticate"), null);
      assert.equal(error.cause.code, "ERR_KEYS_UNAVAILABLE");
      return true;
    });
    jwtAuth.verifier.close();
  });

  it("when its subject does not fit the propagated header", async () => {
    const token = hmacToken({ sub: "a".repeat(600) });
    const req = request(token);
    await assert.rejects(make({ propagateHeaders: true })(never)(req), (error) => {
      assert.equal(error.cause.code, "ERR_SUBJECT_TOO_LONG");
      return true;
    });
    assert.deepEqual(authHeaders(req), {});
    await make()(async () => {})(request(token));
  });
});

describe("keys that must be fetched first", () => {
  it("are waited for, once for all, and every call keeps its own context", async () => {
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    jwks.delayMs = 50;
    const jwtAuth = createJwtAuthInterceptor({ jwksUri: jwks.url });
    const who = jwtAuth(async () => getAuthContext().subject);
    const names = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    assert.deepEqual(await Promise.all(names.map((sub) => who(request(key.token({ sub }))))), names);
    assert.equal(jwks.requests, 1);
    jwtAuth.verifier.close();
    jwks.close();
  });
});

describe("a skipped method", () => {
  const jwtAuth = make({ skipMethods: ["a.B/Open", "a.Public/*"] });
  const open = (token, more) => request(token, { method: "Open", ...more });
  const seen = async () => getAuthContext();

  it("needs no token, looks at none, and has no context", async () => {
    assert.equal(await jwtAuth(seen)(open()), undefined);
    assert.equal(await jwtAuth(seen)(open("garbage")), undefined);
    assert.equal(await jwtAuth(seen)(open(ALICE)), undefined);
    assert.equal(await jwtAuth(seen)(request(undefined, { service: "a.Public", method: "Any" })), undefined);
    await assert.rejects(jwtAuth(seen)(request(undefined, { method: "Opened" })));
  });

  it("loses the headers of a spoofer", async () => {
    const req = open(undefined, { headers: SPOOF });
    await jwtAuth(seen)(req);
    assert.deepEqual(authHeaders(req), {});
  });

  it("keeps the context that an earlier interceptor of the request set, in streams too", async () => {
    const earlier = (next) => (req) => authContextStorage.run(other, () => next(req));
    assert.equal(await earlier(jwtAuth(seen))(open()), other);
    const answer = await earlier(jwtAuth(async () => ({ stream: true, message: seenTwice() })))({
      ...open(),
      stream: true,
      message: stream([]),
    });
    assert.deepEqual(await collect(answer.message), [other, other]);
  });

  it("keeps none of the code that started the server or of another request", async () => {
    await authContextStorage.run(other, async () => {
      assert.equal(await jwtAuth(seen)(open()), undefined);
      const answer = await jwtAuth(async () => ({ stream: true, message: seenTwice() }))({
        ...open(),
        stream: true,
        message: stream([]),
      });
      assert.deepEqual(await collect(answer.message), [undefined, undefined]);
      assert.equal(getAuthContext(), other);
    });
  });

  async function* seenTwice() {
    yield getAuthContext();
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield getAuthContext();
  }
});

describe("streams", () => {
  const subject = () => getAuthContext()?.subject;

  it("see the context at each message, read from anywhere", async () => {
    async function* handler(questions) {
      yield subject();
      for await (const question of questions) {
        yield `${subject()} ${question}`;
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield await new Promise((resolve) => setImmediate(() => resolve(subject())));
      }
    }
    const answer = await make()(async (req) => ({ stream: true, message: handler(req.message) }))(
      streamRequest(ALICE, ["one", "two"]),
    );
    const seen = await authContextStorage.run(other, () => collect(answer.message));
    assert.deepEqual(seen, ["alice", "alice one", "alice", "alice two", "alice"]);
    assert.equal(subject(), undefined);
  });

  it("see it where they are cut short or fail", async () => {
    const ends = [];
    async function* handler() {
      try {
        yield 1;
        yield 2;
      } catch {
        ends.push(["throw", subject()]);
      } finally {
        await null;
        ends.push(["finally", subject()]);
      }
    }
    const call = async () => {
      const answer = await make()(async () => ({ stream: true, message: handler() }))(streamRequest(ALICE));
      return answer.message[Symbol.asyncIterator]();
    };
    const cut = await call();
    await cut.next();
    await cut.return();
    const failed = await call();
    await failed.next();
    await failed.throw(new Error("write error"));
    assert.deepEqual(ends, [
      ["finally", "alice"],
      ["throw", "alice"],
      ["finally", "alice"],
    ]);
  });

  it("leave the rest of requests and responses alone", async () => {
    const req = streamRequest(ALICE);
    const res = { stream: true, message: stream([1]), header: new Headers(), trailer: new Headers() };
    const answer = await make()(async (seen) => {
      assert.equal(seen.header, req.header);
      assert.equal(seen.service, req.service);
      return res;
    })(req);
    assert.equal(answer.header, res.header);
    assert.equal(answer.trailer, res.trailer);
  });
});

describe("validate", () => {
  const validated = (validate, more = {}) => make({ validate, ...more })(async () => getAuthContext().subject);

  it("sees the context of a verified token only, and runs each time", async () => {
    const seen = [];
    const handler = validated((context) => void seen.push(context.subject));
    await handler(request(ALICE));
    await handler(request(ALICE));
    await assert.rejects(handler(request(hmacToken({ sub: "a" }, { secret: "x".repeat(32) }))));
    assert.deepEqual(seen, ["alice", "alice"]);
  });

  it("passes what is not a refusal, sync or async", async () => {
    for (const verdict of [true, undefined, 1, "yes", {}, Promise.resolve(true), Promise.resolve()]) {
      assert.equal(await validated(() => verdict)(request(ALICE)), "alice");
    }
  });

  it("refuses with a falsy verdict, sync or async", async () => {
    for (const verdict of [false, 0, "", null, Promise.resolve(false), Promise.resolve(null)]) {
      await assert.rejects(validated(() => verdict)(request(ALICE)), (error) => {
        assert.equal(error.cause.code, "ERR_REVOKED");
        assert.equal(error.rawMessage, "Authentication failed");
        return true;
      });
    }
  });

  it("refuses when it fails, the failure being the cause of the cause", async () => {
    const failure = new Error("database is down");
    const throws = () => {
      throw failure;
    };
    for (const validate of [throws, async () => throws()]) {
      await assert.rejects(validated(validate)(request(ALICE)), (error) => {
        assert.equal(error.cause.code, "ERR_VALIDATE_FAILED");
        assert.equal(error.cause.cause, failure);
        assert.doesNotMatch(error.message, /database/);
        return true;
      });
    }
  });

  it("runs before the subject is found too long to propagate", async () => {
    let ran = false;
    const validate = () => {
      ran = true;
    };
    const handler = validated(validate, { propagateHeaders: true });
    await assert.rejects(handler(request(hmacToken({ sub: "a".repeat(600) }))));
    assert.ok(ran);
  });
});

describe("onReject", () => {
  it("is told what was refused and where, and never the token", async () => {
    const told = [];
    const jwtAuth = make({ issuer: "https://me.example.com", onReject: (rejection) => told.push(rejection) });
    const token = hmacToken({ sub: "a", iss: "https://evil.example.com" }, { header: { kid: "k\u00e9\n" } });
    await assert.rejects(jwtAuth(never)(request(token)));
    await assert.rejects(jwtAuth(never)(request()));
    await assert.rejects(jwtAuth.verifier.verify("garbage"));
    assert.deepEqual(told[0], {
      code: "ERR_CLAIM_INVALID",
      connectCode: "unauthenticated",
      claim: "iss",
      reason: "check_failed",
      alg: "HS256",
      kid: "k\\u00e9\\u000a",
      issuer: "https://me.example.com",
      procedure: "a.B/Get",
    });
    assert.equal(told[1].code, "ERR_CREDENTIALS_MISSING");
    assert.equal(told[2].code, "ERR_TOKEN_MALFORMED");
    assert.ok(!("procedure" in told[2]));
    assert.equal(told.length, 3);
  });

  it("is told of what validate refuses", async () => {
    const told = [];
    const jwtAuth = make({ validate: () => false, onReject: ({ code }) => told.push(code) });
    await assert.rejects(jwtAuth(never)(request(ALICE)));
    assert.deepEqual(told, ["ERR_REVOKED"]);
  });

  it("changes nothing by throwing or rejecting", async () => {
    const throws = () => {
      throw new Error("of the hook");
    };
    for (const onReject of [throws, async () => throws()]) {
      await assert.rejects(make({ onReject })(never)(request()), { code: Code.Unauthenticated });
    }
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("endStreamsAtExpiry", () => {
  const soon = () => hmacToken({ sub: "alice", exp: inSeconds(2) });
  const isExpiry = (error) => error.code === Code.Unauthenticated && error.cause.code === "ERR_TOKEN_EXPIRED";

  // The timer of a deadline holds no process open; in a server the connection does.
  let alive;
  before(() => {
    alive = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(alive));

  it("ends a response that hangs, and tells the handler", async () => {
    let aborted;
    async function* hangs(signal) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      aborted = true;
    }
    const told = [];
    const jwtAuth = make({ endStreamsAtExpiry: true, onReject: ({ code }) => told.push(code) });
    const answer = await jwtAuth(async (req) => ({ stream: true, message: hangs(req.signal) }))(streamRequest(soon()));
    await assert.rejects(collect(answer.message), isExpiry);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(aborted);
    assert.deepEqual(told, ["ERR_TOKEN_EXPIRED"]);
  });

  it("ends a request that hangs and the call that reads it", async () => {
    async function* hangs() {
      yield 1;
      await new Promise(() => {});
    }
    let handlerSaw;
    const call = make({ endStreamsAtExpiry: true })(async (req) => {
      await collect(req.message).catch((error) => {
        handlerSaw = error;
        throw error;
      });
    })({ ...request(soon()), stream: true, message: hangs() });
    await assert.rejects(call, isExpiry);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(isExpiry(handlerSaw));
  });

  it("starts no handler and takes no step after the deadline", async () => {
    const ran = [];
    // Without `return`, so that nothing but the look before a step keeps it from taking one.
    const next = async () => {
      ran.push("step");
      return { done: true };
    };
    const source = () => ({ [Symbol.asyncIterator]: () => ({ next }) });
    const validate = () => new Promise((resolve) => setTimeout(() => resolve(true), 2100));
    const late = make({ endStreamsAtExpiry: true, validate })(async () => ran.push("handler"));
    const req = { ...request(hmacToken({ sub: "alice", exp: inSeconds(2) })), stream: true, message: source() };
    const kept = make({ endStreamsAtExpiry: true })(async () => ({ stream: true, message: source() }));
    const { message } = await kept(streamRequest(soon()));
    await assert.rejects(late(req), isExpiry);
    await assert.rejects(collect(message), isExpiry);
    assert.deepEqual(ran, []);
  });

  it("forgets a call whose signal aborts or that has answered, and reports nothing of it", async (t) => {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const live = new Set();
    t.mock.method(globalThis, "setTimeout", (...args) => {
      const timer = set(...args);
      live.add(timer);
      return timer;
    });
    t.mock.method(globalThis, "clearTimeout", (timer) => {
      live.delete(timer);
      clear(timer);
    });
    const told = [];
    const jwtAuth = make({ endStreamsAtExpiry: true, onReject: ({ code }) => told.push(code) });
    const controller = new AbortController();
    const answers = [];
    for (let count = 0; count < 5; count += 1) {
      const req = { ...streamRequest(soon()), signal: controller.signal };
      answers.push(await jwtAuth(async ({ signal }) => ({ stream: true, message: stream([signal]) }))(req));
      await jwtAuth(async () => ({ stream: false }))(streamRequest(soon()));
    }
    assert.equal(live.size, 5);
    controller.abort(new Error("gone"));
    assert.equal(live.size, 0);
    await new Promise((resolve) => set(resolve, 2200));
    assert.deepEqual(told, []);
    for (const { message } of answers) {
      assert.equal((await collect(message))[0].reason.message, "gone");
    }
  });

  it("leaves unary calls, tokens without exp and far-away expiries alone", async () => {
    const jwtAuth = make({ endStreamsAtExpiry: true });
    const far = hmacToken({ sub: "alice", exp: inSeconds(100 * 365 * 86_400) });
    for (const token of [ALICE, far]) {
      const answer = await jwtAuth(async () => ({ stream: true, message: stream([1, 2]) }))(streamRequest(token));
      assert.deepEqual(await collect(answer.message), [1, 2]);
    }
    assert.equal(await jwtAuth(async () => "unary")(request(soon())), "unary");
  });
});
