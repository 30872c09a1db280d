// Rows 14 to 20: the endpoint answers 200, or nearly, and what it says is no key set.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { row } from "../lib/row.mjs";
import { keepsOld, keepsOldWithEveryRequestCounted, PAST_AGE, PAST_COOLDOWN, warm } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { brokenOff, head, json, status, text } from "../server/answers.mjs";
import { selfSigned } from "../server/certificates.mjs";

const invalid = (error) => ({ error, reason: "invalid" });

row(14, "204, or 200 with an empty body", async (bench) => {
  await keepsOldWithEveryRequestCounted(bench, () => status(204), {
    error: /status 204/,
    reason: "unavailable",
    status: 204,
  });
  await keepsOldWithEveryRequestCounted(bench, () => text(""), invalid(/not strict JSON/));
  await keepsOldWithEveryRequestCounted(bench, () => text("  \n"), invalid(/not strict JSON/));
  // Nothing said of its length: the end of the connection is the end of the body.
  const unsaid = () => (exchange) => exchange.end(head(200, {}));
  await keepsOldWithEveryRequestCounted(bench, unsaid, invalid(/not strict JSON/));
});

row(15, "TLS: expired, self-signed, wrong name", async (bench) => {
  const { ca, certify } = await bench.authority();
  const day = 86_400_000;
  const good = await certify();
  const faults = [
    [await certify({ from: -2 * day, to: -day }), /expired/i],
    [await certify({ from: day / 4, to: day / 2 }), /not valid yet/i],
    [await selfSigned(), /certificate/i],
    [await certify({ names: [{ type: "dns", value: "keys.example.com" }] }), /not valid for/i],
    [await certify({ names: [{ type: "ip", value: "127.0.0.2" }] }), /not valid for/i],
  ];
  for (const [identity, error] of faults) {
    const endpoint = await bench.endpoint({ tls: good });
    // Whoever reads past the certificate finds good keys.
    const fault = (signer) => Object.assign(json(setOf(signer)), { identity });
    const settings = { endpoint: certifying(endpoint, good), jwks: { ca } };
    const seen = await keepsOld(bench, fault, { error, reason: "unavailable" }, settings);
    assert.equal(seen, 0, "a request was sent over a connection that nobody vouched for");
    assert.equal(endpoint.plaintext, 0, "it was downgraded to plain http");
  }
  await refusesPlainText(bench, ca);
});

/** A port that speaks no TLS at all is told nothing either. */
async function refusesPlainText(bench, ca) {
  const plain = await bench.endpoint();
  const signer = new Signer("a");
  plain.answer(json(setOf(signer)));
  const gate = await bench.open(plain.url.replace("http:", "https:"), { ca });
  await gate.unavailable(signer.token());
  await gate.shows({ state: "cold", failures: 1, lastError: /cannot connect/ });
  assert.equal(plain.fetches, 0);
}

/** An endpoint whose answers may bring their own certificate. */
function certifying(endpoint, good) {
  return {
    get url() {
      return endpoint.url;
    },
    get fetches() {
      return endpoint.fetches;
    },
    answer(answer) {
      endpoint.certify(answer.identity ?? good);
      endpoint.answer(answer);
    },
  };
}

row(16, "reset mid-body; short Content-Length", async (bench) => {
  const unavailable = { error: /^the connection failed/, reason: "unavailable" };
  for (const how of ["reset", "end"]) {
    const fault = (signer) => brokenOff(setOf(signer), how);
    await keepsOldWithEveryRequestCounted(bench, fault, unavailable);
  }
  const chunked = (end) => (signer) => (exchange) => {
    const body = JSON.stringify(setOf(signer));
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
    exchange.write(head(200, { "transfer-encoding": "chunked" }) + chunk);
    setTimeout(() => exchange[end](), 20);
  };
  // The chunks hold a whole key set, and the last one never comes.
  await keepsOldWithEveryRequestCounted(bench, chunked("end"), unavailable);
  await keepsOldWithEveryRequestCounted(bench, chunked("reset"), unavailable);
  const short = (signer) => {
    const body = JSON.stringify(setOf(signer));
    return (exchange) => exchange.end(head(200, { "content-length": body.length - 9 }) + body);
  };
  await keepsOldWithEveryRequestCounted(bench, short, invalid(/not strict JSON/));
  const long = (signer) => {
    const body = JSON.stringify(setOf(signer));
    return (exchange) => exchange.end(head(200, { "content-length": body.length + 9 }) + body);
  };
  await keepsOldWithEveryRequestCounted(bench, long, unavailable);
  const before = () => (exchange) => exchange.reset();
  await keepsOldWithEveryRequestCounted(bench, before, unavailable);
});

