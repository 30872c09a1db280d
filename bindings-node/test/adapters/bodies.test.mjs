// Bodies of refused requests, and clients that leave: on raw sockets, in every adapter.
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hmacToken, rsaKey, SECRET, serveJwks } from "../support/tokens.mjs";
import { bearer, bytesOf, Connection, send } from "./support/client.mjs";
import { ADAPTERS } from "./support/servers.mjs";

const key = rsaKey("k");
const stranger = rsaKey("k");
const MEGABYTE = Buffer.alloc(1_000_000, "a");
const alice = bearer(hmacToken({ sub: "alice" }));
const post = (more) => ({ method: "POST", ...more });

const until = async (condition, what) => {
  for (let waited = 0; !condition(); waited += 1) {
    assert.ok(waited < 400, what);
    await sleep(10);
  }
};

/** A test of what this adapter has. */
const unless = (lacking, ...test) => lacking || it(...test);

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  describe(name, () => {
    let served;
    before(async () => {
      served = await adapter.start({ secret: SECRET });
    });
    after(() => served.close());

    unless(adapter.http2, "answers a refused request before any of its body has come", async () => {
      const connection = await Connection.open(served.port);
      connection.write(bytesOf(post({ headers: [["content-length", "1000000"]] })));
      assert.equal((await connection.response()).status, 401);
      connection.close();
    });

    unless(adapter.http2, "throws away a megabyte, and serves the same connection on", async () => {
      const connection = await Connection.open(served.port);
      for (let round = 0; round < 3; round += 1) {
        assert.equal((await connection.request(post({ body: MEGABYTE }))).status, 401);
        const { status, body } = await connection.request({ headers: [alice] });
        assert.deepEqual([status, JSON.parse(body).subject], [200, "alice"]);
      }
      connection.close();
    });

    unless(adapter.http2, "takes no request out of a refused one's body", async () => {
      const ran = served.handled.count;
      const hidden = bytesOf({ path: "/who", headers: [alice] });
      const connection = await Connection.open(served.port);
      assert.equal((await connection.request(post({ body: hidden }))).status, 401);
      const chunked = `${hidden.length.toString(16)}\r\n${hidden.toString("latin1")}\r\n0\r\n\r\n`;
      connection.write(
        Buffer.concat([bytesOf(post({ headers: [["transfer-encoding", "chunked"]] })), Buffer.from(chunked)]),
      );
      assert.equal((await connection.response()).status, 401);
      assert.equal((await connection.request({ path: "/open" })).status, 200);
      assert.equal(served.handled.count, ran + 1);
      connection.close();
    });

    unless(adapter.http2 || name === "fetch", "cuts off a client that sends more and more", async () => {
      const connection = await Connection.open(served.port);
      connection.write(bytesOf(post({ headers: [["transfer-encoding", "chunked"]] })));
      assert.equal((await connection.response()).status, 401);
      const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, "a"), Buffer.from("\r\n")]);
      for (let sent = 0; sent < 64 && !connection.ended; sent += 1) {
        connection.write(chunk);
        await sleep(1);
      }
      assert.ok(await connection.end(1000), "still open after 4 MiB");
    });

    unless(!adapter.http2, "ends the stream of a refused request over HTTP/2", async () => {
      const session = http2.connect(`http://127.0.0.1:${served.port}`);
      const stream = session.request({ ":method": "POST", ":path": "/who" });
      stream.on("error", () => {});
      stream.write(MEGABYTE);
      const [{ ":status": status }] = await once(stream, "response");
      stream.resume();
      await once(stream, "close");
      assert.deepEqual([status, stream.rstCode], [401, http2.constants.NGHTTP2_NO_ERROR]);
      const next = session.request({ ":path": "/who", authorization: alice[1] });
      assert.equal((await once(next, "response"))[0][":status"], 200);
      session.destroy();
    });

    it("runs no handler for a client that has gone while keys are fetched", async () => {
      const jwks = await serveJwks(key);
      jwks.delayMs = 300;
      const own = await adapter.start({ jwksUri: jwks.url });
      const token = bearer(key.token({ sub: "alice" }));
      if (adapter.http2) {
        const session = http2.connect(`http://127.0.0.1:${own.port}`);
        const stream = session.request({ ":path": "/who", authorization: token[1] });
        stream.on("error", () => {});
        await until(() => jwks.requests === 1, "no fetch");
        stream.close(http2.constants.NGHTTP2_CANCEL);
        await sleep(50);
        session.destroy();
      } else {
        const connection = await Connection.open(own.port);
        connection.write(bytesOf({ headers: [token] }));
        await until(() => jwks.requests === 1, "no fetch");
        connection.close();
      }
      await until(() => own.verifier.stats().state === "fresh", "no keys");
      await sleep(50);
      assert.equal(own.handled.count, 0);
      const { status, body } = await send(adapter, own, { headers: [token] });
      assert.deepEqual([status, JSON.parse(body).subject, own.handled.count], [200, "alice", 1]);
      own.verifier.close();
      own.close();
      jwks.close();
    });

    it("runs no handler for a client that has gone while it is validated", async () => {
      let validating = 0;
      const validate = () => {
        validating += 1;
        return sleep(200);
      };
      const own = await adapter.start({ secret: SECRET, validate });
      if (adapter.http2) {
        const session = http2.connect(`http://127.0.0.1:${own.port}`);
        session.request({ ":path": "/who", authorization: alice[1] }).on("error", () => {});
        await until(() => validating === 1, "not validated");
        session.destroy();
      } else {
        const connection = await Connection.open(own.port);
        connection.write(bytesOf({ headers: [alice] }));
        await until(() => validating === 1, "not validated");
        connection.close();
      }
      await sleep(300);
      assert.equal(own.handled.count, 0);
      assert.equal((await send(adapter, own, { headers: [alice] })).status, 200);
      own.close();
    });

    it("waits for keys, and judges everyone who waits", async () => {
      const jwks = await serveJwks(key);
      jwks.delayMs = 100;
      const own = await adapter.start({ jwksUri: jwks.url });
      const answers = await Promise.all([
        send(
          adapter,
          own,
          post({ path: "/hops", headers: [bearer(key.token({ sub: "alice" }))], body: Buffer.from("abc") }),
        ),
        send(adapter, own, { headers: [bearer(key.token({ sub: "bob" }))] }),
        send(adapter, own, { headers: [bearer(stranger.token({ sub: "eve" }))] }),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 401],
      );
      const { length, ...seen } = JSON.parse(answers[0].body);
      assert.deepEqual([length, [...new Set(Object.values(seen))]], [3, ["alice"]]);
      assert.equal(JSON.parse(answers[1].body).subject, "bob");
      own.verifier.close();
      own.close();
      jwks.close();
    });
  });
}

