// What a refused request with a body of 1 MB costs a Connect server: by the interceptor, by the request
// gate of Connect 2.2, and by guardRequestListener. The server is a process of its own; its processor time
// and the bytes it received are divided by the number of requests. The client sends on until it is told to
// stop, which HTTP/1.1 has no means for.
import { fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figure, median } from "./lib.mjs";

// A StringValue: its tag, its length as a varint, its text.
const BODY = Buffer.concat([Buffer.from([0x0a, 0xbc, 0x84, 0x3d]), Buffer.alloc(999_996, "a")]);
const VARIANTS = ["interceptor", "gate", "wrapper"];
const PATH = "/google.protobuf.Test/Call";
const HEADERS = { "content-type": "application/proto", authorization: "Bearer a.b.c" };

/** Calls on one session before the next: Node's client keeps what it could not send of a refused body. */
const CALLS_OF_SESSION = 8;

const { values: given } = parseArgs({
  options: {
    serve: { type: "string" },
    requests: { type: "string", default: "400" },
    smoke: { type: "boolean", default: false },
  },
});

if (given.serve !== undefined) {
  await serve(given.serve);
} else {
  const requests = given.smoke ? 5 : Number(given.requests);
  console.log(`     node: ${requests} requests of 1 MB each, Node ${process.version}`);
  for (const version of [1, 2]) {
    for (const variant of VARIANTS) {
      await measure(variant, version, requests);
    }
  }
}

/** A Connect server of one method, guarded in one way; tells its port, and what it has used. */
async function serve(variant) {
  const require = createRequire(new URL("../../../bindings-node/package.json", import.meta.url));
  const bearergate = require("bearergate");
  const { connectNodeAdapter } = require("@connectrpc/connect-node");
  const { createFileRegistry } = require("@bufbuild/protobuf");
  const { create } = require("@bufbuild/protobuf");
  const wkt = require("@bufbuild/protobuf/wkt");

  const text = ".google.protobuf.StringValue";
  const file = create(wkt.FileDescriptorProtoSchema, {
    name: "test.proto",
    package: "google.protobuf",
    syntax: "proto3",
    dependency: ["google/protobuf/wrappers.proto"],
    service: [{ name: "Test", method: [{ name: "Call", inputType: text, outputType: text }] }],
  });
  const set = create(wkt.FileDescriptorSetSchema, { file: [wkt.file_google_protobuf_wrappers.proto, file] });
  const service = createFileRegistry(set).getService("google.protobuf.Test");

  const options = { secret: "a secret of the load scripts, thirty-two bytes and more" };
  const routes = (router) => router.service(service, { call: () => ({}) });
  const jwtAuth = bearergate.createJwtAuthInterceptor(options);
  const listener = {
    interceptor: () => connectNodeAdapter({ routes, interceptors: [jwtAuth] }),
    gate: () =>
      connectNodeAdapter({
        routes,
        interceptors: [jwtAuth],
        requestGate: bearergate.createJwtRequestGate(jwtAuth.verifier),
      }),
    wrapper: () => bearergate.guardRequestListener(connectNodeAdapter({ routes }), options),
  }[variant]();

  const sockets = [];
  const ports = [];
  for (const server of [http.createServer(listener), http2.createServer(listener)]) {
    server.on("connection", (socket) => sockets.push(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push(server.address().port);
  }
  process.on("message", () => {
    const received = sockets.reduce((sum, socket) => sum + socket.bytesRead, 0);
    const { user, system } = process.cpuUsage();
    process.send({ received, cpuMs: (user + system) / 1000 });
  });
  process.send({ ports });
}

async function measure(variant, version, requests) {
  const child = fork(fileURLToPath(import.meta.url), ["--serve", variant]);
  const [{ ports }] = await once(child, "message");
  const used = async () => {
    child.send("used");
    return (await once(child, "message"))[0];
  };
  const client = version === 1 ? overHttp1(ports[0]) : overHttp2(ports[1]);
  for (let warm = 0; warm < requests / 10; warm += 1) {
    await client.call();
  }
  const before = await used();
  const times = [];
  let refused = 0;
  for (let sent = 0; sent < requests; sent += 1) {
    const started = performance.now();
    refused += (await client.call()) === 401 ? 1 : 0;
    times.push(performance.now() - started);
  }
  const after = await used();
  client.close();
  child.kill();
  const cpu = ((after.cpuMs - before.cpuMs) / requests).toFixed(2);
  const kilobytes = ((after.received - before.received) / requests / 1000).toFixed(0);
  const name = `${variant}, HTTP/${version === 1 ? "1.1" : "2"}`.padEnd(21);
  figure(
    `${name}: ${cpu} ms of processor, ${kilobytes} kB received, over after ${median(times).toFixed(2)} ms`,
    refused === requests,
  );
}

function overHttp1(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async call() {
      const headers = { ...HEADERS, "content-length": BODY.length };
      const request = http.request({ port, path: PATH, method: "POST", agent, headers });
      request.on("error", () => {});
      request.end(BODY);
      const [response] = await once(request, "response");
      response.resume();
      await once(request, "close");
      return response.statusCode;
    },
    close: () => agent.destroy(),
  };
}

function overHttp2(port) {
  const open = () => http2.connect(`http://127.0.0.1:${port}`).on("error", () => {});
  let session = open();
  let calls = 0;
  return {
    async call() {
      calls += 1;
      if (calls % CALLS_OF_SESSION === 0) {
        session.destroy();
        session = open();
      }
      const stream = session.request({ ":method": "POST", ":path": PATH, ...HEADERS });
      stream.on("error", () => {});
      stream.end(BODY);
      const [head] = await once(stream, "response");
      stream.resume();
      await once(stream, "end");
      return head[":status"];
    },
    close: () => session.destroy(),
  };
}
