// Makes docs/benchmarks.md and its plots of what the suites have measured: node report.mjs RESULTS DOCS
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { bars, lines } from "./plot.mjs";
import { TARGETS } from "./targets.mjs";

const [results, docs] = process.argv.slice(2);

const load = (suite) => {
  const file = join(results, `${suite}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { suite, versions: {}, measurements: [] };
};
const suites = Object.fromEntries(["rust", "node", "python", "memory", "profile"].map((name) => [name, load(name)]));

/** The measurements of one table. */
const of = (suite, table) => suites[suite].measurements.filter((each) => each.table === table);
const distinct = (values) => [...new Set(values)];
const number = (value) => (value === undefined ? "–" : value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** The signature alone, as the language's own library for it does it. */
const SIGNATURE = { rust: "signature alone", node: "node:crypto, signature alone", python: "bare cryptography" };

/** A value of one measurement, undefined where there is none. */
function value(suite, table, row, column, field = "us") {
  return of(suite, table).find((each) => each.row === row && each.column === column)?.[field];
}

/** The same of the batches that other work on the machine has disturbed least; undefined where that cannot be said. */
function undisturbed(suite, table, row, column, field = "us") {
  const least = (name) => value(suite, table, row, name, "min");
  switch (field) {
    case "us":
      return least(column);
    case "per_second":
      return value(suite, table, row, column, "max");
    case "added":
      return least(column) - least("empty interceptor");
    case "beside":
      return least(column) - least("empty interceptor") - least(SIGNATURE.rust);
    default:
      return undefined;
  }
}

function markdown(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

/** Rows by columns, in one unit. */
function grid(suite, table, field = "us") {
  const found = of(suite, table);
  const [rows, columns] = [distinct(found.map(({ row }) => row)), distinct(found.map(({ column }) => column))];
  return markdown(
    ["", ...columns],
    rows.map((row) => [row, ...columns.map((column) => number(value(suite, table, row, column, field)))]),
  );
}

/** One line for each measurement. */
const list = (suite, table, fields) =>
  markdown(
    ["", ...Object.keys(fields)],
    of(suite, table).map((each) => [
      distinct([each.row, ["bearergate", "requests", "process"].includes(each.column) ? each.row : each.column]).join(
        ", ",
      ),
      ...Object.values(fields).map((format) => format(each)),
    ]),
  );

const percent = (share) => (share === undefined ? "–" : `${(share * 100).toFixed(1)} %`);
/** Names of rows where there is little room. */
const SHORT = {
  "an interceptor that does nothing": "nothing",
  "all but the verification": "all but that",
  "Envoy jwt_authn, RS256": "Envoy",
  "RS256, native side alone": "RS256, native",
  "RS256, native side and a context": "RS256, native",
  "HS256, native side and a context": "HS256, native",
  "cache hit, native side alone": "hit, native",
  "jose, RS256": "jose",
  "PyJWT, RS256": "PyJWT",
};

/** The servers that are drawn: of Python's, what uvicorn is with its extra. */
const SERVED = { node: "requests", python: "uvicorn with uvloop and httptools" };

const units = {
  value: ({ ms, per_second, bytes, count }) =>
    ms !== undefined
      ? `${number(ms)} ms`
      : per_second !== undefined
        ? `${per_second.toFixed(0)} per second`
        : bytes !== undefined
          ? `${(bytes / 1e6).toFixed(2)} MB`
          : String(count),
};
const servers = {
  "requests per second": ({ per_second }) => per_second?.toFixed(0),
  kept: ({ kept }) => percent(kept),
};

/** Shares of time: what they are spent on by what spends it. */
function profile(table, corner) {
  const found = of("profile", table);
  if (found.length === 0) {
    return "(Not measured: there was no `perf`.)";
  }
  const [rows, columns] = [distinct(found.map(({ column }) => column)), distinct(found.map(({ row }) => row))];
  return markdown(
    [corner, ...columns],
    rows.map((row) => [row, ...columns.map((column) => percent(value("profile", table, column, row, "share")))]),
  );
}

function targets() {
  const rows = TARGETS.map(({ what, target, unit = "×", atMost, of: measure, limit }) => {
    const meets = (figure) => (atMost ? figure <= target : figure >= target);
    const shown = (figure) => (unit === "%" ? percent(figure) : `${number(figure)} ${unit}`);
    const known = (figure) => (Number.isFinite(figure) ? shown(figure) : "–");
    const [got, calm, most] = [measure(value), measure(undisturbed), limit?.(value)];
    const calmly = meets(calm) ? "undisturbed" : "**no**";
    const verdict = Number.isFinite(got) ? (meets(got) ? "yes" : calmly) : "not measured";
    return [what, `${atMost ? "≤" : "≥"} ${shown(target)}`, known(got), known(calm), verdict, known(most)];
  });
  return markdown(["", "target", "median", "undisturbed", "met", "limit"], rows);
}

const versions = [suites.rust, suites.node, suites.python].map(
  ({ suite, runtime, versions: found }) =>
    `- ${suite}: ${runtime ?? "not measured"}${Object.entries(found)
      .map(([name, version]) => `, ${name} ${version}`)
      .join("")}`,
);
const rustc = execFileSync("rustc", ["-V"], { encoding: "utf8" }).trim();
const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
const { instructions } = JSON.parse(readFileSync(new URL("instructions.json", import.meta.url), "utf8"));

const page = `# Benchmarks

What a verification costs beside the signature alone and beside other libraries. \`make bench\` measures all of it
again and writes this page. Every figure is a median of batches that take turns with those they are compared with, in
microseconds unless it says otherwise; the first calls of a batch, which pay for what the others have pushed out of the
processor's caches, are not timed. Times on a shared machine are noise, so only ratios within one table count.

- machine: ${cpus().length} processors (${cpus()[0].model.trim()}), ${memory}, ${process.platform} ${process.arch}, ${rustc}
${versions.join("\n")}

The token is an access token of the kind that Keycloak issues, of 1.2 to 1.5 kB: issuer and audience are checked, roles
and scopes are mapped, keys are ready. "bearergate" is without its cache of verified tokens, to a context of which
subject, roles and scopes are read. No check is left out of what is measured: the packages are the builds that the
conformance cases run against.

## Against the targets

${targets()}

"Undisturbed" is the same of the fastest batch of each: on a machine that others share, they are what makes a batch
slow, and code of one kind suffers more from it than that of another.

The limit is what is reached by a program that does only what nobody can leave out. For a verification it asks the native
side; in Node it makes a context too, with the accessors that claims parsed when they are read and a \`Date\` for each
reader need, and where claims are read it has them parsed by \`JSON.parse\` and frozen; of what the native side answers it
reads nothing. For a server, and for Python's interceptor, it is an interceptor that does all but judge: it looks for six
headers to remove, reads one, and runs the handler in an \`AsyncLocalStorage\` or with a \`ContextVar\`; beside that it does
the same, but makes no context for a token out of the cache, which has one already.

Where the time goes, by profile (\`perf record\` on loops of one call, HS256, no cache):

${profile("core", "spent on")}

That is ${number(instructions.verified)} instructions and 7 allocations beside the HMAC (a hit of the cache ${number(instructions.hit)} and none); the
JSON is looked at once, eight bytes at a time.

${profile("processes", "of a process that verifies")}

In Node the token crosses the border as a text and the answer comes back as one, from which a frozen context is made.

## Core

![Core](bench-core.svg)

${grid("rust", "verify")}

Cost against the size of the token, and against the number of keys in the set (EdDSA):

![Size](bench-size.svg)

${grid("rust", "token size")}

![Keys](bench-keys.svg)

${grid("rust", "number of keys")}

## Node

One at a time:

![Node](bench-node.svg)

${grid("node", "verify")}

With 64 under way:

${grid("node", "in flight")}

A call through the interceptor in process, and through one that does nothing:

${grid("node", "interceptor")}

A Connect server, unary JSON over HTTP/1.1, the server on one processor and 32 connections from the other; the open
server gets the same headers. \`jose\` is an interceptor of ten lines around \`jwtVerify\`; Envoy is a sidecar on the
server's processor, whose \`jwt_authn\` filter verifies in front of the open server. Servers take turns of a fifth of a
second.

![Server](bench-server-node.svg)

${list("node", "server", servers)}

In a server a judgement takes longer than in a loop: a request's other work uses the processor's caches and predictors too.
In microseconds with two readings of the clock, the median among the requests of such a server, one server after
another, and the same token judged again at once:

${grid("node", "among requests")}

Threads, and what loading the package costs:

${list("node", "threads", units)}

${list("node", "cold", units)}

Slow signatures on the main thread, on other threads (\`offMainThread\`), and, of the signature alone, in Node's thread
pool as \`crypto.verify\` with a callback has it; 64 are under way, and the delay is that of the event loop:

${list("node", "event loop", { "per second": ({ per_second }) => per_second.toFixed(0), "p99 of the delay": ({ p99_ms }) => `${number(p99_ms)} ms` })}

Tokens are verified on the main thread unless told otherwise: most are RS256, ES256 or EdDSA, which take less than a trip
to another thread and back, and a server with a process for each processor has no other to spare. With
\`offMainThread\` those that take long delay other work less, and where processors are idle more of them are done.

Memory: the resident size of a process that has loaded a library and verified 20,000 different tokens, over one that
has only made them:

![Memory](bench-memory-node.svg)

${list("node", "memory", units)}

## Python

![Python](bench-python.svg)

${grid("python", "verify")}

${grid("python", "interceptor")}

A Connect server, ASGI behind uvicorn, unary JSON over HTTP/1.1, as above:

![Server](bench-server-python.svg)

${list("python", "server", servers)}

${list("python", "threads", units)}

${list("python", "cold", units)}

Memory, as above:

![Memory](bench-memory-python.svg)

${list("python", "memory", units)}

## Instructions, allocations and memory

\`tests/bench/instructions.mjs\` counts the instructions of a verification with callgrind and fails where there are three
percent more than in \`tests/bench/instructions.json\`; \`core/tests/allocations.rs\` holds the number of allocations. What the core
keeps in memory:

${list("memory", "memory", { bytes: ({ bytes }) => String(bytes) })}
`;
writeFileSync(join(docs, "benchmarks.md"), page);

const SHOWN = {
  rust: ["bearergate", "jsonwebtoken", "jwt-simple"],
  node: ["bearergate", "fast-jwt", "jsonwebtoken", "aws-jwt-verify", "jose"],
  python: ["bearergate", "ryjwt", "oxyjwt", "joserfc", "python-jose", "PyJWT"],
};
const ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"];

for (const [suite, name] of Object.entries({ rust: "core", node: "node", python: "python" })) {
  const series = SHOWN[suite].map((column) => ({
    name: column,
    values: ALGORITHMS.map((row) => value(suite, "verify", row, column)),
  }));
  const mark = {
    name: SIGNATURE[suite],
    values: ALGORITHMS.map((row) => value(suite, "verify", row, SIGNATURE[suite])),
  };
  const title = `Microseconds per verification, ${suite === "rust" ? "Rust" : suites[suite].runtime}`;
  writeFileSync(join(docs, `bench-${name}.svg`), bars({ title, groups: ALGORITHMS, series, mark }));
}
const sizes = (alg, column) =>
  of("rust", "token size")
    .filter((each) => each.row.startsWith(alg) && each.column === column)
    .map(({ row, us }) => [Number(/(\d+) bytes/.exec(row)[1]) / 1000, us]);
writeFileSync(
  join(docs, "bench-size.svg"),
  lines({
    title: "Microseconds per verification against the token's size in kB",
    series: ["HS256", "RS256"].flatMap((alg) => [
      { name: `${alg}, bearergate`, points: sizes(alg, "bearergate") },
      { name: `${alg}, signature alone`, points: sizes(alg, "signature alone") },
    ]),
  }),
);
writeFileSync(
  join(docs, "bench-keys.svg"),
  lines({
    title: "Microseconds per verification against the number of keys in the set (EdDSA)",
    series: [{ name: "bearergate", points: of("rust", "number of keys").map(({ row, us }) => [Number(row), us]) }],
  }),
);
for (const [suite, column] of Object.entries(SERVED)) {
  const kept = of(suite, "server").filter((each) => each.row !== "open" && each.column === column);
  writeFileSync(
    join(docs, `bench-server-${suite}.svg`),
    bars({
      title: `Percent of an open Connect server's requests per second that a guarded one keeps, ${suites[suite].runtime}`,
      groups: kept.map(({ row }) => SHORT[row] ?? row),
      series: [{ name: "kept", values: kept.map((each) => each.kept * 100) }],
    }),
  );
}
for (const suite of ["node", "python"]) {
  const used = of(suite, "memory");
  writeFileSync(
    join(docs, `bench-memory-${suite}.svg`),
    bars({
      title: `Megabytes of a process that has verified 20,000 tokens, over one that has made them, ${suites[suite].runtime}`,
      groups: used.map(({ row }) => row.replace("with its cache", "cache")),
      series: [{ name: "resident", values: used.map(({ bytes }) => bytes / 1e6) }],
    }),
  );
}
