// Shows the main job: tokens of a real identity provider, judged alike by a Connect server in Node
// and one in Python. Ends with 0 only if every line is as expected.
//
//   node tests/demo/demo.mjs PYTHON    (an interpreter with bearergate, connectrpc and uvicorn)
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const here = new URL(".", import.meta.url).pathname;
const python = process.argv[2];
const children = [];

/** A child process that ends with this one; gives its first line. */
async function start(command, args, options = {}) {
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { cwd: here, env, stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  if (options.silent) {
    return undefined;
  }
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${command} ended with ${code}`))),
  ]);
  return line;
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function startPythonServer(options) {
  const port = await freePort();
  const args = ["-m", "uvicorn", "--port", String(port), "--log-level", "error", "server:app"];
  await start(python, args, { env: { DEMO_OPTIONS: JSON.stringify(options) }, silent: true });
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return port;
    } catch {
      await sleep(100);
    }
  }
  throw new Error("the Python server did not start");
}

/** One unary Connect call; what came back, in one line. */
async function call(port, token) {
  const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
  if (token !== undefined) {
    headers.authorization = `Bearer ${token}`;
  }
  const response = await fetch(`http://127.0.0.1:${port}/demo.v1.WhoAmI/Get`, { method: "POST", headers, body: '""' });
  const body = await response.json();
  if (!response.ok) {
    const challenge = response.headers.get("www-authenticate");
    return `${response.status} ${body.code}: ${body.message}${challenge === null ? "" : ` (${challenge})`}`;
  }
  const { subject, roles, scopes } = JSON.parse(body);
  return `200 ${subject} roles=${roles} scopes=${scopes}`;
}

const idp = JSON.parse(await start(process.execPath, ["../idp/server.mjs"]));
const control = async (path) => (await fetch(`${idp.control}${path}`, { method: "POST" })).json();
const issue = async (query = "", path = "/token") => (await control(`${path}?${query}`)).token;
console.log(`identity provider  ${idp.issuer} (npm oidc-provider)`);

// A forged token causes a fetch, since its key might have been rotated; the next one that a
// token may cause comes after the cooldown, which is 30 s by default.
const COOLDOWN_S = 1;
const common = { issuer: idp.issuer, audience: "my-api", jwks: { cooldown: COOLDOWN_S } };
const nodeOptions = { ...common, jwksUri: idp.jwksUri, claimsMapping: { roles: "realm_access.roles" } };
const pythonOptions = { ...common, jwks_uri: idp.jwksUri, claims_mapping: { roles: "realm_access.roles" } };
const nodePort = Number(await start(process.execPath, ["server.mjs"], { env: { DEMO_OPTIONS: JSON.stringify(nodeOptions) } }));
const pythonPort = await startPythonServer(pythonOptions);
console.log(`Node server        http://127.0.0.1:${nodePort} (@connectrpc/connect-node)`);
console.log(`Python server      http://127.0.0.1:${pythonPort} (connectrpc, uvicorn)\n`);

let unexpected = 0;
async function show(what, token, expected) {
  for (const [server, port] of [["Node", nodePort], ["Python", pythonPort]]) {
    const got = await call(port, token);
    const good = got === expected;
    unexpected += good ? 0 : 1;
    console.log(`${good ? "ok  " : "NOT "} ${what.padEnd(38)} ${server.padEnd(6)}  ${got}`);
    if (!good) {
      console.log(`     expected: ${expected}`);
    }
  }
}

const alice = "200 alice-service roles=admin,user scopes=read,write";
const refused = '401 unauthenticated: Authentication failed (Bearer error="invalid_token")';
try {
  const good = await issue();
  await show("a good token", good, alice);
  const expired = await issue("ttl=1");
  await sleep(2100);
  await show("an expired token", expired, refused);
  await show("a token signed by somebody else", await issue("", "/forge"), refused);
  await show("a token for another audience", await issue("audience=another-api"), refused);
  await show("no token", undefined, "401 unauthenticated: Missing credentials (Bearer)");
  await control("/rotate?keys=b");
  await sleep(COOLDOWN_S * 1000 + 100);
  const rotated = await issue();
  await show("a token signed by a rotated key", rotated, alice);
  await control("/stop");
  await show("the identity provider is stopped", rotated, alice);
} finally {
  for (const child of children) {
    child.stdin.end();
    child.kill();
  }
}
console.log(unexpected === 0 ? "\nevery line is as expected" : `\n${unexpected} lines are not as expected`);
process.exit(unexpected === 0 ? 0 : 1);
