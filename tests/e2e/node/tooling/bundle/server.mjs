// A small Connect server with authentication, bundled as one file: it calls itself and tells what came of it.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  EmptySchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_empty,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { createClientBearerInterceptor, createJwtAuthInterceptor, JwtAuthError, requireAuthContext } from "bearergate";

const SECRET = "the secret of a bundled server, long enough";
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = `${encode({ alg: "HS256" })}.${encode({ sub: "alice" })}`;
const token = `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: "bundled.proto",
    package: "bundled.v1",
    syntax: "proto3",
    dependency: ["google/protobuf/empty.proto", "google/protobuf/wrappers.proto"],
    service: [
      {
        name: "WhoService",
        method: [{ name: "Who", inputType: ".google.protobuf.Empty", outputType: ".google.protobuf.StringValue" }],
      },
    ],
  }),
  (name) => [file_google_protobuf_empty, file_google_protobuf_wrappers].find(({ proto }) => proto.name === name)?.proto,
);
const WhoService = registry.getService("bundled.v1.WhoService");

const refused = [];
const jwtAuth = createJwtAuthInterceptor({ secret: SECRET, onReject: ({ code }) => refused.push(code) });
const who = () => ({ value: requireAuthContext().subject });
const server = createServer(
  connectNodeAdapter({ interceptors: [jwtAuth], routes: (router) => router.service(WhoService, { who }) }),
).listen(0, "127.0.0.1");
await_(once(server, "listening"), async () => {
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const call = (...interceptors) =>
    createClient(WhoService, createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors })).who(
      create(EmptySchema),
    );
  const { value } = await call(createClientBearerInterceptor({ token }));
  const error = await call().catch(ConnectError.from);
  const codes = [error.code === Code.Unauthenticated, refused];
  const own = await jwtAuth.verifier.verify("x").catch((failure) => failure instanceof JwtAuthError);
  console.log(JSON.stringify([value, ...codes, own]));
  server.close();
  server.closeAllConnections();
});

/** CommonJS bundles have no await of their own at the top. */
function await_(promise, then) {
  promise.then(then);
}
