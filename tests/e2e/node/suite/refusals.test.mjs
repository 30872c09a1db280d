// Each refusal, in every protocol and kind of call: Connect code, message, WWW-Authenticate, HTTP
// status, what the operator is told, and that no handler ran.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createJwtAuthInterceptor } from "bearergate";
import { startIdentityProvider } from "#idp";
import { calls } from "./handlers.mjs";
import { rawStatus } from "./raw.mjs";
import { bearer, clientOf, kindsOf, serve, TRANSPORTS } from "./server.mjs";

const INVALID = 'Bearer error="invalid_token"';
const FAILED = "Authentication failed";
const SECRET = "a secret of the end-to-end tests, long enough";

/** An HMAC token with claims that no identity provider would issue. */
function hmacToken(claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

/** What each refused request sends, and what comes of it. `over` names the server. */
const REFUSALS = {
  "no credentials": {
    send: () => ({}),
    expect: { operator: "ERR_CREDENTIALS_MISSING", message: "Missing credentials", challenge: "Bearer" },
  },
  "another scheme": {
    send: () => ({ headers: { authorization: "Basic YTpi" } }),
    expect: { operator: "ERR_CREDENTIALS_MISSING", message: "Missing credentials", challenge: "Bearer" },
  },
  garbage: { send: () => bearer("garbage"), expect: { operator: "ERR_TOKEN_MALFORMED" } },
  "a token too large": { send: () => bearer("a".repeat(9000)), expect: { operator: "ERR_TOKEN_TOO_LARGE" } },
  "an expired token": { send: () => bearer(tokens.expired), expect: { operator: "ERR_TOKEN_EXPIRED" } },
  "a forged token": { send: () => bearer(tokens.forged), expect: { operator: "ERR_SIGNATURE_INVALID" } },
  "a wrong audience": {
    send: () => bearer(tokens.otherAudience),
    expect: { operator: "ERR_CLAIM_INVALID", claim: "aud" },
  },
  "a token without a subject": {
    over: "hmac",
    send: () => bearer(hmacToken({ name: "nobody" })),
    expect: { operator: "ERR_SUBJECT_MISSING", message: "JWT missing subject claim" },
  },
  "a revoked token": {
    over: "hmac",
    send: () => bearer(hmacToken({ sub: "mallory" })),
    expect: { operator: "ERR_REVOKED" },
  },
  "an identity provider that is down": {
    over: "down",
    send: () => bearer(tokens.good),
    expect: {
      operator: "ERR_KEYS_UNAVAILABLE",
      code: Code.Unavailable,
      message: "Authentication temporarily unavailable",
      challenge: null,
      retryAfter: true,
    },
  },
};

const tokens = {};
const served = {};
const guards = [];
let rejected = [];

before(async () => {
  const idp = await startIdentityProvider();
  const expiring = await idp.token({ ttl: 1 });
  tokens.good = await idp.token();
  tokens.forged = await idp.forgedToken();
  tokens.otherAudience = await idp.token({ audience: "other-api" });
  const onReject = (rejection) => rejected.push(rejection);
  const policies = {
    idp: { jwksUri: idp.jwksUri, issuer: idp.issuer, audience: "my-api", maxTokenBytes: 8192 },
    hmac: { secret: SECRET, validate: (context) => context.subject !== "mallory" },
    down: { jwksUri: "http://127.0.0.1:9/jwks" },
  };
  for (const [name, policy] of Object.entries(policies)) {
    const jwtAuth = createJwtAuthInterceptor({ ...policy, onReject });
    guards.push(jwtAuth);
    served[name] = await serve({ interceptors: [jwtAuth] });
  }
  await guards[0].verifier.ready();
  await idp.stop();
  await sleep(2100);
  tokens.expired = expiring;
});

after(() => {
  for (const server of Object.values(served)) {
    server.close();
  }
  for (const guard of guards) {
    guard.verifier.close();
  }
});

function expectation({ code = Code.Unauthenticated, message = FAILED, challenge = INVALID, ...rest }) {
  return { code, message, challenge, ...rest };
}

for (const [title, { send, expect, over = "idp" }] of Object.entries(REFUSALS)) {
  const wanted = expectation(expect);
  describe(title, () => {
    for (const name of Object.keys(TRANSPORTS)) {
      for (const [kind, call] of kindsOf(name)) {
        it(`${name}, ${kind}`, async () => {
          const ranBefore = calls.total;
          rejected = [];
          const error = await call(clientOf(name, served[over]), send()).then(
            () => assert.fail("accepted"),
            (reason) => ConnectError.from(reason),
          );
          assert.equal(error.code, wanted.code);
          assert.equal(error.rawMessage, wanted.message);
          assert.equal(error.metadata.get("www-authenticate"), wanted.challenge);
          assert.equal(/^[1-9]\d*$/.test(error.metadata.get("retry-after") ?? ""), wanted.retryAfter === true);
          assert.equal(calls.total, ranBefore, "the handler ran");
          assert.equal(rejected.length, 1);
          const [{ code, claim, procedure, connectCode }] = rejected;
          assert.deepEqual([code, claim], [wanted.operator, wanted.claim]);
          assert.equal(connectCode, wanted.code === Code.Unavailable ? "unavailable" : "unauthenticated");
          assert.match(procedure, /^bearergate\.e2e\.v1\.IdentityService\/[A-Z]/);
          assert.doesNotMatch(JSON.stringify(rejected), new RegExp(tokens.good.split(".")[1].slice(0, 40)));
        });
      }
    }

    it("HTTP status", async () => {
      const { headers = {} } = send();
      const status = wanted.code === Code.Unavailable ? 503 : 401;
      const unary = await rawStatus.connectUnary(served[over], headers);
      assert.equal(unary.status, status);
      assert.equal(unary.headers["www-authenticate"] ?? null, wanted.challenge);
      assert.equal("retry-after" in unary.headers, wanted.retryAfter === true);
      assert.deepEqual(JSON.parse(unary.body), {
        code: wanted.code === Code.Unavailable ? "unavailable" : "unauthenticated",
        message: wanted.message,
      });
      const stream = await rawStatus.connectStream(served[over], headers);
      assert.equal(stream.status, 200);
      assert.match(stream.body, new RegExp(wanted.message));
      const grpc = await rawStatus.grpc(served[over], headers);
      assert.deepEqual([grpc.status, grpc.grpcStatus], [200, wanted.code === Code.Unavailable ? "14" : "16"]);
      const web = await rawStatus.grpcWeb(served[over], headers);
      assert.equal(web.status, 200);
      assert.match(web.body, new RegExp(`grpc-status: ${wanted.code}\r\n`, "i"));
    });
  });
}
