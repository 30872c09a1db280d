// The request gate, and the interceptor behind it, on hand-made contexts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import {
  createJwtAuthInterceptor,
  createJwtRequestGate,
  getAuthContext,
  JwtVerifier,
  jwtAuthContextKey,
} from "bearergate";
import { request } from "./support/requests.mjs";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const ALICE = hmacToken({ sub: "alice" });

/** A handler context, and the request that Connect makes of it for interceptors. */
function call(token, more) {
  const { service, method, header } = request(token, more);
  const values = createContextValues();
  return {
    context: { service, method, requestHeader: header, values },
    req: { service, method, header, contextValues: values },
  };
}

/** Verifications that a verifier has made, seen through its hook. */
function counting(options = {}) {
  const counts = { validated: 0 };
  const validate = () => {
    counts.validated += 1;
  };
  return { counts, options: { secret: SECRET, validate, ...options } };
}

describe("a request gate", () => {
  it("leaves the context under the key, at once when keys are there", () => {
    const { context } = call(ALICE, { headers: { "x-auth-subject": "root" } });
    assert.equal(createJwtRequestGate({ secret: SECRET })(context), undefined);
    assert.equal(context.values.get(jwtAuthContextKey).subject, "alice");
    assert.equal(context.requestHeader.get("x-auth-subject"), null);
  });

  it("refuses with a ConnectError", () => {
    const { context } = call(undefined);
    assert.throws(
      () => createJwtRequestGate({ secret: SECRET })(context),
      (error) => {
        assert.equal(error.constructor, ConnectError);
        assert.equal(error.code, Code.Unauthenticated);
        assert.equal(error.metadata.get("www-authenticate"), "Bearer");
        return true;
      },
    );
    assert.equal(context.values.get(jwtAuthContextKey), undefined);
  });

  it("waits for keys, and refuses what they do not verify", async () => {
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    const verifier = new JwtVerifier({ jwksUri: jwks.url });
    const gate = createJwtRequestGate(verifier);
    const good = call(key.token({ sub: "alice" }));
    const bad = call(rsaKey("k").token({ sub: "alice" }));
    const results = await Promise.allSettled([gate(good.context), gate(bad.context)]);
    assert.equal(results[0].status, "fulfilled");
    assert.equal(good.context.values.get(jwtAuthContextKey).subject, "alice");
    assert.ok(results[1].reason instanceof ConnectError);
    assert.equal(bad.context.values.get(jwtAuthContextKey), undefined);
    verifier.close();
    jwks.close();
  });

  it("leaves nothing in a skipped method", () => {
    const { context } = call(ALICE, { method: "Open" });
    createJwtRequestGate({ secret: SECRET, skipMethods: ["a.B/Open"] })(context);
    assert.equal(context.values.get(jwtAuthContextKey), undefined);
  });
});