describe("a client that does not send what it announced", { concurrency: true }, () => {
  // @hono/node-server, behind which `fetch` is, has limits of its own.
  const over1 = Object.entries(ADAPTERS).filter(([name, { http2 }]) => !http2 && name !== "fetch");
  for (const [name, adapter] of over1) {
    it(`${name}: is cut off`, async () => {
      const served = await adapter.start({ secret: SECRET });
      const connection = await Connection.open(served.port);
      connection.write(bytesOf(post({ headers: [["content-length", "1000"]] })));
      assert.equal((await connection.response()).status, 401);
      assert.ok(await connection.end(4000), "still open");
      served.close();
    });
  }
});

for (const name of ["guardRequestListener on node:http", "guardRequestListener on node:http2"]) {
  describe(`${name}, asked before the body is sent`, () => {
    const adapter = ADAPTERS[name];
    let served;
    before(async () => {
      served = await adapter.start({ secret: SECRET });
    });
    after(() => served.close());

    const expecting = (...more) => [["expect", "100-continue"], ["content-length", "3"], ...more];

    unless(adapter.http2, "invites the body of a request that is let in", async () => {
      const connection = await Connection.open(served.port);
      connection.write(bytesOf(post({ path: "/hops", headers: expecting(alice) })));
      assert.equal((await connection.response()).status, 100);
      connection.write("abc");
      const { status, body } = await connection.response();
      assert.deepEqual([status, JSON.parse(body).length, JSON.parse(body).data], [200, 3, "alice"]);
      connection.close();
    });

    unless(adapter.http2, "does not invite that of a refused one, and closes", async () => {
      const connection = await Connection.open(served.port);
      const { status, headers } = await connection.request(post({ headers: expecting() }));
      assert.deepEqual([status, headers.connection], [401, "close"]);
      assert.ok(await connection.end(1000));
    });

    unless(!adapter.http2, "does so over HTTP/2", async () => {
      const session = http2.connect(`http://127.0.0.1:${served.port}`);
      const ask = async (headers) => {
        const stream = session.request({ ":method": "POST", ":path": "/hops", expect: "100-continue", ...headers });
        let invited = false;
        stream.on("error", () => {});
        stream.on("continue", () => {
          invited = true;
          stream.end("abc");
        });
        const [{ ":status": status }] = await once(stream, "response");
        stream.resume();
        stream.close();
        return [status, invited];
      };
      assert.deepEqual(await ask({ authorization: alice[1] }), [200, true]);
      assert.deepEqual(await ask({}), [401, false]);
      session.destroy();
    });
  });
}
