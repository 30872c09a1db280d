// A Connect service without generated code, and real servers and clients for it.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";

const TEXT = ".google.protobuf.StringValue";

const method = (name, clientStreaming, serverStreaming) => ({
  name,
  inputType: TEXT,
  outputType: TEXT,
  clientStreaming,
  serverStreaming,
});

const file = create(FileDescriptorProtoSchema, {
  name: "kinds.proto",
  package: "test.v1",
  syntax: "proto3",
  dependency: ["google/protobuf/wrappers.proto"],
  service: [
    {
      name: "Kinds",
      method: [
        method("Unary", false, false),
        method("Client", true, false),
        method("Server", false, true),
        method("Bidi", true, true),
      ],
    },
  ],
});

const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_wrappers.proto, file] });

/** `test.v1.Kinds`: one method of each kind, of texts. */
export const Kinds = createFileRegistry(set).getService("test.v1.Kinds");

/** Each protocol that a Connect client speaks, over HTTP/2. */
export const TRANSPORTS = {
  "Connect, binary": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true }),
  "Connect, JSON": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

export const clientOf = (protocol, baseUrl) => createClient(Kinds, TRANSPORTS[protocol](baseUrl));

async function* texts(...values) {
  for (const value of values) {
    yield { value };
  }
}

/** Calls a method of each kind, giving the texts of the answers. */
export const CALLS = {
  unary: async (client, options) => [(await client.unary({ value: "a" }, options)).value],
  "client-streaming": async (client, options) => [(await client.client(texts("a", "b"), options)).value],
  "server-streaming": async (client, options) => all(client.server({ value: "a" }, options)),
  bidi: async (client, options) => all(client.bidi(texts("a", "b"), options)),
};

async function all(stream) {
  const values = [];
  for await (const { value } of stream) {
    values.push(value);
  }
  return values;
}

/** A server of HTTP/2 without TLS, or of HTTP/1.1, on loopback. */
export async function listen(listener, { version = 2 } = {}) {
  const server = version === 2 ? http2.createServer(listener) : http.createServer(listener);
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections?.();
      for (const session of sessions) {
        session.destroy();
      }
    },
  };
}