describe("an interceptor behind a request gate", () => {
  const through = async (gate, jwtAuth, { context, req }) => {
    await gate(context);
    return jwtAuth(async (seen) => ({ context: getAuthContext(), header: seen.header }))(req);
  };

  it("enters the context that the gate left, and does not verify again", async () => {
    const { counts, options } = counting({ propagateHeaders: true });
    const jwtAuth = createJwtAuthInterceptor(options);
    const made = call(ALICE);
    const seen = await through(createJwtRequestGate(jwtAuth.verifier), jwtAuth, made);
    assert.equal(seen.context, made.context.values.get(jwtAuthContextKey));
    assert.equal(seen.header.get("x-auth-subject"), "alice");
    assert.equal(counts.validated, 1);
  });

  it("does so too when each was made from equal options with the same hooks", async () => {
    const { counts, options } = counting({ propagateHeaders: true, propagatedClaims: ["sub"], onReject() {} });
    const made = call(hmacToken({ sub: "alice", exp: inSeconds(60) }));
    const seen = await through(createJwtRequestGate({ ...options }), createJwtAuthInterceptor({ ...options }), made);
    assert.equal(seen.context, made.context.values.get(jwtAuthContextKey));
    assert.equal(seen.header.get("x-auth-claims"), '{"sub":"alice"}');
    assert.equal(counts.validated, 1);
  });

  it("verifies by itself when any option or hook differs, and carries on by its own options", async () => {
    const one = counting();
    const two = counting({ propagateHeaders: true, propagatedClaims: ["sub"] });
    const made = call(hmacToken({ sub: "alice", exp: inSeconds(60) }));
    const seen = await through(createJwtRequestGate(one.options), createJwtAuthInterceptor(two.options), made);
    assert.equal(seen.context.subject, "alice");
    assert.equal(seen.header.get("x-auth-claims"), '{"sub":"alice"}');
    assert.deepEqual([one.counts.validated, two.counts.validated], [1, 1]);
    const [three, four] = [counting(), counting()];
    await through(createJwtRequestGate(three.options), createJwtAuthInterceptor(four.options), call(ALICE));
    assert.deepEqual([three.counts.validated, four.counts.validated], [1, 1]);
    const five = counting();
    const told = { ...five.options, onReject() {} };
    await through(createJwtRequestGate(five.options), createJwtAuthInterceptor(told), call(ALICE));
    assert.equal(five.counts.validated, 2);
  });

  it("refuses the issuer and key that only the gate trusts", async () => {
    const tenant = "the secret of a tenant, which is longer than 32 bytes";
    const gate = createJwtRequestGate({
      issuers: [
        { issuer: "corp", secret: SECRET },
        { issuer: "tenant", secret: tenant },
      ],
    });
    const admin = createJwtAuthInterceptor({ secret: SECRET, issuer: "corp" });
    const made = call(hmacToken({ sub: "root", iss: "tenant" }, { secret: tenant }));
    await assert.rejects(through(gate, admin, made), (error) => error.cause.code === "ERR_SIGNATURE_INVALID");
    assert.equal(made.context.values.get(jwtAuthContextKey).subject, "root");
  });

  it("applies the audience, required claims and validate that only it has", async () => {
    const gate = createJwtRequestGate({ secret: SECRET });
    const claims = { sub: "alice", aud: "admin-api", jti: "1" };
    for (const [more, without, code] of [
      [{ audience: "admin-api" }, "aud", "ERR_CLAIM_MISSING"],
      [{ requiredClaims: ["jti"] }, "jti", "ERR_CLAIM_MISSING"],
      [{ validate: () => false }, undefined, "ERR_REVOKED"],
    ]) {
      const made = call(hmacToken({ ...claims, [without]: undefined }));
      const strict = createJwtAuthInterceptor({ secret: SECRET, ...more });
      await assert.rejects(through(gate, strict, made), (error) => error.cause.code === code);
    }
  });

  it("takes no context of another request, whose values a server shares", async () => {
    const values = createContextValues();
    const jwtAuth = createJwtAuthInterceptor({ secret: SECRET });
    const gate = createJwtRequestGate(jwtAuth.verifier);
    const sharing = (token) => {
      const { context, req } = call(token);
      return { context: { ...context, values }, req: { ...req, contextValues: values } };
    };
    const [alice, bob] = [sharing(ALICE), sharing(hmacToken({ sub: "bob" }))];
    gate(alice.context);
    gate(bob.context);
    const who = jwtAuth(async () => getAuthContext().subject);
    assert.deepEqual(await Promise.all([who(alice.req), who(bob.req)]), ["alice", "bob"]);
    await assert.rejects(who(sharing(undefined).req), (error) => error.cause.code === "ERR_CREDENTIALS_MISSING");
  });

  it("refuses a subject that does not fit the headers it writes", async () => {
    const made = call(hmacToken({ sub: "a".repeat(600) }));
    const jwtAuth = createJwtAuthInterceptor({ secret: SECRET, propagateHeaders: true });
    await assert.rejects(through(createJwtRequestGate({ secret: SECRET }), jwtAuth, made), (error) => {
      assert.equal(error.cause.code, "ERR_SUBJECT_TOO_LONG");
      return true;
    });
  });

  it("verifies by itself where only its own clock tolerance says when streams end", async () => {
    const two = counting({ endStreamsAtExpiry: true });
    await through(createJwtRequestGate({ secret: SECRET }), createJwtAuthInterceptor(two.options), call(ALICE));
    assert.equal(two.counts.validated, 1);
  });

  it("believes no context that a gate has not left", async () => {
    const { context, req } = call(undefined);
    context.values.set(jwtAuthContextKey, { subject: "root", roles: [], scopes: [], claims: {}, type: "jwt" });
    const jwtAuth = createJwtAuthInterceptor({ secret: SECRET });
    await assert.rejects(jwtAuth(async () => assert.fail("the handler ran"))(req), { code: Code.Unauthenticated });
  });

  it("skips what it skips, whatever the gate left", async () => {
    const jwtAuth = createJwtAuthInterceptor({ secret: SECRET, skipMethods: ["a.B/Get"] });
    const seen = await through(createJwtRequestGate({ secret: SECRET }), jwtAuth, call(ALICE));
    assert.equal(seen.context, undefined);
  });
});
