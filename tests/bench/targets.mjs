// What is to be reached, each as a ratio within one run. `of` is given a function that looks up a measurement.

const [FAST, JOSE, OURS, HIT] = ["fast-jwt", "jose", "bearergate", "bearergate, cache hit"];
const BARE = "signature alone";
/** What the native side takes; in Node with a context, and with claims that are parsed and frozen. */
const [NATIVE, CONTEXT, CLAIMS] = [
  "bearergate, native side alone",
  "native side and a context",
  "native side, a context and its claims",
];

/** How many times as long as `column` another takes. */
const times =
  (suite, row, other, column = OURS, table = "verify") =>
  (value) =>
    value(suite, table, row, other) / value(suite, table, row, column);

const core = (row, target) => ({
  what: `core, ${row}, over the signature alone`,
  target,
  atMost: true,
  of: (value) => value("rust", "verify", row, OURS) / value("rust", "verify", row, BARE),
});

const node = (row, other, target, column = OURS) => ({
  what: `Node, ${row}, faster than ${other}${column === OURS ? "" : ` (${column.replace("bearergate, ", "")})`}`,
  target,
  of: times("node", row, other, column),
  limit: times("node", row, other, column === OURS ? CONTEXT : CLAIMS),
});

const python = (row, other, target, column = OURS) => ({
  what: `Python, ${row}, faster than ${other}${column === OURS ? "" : ` (${column.replace("bearergate, ", "")})`}`,
  target,
  of: times("python", row, other, column),
  limit: column === OURS ? times("python", row, other, NATIVE) : undefined,
});

/** What the interceptor adds to a call; a public key's signature is taken off. */
const added = (suite, row, column, target) => ({
  what: `interceptor, ${suite === "node" ? "Node" : "Python, ASGI"}, ${row}${column === OURS ? "" : " out of the cache"}, added beside the signature`,
  target,
  unit: "µs",
  atMost: true,
  of: (value) => {
    const name = suite === "node" ? row : `${row}, ASGI`;
    return value(suite, "interceptor", name, column, column === OURS && row !== "HS256" ? "beside" : "added");
  },
  // What an interceptor adds that does all but judge, has the native side judge, and makes nothing of it.
  limit:
    suite === "python" && column === OURS
      ? (value) => value(suite, "interceptor", `${row}, ASGI`, NATIVE, row === "HS256" ? "added" : "beside")
      : undefined,
});

const COLUMN = { node: "requests", python: "uvicorn" };

const kept = (suite, row, target) => ({
  what: `Connect server, ${suite === "node" ? "Node" : "Python"}, ${row}, requests kept`,
  target,
  unit: "%",
  of: (value) => value(suite, "server", row, COLUMN[suite], "kept"),
  // What an interceptor leaves that does all but judge, has the native side judge, and says nothing of its answer.
  limit: (value) => {
    const natively = suite === "node" && row !== "cache hit" ? CONTEXT : "native side alone";
    return value(suite, "server", `${row}, ${natively}`, COLUMN[suite], "kept");
  },
});

export const TARGETS = [
  ...["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"].map((alg) => core(alg, 1.1)),
  core("HS256", 3),
  { what: "core, HS256, faster than jsonwebtoken", target: 4, of: times("rust", "HS256", "jsonwebtoken") },
  {
    what: "core, out of the cache, over a bare HMAC",
    target: 1.2,
    atMost: true,
    of: (value) => value("rust", "verify", "HS256", HIT) / value("rust", "verify", "HS256", BARE),
  },
  ...[
    ["RS256", 1.8, 6],
    ["ES256", 1.3, 3.5],
    ["EdDSA", 1.5, 4],
    ["HS256", 4, 25],
  ].flatMap(([alg, fast, jose]) => [node(alg, FAST, fast), node(alg, JOSE, jose)]),
  node("HS256", FAST, 2, "bearergate, claims read"),
  {
    what: "Node, out of the cache, faster than fast-jwt's",
    target: 1.5,
    of: times("node", "RS256", "fast-jwt, cache hit", HIT),
  },
  ...["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS256"].map((alg) => ({
    what: `Node, ${alg}, 64 under way, faster than jose`,
    target: 1,
    of: times("node", alg, JOSE, OURS, "in flight"),
  })),
  python("HS256", "ryjwt", 1, "bearergate, claims read"),
  python("HS256", "PyJWT", 25, "bearergate, claims read"),
  ...["RS256", "ES256", "EdDSA"].map((alg) => ({
    what: `Python, ${alg}, over the signature alone`,
    target: 1.15,
    atMost: true,
    of: (value) => value("python", "verify", alg, OURS) / value("python", "verify", alg, BARE),
    limit: (value) => value("python", "verify", alg, NATIVE) / value("python", "verify", alg, BARE),
  })),
  ...["RS256", "ES256", "EdDSA"].map((alg) => python(alg, "ryjwt", 1)),
  python("RS256", "PyJWT", 6),
  python("HS256", "ryjwt", 4, HIT),
  ...["node", "python"].flatMap((suite) => [
    ...["RS256", "ES256", "EdDSA"].map((alg) => added(suite, alg, OURS, 12)),
    added(suite, "HS256", OURS, 8),
    added(suite, "HS256", HIT, 8),
  ]),
  kept("node", "RS256", 0.9),
  kept("node", "HS256", 0.95),
  kept("node", "cache hit", 0.95),
  kept("python", "RS256", 0.95),
  {
    what: "Node, two workers over one, RS256",
    target: 1.8,
    of: (value) =>
      value("node", "threads", "RS256, 2 workers", OURS, "per_second") /
      value("node", "threads", "RS256, 1 worker", OURS, "per_second"),
  },
  {
    what: "Python, two threads over one, RS256",
    target: 1.8,
    of: (value) =>
      value("python", "threads", "RS256, 2 threads", OURS, "per_second") /
      value("python", "threads", "RS256, 1 thread", OURS, "per_second"),
  },
  {
    what: "Node, loading the package",
    target: 10,
    unit: "ms",
    atMost: true,
    of: (value) => value("node", "cold", "require", OURS, "ms"),
  },
  {
    what: "Python, importing the package",
    target: 15,
    unit: "ms",
    atMost: true,
    of: (value) => value("python", "cold", "import, wall", OURS, "ms"),
  },
];
