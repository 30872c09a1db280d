// Rows 21 to 31: a key set with keys in it that are not what they should be.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { row } from "../lib/row.mjs";
import { keepsOldWithEveryRequestCounted, PAST_AGE, PAST_COOLDOWN, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { inTurn, json } from "../server/answers.mjs";

/** A verifier of a set that holds a good key beside these. */
async function beside(bench, jwks, settings = {}) {
  const endpoint = await bench.endpoint();
  const good = new Signer("good");
  endpoint.answer(json(setOf(...jwks, good)));
  const gate = await bench.open(endpoint.url, settings);
  await gate.accepts(good.token());
  return { endpoint, good, gate };
}

/** These JWKs are skipped with these reasons, in the stats and in the event, and the good key serves. */
async function skips(bench, cases) {
  const { gate, good } = await beside(
    bench,
    cases.map(([jwk]) => jwk),
  );
  const { skipped } = await gate.shows({ state: "fresh", keys: 1, failures: 0 });
  assert.equal(skipped.length, cases.length);
  for (const [at, [jwk, reason]] of cases.entries()) {
    assert.match(skipped[at].reason, reason);
    assert.equal(skipped[at].kid ?? null, typeof jwk?.kid === "string" ? jwk.kid : null);
  }
  const event = await gate.hear("onKeysChanged", { source: "remote", keys: 1, added: ["good"] });
  assert.deepEqual(event.skipped, skipped);
  await gate.hear("onFetch", { keys: 1, skipped: cases.length });
  await gate.accepts(good.token());
}

const changed = (text, at) => `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;

row(21, "one malformed key among good ones", async (bench) => {
  const ec = new Signer("bad").jwk();
  await skips(bench, [
    [7, /must be a JSON object/],
    [null, /must be a JSON object/],
    [[], /must be a JSON object/],
    [{}, /kty is missing/],
    [{ ...ec, kty: 5 }, /kty is not a string/],
    [{ ...ec, x: undefined }, /x is missing/],
    [{ ...ec, x: `${ec.x}=` }, /x is not base64url/],
    [{ ...ec, x: ec.x.slice(4) }, /coordinate/],
    [{ ...ec, alg: "ES384" }, /does not fit/],
    [{ ...ec, alg: 256 }, /alg is not a string/],
  ]);
});

row(22, "every key unusable", async (bench) => {
  const { x, ...half } = new Signer("bad").jwk();
  assert.ok(x);
  const unusable = [half, { kty: "oct", k: "AAAA" }, { ...half, x, d: "AA" }, 5];
  await keepsOldWithEveryRequestCounted(bench, () => json({ keys: unusable }), {
    error: /no usable key among 4 \(x is missing; a symmetric key/,
    reason: "invalid",
  });
});

row(23, "two different keys with the same kid and alg", async (bench) => {
  const [one, two, other] = [new Signer("same"), new Signer("same"), new Signer("other")];
  const endpoint = await bench.endpoint();
  const gate = await warm(bench, endpoint, [other, one, two]);
  for (const signer of [one, two]) {
    await gate.refuses(signer.token(), "ERR_KEY_AMBIGUOUS");
  }
  await gate.accepts(other.token());
  // The same key twice is one key; and an ambiguity is no reason to ask again.
  await gate.shows({ keys: 3, fetches: 1 });
  const twice = await bench.endpoint();
  const second = await warm(bench, twice, [one, one, other]);
  await second.accepts(one.token());
  await second.accepts(other.token());
});

row(24, "same kid, different kty", async (bench) => {
  const signers = ["ES256", "RS256", "EdDSA"].map((alg) => new Signer("same", alg));
  const endpoint = await bench.endpoint();
  const gate = await warm(bench, endpoint, signers);
  for (const signer of signers) {
    await gate.accepts(signer.token());
  }
  await gate.shows({ keys: 3, fetches: 1 });
});

row(25, "same kid, new material (rotated in place)", async (bench) => {
  const [before, after] = [new Signer("k"), new Signer("k")];
  const endpoint = await bench.endpoint();
  const gate = await warm(bench, endpoint, [before]);
  endpoint.answer(json(setOf(after)));
  await gate.accepts(after.token());
  assert.equal(endpoint.fetches, 2);
  await gate.hear("onKeysChanged", { source: "remote", added: ["k"], removed: ["k"] });
  // At most one such fetch in a cooldown: forgeries cause none.
  await gate.refuses(before.token(), "ERR_SIGNATURE_INVALID");
  for (let forged = 0; forged < 20; forged += 1) {
    await gate.refuses(new Signer("k").token(), "ERR_SIGNATURE_INVALID");
    await gate.pass(1);
  }
  assert.equal(endpoint.fetches, 2);
  await gate.pass(10);
  await gate.refuses(before.token(), "ERR_SIGNATURE_INVALID");
  assert.equal(endpoint.fetches, 3);
  await gate.accepts(after.token());
});

row(26, "key removed (revoked)", async (bench) => {
  const [kept, revoked] = [new Signer("kept"), new Signer("revoked")];
  const endpoint = await bench.endpoint();
  const gate = await warm(bench, endpoint, [kept, revoked]);
  const remembered = revoked.token();
  for (let time = 0; time < 3; time += 1) {
    await gate.accepts(remembered);
  }
  assert.ok((await gate.stats()).cacheHits >= 2);
  endpoint.answer(json(setOf(kept)));
  await gate.pass(PAST_AGE);
  await gate.accepts(kept.token());
  await gate.settle();
  await gate.hear("onKeysChanged", { source: "remote", added: [], removed: ["revoked"], keys: 1 });
  await gate.refuses(remembered, "ERR_KEY_NOT_FOUND");
  await gate.refuses(revoked.token(), "ERR_KEY_NOT_FOUND");
  await gate.accepts(kept.token());
});

row(27, "unknown kty / alg / crv / use values; numeric kid", async (bench) => {
  const ec = new Signer("bad").jwk();
  const okp = new Signer("bad", "EdDSA").jwk();
  await skips(bench, [
    [{ ...ec, kty: "PQC" }, /unsupported kty "PQC"/],
    [{ ...ec, alg: "ES257" }, /unsupported alg "ES257"/],
    [{ ...ec, crv: "P-257" }, /unsupported crv "P-257"/],
    [{ ...okp, crv: "Ed448" }, /unsupported crv "Ed448"/],
    [{ ...ec, use: "signature" }, /its use is not "sig"/],
    [{ ...ec, use: 1 }, /its use is not "sig"/],
    [{ ...ec, kid: 7 }, /kid is not a string/],
    [{ ...ec, kid: null }, /kid is not a string/],
  ]);
  // Members that nobody has heard of are no reason to skip.
  const named = new Signer("extended");
  const endpoint = await bench.endpoint();
  endpoint.answer(json({ keys: [named.jwk({ use: "sig", "x-rotated": { at: [1] } })], version: 3 }));
  await (await bench.open(endpoint.url)).accepts(named.token());
});

row(28, "use: enc; key_ops without verify", async (bench) => {
  const ec = new Signer("bad");
  await skips(bench, [
    [ec.jwk({ use: "enc" }), /its use is not "sig"/],
    [ec.jwk({ key_ops: ["encrypt"] }), /key_ops do not contain "verify"/],
    [ec.jwk({ key_ops: [] }), /key_ops do not contain "verify"/],
    [ec.jwk({ key_ops: "verify" }), /key_ops do not contain "verify"/],
  ]);
  const { gate, endpoint } = await beside(bench, [ec.jwk({ use: "enc" })]);
  await gate.refuses(ec.token(), "ERR_KEY_NOT_FOUND");
  assert.equal(endpoint.fetches, 2);
});

row(29, "private key in the set", async (bench) => {
  const leaked = new Signer("leaked");
  const whole = { ...leaked.privateKey.export({ format: "jwk" }), kid: "leaked" };
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  await skips(bench, [
    [whole, /private key/],
    [{ ...rsa, kid: "rsa" }, /private key/],
  ]);
  const { gate } = await beside(bench, [whole]);
  await gate.refuses(leaked.token(), "ERR_KEY_NOT_FOUND");
  const told = JSON.stringify([await gate.stats(), await gate.events()]);
  assert.ok(!told.includes(whole.d), "the private key is told on");
});

row(30, "oct key in a remote set", async (bench) => {
  const secret = Buffer.alloc(64, "s");
  const oct = { kty: "oct", kid: "oct", k: secret.toString("base64url") };
  const named = ["HS256", "HS384", "HS512"].map((alg) => ({ ...oct, alg }));
  await skips(
    bench,
    [oct, ...named].map((jwk) => [jwk, /symmetric key/]),
  );
  const { gate, endpoint, good } = await beside(bench, [oct]);
  for (const [alg, hash] of [
    ["HS256", "sha256"],
    ["HS384", "sha384"],
    ["HS512", "sha512"],
  ]) {
    // The secret itself, and the text of the public key that HMAC confusion would use.
    for (const key of [secret, Buffer.from(JSON.stringify(good.jwk()))]) {
      const [header, payload] = good.token({}, { alg, kid: "oct" }).split(".");
      const mac = createHmac(hash, key).update(`${header}.${payload}`).digest("base64url");
      await gate.refuses(`${header}.${payload}.${mac}`, "ERR_ALG_NOT_ALLOWED");
    }
  }
  await gate.shows({ fetches: 1 });
  await gate.refuses(good.token({}, { kid: "oct" }), "ERR_KEY_NOT_FOUND");
  endpoint.answer(inTurn(json({ keys: [oct] })));
  await gate.pass(PAST_AGE + PAST_COOLDOWN);
  await gate.accepts(good.token());
  await gate.shows({ state: "stale", lastError: /no usable key among 1 \(a symmetric key/ });
});

row(31, "RSA 1024, e = 1, off-curve point, leading zeros in n", async (bench) => {
  const rsa = new Signer("rsa", "RS256");
  const ec = new Signer("ec").jwk();
  const jwk = rsa.jwk();
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const huge = Buffer.alloc(1200, 0xff).toString("base64url");
  await skips(bench, [
    [{ ...small, kid: "small" }, /2048/],
    [{ ...jwk, n: huge }, /8192/],
    [{ ...jwk, e: "AQ" }, /exponent/],
    [{ ...jwk, e: "Ag" }, /exponent/],
    [{ ...jwk, e: "AA" }, /exponent/],
    [{ ...ec, y: changed(ec.y, 3) }, /./],
  ]);
  const padded = Buffer.concat([Buffer.alloc(2), Buffer.from(jwk.n, "base64url")]).toString("base64url");
  const endpoint = await bench.endpoint();
  endpoint.answer(json({ keys: [{ ...jwk, n: padded }] }));
  await (await bench.open(endpoint.url)).accepts(rsa.token());
});
