// What every adapter does with good and bad requests, on real servers and over raw sockets.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "../support/tokens.mjs";
import { bearer, send } from "./support/client.mjs";
import { ADAPTERS } from "./support/servers.mjs";

const ALICE = { sub: "alice", aud: "api", exp: inSeconds(300) };
const good = hmacToken(ALICE);
const SPOOFED = [
  ["X-Auth-Subject", "root"],
  ["x-auth-roles", '["root"]'],
  ["x-auth-name", "Root"],
];

/** Requests that are refused, and the code that the operator is told. */
const REFUSED = [
  { what: "no header", headers: [], code: "ERR_CREDENTIALS_MISSING", message: "Missing credentials", bare: true },
  { what: "another scheme", headers: [["authorization", "Basic YTpi"]], code: "ERR_CREDENTIALS_MISSING", bare: true },
  { what: "garbage", headers: [bearer("garbage")], code: "ERR_TOKEN_MALFORMED" },
  {
    what: "an expired token",
    headers: [bearer(hmacToken({ ...ALICE, exp: inSeconds(-1) }))],
    code: "ERR_TOKEN_EXPIRED",
  },
  { what: "another audience", headers: [bearer(hmacToken({ ...ALICE, aud: "other" }))], code: "ERR_CLAIM_INVALID" },
  {
    what: "another secret",
    headers: [bearer(hmacToken(ALICE, { secret: SECRET.toUpperCase() }))],
    code: "ERR_SIGNATURE_INVALID",
  },
  {
    what: "no subject",
    headers: [bearer(hmacToken({ aud: "api" }))],
    code: "ERR_SUBJECT_MISSING",
    message: "JWT missing subject claim",
  },
  { what: "two tokens in one header", headers: [bearer(`${good}, Bearer ${good}`)], code: "ERR_TOKEN_MALFORMED" },
  { what: "a value of UTF-8", headers: [["authorization", Buffer.from("Bearer ключ")]], code: "ERR_TOKEN_MALFORMED" },
  {
    what: "a value of Latin-1",
    headers: [["authorization", Buffer.from("Bearer d\u00e9j\u00e0", "latin1")]],
    code: "ERR_TOKEN_MALFORMED",
  },
  {
    what: "a token too long",
    headers: [bearer(`${"a".repeat(9000)}.b.c`)],
    options: { maxTokenBytes: 8192 },
    code: "ERR_TOKEN_TOO_LARGE",
  },
];

