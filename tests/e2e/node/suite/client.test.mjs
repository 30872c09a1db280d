// Two services in a row: the first calls the second in the caller's name, with a token that the client
// interceptor gets for each call, in every protocol and kind of call.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { createClientBearerInterceptor, createJwtAuthInterceptor, requireAuthContext } from "bearergate";
import { bearer, clientOf, kindsOf, serve, TRANSPORTS } from "./server.mjs";
import { IdentityService } from "./service.mjs";

const SECRETS = {
  front: "the secret of the service in front, long enough",
  back: "the secret of the one behind, long enough",
};

function hmacToken(secret, claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A token for the second service in the name of whoever is being served. */
async function exchanged() {
  const { subject } = requireAuthContext();
  await sleep(1);
  return hmacToken(SECRETS.back, { sub: `${subject} through the front` });
}

let back;
const fronts = {};

before(async () => {
  back = await serve({ interceptors: [createJwtAuthInterceptor({ secret: SECRETS.back })] });
  for (const name of Object.keys(TRANSPORTS)) {
    const next = clientOf(name, back, { interceptors: [createClientBearerInterceptor({ token: exchanged })] });
    fronts[name] = await serve({
      interceptors: [
        createJwtAuthInterceptor({ secret: SECRETS.front, skipMethods: [`${IdentityService.typeName}/Open`] }),
      ],
      routes: (router) =>
        router.service(IdentityService, {
          unary: (question) => next.unary(question),
          serverStream: (question) => next.serverStream(question),
          clientStream: (questions) => next.clientStream(questions),
          bidi: (questions) => next.bidi(questions),
          open: (question) => next.unary(question),
        }),
    });
  }
});

after(() => {
  for (const served of [back, ...Object.values(fronts)]) {
    served.close();
  }
});

for (const name of Object.keys(TRANSPORTS)) {
  describe(`calls in the caller's name: ${name}`, () => {
    for (const [kind, call] of kindsOf(name)) {
      it(`${kind}, concurrent callers`, async () => {
        const client = clientOf(name, fronts[name]);
        const subjects = ["alice", "bob", "carol", "dave"];
        const seen = await Promise.all(subjects.map((sub) => call(client, bearer(hmacToken(SECRETS.front, { sub })))));
        for (const [index, answers] of seen.entries()) {
          assert.ok(answers.length > 0);
          for (const { subject } of answers) {
            assert.equal(subject, `${subjects[index]} through the front`);
          }
        }
      });
    }

    it("a call in nobody's name gets no token", async () => {
      const error = await clientOf(name, fronts[name]).open({}).then(assert.fail, ConnectError.from);
      assert.deepEqual([error.code, error.rawMessage], [Code.Unauthenticated, "Authentication required"]);
    });
  });

  it(`${name}: one token for all callers, one refresh, and the deadline of a call while it is pending`, async () => {
    let made = 0;
    let arrive;
    const token = () => {
      made += 1;
      return new Promise((resolve) => {
        arrive = () =>
          resolve(hmacToken(SECRETS.back, { sub: "the service", exp: Math.floor(Date.now() / 1000) + 300 }));
      });
    };
    const interceptors = [createClientBearerInterceptor({ token, cache: true })];
    const client = clientOf(name, back, { interceptors });
    for (const [kind, call] of kindsOf(name)) {
      const error = await call(client, { timeoutMs: 50 }).then(assert.fail, ConnectError.from);
      assert.equal(error.code, Code.DeadlineExceeded, kind);
    }
    const calls = kindsOf(name).map(([, call]) => call(client, {}));
    await sleep(10);
    arrive();
    for (const answers of await Promise.all(calls)) {
      assert.deepEqual(new Set(answers.map(({ subject }) => subject)), new Set(["the service"]));
    }
    assert.equal(made, 1);
  });
}
