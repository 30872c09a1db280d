// @grpc/grpc-js: a real server and real clients, calls of all four kinds.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import { authContextStorage } from "bearergate";
import { createJwtAuthInterceptor } from "bearergate/grpc";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "../support/tokens.mjs";
import { hops, who } from "./support/hops.mjs";

const json = {
  requestSerialize: (value) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes) => JSON.parse(bytes),
  responseSerialize: (value) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes) => JSON.parse(bytes),
};
const method = (name, requestStream, responseStream) => ({
  path: `/test.v1.Who/${name}`,
  requestStream,
  responseStream,
  ...json,
});
const WHO = {
  unary: method("Unary", false, false),
  serverStream: method("ServerStream", false, true),
  clientStream: method("ClientStream", true, false),
  bidi: method("Bidi", true, true),
  open: method("Open", false, false),
  throws: method("Throws", false, false),
};

const handled = { count: 0, cancelled: [] };
const xauth = (metadata) =>
  Object.fromEntries(Object.entries(metadata.getMap()).filter(([name]) => name.startsWith("x-auth-")));

const handlers = {
  unary(call, done) {
    handled.count += 1;
    hops().then((seen) => done(null, { seen, xauth: xauth(call.metadata) }), done);
  },
  async serverStream(call) {
    handled.count += 1;
    call.on("cancelled", () => handled.cancelled.push(who()));
    for (let index = 0; index < call.request.count && !call.cancelled; index += 1) {
      call.write({ seen: { ...(await hops()), direct: who() } });
      await sleep(call.request.pause ?? 0);
    }
    call.end();
  },
  clientStream(call, done) {
    handled.count += 1;
    const seen = { start: who() };
    call.on("data", ({ name }) => {
      seen[name] = who();
    });
    call.on("end", () => hops().then((more) => done(null, { seen: { ...seen, ...more, ended: who() } }), done));
  },
  bidi(call) {
    handled.count += 1;
    call.on("data", async ({ name }) => {
      const direct = who();
      await sleep(1);
      call.write({ seen: { [name]: direct, later: who() } });
    });
    call.on("end", async () => {
      await sleep(20);
      call.write({ seen: { end: who() } });
      call.end();
    });
  },
  open: (call, done) => done(null, { seen: { direct: who() }, xauth: xauth(call.metadata) }),
  throws() {
    throw new Error("the handler's");
  },
};

async function start(options, more = []) {
  const interceptor = createJwtAuthInterceptor(options);
  const server = new grpc.Server({ interceptors: [...more, interceptor] });
  server.addService(WHO, handlers);
  const port = await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const Client = grpc.makeGenericClientConstructor(WHO, "Who");
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    client,
    verifier: interceptor.verifier,
    close() {
      client.close();
      server.forceShutdown();
    },
  };
}

function metadataOf(headers) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  return metadata;
}
const bearer = (sub, more) => metadataOf({ authorization: `Bearer ${hmacToken({ sub })}`, ...more });

/** Two messages with a pause between them, and the end. */
async function talk(call) {
  call.write({ name: "a" });
  await sleep(5);
  call.write({ name: "b" });
  await sleep(5);
  call.end();
}

/** One call of each kind; each gives all answers, or rejects with the status. */
const KINDS = {
  unary: ({ client }, metadata, request = {}) =>
    new Promise((resolve, reject) => {
      client.unary(request, metadata, (error, answer) => (error ? reject(error) : resolve([answer])));
    }),
  serverStream: ({ client }, metadata, request = { count: 2 }) => collect(client.serverStream(request, metadata)),
  clientStream: ({ client }, metadata) =>
    new Promise((resolve, reject) => {
      const call = client.clientStream(metadata, (error, answer) => (error ? reject(error) : resolve([answer])));
      talk(call);
    }),
  bidi: ({ client }, metadata) => {
    const call = client.bidi(metadata);
    talk(call);
    return collect(call);
  },
};

function collect(call) {
  return new Promise((resolve, reject) => {
    const all = [];
    call.on("data", (message) => all.push(message));
    call.on("error", (error) => reject(Object.assign(error, { received: all })));
    call.on("end", () => resolve(all));
  });
}

const call = ({ client }, name, metadata = new grpc.Metadata()) =>
  new Promise((resolve, reject) => {
    client[name]({}, metadata, (error, answer) => (error ? reject(error) : resolve(answer)));
  });

const subjects = (answers) => [...new Set(answers.flatMap(({ seen }) => Object.values(seen)))];

