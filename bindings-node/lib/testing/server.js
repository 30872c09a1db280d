// A key endpoint on loopback, for tests: it serves a JWK Set and the metadata that lead to it, and
// fails as it is told to.
"use strict";

const { once } = require("node:events");
const http = require("node:http");

const JWKS = "/.well-known/jwks.json";
const METADATA = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
const FAILURES = ["disconnect", "hang", "invalid"];

class TestJwksServer {
  #server = http.createServer((request, response) => this.#answer(request, response));
  #keys;
  #failure;
  #headers = {};
  #requests = 0;
  #origin;

  constructor(jwks) {
    this.rotate(jwks);
  }

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#origin = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  get origin() {
    return this.#origin;
  }

  get url() {
    return this.#origin + JWKS;
  }

  get requests() {
    return this.#requests;
  }

  get keys() {
    return [...this.#keys];
  }

  rotate(jwks) {
    this.#keys = keysOf(jwks);
  }

  fail(how = 503, headers = {}) {
    const isStatus = Number.isInteger(how) && how >= 300 && how <= 599;
    if (!isStatus && !FAILURES.includes(how)) {
      throw new TypeError(`fail takes a status of 300 to 599, or one of ${FAILURES.join(", ")}`);
    }
    this.#failure = how;
    this.#headers = { ...headers };
  }

  recover() {
    this.#failure = undefined;
  }

  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")]() {
    await this.close();
  }

  #answer(request, response) {
    const path = request.url.split("?", 1)[0];
    if (path !== JWKS && !METADATA.includes(path)) {
      response.writeHead(404).end();
      return;
    }
    this.#requests += path === JWKS ? 1 : 0;
    switch (this.#failure) {
      case undefined:
        break;
      case "hang":
        return;
      case "disconnect":
        request.socket.destroy();
        return;
      case "invalid":
        response.setHeader("content-type", "application/json");
        response.end("this is not a key set");
        return;
      default:
        response.writeHead(this.#failure, this.#headers).end();
        return;
    }
    const document = path === JWKS ? { keys: this.#keys } : { issuer: this.origin, jwks_uri: this.url };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(document));
  }
}

/** The keys of one JWK, an array of them, or a JWK Set; copied, so that a later change is seen by nobody. */
function keysOf(jwks) {
  const keys = Array.isArray(jwks) ? jwks : Array.isArray(jwks?.keys) ? jwks.keys : [jwks];
  if (!keys.every((key) => typeof key === "object" && key !== null)) {
    throw new TypeError("give a public JWK, an array of them, or a JWK Set");
  }
  return structuredClone(keys);
}

/** Starts one on a free port. */
async function startTestJwksServer(jwks) {
  return new TestJwksServer(jwks).start();
}

module.exports = { startTestJwksServer };
