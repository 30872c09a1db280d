// Whatever the package's objects show of themselves holds no secret and nothing of a token: inspection,
// JSON, texts, stacks, events, warnings and stats are searched for markers in each of them.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { inspect } from "node:util";
import * as bearergate from "../index.mjs";
import { hmacToken, serveJwks } from "./support/tokens.mjs";

const { createJwtAuthInterceptor, createJwtRequestGate, JwtVerifier } = bearergate;
const SECRET = "SECRETMARKER-5d41402abc4b2a76b9719d91";
const HEADER = "HEADERMARKER-7d793037a0760186574b0282";
const PROXY = "PROXYMARKER-9e107d9d372bb6826bd81d35";
const QUERY = "QUERYMARKER-e4d909c290d0fb1ca068ffad";
const PRIVATE = "PRIVATEMARKER-f96b697d7cb7938d525a2f31";
const CLAIM = "CLAIMMARKER-8277e0910d750195b448797616";
const SIGNATURE = "SIGNATUREMARKER-d174ab98d277d9f5a5611c";

const shown = [];
beforeEach(() => {
  shown.length = 0;
});

/** Keeps every text that a value shows of itself. */
function show(what, value) {
  const texts = [
    inspect(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null }),
    JSON.stringify(value) ?? "",
    typeof value === "function" || value instanceof Object ? String(value) : `${value}`,
    ...(value instanceof Error ? [value.message, value.stack ?? "", JSON.stringify(Object.entries(value))] : []),
    ...(value?.metadata instanceof Headers ? [JSON.stringify([...value.metadata])] : []),
  ];
  for (const text of texts) {
    shown.push([what, text]);
  }
  if (value instanceof Error && value.cause !== undefined) {
    show(`the cause of ${what}`, value.cause);
  }
}

/** How a marker may be written. The last letters of base64 depend on what follows. */
function forms(text) {
  const bytes = Buffer.from(text);
  const encoded = [bytes.toString("base64"), bytes.toString("base64url")].map((form) => form.slice(0, -4));
  return [
    text,
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    [...bytes].join(", "),
    [...bytes].join(","),
    ...encoded,
  ];
}

function search(markers) {
  const found = new Set();
  for (const marker of markers) {
    for (const form of forms(marker)) {
      for (const [what, text] of shown) {
        if (text.includes(form)) {
          found.add(`${marker} in ${what}`);
        }
      }
    }
  }
  assert.deepEqual([...found], []);
}

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const forged = (header) => `${encode(header)}.${encode({ sub: "user-1", email: CLAIM })}.${encode(SIGNATURE)}`;
const claims = { sub: "user-1", email: CLAIM };

const TOKENS = [
  forged({ alg: "HS256", kid: "k" }),
  forged({ alg: "none" }),
  forged({ alg: "HS256", crit: ["x"] }),
  forged({}),
  `${forged({ alg: "HS256" })}.${encode(CLAIM)}`,
  `${encode({ alg: "HS256" })}.${"A".repeat(20_000)}${CLAIM}.${encode(SIGNATURE)}`,
  `${CLAIM} ${SIGNATURE}`,
  ...[{ exp: 1 }, { exp: CLAIM }, { iss: CLAIM }, { aud: [CLAIM] }, { cnf: { jkt: CLAIM } }, { sub: "" }].map((more) =>
    hmacToken({ ...claims, iss: "https://issuer.test", aud: "api", ...more }, { secret: SECRET }),
  ),
];

async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail("not refused");
}

