// Each example, run as a program, and called as its clients would.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { GreetService } from "../../examples/greet-connect.mjs";
import { GreetService as GrpcGreetService } from "../../examples/greet-grpc.mjs";
import { inSeconds, rsaKey, serveJwks } from "../support/tokens.mjs";

const directory = fileURLToPath(new URL("../../examples", import.meta.url));
const key = rsaKey("k");
const claims = { iss: "https://auth.example.com/", aud: "my-api", sub: "alice", exp: inSeconds(300) };
const token = key.token({ ...claims, realm_access: { roles: ["admin"] } });
const headers = { authorization: `Bearer ${token}` };

async function overHttp(url) {
  const get = (path, more) => fetch(`${url}${path}`, more);
  assert.deepEqual(await (await get("/healthz")).json(), { ok: true });
  assert.deepEqual(await (await get("/me", { headers })).json(), { subject: "alice", roles: ["admin"] });
  const refused = await get("/me", { headers: { authorization: "Bearer a.b.c" } });
  assert.equal(refused.status, 401);
  assert.deepEqual(await refused.json(), { code: "unauthenticated", message: "Authentication failed" });
}

async function overConnect(url) {
  const client = createClient(GreetService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  assert.equal((await client.greet({}, { headers })).greeting, "Hello alice");
  const greetings = [];
  for await (const { greeting } of client.greetMany({}, { headers })) {
    greetings.push(greeting);
  }
  assert.deepEqual(greetings, ["Hello alice", "Hello again alice"]);
  await assert.rejects(client.greet({}), { code: Code.Unauthenticated, rawMessage: "Missing credentials" });
}

async function overListener(url) {
  await overConnect(url);
  assert.equal(await (await fetch(`${url}/healthz`)).text(), "ok");
  assert.equal((await fetch(`${url}/other`)).status, 401);
}

async function overGrpc(url) {
  const Client = grpc.makeGenericClientConstructor(GrpcGreetService, "GreetService");
  const client = new Client(new URL(url).host, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  const greet = () =>
    new Promise((resolve, reject) => {
      client.greet({}, metadata, (error, answer) => (error ? reject(error) : resolve(answer.greeting)));
    });
  await assert.rejects(greet(), { code: grpc.status.UNAUTHENTICATED, details: "Missing credentials" });
  metadata.set("authorization", headers.authorization);
  assert.equal(await greet(), "Hello alice");
  const greetings = [];
  for await (const { greeting } of client.greetMany({}, metadata)) {
    greetings.push(greeting);
  }
  assert.deepEqual(greetings, ["Hello alice", "Hello again alice"]);
  client.close();
}

const CALLED = {
  "connect.mjs": overConnect,
  "express.mjs": overHttp,
  "fastify.mjs": overHttp,
  "fetch.mjs": overHttp,
  "grpc.mjs": overGrpc,
  "hono.mjs": overHttp,
  "listener.mjs": overListener,
};

describe("examples", { concurrency: 2 }, () => {
  let jwks;
  before(async () => {
    jwks = await serveJwks(key);
  });
  after(() => jwks.close());

  it("are all run", () => {
    const programs = readdirSync(directory).filter((name) => name.endsWith(".mjs") && !name.startsWith("greet-"));
    assert.deepEqual(programs.sort(), Object.keys(CALLED));
  });

  for (const [name, called] of Object.entries(CALLED)) {
    it(`${name} runs, and lets in whom it should`, async () => {
      const child = spawn(process.execPath, [name], {
        cwd: directory,
        env: { ...process.env, JWKS_URI: jwks.url, PORT: "0" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const [url] = await once(createInterface(child.stdout), "line");
        await called(url);
      } finally {
        child.kill();
        await once(child, "exit");
      }
    });
  }
});
