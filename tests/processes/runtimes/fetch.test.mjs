// bearergate/fetch on a runtime's own server, Bun's or Deno's, with requests as bytes.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hmacToken, inSeconds } from "../../../bindings-node/test/support/tokens.mjs";

const require = createRequire(new URL("../../../bindings-node/package.json", import.meta.url));
const { createJwtAuthenticator, getAuthContext } = require("bearergate/fetch");

const { Bun, Deno } = globalThis;
const SECRET = "a secret of the runtimes' tests, thirty-two bytes and more";
const tokenOf = (sub, more) => hmacToken({ sub, ...more }, { secret: SECRET });
const who = () => getAuthContext()?.subject ?? null;

/** A server of the runtime, its port and its end. */
function serve(handler) {
  const hostname = "127.0.0.1";
  if (Bun) {
    const server = Bun.serve({ port: 0, hostname, fetch: handler });
    return { port: server.port, close: () => server.stop(true) };
  }
  const server = Deno.serve({ port: 0, hostname, onListen() {} }, handler);
  return { port: server.addr.port, close: () => server.shutdown() };
}

/** What comes of a request with these lines: its status, its head, and its body's JSON. */
async function send(port, { path = "/who", lines = [], method = "GET", body = "" }) {
  const socket = net.connect(port, "127.0.0.1");
  let text = "";
  const length = body === "" ? [] : [`content-length: ${body.length}`];
  const head = [`${method} ${path} HTTP/1.1`, "host: x", "connection: close", ...length, ...lines, "", ""].join("\r\n");
  await new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", resolve);
    socket.on("error", reject);
    socket.write(Buffer.concat([Buffer.from(head, "utf8"), Buffer.from(body)]));
  });
  const end = text.indexOf("\r\n\r\n");
  const json = /\{.*\}/s.exec(text.slice(end))?.[0];
  return { status: Number(text.split(" ")[1]), head: text.slice(0, end).toLowerCase(), body: json && JSON.parse(json) };
}

const bearer = (token) => `authorization: Bearer ${token}`;

describe("bearergate/fetch on this runtime's server", { skip: !Bun && !Deno }, () => {
  const authenticate = createJwtAuthenticator({ secret: SECRET, audience: "api", skipPaths: ["/open"] });
  const propagating = createJwtAuthenticator({ secret: SECRET, propagateHeaders: true });
  const alice = tokenOf("alice", { aud: "api" });
  let guarded;
  let bare;
  before(() => {
    const tell = async (request) => {
      const direct = who();
      const { length } = await request.text();
      await sleep(1);
      const timer = await new Promise((resolve) => setTimeout(() => resolve(who()), 1));
      const xauth = [...request.headers].filter(([name]) => name.startsWith("x-auth-"));
      return Response.json({ seen: [direct, who(), timer], length, xauth: Object.fromEntries(xauth) });
    };
    const [strict, carrying] = [authenticate.guard(tell), propagating.guard(tell)];
    guarded = serve((request, ...more) => (request.url.endsWith("/carry") ? carrying : strict)(request, ...more));
    bare = serve(async (request) => {
      const caller = await authenticate(request);
      return caller instanceof Response ? caller : Response.json({ subject: caller?.subject ?? null });
    });
  });
  after(async () => {
    await guarded.close();
    await bare.close();
  });

  it("lets callers in, each in a context of its own, with their bodies", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `caller-${index}`);
    const answers = await Promise.all(
      names.map((sub) => {
        const lines = [bearer(tokenOf(sub, { aud: "api" }))];
        return send(guarded.port, { method: "POST", lines, body: "abc" });
      }),
    );
    assert.deepEqual(
      answers.map(({ body }) => body),
      names.map((sub) => ({ seen: [sub, sub, sub], length: 3, xauth: {} })),
    );
  });

  it("refuses what it must", async () => {
    for (const lines of [
      [],
      [bearer("garbage")],
      [bearer(tokenOf("alice", { aud: "api", exp: inSeconds(-1) }))],
      [bearer(tokenOf("alice", { aud: "other" }))],
      [bearer(alice), bearer(alice)],
      ["authorization: Bearer ключ"],
    ]) {
      for (const { port } of [guarded, bare]) {
        const { status, head, body } = await send(port, { lines });
        assert.equal(status, 401, lines.join());
        assert.match(head, /www-authenticate: bearer/);
        assert.equal(body.code, "unauthenticated");
      }
    }
  });

  it("lets skipped paths through without a context, and no others", async () => {
    assert.deepEqual((await send(guarded.port, { path: "/open" })).body.seen, [null, null, null]);
    assert.deepEqual((await send(bare.port, { path: "/open?a=b" })).body, { subject: null });
    for (const path of ["/opened", "/open%2f..", "/Open"]) {
      assert.equal((await send(guarded.port, { path })).status, 401, path);
    }
  });

  it("removes what a client says of itself, and carries the context on", async () => {
    const lines = [bearer(alice), 'x-auth-roles: ["root"]'];
    assert.deepEqual((await send(guarded.port, { lines })).body.xauth, {});
    const { xauth } = (await send(guarded.port, { path: "/carry", lines })).body;
    assert.equal(xauth["x-auth-subject"], "alice");
    assert.equal(xauth["x-auth-roles"], undefined);
    // Where headers cannot be written, the bare judge refuses; elsewhere it removes them.
    const told = await send(bare.port, { lines });
    assert.ok(Deno ? told.status === 401 : told.body.subject === "alice");
    assert.deepEqual((await send(bare.port, { lines: [bearer(alice)] })).body, { subject: "alice" });
  });
});
