// Rows 51 to 54: what headers and documents claim.
import assert from "node:assert/strict";
import { row } from "../lib/row.mjs";
import { PAST_AGE, PAST_COOLDOWN } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { json, status } from "../server/answers.mjs";

/** The set of a response with these headers is fresh up to exactly this age. */
async function livesFor(bench, headers, seconds, jwks = {}) {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  endpoint.answer(json(setOf(signer), headers));
  const gate = await bench.open(endpoint.url, jwks);
  await gate.accepts(signer.token());
  await gate.move(0, seconds - 0.001);
  assert.match((await gate.stats()).state, /^(fresh|ageing)$/, `${JSON.stringify(headers)} lives for ${seconds} s`);
  await gate.move(0, 0.001);
  await gate.shows({ state: "stale", fetches: 1 });
  await gate.close();
}

const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();

row(51, "absurd Cache-Control (0, 10 years, negative, garbage)", async (bench) => {
  const day = 86_400;
  for (const [headers, seconds, jwks] of [
    [{ "cache-control": "max-age=0" }, 60],
    [{ "cache-control": "no-cache, max-age=0, must-revalidate" }, 60],
    [{ "cache-control": "max-age=59" }, 60],
    [{ "cache-control": "max-age=61" }, 61],
    [{ "cache-control": "public, max-age=300" }, 300],
    [{ "cache-control": "max-age=315360000" }, 600],
    [{ "cache-control": "max-age=315360000" }, day, { cacheMaxAge: day }],
    [{ "cache-control": "max-age=0" }, 60, { cacheMaxAge: 60 }],
    [{ "cache-control": "max-age=-1" }, 600],
    [{ "cache-control": "max-age=soon" }, 600],
    [{ "cache-control": "max-age=" }, 600],
    [{ "cache-control": ", ;= \u00e9" }, 600],
    [{ "cache-control": ["no-transform", "max-age=120"] }, 120],
    [{ expires: "0" }, 60],
    [{ expires: "Thu, 01 Jan 1970 00:00:00 GMT" }, 60],
    [{ expires: inSeconds(10 * 365 * day) }, 600],
    [{ expires: inSeconds(10 * 365 * day), "cache-control": "max-age=90" }, 90],
    [{ date: inSeconds(-100 * day), expires: inSeconds(-100 * day + 200) }, 200],
  ]) {
    await livesFor(bench, headers, seconds, jwks);
  }
});

row(52, "durations in headers that overflow", async (bench) => {
  const digits = "9".repeat(400);
  for (const number of ["4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", digits]) {
    await livesFor(bench, { "cache-control": `max-age=${number}` }, 600);
    const endpoint = await bench.endpoint();
    const signer = new Signer("a");
    endpoint.answer(status(503, { "retry-after": number }));
    const gate = await bench.open(endpoint.url);
    await gate.unavailable(signer.token());
    await gate.shows({ nextAttemptSeconds: 30, failures: 1 });
    endpoint.answer(json(setOf(signer)));
    await gate.pass(30);
    await gate.accepts(signer.token());
  }
  await livesFor(bench, { expires: "Fri, 31 Dec 9999 23:59:59 GMT" }, 600);
  // An option that overflows is an error, and says which one it is.
  for (const option of ["timeout", "cacheMaxAge", "cooldown", "staleIfError"]) {
    for (const value of [1e300, 1e18, "9".repeat(30), `${"9".repeat(400)} years`, "999999999999 weeks"]) {
      const options = { jwksUri: "https://127.0.0.1/jwks", jwks: { [option]: value } };
      const { config } = await bench.driver.call("open", { options });
      assert.equal(config?.option, `jwks.${option}`, `${option}: ${value}`);
    }
  }
  bench.remark("the headers' side on the state machine: core/src/keyset/http.rs and machine/tests.rs");
});

row(53, "two issuers publish the same kid", async (bench) => {
  const names = ["https://one.example", "https://two.example"];
  const signers = names.map(() => new Signer("same"));
  const endpoints = [await bench.endpoint(), await bench.endpoint()];
  for (const [at, endpoint] of endpoints.entries()) {
    endpoint.answer(json(setOf(signers[at])));
  }
  const gate = await bench.open({
    issuers: names.map((issuer, at) => ({ issuer, jwksUri: endpoints[at].url })),
  });
  const fetches = () => endpoints.map((endpoint) => endpoint.fetches);
  await gate.accepts(signers[0].token({ iss: names[0] }));
  assert.deepEqual(fetches(), [1, 0]);
  const remembered = signers[1].token({ iss: names[1] });
  await gate.accepts(remembered);
  await gate.accepts(remembered);
  assert.deepEqual(fetches(), [1, 1]);
  // One issuer's key for a token that names the other; each may look once more at its own endpoint only.
  for (const [signer, iss, expected] of [
    [signers[0], names[1], [1, 2]],
    [signers[1], names[0], [2, 2]],
  ]) {
    await gate.refuses(signer.token({ iss }), "ERR_SIGNATURE_INVALID");
    assert.deepEqual(fetches(), expected);
  }
  await gate.refuses(signers[0].token({ iss: "https://three.example" }), "ERR_CLAIM_INVALID");
  await gate.refuses(signers[0].token(), "ERR_CLAIM_MISSING");
  assert.deepEqual(fetches(), [2, 2]);
  // An outage of one is not an outage of the other.
  await endpoints[0].stop();
  await gate.pass(PAST_AGE + 3600);
  await gate.unavailable(signers[0].token({ iss: names[0] }));
  await gate.accepts(remembered);
});

row(54, "discovery document names another issuer", async (bench) => {
  const endpoint = await bench.endpoint();
  const signer = new Signer("a");
  const issuer = `${endpoint.origin}/realm`;
  const keys = await bench.endpoint();
  keys.answer(json(setOf(signer)));
  const names = (value) => json({ issuer: value, jwks_uri: keys.url });
  const options = { issuer, discover: true };
  const token = signer.token({ iss: issuer });
  for (const other of [
    `${issuer}/`,
    issuer.toUpperCase(),
    endpoint.origin,
    "https://evil.example",
    undefined,
    7,
    null,
  ]) {
    endpoint.answer(names(other));
    const gate = await bench.open(options);
    await gate.unavailable(token);
    await gate.shows({ state: "cold", keys: 0, failures: 1, lastError: /discovery: .*issuer/ });
    await gate.hear("onFetchError", { issuer, reason: "invalid", error: /discovery/ });
  }
  assert.equal(keys.connections, 0);

  endpoint.answer(names(issuer));
  const gate = await bench.open(options, { headers: { "x-api-key": "for the issuer only" } });
  await gate.accepts(token);
  assert.equal(endpoint.requests.at(-1).headers["x-api-key"], "for the issuer only");
  assert.equal(keys.requests.at(-1).headers["x-api-key"], undefined);
  const seen = keys.fetches;
  endpoint.answer(names("https://evil.example"));
  await gate.pass(PAST_AGE);
  await gate.accepts(token);
  await gate.shows({ state: "stale", keys: 1, lastError: /discovery: .*issuer/ });
  assert.equal(keys.fetches, seen);
  endpoint.answer(names(issuer));
  await gate.pass(PAST_COOLDOWN);
  await gate.accepts(token);
  await gate.shows({ state: "fresh" });
  assert.deepEqual(
    new Set(endpoint.requests.map(({ target }) => target)),
    new Set(["/realm/.well-known/openid-configuration"]),
  );
});
