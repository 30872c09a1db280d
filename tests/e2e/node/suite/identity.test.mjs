// In every protocol and kind of call the handler sees the caller, at each message.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { authContextStorage, createJwtAuthInterceptor } from "bearergate";
import { startIdentityProvider } from "#idp";
import { bearer, callServerStream, callUnary, clientOf, isDuplex, kindsOf, serve, TRANSPORTS } from "./server.mjs";
import { SKIPPED } from "./service.mjs";

let idp;
let served;
let jwtAuth;

before(async () => {
  idp = await startIdentityProvider();
  jwtAuth = createJwtAuthInterceptor({
    jwksUri: idp.jwksUri,
    issuer: idp.issuer,
    audience: "my-api",
    maxTokenAge: "1h",
    claimsMapping: { roles: "realm_access.roles", scopes: "scope" },
    skipMethods: SKIPPED,
  });
  served = await serve({ interceptors: [jwtAuth] });
});

after(async () => {
  served.close();
  jwtAuth.verifier.close();
  await idp.stop();
});

const ALICE = { subject: "alice-service", roles: ["admin", "user"], scopes: ["read", "write"] };

for (const name of Object.keys(TRANSPORTS)) {
  describe(name, () => {
    for (const [kind, call] of kindsOf(name)) {
      it(`${kind}: the handler sees the caller at each message`, async () => {
        const answers = await call(clientOf(name, served), bearer(await idp.token()));
        assert.equal(answers.length, kind === "unary" || kind === "client-streaming" ? 1 : 3);
        for (const { subject, roles, scopes } of answers) {
          assert.deepEqual({ subject, roles, scopes }, ALICE);
        }
      });
    }

    it("concurrent callers never see each other", async () => {
      const client = clientOf(name, served);
      const tokens = await Promise.all(["alice-service", "bob-service"].map((who) => idp.token({ client: who })));
      const rounds = Array.from({ length: 10 }, (_, index) => index % 2);
      await Promise.all(
        rounds.map(async (which) => {
          const answers = await callServerStream(client, bearer(tokens[which]));
          assert.deepEqual(
            new Set(answers.map(({ subject }) => subject)),
            new Set([["alice-service", "bob-service"][which]]),
          );
        }),
      );
    });

    it("a skipped method runs without a token and without a context, headers of a spoofer or not", async () => {
      const client = clientOf(name, served);
      const spoof = { headers: { "x-auth-subject": "root" } };
      assert.equal((await client.open({ text: "x" }, spoof)).subject, "");
      for await (const answer of client.openStream({ count: 2 }, bearer(await idp.token()))) {
        assert.equal(answer.subject, "");
      }
    });

    it("answers come between questions where the transport lets them", { skip: !isDuplex(name) }, async () => {
      let ask;
      const asked = () =>
        new Promise((resolve) => {
          ask = resolve;
        });
      async function* conversation() {
        yield { text: "first" };
        yield { text: await asked() };
      }
      const texts = [];
      for await (const { subject, text } of clientOf(name, served).bidi(conversation(), bearer(await idp.token()))) {
        assert.equal(subject, "alice-service");
        texts.push(text);
        ask?.("second");
      }
      assert.deepEqual(texts, ["first", "second"]);
    });
  });
}

for (const name of Object.keys(TRANSPORTS)) {
  it(`${name}: no context crosses from the request before or from the code that started the server`, async () => {
    const starter = Object.freeze({ subject: "starter", roles: [], scopes: [], claims: {}, type: "session" });
    const inside = await authContextStorage.run(starter, () => serve({ interceptors: [jwtAuth] }));
    try {
      const client = clientOf(name, inside);
      const options = bearer(await idp.token());
      for (let round = 0; round < 3; round += 1) {
        assert.equal((await client.open({})).subject, "");
        assert.equal((await callUnary(client, options)).subject, "alice-service");
        for await (const { subject } of client.openStream({ count: 2 })) {
          assert.equal(subject, "");
        }
        for (const { subject } of await callServerStream(client, options)) {
          assert.equal(subject, "alice-service");
        }
      }
    } finally {
      inside.close();
    }
  });
}

describe("algorithms of the provider", () => {
  for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
    it(alg, async () => {
      const answer = await callUnary(clientOf("gRPC over HTTP/2", served), bearer(await idp.token({ alg })));
      assert.equal(answer.subject, "alice-service");
    });
  }
});