/** A test of what this adapter has. */
const unless = (lacking, ...test) => lacking || it(...test);

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  describe(name, () => {
    const told = [];
    const options = { secret: SECRET, audience: "api", onReject: ({ code }) => told.push(code) };
    let served;
    before(async () => {
      served = await adapter.start(options);
    });
    after(() => served.close());

    const request = (more) => send(adapter, served, more);

    it("lets a caller in, and tells who it is", async () => {
      const { status, body } = await request({ headers: [bearer(good)] });
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(body), { subject: "alice", auth: "alice", xauth: {} });
    });

    for (const { what, headers, code, message = "Authentication failed", bare = false, options: more } of REFUSED) {
      it(`refuses ${what}`, async () => {
        const own = more && (await adapter.start({ ...options, ...more }));
        const ran = served.handled.count;
        told.length = 0;
        const { status, headers: answered, body } = await send(adapter, own ?? served, { headers });
        own?.close();
        assert.equal(status, 401);
        assert.equal(answered["www-authenticate"], bare ? "Bearer" : 'Bearer error="invalid_token"');
        assert.match(answered["content-type"], /^application\/json/);
        const said = bare ? "Missing credentials" : message;
        assert.deepEqual(JSON.parse(body), { code: "unauthenticated", message: said });
        assert.deepEqual(told, [code]);
        assert.equal(served.handled.count, ran);
      });
    }

    unless(!adapter.duplicates || adapter.http2, "refuses two headers, where the server hands them on", async () => {
      for (const [first, second] of [
        [good, good],
        [good, "garbage"],
        ["garbage", good],
        ["", good],
      ]) {
        told.length = 0;
        const { status } = await request({ headers: [bearer(first), ["Authorization", `Bearer ${second}`]] });
        assert.equal(status, 401);
        assert.deepEqual(told, ["ERR_TOKEN_MALFORMED"]);
      }
    });

    it("answers in the caller's protocol", async () => {
      const refused = (type) => request({ method: "POST", headers: [["content-type", type]], body: Buffer.from("{}") });
      for (const type of ["application/grpc", "application/grpc+proto", "application/grpc-web+proto"]) {
        const { status, headers } = await refused(type);
        assert.deepEqual([status, headers["grpc-status"], headers["content-type"]], [200, "16", type]);
        assert.equal(decodeURIComponent(headers["grpc-message"]), "Missing credentials");
        assert.equal(headers["www-authenticate"], "Bearer");
      }
      const { status, headers, body } = await refused("application/connect+json");
      assert.deepEqual([status, headers["content-type"]], [200, "application/connect+json"]);
      assert.equal(body.charCodeAt(0), 2);
      assert.equal(JSON.parse(body.slice(5)).error.code, "unauthenticated");
    });

    it("answers a HEAD without a body", async () => {
      const { status, headers, body } = await request({ method: "HEAD" });
      assert.deepEqual([status, headers["www-authenticate"], body], [401, "Bearer", ""]);
    });

    it("lets skipped paths through without a context, and nothing that only looks like one", async () => {
      for (const path of ["/open", "/open?x=1", "/public/a", "/public/a/b"]) {
        const { status, body } = await request({ path, headers: [bearer(good)] });
        assert.equal(status, 200, path);
        assert.deepEqual(JSON.parse(body), { subject: null, auth: null, xauth: {} }, path);
      }
      for (const path of [
        "/opened",
        "/Open",
        "/open/",
        "/public/../who",
        "/public/%2e%2e/who",
        "/public//who",
        "/public%2fwho",
      ]) {
        const { status } = await request({ path });
        assert.ok(status === 401 || status === 400, `${path}: ${status}`);
      }
    });

    it("lets a CORS preflight through, and no other OPTIONS", async () => {
      const ran = served.handled.count;
      const preflight = await request({ method: "OPTIONS", headers: [["access-control-request-method", "POST"]] });
      assert.deepEqual([preflight.status, served.handled.count], [200, ran + 1]);
      assert.equal((await request({ method: "OPTIONS" })).status, 401);
    });

    it("removes what a client says of itself", async () => {
      for (const path of ["/who", "/open"]) {
        const { body } = await request({ path, headers: [...SPOOFED, bearer(good)] });
        assert.deepEqual(JSON.parse(body).xauth, {}, path);
      }
    });

    it("carries the context on where it is asked to", async () => {
      const own = await adapter.start({ ...options, propagateHeaders: true, propagatedClaims: ["aud"] });
      const { body } = await send(adapter, own, { headers: [...SPOOFED, bearer(good)] });
      own.close();
      assert.deepEqual(JSON.parse(body).xauth, {
        "x-auth-subject": "alice",
        "x-auth-type": "jwt",
        "x-auth-claims": '{"aud":"api"}',
      });
    });

    it("is unavailable during an outage, not unauthenticated", async () => {
      const key = rsaKey("k");
      const jwks = await serveJwks(key);
      jwks.close();
      const own = await adapter.start({ jwksUri: jwks.url });
      const ran = own.handled.count;
      for (const type of ["application/json", "application/grpc"]) {
        const { status, headers, body } = await send(adapter, own, {
          method: "POST",
          headers: [bearer(key.token({ sub: "alice" })), ["content-type", type]],
          body: Buffer.from("{}"),
        });
        assert.match(headers["retry-after"], /^\d+$/);
        assert.equal(headers["www-authenticate"], undefined);
        if (type === "application/grpc") {
          assert.deepEqual([status, headers["grpc-status"]], [200, "14"]);
        } else {
          assert.equal(status, 503);
          const message = "Authentication temporarily unavailable";
          assert.deepEqual(JSON.parse(body), { code: "unavailable", message });
        }
      }
      assert.equal(own.handled.count, ran);
      own.verifier.close();
      own.close();
    });
  });
}
