// The context of a request in every adapter: there behind every hop, and nowhere else.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { authContextStorage } from "bearergate";
import { hmacToken, SECRET } from "../support/tokens.mjs";
import { bearer, Connection, send } from "./support/client.mjs";
import { ADAPTERS } from "./support/servers.mjs";

const tokenOf = (sub) => hmacToken({ sub });
const SUBJECTS = Array.from({ length: 24 }, (_, index) => `caller-${index}`);

/** A test of what this adapter has. */
const unless = (lacking, ...test) => lacking || it(...test);

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  describe(name, () => {
    let served;
    before(async () => {
      // Whoever starts a server may be in a context; its requests are not.
      served = await authContextStorage.run({ subject: "the starter" }, () => adapter.start({ secret: SECRET }));
    });
    after(() => served.close());

    const request = (more) => send(adapter, served, more);

    it("is seen behind timers, ticks, promises, emitters, streams and the events of the body", async () => {
      for (const length of [3, 300_000]) {
        const { status, body } = await request({
          method: "POST",
          path: "/hops",
          headers: [bearer(tokenOf("alice"))],
          body: Buffer.alloc(length, "a"),
        });
        assert.equal(status, 200);
        const { length: read, ...seen } = JSON.parse(body);
        assert.equal(read, length);
        assert.ok(Object.keys(seen).length >= 12);
        assert.deepEqual(
          Object.entries(seen).filter(([, subject]) => subject !== "alice"),
          [],
        );
      }
    });

    it("is seen in each chunk of a response that is made while it is sent", async () => {
      const { status, body } = await request({ path: "/stream", headers: [bearer(tokenOf("alice"))] });
      assert.deepEqual([status, body], [200, "alice\nalice\nalice\n"]);
    });

    it("is each caller's own among many at a time", async () => {
      const answers = await Promise.all(
        SUBJECTS.flatMap((sub) => [
          request({ method: "POST", path: "/hops", headers: [bearer(tokenOf(sub))], body: Buffer.from(sub) }),
          request({ path: "/stream", headers: [bearer(tokenOf(sub))] }),
        ]),
      );
      for (const [index, { body }] of answers.entries()) {
        const sub = SUBJECTS[index >> 1];
        const seen =
          index % 2 === 1
            ? body.trim().split("\n")
            : Object.values(JSON.parse(body)).filter((one) => typeof one !== "number");
        assert.deepEqual([...new Set(seen)], [sub]);
      }
    });

    it("is not there in a skipped request", async () => {
      const { body } = await request({ path: "/open" });
      assert.equal(JSON.parse(body).subject, null);
    });

    unless(adapter.http2, "leaves nothing for the next request of a connection", async () => {
      const connection = await Connection.open(served.port);
      const subjectOf = async (more) => JSON.parse((await connection.request(more)).body).subject;
      for (const sub of ["alice", "bob"]) {
        assert.equal(await subjectOf({ headers: [bearer(tokenOf(sub))] }), sub);
        assert.equal(await subjectOf({ path: "/open" }), null);
        const hops = { method: "POST", path: "/hops", headers: [bearer(tokenOf(sub))], body: Buffer.from("abc") };
        assert.equal(JSON.parse((await connection.request(hops)).body).direct, sub);
        assert.equal((await connection.request({})).status, 401);
        assert.equal(await subjectOf({ path: "/open" }), null);
        assert.equal((await connection.request({ path: "/throws", headers: [bearer(tokenOf(sub))] })).status, 500);
        assert.equal(await subjectOf({ path: "/open" }), null);
      }
      connection.close();
    });

    unless(adapter.http2, "leaves nothing for requests that are sent without waiting", async () => {
      const connection = await Connection.open(served.port);
      const paths = [
        ["/who", "alice"],
        ["/open", null],
        ["/who", "bob"],
        ["/open", null],
      ];
      const { bytesOf } = await import("./support/client.mjs");
      connection.write(
        Buffer.concat(
          paths.map(([path, sub]) => bytesOf({ path, headers: sub === null ? [] : [bearer(tokenOf(sub))] })),
        ),
      );
      for (const [, sub] of paths) {
        assert.equal(JSON.parse((await connection.response()).body).subject, sub);
      }
      connection.close();
    });

    it("is there where errors of a handler are dealt with, and gone after", async () => {
      const { status, body } = await request({ path: "/throws", headers: [bearer(tokenOf("alice"))] });
      assert.equal(status, 500);
      const { error, subject } = JSON.parse(body);
      assert.ok(["handled", "the handler's"].includes(error));
      assert.equal(subject, "alice");
      assert.equal(authContextStorage.getStore(), undefined);
    });
  });
}