test("nothing that is shown holds a secret or a token", async (t) => {
  const warnings = (warning) => show("a warning", warning);
  process.on("warning", warnings);
  t.after(() => process.off("warning", warnings));
  const verifier = new JwtVerifier({
    secret: [SECRET, Buffer.from(SECRET)],
    issuer: "https://issuer.test",
    audience: "api",
    onReject: (event) => show("an event", event),
  });
  const interceptor = createJwtAuthInterceptor(verifier);
  const gate = createJwtRequestGate(verifier);
  for (const [what, value] of Object.entries({ verifier, interceptor, gate, stats: verifier.stats(), ...bearergate })) {
    show(what, value);
  }
  for (const token of TOKENS) {
    show("an error", await refusal(() => verifier.verifySync(token)));
    show("an error", await refusal(() => verifier.verify(token)));
    const header = new Headers({ authorization: `Bearer ${token}` });
    const request = { service: { typeName: "a.B" }, method: { name: "Get" }, header };
    show("a Connect error", await refusal(() => interceptor(async () => ({}))(request)));
  }
  const accepted = hmacToken({ ...claims, iss: "https://issuer.test", aud: "api" }, { secret: SECRET });
  show("verifier", verifier);
  show("stats", verifier.stats());
  const own = TOKENS.concat(accepted).flatMap((token) => token.split(".").slice(1));
  const segments = own.filter((segment) => segment.length > 16 && segment.length < 1000);
  search([SECRET, CLAIM, SIGNATURE, ...segments]);
  // Whoever was accepted is shown, and how the token was written is not.
  show("a context", verifier.verifySync(accepted));
  search([SECRET, SIGNATURE, accepted, accepted.split(".")[1], accepted.split(".")[2]]);
});

test("no construction error holds what was configured in secret", async () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${PRIVATE}\n-----END PRIVATE KEY-----`;
  const jwksUri = "https://idp.test/";
  for (const options of [
    { secret: SECRET.slice(0, 24) },
    { secret: { x: SECRET } },
    { secret: [SECRET, 7] },
    { secret: SECRET, algorithms: ["HS512"] },
    { secret: SECRET, unknown: 1 },
    { secret: JSON.stringify({ kty: "oct", k: SECRET }) },
    { secret: pem },
    { publicKey: pem },
    { publicKey: { kty: "EC", crv: "P-256", d: PRIVATE } },
    { publicKey: { kty: "oct", k: PRIVATE } },
    { jwksUri: `https://user:${QUERY}@idp.test/` },
    { jwksUri: `ftp://idp.test/?key=${QUERY}` },
    { jwksUri, jwks: { headers: { x: `${HEADER}\n` } } },
    { jwksUri, jwks: { headers: HEADER } },
    { jwksUri, jwks: { proxy: `socks5://u:${PROXY}@proxy.test` } },
  ]) {
    show("a construction error", await refusal(() => new JwtVerifier(options)));
  }
  search([SECRET.slice(0, 24), PRIVATE, QUERY, HEADER, PROXY]);
});

test("nothing about remote keys holds a header, a query or a token", async (t) => {
  const server = await serveJwks({ jwk: { kty: "oct", k: PRIVATE } }, { jwk: { kty: "EC", crv: "P-256", d: PRIVATE } });
  t.after(() => server.close());
  const hooks = ["onFetch", "onFetchError", "onKeysChanged", "onReject"];
  let events = 0;
  const count = (event) => {
    events += 1;
    show("an event", event);
  };
  const verifier = new JwtVerifier({
    jwksUri: `${server.url}?key=${QUERY}`,
    jwks: { headers: { authorization: HEADER } },
    ...Object.fromEntries(hooks.map((name) => [name, count])),
  });
  const token = forged({ alg: "ES256", kid: "k" });
  show("an error", await refusal(() => verifier.verifySync(token)));
  show("an error", await refusal(() => verifier.verify(token)));
  show("an error", await refusal(() => verifier.ready({ timeout: 0.2 })));
  for (const started = Date.now(); events < 3; await new Promise((resolve) => setTimeout(resolve, 5))) {
    assert.ok(Date.now() - started < 20_000, "no events came");
  }
  show("verifier", verifier);
  show("stats", verifier.stats());
  verifier.close();
  search([HEADER, QUERY, PRIVATE, CLAIM, SIGNATURE, ...token.split(".").slice(1)]);
});
