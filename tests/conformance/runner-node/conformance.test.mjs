// Every case through the public classes of the Node package, with the verified-signature cache and
// without. With BEARERGATE_OUTCOMES set to a path, the outcomes are written there;
// BEARERGATE_CASES runs the cases whose id contains it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  AuthzDeniedError,
  ConfigError,
  createAuthzInterceptor,
  createJwtAuthInterceptor,
  getAuthContext,
  JwtAuthError,
} from "../../../bindings-node/index.mjs";
import { canonical } from "./canonical.mjs";
import { load, natural, place } from "./cases.mjs";
import { startServer } from "./server.mjs";

const require = createRequire(import.meta.url);
const { createVerifierOnClock } = require("../../../bindings-node/lib/internal/clock.js");
const { HttpGuard, answerOf } = require("../../../bindings-node/lib/http.js");

/** Longest wait for a background fetch to end, in milliseconds. */
const PATIENCE = 20_000;
const CONNECT_CODES = { 7: "permission_denied", 14: "unavailable", 16: "unauthenticated" };

const filter = process.env.BEARERGATE_CASES ?? "";
const ms = (seconds) => Math.round(seconds * 1000);

let server;
/** Tokens that were found in a cache. */
let hits = 0;
const lines = [];
const counts = { cases: 0, steps: 0, skipped: 0 };

before(async () => {
  server = await startServer();
});

after(async () => {
  await server.close();
  if (process.env.BEARERGATE_OUTCOMES) {
    writeFileSync(process.env.BEARERGATE_OUTCOMES, lines.map((line) => `${line}\n`).join(""));
  }
  console.log(`node: ${counts.cases} cases, ${counts.steps} steps, ${counts.skipped} skipped`);
});

for (const { suite, cases } of load()) {
  const chosen = cases.filter(({ id }) => id.includes(filter));
  if (chosen.length === 0) {
    continue;
  }
  test(suite, async () => {
    const failures = [];
    for (const each of chosen) {
      counts.cases += 1;
      counts.steps += each.steps.length;
      const [on, off] = [await run(each, true), await run(each, false)];
      for (const outcomes of [on, off]) {
        if (outcomes.length !== each.steps.length) {
          failures.push(`${each.id}: ${outcomes.length} of ${each.steps.length} steps ran`);
        }
        outcomes.forEach((outcome, at) => {
          const problem = difference(each.steps[at], outcome);
          if (problem !== undefined) {
            failures.push(`${each.id} step ${at}${problem}`);
          }
        });
      }
      const line = canonical({ id: each.id, steps: on });
      if (line !== canonical({ id: each.id, steps: off })) {
        failures.push(`${each.id}: the cache, or the thread, changes the outcome`);
      }
      lines.push(line);
    }
    assert.deepEqual(failures, [], `${failures.length} failures`);
  });
}

test("the cache was used", () => {
  assert.ok(filter !== "" || hits > 1000, `${hits} hits`);
});

async function run({ id, options, skipPaths, authz, steps }, cached) {
  const folder = server.folder(`${id}.test`);
  const origin = server.origin(folder);
  const remote = /\$(jwks|origin|proxy)/.test(JSON.stringify(options));
  const given = await natural(place(options, origin));
  if (!cached && (given.cache ?? null) === null) {
    given.cache = false;
  }
  // Where a slow signature is verified changes no outcome either.
  given.offMainThread = !cached;
  const events = [];
  given.onReject ??= (event) => events.push(event);
  const [{ now: first }] = steps;
  let made;
  let http;
  let authorize = (next) => next;
  try {
    made = createVerifierOnClock(given, ms(first), 0);
    http = new HttpGuard(made.verifier, { skipPaths });
    if (authz !== undefined) {
      authorize = createAuthzInterceptor(await natural(authz));
    }
  } catch (error) {
    assert.ok(error instanceof ConfigError && error instanceof TypeError, String(error));
    assert.equal(error.code, "ERR_CONFIG");
    return [{ config: { option: error.option } }];
  }
  const { verifier, setClock } = made;
  const jwtAuth = createJwtAuthInterceptor(verifier);
  const interceptor = (next) => jwtAuth(authorize(next));
  const outcomes = [];
  let mono = 0;
  for (const step of steps) {
    if (step.serve !== undefined) {
      server.serve(folder, place(step.serve, origin));
    }
    mono = step.mono === undefined ? Math.max(mono, ms(step.now - first)) : ms(step.mono);
    setClock(ms(step.now), mono);
    const seen = server.requests(folder);
    events.length = 0;
    let outcome = await act({ verifier, interceptor, http }, step, events);
    if (cached && outcome.context !== undefined) {
      // Out of the cache it is the same.
      const again = await act({ verifier, interceptor, http }, step, events);
      if (canonical(again) !== canonical(outcome)) {
        outcome = { first: outcome, again };
      }
    }
    await settled(verifier);
    if (remote) {
      outcome.fetches = server.requests(folder) - seen;
    }
    outcomes.push(outcome);
  }
  hits += verifier.stats().cacheHits;
  verifier.close();
  return outcomes;
}

