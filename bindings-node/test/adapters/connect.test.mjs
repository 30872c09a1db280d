// guardRequestListener in front of Connect: every protocol and kind of call, with real clients.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createJwtAuthInterceptor, getAuthContext, guardRequestListener, requireAuthContext } from "bearergate";
import { CALLS, clientOf, Kinds, listen, TRANSPORTS } from "../support/service.mjs";
import { hmacToken, SECRET } from "../support/tokens.mjs";

const bearer = (token) => ({
  headers: { authorization: `Bearer ${token}`, "x-auth-subject": "root", "x-auth-roles": '["root"]' },
});

/** Who is seen, and which x-auth-* headers, when a message is dealt with. */
const seen = ({ requestHeader }) => {
  const spoofed = [...requestHeader.keys()].filter((name) => name.startsWith("x-auth-"));
  return { value: [getAuthContext()?.subject ?? "nobody", ...spoofed].join() };
};

const handlers = {
  unary: (_text, context) => seen(context),
  async client(texts, context) {
    const all = [];
    for await (const _ of texts) {
      all.push(requireAuthContext().subject);
    }
    return { value: [...new Set([...all, seen(context).value])].join() };
  },
  async *server(_text, context) {
    yield seen(context);
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield seen(context);
  },
  async *bidi(texts, context) {
    for await (const _ of texts) {
      yield seen(context);
    }
  },
};

const app = (interceptors = []) =>
  connectNodeAdapter({ interceptors, routes: (router) => router.service(Kinds, handlers) });

describe("guardRequestListener in front of Connect", () => {
  let served;
  let both;
  before(async () => {
    const options = { secret: SECRET, skipMethods: ["test.v1.Kinds/Unary"] };
    served = await listen(guardRequestListener(app(), { secret: SECRET }));
    both = await listen(guardRequestListener(app([createJwtAuthInterceptor(options)]), options));
  });
  after(() => {
    served.close();
    both.close();
  });

  for (const protocol of Object.keys(TRANSPORTS)) {
    for (const [kind, call] of Object.entries(CALLS)) {
      it(`${protocol}, ${kind}: the handler sees each caller, and nothing that it says of itself`, async () => {
        const callers = ["alice", "bob", "carol"];
        const answers = await Promise.all(
          callers.map((sub) => call(clientOf(protocol, served.url), bearer(hmacToken({ sub })))),
        );
        assert.deepEqual(
          answers.map((values) => [...new Set(values)]),
          callers.map((sub) => [sub]),
        );
      });

      it(`${protocol}, ${kind}: refused`, async () => {
        for (const [options, message] of [
          [{}, "Missing credentials"],
          [bearer("a.b.c"), "Authentication failed"],
        ]) {
          const error = await call(clientOf(protocol, served.url), options).then(
            () => assert.fail("accepted"),
            ConnectError.from,
          );
          assert.deepEqual([error.code, error.rawMessage], [Code.Unauthenticated, message]);
        }
      });
    }

    it(`${protocol}: skipped methods pass, and the interceptor may stand behind`, async () => {
      assert.deepEqual(await CALLS.unary(clientOf(protocol, both.url), {}), ["nobody"]);
      assert.deepEqual(
        [...new Set(await CALLS.bidi(clientOf(protocol, both.url), bearer(hmacToken({ sub: "alice" }))))],
        ["alice"],
      );
      await assert.rejects(CALLS.bidi(clientOf(protocol, both.url), {}), { code: Code.Unauthenticated });
    });
  }
});