row(17, "garbage; truncated JSON", async (bench) => {
  const bodies = [
    () => Buffer.from("\0\u0001\u00ff garbage", "latin1"),
    (signer) => JSON.stringify(setOf(signer)).slice(0, -1),
    (signer) => JSON.stringify(setOf(signer)).slice(0, -40),
    (signer) => `${JSON.stringify(setOf(signer))},`,
    (signer) => `callback(${JSON.stringify(setOf(signer))})`,
    (signer) => JSON.stringify(setOf(signer)).replaceAll('"', "'"),
    (signer) => Buffer.concat([Buffer.from(JSON.stringify(setOf(signer))), Buffer.of(0xff)]),
  ];
  for (const body of bodies) {
    await keepsOldWithEveryRequestCounted(bench, (signer) => text(body(signer)), invalid(/not strict JSON/));
  }
  // And compressed garbage, or half of something compressed.
  const zipped = (bytes) => text(bytes, { "content-encoding": "gzip" });
  await keepsOldWithEveryRequestCounted(bench, () => zipped("garbage"), invalid(/cannot be decoded/));
  const half = (signer) => zipped(gzipSync(JSON.stringify(setOf(signer))).subarray(0, -12));
  await keepsOldWithEveryRequestCounted(bench, half, { error: /unexpected end/, reason: /invalid|unavailable/ });
});

row(18, "HTML with 200", async (bench) => {
  const page = "<!doctype html><title>Sign in</title><form action=/login><input name=user></form>";
  for (const type of ["text/html; charset=utf-8", "application/json"]) {
    const fault = () => text(page, { "content-type": type });
    await keepsOldWithEveryRequestCounted(bench, fault, invalid(/not strict JSON/));
  }
});

row(19, "{}, [], keys null / string / object", async (bench) => {
  for (const body of [
    "{}",
    "[]",
    "null",
    "7",
    '"keys"',
    '{"keys":null}',
    '{"keys":"x"}',
    '{"keys":{}}',
    '{"KEYS":[]}',
  ]) {
    await keepsOldWithEveryRequestCounted(bench, () => text(body), invalid(/not a JWK Set: no array `keys`/));
  }
  // The keys themselves, in no set.
  await keepsOldWithEveryRequestCounted(bench, (signer) => json([signer.jwk()]), invalid(/not a JWK Set/));
  await keepsOldWithEveryRequestCounted(bench, (signer) => json(signer.jwk()), invalid(/not a JWK Set/));
});

row(20, "keys: []", async (bench) => {
  await keepsOldWithEveryRequestCounted(bench, () => json({ keys: [] }), invalid(/no usable key among 0/));

  // Whoever revokes the only key so is heard at `staleIfError`, and not before.
  const endpoint = await bench.endpoint();
  const signer = new Signer("only");
  const gate = await warm(bench, endpoint, [signer], { staleIfError: 300 });
  const token = signer.token();
  await gate.accepts(token);
  endpoint.answer(json({ keys: [] }));
  await gate.pass(PAST_AGE);
  await gate.accepts(token);
  await gate.settle();
  await gate.hear("onFetchError", { reason: "invalid", state: "stale", error: /no usable key/ });
  for (let seconds = PAST_COOLDOWN; seconds < 298; seconds += PAST_COOLDOWN) {
    await gate.pass(PAST_COOLDOWN);
    await gate.accepts(token);
    await gate.settle();
  }
  await gate.pass(PAST_COOLDOWN + 5);
  await gate.unavailable(token);
  await gate.unavailable(signer.token());
  await gate.shows({ state: "dead", lastError: /no usable key among 0/ });
});