function act({ verifier, interceptor, http }, step, events) {
  if (step.token !== undefined) {
    return bare(verifier, step.token, events);
  }
  if (step.http !== undefined) {
    return inFront(http, step.http);
  }
  return step.headers === undefined ? { constructed: true } : request(interceptor, step);
}

async function bare(verifier, token, events) {
  try {
    return { context: plain(await verifier.verify(token)) };
  } catch (error) {
    const { connectCode } = events.at(-1);
    assert.deepEqual([events.length, events[0].code, events[0].claim], [1, error.code, error.claim]);
    return { error: { ...details(error), connectCode } };
  }
}

async function request(interceptor, { service, method, headers }) {
  const header = new Headers();
  for (const [name, value] of headers) {
    header.append(name, value);
  }
  const handler = async (req) => ({
    context: getAuthContext(),
    headers: Object.fromEntries([...req.header].filter(([name]) => name.startsWith("x-auth-"))),
  });
  try {
    const call = { service: { typeName: service }, method: { name: method }, header };
    const { context, headers: left } = await interceptor(handler)(call);
    return context === undefined ? { skipped: true, headers: left } : { context: plain(context), headers: left };
  } catch (error) {
    if (!(error.cause instanceof JwtAuthError)) {
      return { denied: denial(error) };
    }
    const challenge = error.metadata.get("www-authenticate");
    return { error: { ...details(error.cause), connectCode: CONNECT_CODES[error.code], challenge } };
  }
}

/** What the authorization says. */
function denial(error) {
  const { ruleName, requiredRoles, requiredScopes } = error.authzDetails ?? {};
  assert.equal(error instanceof AuthzDeniedError, CONNECT_CODES[error.code] === "permission_denied", String(error));
  const rule =
    ruleName === undefined ? null : { name: ruleName, roles: requiredRoles ?? [], scopes: requiredScopes ?? [] };
  return { connectCode: CONNECT_CODES[error.code], message: error.rawMessage, rule };
}

/** A request in front of a framework, as an adapter treats it. */
async function inFront(http, { method, target, headers }) {
  const sent = new Headers();
  for (const [name, value] of headers) {
    sent.append(name, value);
  }
  const header = (name) => sent.get(name) ?? undefined;
  try {
    const accepted = await http.check({ method, target, header });
    if (accepted === undefined) {
      return { skipped: true, headers: {} };
    }
    const names = accepted.headers.filter((_, at) => at % 2 === 0);
    const propagated = names.map((name, at) => [name, accepted.headers[2 * at + 1]]);
    return { context: plain(accepted.context), headers: Object.fromEntries(propagated) };
  } catch (error) {
    assert.ok(error instanceof JwtAuthError, String(error));
    const { status, headers: told, body } = answerOf(error, header("content-type"));
    return { answer: { status, headers: Object.fromEntries(told), body: body.toString("latin1") } };
  }
}

function details(error) {
  assert.ok(error instanceof JwtAuthError, String(error));
  return { code: error.code, claim: error.claim ?? null, reason: error.reason };
}

function plain({ subject, name, roles, scopes, claims, type, expiresAt }) {
  return { subject, name: name ?? null, roles, scopes, claims, type, expiresAt: expiresAt?.toISOString() ?? null };
}

async function settled(verifier) {
  for (const started = Date.now(); verifier.stats().fetching; await pause(1)) {
    assert.ok(Date.now() - started < PATIENCE, "a fetch never ended");
  }
}

/** How an outcome differs from what the step expects; undefined where it does not. */
function difference(step, outcome) {
  const expected = { ...(step.expectByLanguage?.node ?? step.expect) };
  const got = structuredClone(outcome);
  // What a step does not say is for the comparer alone.
  if (step.fetches === undefined) {
    delete got.fetches;
  } else {
    expected.fetches = step.fetches;
  }
  if (got.error !== undefined && expected.error?.challenge === undefined) {
    delete got.error.challenge;
  }
  const [wanted, found] = [canonical(expected), canonical(got)];
  return wanted === found ? undefined : `\n  expected ${wanted.slice(0, 600)}\n  got      ${found.slice(0, 600)}`;
}
