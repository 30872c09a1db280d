// What holds under any test runner, whose sandboxes have globals of their own. Each file of tests that
// calls this is another context that loads the same addon.
"use strict";

const { createHmac, generateKeyPairSync, sign } = require("node:crypto");
const { once } = require("node:events");
const { createServer } = require("node:http");

const SECRET = "the secret of a test runner's tests, long enough";
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

function token(alg, claims) {
  const signed = `${encode({ alg })}.${encode(claims)}`;
  const signature =
    alg === "HS256"
      ? createHmac("sha256", SECRET).update(signed).digest()
      : sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const request = (bearer) => ({
  service: { typeName: "a.B" },
  method: { name: "Get" },
  header: new Headers(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
});

/** Declares the tests with the runner's own globals. */
module.exports = function checks({ bearergate, connect }) {
  const { describe, it, expect, afterAll, beforeAll } = globalThis;
  const { ConfigError, createJwtAuthInterceptor, getAuthContext, JwtAuthError, JwtVerifier, requireAuthContext } =
    bearergate;

  describe("bearergate", () => {
    let server;
    let jwksUri;
    beforeAll(async () => {
      server = createServer((_, response) =>
        response.end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] })),
      );
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      jwksUri = `http://127.0.0.1:${server.address().port}/jwks`;
    });
    afterAll(() => server.close());

    it("verifies under a secret, a key object and a fetched set", async () => {
      for (const [options, given] of [
        [{ secret: SECRET }, token("HS256", { sub: "alice" })],
        [{ publicKey }, token("ES256", { sub: "alice" })],
        [{ publicKey: publicKey.export({ format: "jwk" }) }, token("ES256", { sub: "alice" })],
        [{ jwksUri }, token("ES256", { sub: "alice" })],
      ]) {
        const verifier = new JwtVerifier(options);
        const context = await verifier.verify(given);
        expect(context).toEqual({
          subject: "alice",
          name: undefined,
          roles: [],
          scopes: [],
          claims: { sub: "alice" },
          type: "jwt",
          expiresAt: undefined,
        });
        expect(Object.isFrozen(context)).toBe(true);
        verifier.close();
      }
    });

    it("refuses with errors of its own classes", async () => {
      const verifier = new JwtVerifier({ jwksUri });
      const error = await verifier.verify(token("ES256", { sub: "a", exp: 1 })).catch((refusal) => refusal);
      expect(error).toBeInstanceOf(JwtAuthError);
      expect(error).toBeInstanceOf(Error);
      expect(error.code).toBe("ERR_TOKEN_EXPIRED");
      expect(() => new JwtVerifier({})).toThrow(ConfigError);
      expect(() => new JwtVerifier({ secret: SECRET, audiance: "x" })).toThrow(/audiance/);
      verifier.close();
    });

    it("runs handlers in their context, and refuses as the runner's own ConnectError", async () => {
      const jwtAuth = createJwtAuthInterceptor({ secret: SECRET });
      const handler = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return requireAuthContext().subject;
      };
      expect(await jwtAuth(handler)(request(token("HS256", { sub: "alice" })))).toBe("alice");
      expect(getAuthContext()).toBeUndefined();
      const error = await jwtAuth(handler)(request()).catch((refusal) => refusal);
      expect(error).toBeInstanceOf(connect.ConnectError);
      expect(error.code).toBe(connect.Code.Unauthenticated);
    });
  });
};