describe("grpc", () => {
  const told = [];
  const options = {
    secret: SECRET,
    audience: undefined,
    skipMethods: ["test.v1.Who/Open"],
    onReject: (event) => told.push(event),
  };
  let served;
  before(async () => {
    served = await authContextStorage.run({ subject: "the starter" }, () => start(options));
  });
  after(() => served.close());

  for (const [kind, make] of Object.entries(KINDS)) {
    it(`${kind}: the caller is seen in the handler, its messages and events`, async () => {
      const callers = ["alice", "bob", "carol", "dave"];
      const answers = await Promise.all(callers.map((sub) => make(served, bearer(sub))));
      assert.deepEqual(
        answers.map(subjects),
        callers.map((sub) => [sub]),
      );
    });

    for (const [what, metadata, code] of [
      ["no header", {}, "ERR_CREDENTIALS_MISSING"],
      ["garbage", { authorization: "Bearer garbage" }, "ERR_TOKEN_MALFORMED"],
      [
        "an expired token",
        { authorization: `Bearer ${hmacToken({ sub: "a", exp: inSeconds(-1) })}` },
        "ERR_TOKEN_EXPIRED",
      ],
      ["two tokens", { authorization: "Bearer a.b.c, Bearer a.b.c" }, "ERR_TOKEN_MALFORMED"],
    ]) {
      it(`${kind}: refuses ${what}`, async () => {
        told.length = 0;
        const ran = handled.count;
        const error = await make(served, metadataOf(metadata)).then(
          () => assert.fail("accepted"),
          (refused) => refused,
        );
        assert.equal(error.code, grpc.status.UNAUTHENTICATED);
        const bare = code === "ERR_CREDENTIALS_MISSING";
        assert.equal(error.details, bare ? "Missing credentials" : "Authentication failed");
        assert.deepEqual(error.metadata.get("www-authenticate"), [bare ? "Bearer" : 'Bearer error="invalid_token"']);
        assert.deepEqual(
          told.map(({ code, procedure }) => [code, procedure]),
          [[code, `test.v1.Who/${kind[0].toUpperCase()}${kind.slice(1)}`]],
        );
        assert.equal(handled.count, ran);
      });
    }
  }

  it("refuses another audience", async () => {
    const own = await start({ ...options, audience: "api" });
    const error = await call(own, "unary", bearer("alice")).catch((refused) => refused);
    assert.equal(error.code, grpc.status.UNAUTHENTICATED);
    assert.equal(
      (await call(own, "unary", metadataOf({ authorization: `Bearer ${hmacToken({ sub: "a", aud: "api" })}` }))).seen
        .direct,
      "a",
    );
    own.close();
  });

  it("lets a skipped method through without a context, and without what the client says", async () => {
    const answer = await call(served, "open", metadataOf({ "x-auth-subject": "root" }));
    assert.deepEqual(answer, { seen: { direct: null }, xauth: {} });
  });

  it("keeps in a skipped method what an earlier interceptor of the call has set", async () => {
    const outer = (_method, inner) =>
      new grpc.ServerInterceptingCall(inner, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, go) => authContextStorage.run({ subject: "outer" }, () => go(metadata)),
          }),
      });
    const own = await start(options, [outer]);
    assert.equal((await call(own, "open")).seen.direct, "outer");
    own.close();
  });

  it("removes what a client says of itself, and carries the context on where asked to", async () => {
    const spoofed = { "x-auth-subject": "root", "x-auth-roles": '["root"]' };
    assert.deepEqual((await call(served, "unary", bearer("alice", spoofed))).xauth, {});
    const own = await start({ ...options, propagateHeaders: true });
    assert.deepEqual((await call(own, "unary", bearer("alice", spoofed))).xauth, {
      "x-auth-subject": "alice",
      "x-auth-type": "jwt",
      "x-auth-claims": '{"sub":"alice"}',
    });
    own.close();
  });

  it("is unavailable during an outage", async () => {
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    jwks.close();
    const own = await start({ jwksUri: jwks.url });
    const metadata = metadataOf({ authorization: `Bearer ${key.token({ sub: "alice" })}` });
    for (const make of Object.values(KINDS)) {
      const error = await make(own, metadata).then(
        () => assert.fail("accepted"),
        (refused) => refused,
      );
      assert.equal(error.code, grpc.status.UNAVAILABLE);
      assert.equal(error.details, "Authentication temporarily unavailable");
      assert.match(error.metadata.get("retry-after")[0], /^\d+$/);
    }
    own.verifier.close();
    own.close();
  });

  it("waits for keys, and runs no handler for a client that has gone meanwhile", async () => {
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    jwks.delayMs = 200;
    const own = await start({ jwksUri: jwks.url });
    const ran = handled.count;
    const metadata = () => metadataOf({ authorization: `Bearer ${key.token({ sub: "alice" })}` });
    const gone = own.client.unary({}, metadata(), () => {});
    const stays = KINDS.clientStream(own, metadata());
    while (jwks.requests === 0) {
      await sleep(5);
    }
    gone.cancel();
    assert.deepEqual(subjects(await stays), ["alice"]);
    assert.equal(handled.count, ran + 1);
    own.verifier.close();
    own.close();
    jwks.close();
  });

  it("ends streams at expiry where asked to, and tells the handler in its context", async () => {
    const own = await start({ ...options, endStreamsAtExpiry: true });
    const soon = metadataOf({ authorization: `Bearer ${hmacToken({ sub: "alice", exp: inSeconds(2) })}` });
    told.length = 0;
    handled.cancelled.length = 0;
    const error = await KINDS.serverStream(own, soon, { count: 1000, pause: 20 }).then(
      () => assert.fail("not ended"),
      (ended) => ended,
    );
    assert.equal(error.code, grpc.status.UNAUTHENTICATED);
    assert.ok(error.received.length > 3);
    assert.deepEqual(
      told.map(({ code }) => code),
      ["ERR_TOKEN_EXPIRED"],
    );
    await sleep(50);
    assert.deepEqual(handled.cancelled, ["alice"]);
    own.close();
  });

  it("survives a handler that throws", async () => {
    const error = await call(served, "throws", bearer("alice")).catch((failed) => failed);
    assert.equal(error.code, grpc.status.UNKNOWN);
    assert.equal((await call(served, "open")).seen.direct, null);
    assert.equal(authContextStorage.getStore(), undefined);
  });
});
