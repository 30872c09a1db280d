// A Connect server, open or guarded: node server.mjs MODE [ALG [KIND]]. It prints its port, a token for it and the key.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { jwtVerify } from "jose";
import { Kinds } from "../../../bindings-node/test/support/service.mjs";
import { claimsOf, contextOf, JwtVerifier, nativeSide, verifier } from "./libraries.mjs";
import { median } from "./measure.mjs";
import { AUDIENCE, ISSUER, subject } from "./tokens.mjs";

// What the package itself is developed with, so that there is one Connect in the process.
const require = createRequire(new URL("../../../bindings-node/package.json", import.meta.url));
const { Code, ConnectError } = require("@connectrpc/connect");
const { connectNodeAdapter } = require("@connectrpc/connect-node");
const { createJwtAuthInterceptor, getAuthContext } = require("./index.js");
const { stripAuthHeaders } = require("./lib/headers.js");
const { authContextStorage } = require("./lib/storage.js");

const [mode, alg = "RS256"] = process.argv.slice(2);
const signed = subject(alg);

/** An interceptor as it is written by hand around `jose`. */
const byHand = (next) => async (req) => {
  try {
    const token = req.header.get("authorization").slice("Bearer ".length);
    await jwtVerify(token, signed.publicKey, { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] });
  } catch {
    throw new ConnectError("refused", Code.Unauthenticated);
  }
  return next(req);
};

/** What has to be done of a request besides judging it: headers that pass for ours go, and the call gets a context. */
const around = (judge) => (next) => (req) => {
  try {
    stripAuthHeaders(req.header);
    const credentials = req.header.get("authorization");
    if (credentials === null) {
      throw new ConnectError("refused", Code.Unauthenticated);
    }
    const context = judge(credentials);
    return authContextStorage.run(context, () => next(req));
  } catch (error) {
    return Promise.reject(error);
  }
};

const ALICE = Object.freeze({ subject: "alice" });

/** Has the native side judge, and makes nothing of its answer; without its cache it makes a context that says nothing of it. */
const natively = (cache) => {
  const judge = nativeSide(signed, cache);
  const claims = claimsOf(signed.input);
  return around((credentials) => {
    judge(credentials.slice("Bearer ".length));
    return cache ? ALICE : contextOf(claims);
  });
};

/** How long judgements took, in microseconds. */
const times = { "among requests": [], "again at once": [] };

/** Judges each request twice. */
const timed = (kind) => {
  const verifies = (options) => {
    const made = verifier(signed, options);
    return (token) => made.verifySync(token);
  };
  const judge = {
    "HS256, native side alone": () => nativeSide(signed),
    HS256: () => verifies({ cache: false }),
    "cache hit": () => verifies({}),
  }[kind]();
  return (next) => async (req) => {
    const token = req.header.get("authorization").slice("Bearer ".length);
    for (const taken of Object.values(times)) {
      const begun = process.hrtime();
      judge(token);
      const [, ns] = process.hrtime(begun);
      taken.push(ns / 1000);
    }
    return next(req);
  };
};

const tellTimes = () => {
  const medians = Object.entries(times).map(([when, us]) => [when, median(us.slice(us.length / 2))]);
  return JSON.stringify(Object.fromEntries(medians));
};

const INTERCEPTORS = {
  open: () => [],
  "no cache": () => [createJwtAuthInterceptor(verifier(signed, { cache: false }))],
  "cache hit": () => [createJwtAuthInterceptor(verifier(signed, {}))],
  "empty interceptor": () => [(next) => (req) => next(req)],
  "all but the verification": () => [around(() => ALICE)],
  "native side and a context": () => [natively(false)],
  "native side, cache hit": () => [natively(true)],
  jose: () => [byHand],
  timed: () => [timed(process.argv[4])],
};

const interceptors = INTERCEPTORS[mode]();
const ours = interceptors[0]?.verifier instanceof JwtVerifier;
const routes = (router) =>
  router.service(Kinds, {
    unary: (request) => {
      if (ours && getAuthContext() === undefined) {
        throw new ConnectError("no context", Code.Internal);
      }
      return { value: mode === "timed" && request.value === "times" ? tellTimes() : request.value };
    },
  });
const server = createServer(connectNodeAdapter({ routes, interceptors }));
server.listen(0, "127.0.0.1", () => {
  const { token, jwk } = signed;
  console.log(JSON.stringify({ port: server.address().port, token, jwk }));
});
process.on("SIGTERM", () => process.exit());
