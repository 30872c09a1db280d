// A Connect server on loopback, over HTTP/1.1 and HTTP/2, and the clients that call it.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { createClient } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { handlers } from "./handlers.mjs";
import { IdentityService } from "./service.mjs";

/**
 * Serves the identity service on two loopback ports.
 *
 * @param {object} adapter options of connectNodeAdapter: interceptors, requestGate
 */
export async function serve(adapter) {
  const listener = connectNodeAdapter({
    routes: (router) => router.service(IdentityService, handlers),
    ...adapter,
  });
  const servers = [http.createServer(listener), http2.createServer(listener)];
  const sessions = new Set();
  servers[1].on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const [http1Url, http2Url] = servers.map((server) => `http://127.0.0.1:${server.address().port}`);
  return {
    http1Url,
    http2Url,
    close() {
      servers[0].close();
      servers[0].closeAllConnections();
      servers[1].close();
      for (const session of sessions) {
        session.destroy();
      }
    },
  };
}

/** Every way to call it: a name, and the transport to a served service. */
export const TRANSPORTS = {
  "Connect over HTTP/1.1": (served, more) =>
    createConnectTransport({ baseUrl: served.http1Url, httpVersion: "1.1", ...more }),
  "Connect over HTTP/2": (served, more) =>
    createConnectTransport({ baseUrl: served.http2Url, httpVersion: "2", ...more }),
  "Connect with JSON over HTTP/2": (served, more) =>
    createConnectTransport({ baseUrl: served.http2Url, httpVersion: "2", useBinaryFormat: false, ...more }),
  "gRPC over HTTP/2": (served, more) => createGrpcTransport({ baseUrl: served.http2Url, ...more }),
  "gRPC-Web over HTTP/1.1": (served, more) =>
    createGrpcWebTransport({ baseUrl: served.http1Url, httpVersion: "1.1", ...more }),
  "gRPC-Web over HTTP/2": (served, more) =>
    createGrpcWebTransport({ baseUrl: served.http2Url, httpVersion: "2", ...more }),
};

/** Whether a transport lets questions follow answers. */
export const isDuplex = (name) => name.endsWith("HTTP/2");

/** A client; `more` are options of its transport. */
export function clientOf(name, served, more = {}) {
  return createClient(IdentityService, TRANSPORTS[name](served, more));
}

/** Call options that carry a token. */
export const bearer = (token, more = {}) => ({ headers: { authorization: `Bearer ${token}`, ...more } });

async function* questions(texts) {
  for (const text of texts) {
    yield { text };
  }
}

async function collect(answers) {
  const all = [];
  for await (const answer of answers) {
    all.push(answer);
  }
  return all;
}

/** One call of each kind; each gives all of its answers. */
const KINDS = {
  unary: async (client, options) => [await client.unary({ text: "a" }, options)],
  "server-streaming": (client, options) => collect(client.serverStream({ count: 3, text: "a" }, options)),
  "client-streaming": async (client, options) => [await client.clientStream(questions(["a", "b", "c"]), options)],
  "bidi-streaming": (client, options) => collect(client.bidi(questions(["a", "b", "c"]), options)),
};

/** The kinds of call that a transport has: Connect answers 505 to bidi-streaming over HTTP/1.1. */
export const kindsOf = (name) => Object.entries(KINDS).filter(([kind]) => isDuplex(name) || kind !== "bidi-streaming");

/** One unary call; gives the answer. */
export const callUnary = (client, options) => client.unary({ text: "a" }, options);

/** One server-streaming call; gives all answers. */
export const callServerStream = KINDS["server-streaming"];
