// The identity provider as a child process.
//
//   node tests/idp/server.mjs [--port N] [--keys NAME] [--jwks FILE]
//
// prints one line of JSON when it is ready, {"port","issuer","jwksUri","control"}, and ends when its
// standard input does. Any Node starts it: it goes on under the Node 24 that oidc-provider wants.
// `control` is a URL on loopback for the tests to steer it with:
//
//   POST /rotate?keys=NAME   other keys on the same port (a name stands for the same keys each time)
//   POST /stop, POST /start  the provider goes down and comes back with the keys it had
//   POST /token?client=&audience=&scope=&alg=&ttl=   a token, got over HTTP; `ttl` in seconds
//   POST /forge?...          the same, signed by a key that the provider does not have
//   GET  /counts             {"jwks": requests for the key set so far}
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

if (Number(process.versions.node.split(".")[0]) < 24) {
  const node24 = new URL("./node_modules/node24/bin/node", import.meta.url).pathname;
  const child = spawn(node24, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("exit", (code) => process.exit(code ?? 1));
} else {
  await serve();
}

async function serve() {
  const { namedKeys } = await import("./keys.mjs");
  const { IdentityProvider } = await import("./provider.mjs");
  const { fetchToken, forge } = await import("./tokens.mjs");
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      keys: { type: "string", default: "a" },
      jwks: { type: "string" },
    },
  });

  const provider = new IdentityProvider(Number(values.port));
  let keys = values.jwks === undefined ? namedKeys(values.keys) : JSON.parse(readFileSync(values.jwks, "utf8"));
  await provider.start(keys);

  const readRequest = (query) => {
    const request = Object.fromEntries(query);
    return "ttl" in request ? { ...request, ttl: Number(request.ttl) } : request;
  };
  const actions = {
    "POST /rotate": async (query) => {
      keys = namedKeys(query.get("keys") ?? "b");
      await provider.start(keys);
    },
    "POST /stop": () => provider.stop(),
    "POST /start": () => provider.start(keys),
    "POST /token": async (query) => ({ token: await fetchToken(provider.issuer, readRequest(query)) }),
    "POST /forge": async (query) => ({ token: forge(await fetchToken(provider.issuer, readRequest(query))) }),
    "GET /counts": () => ({ jwks: provider.jwksRequests }),
  };

  const control = createServer(async (req, res) => {
    const url = new URL(req.url, "http://control");
    const action = actions[`${req.method} ${url.pathname}`];
    try {
      const result = await action(url.searchParams);
      res.end(JSON.stringify(result ?? {}));
    } catch (error) {
      res.statusCode = action === undefined ? 404 : 500;
      res.end(JSON.stringify({ error: String(error?.message ?? error) }));
    }
  });
  control.listen(0, "127.0.0.1", () => {
    const { issuer } = provider;
    const ready = {
      port: Number(new URL(issuer).port),
      issuer,
      jwksUri: `${issuer}/jwks`,
      control: `http://127.0.0.1:${control.address().port}`,
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
  });
  process.stdin.on("end", () => process.exit(0)).resume();
}
