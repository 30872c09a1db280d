// A key endpoint on loopback that says exactly the bytes it is told to: HTTP/1.x over raw sockets, plain
// or TLS, one answer per request, every connection and request counted.
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

const HEAD_END = "\r\n\r\n";
/** First byte of whoever speaks TLS to a plain port. */
const TLS_HANDSHAKE = 0x16;

/** One request and the socket to answer it on. */
export class Exchange {
  constructor(endpoint, socket, request, index) {
    Object.assign(this, { endpoint, socket, request, index });
    /** Set when the client is gone, whoever ended it. */
    this.closed = new Promise((closed) => socket.once("close", closed));
  }

  write(bytes) {
    return !this.socket.destroyed && this.socket.write(bytes);
  }

  end(bytes) {
    if (!this.socket.destroyed) {
      this.socket.end(bytes);
    }
  }

  /** RST instead of FIN. */
  reset() {
    this.socket.resetAndDestroy();
  }
}

export class Endpoint {
  #server;
  #sockets = new Set();
  #answer;
  #options;
  connections = 0;
  /** Connections that spoke plain HTTP to a TLS port. */
  plaintext = 0;
  requests = [];

  /**
   * @param {object} [options]
   * @param {string} [options.host]
   * @param {number} [options.port]
   * @param {{cert: string, key: string}} [options.tls] serve https with this certificate
   */
  static async open(options = {}) {
    const endpoint = new Endpoint();
    endpoint.#options = { host: "127.0.0.1", port: 0, ...options };
    await endpoint.start();
    return endpoint;
  }

  /** What every request from now on is answered with: a function of the exchange. */
  answer(answer) {
    this.#answer = answer;
    return this;
  }

  get fetches() {
    return this.requests.length;
  }

  get port() {
    return this.#options.port;
  }

  get origin() {
    return `${this.#options.tls ? "https" : "http"}://${this.#options.host}:${this.port}`;
  }

  get url() {
    return `${this.origin}/jwks`;
  }

  async start() {
    if (this.#server?.listening) {
      throw new Error("listening already");
    }
    const serve = (socket) => this.#serve(socket);
    this.#server = this.#options.tls ? tls.createServer(this.#options.tls, serve) : net.createServer(serve);
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      this.#keep(socket);
    });
    this.#server.on("tlsClientError", (error) => {
      this.plaintext += error.code === "ERR_SSL_HTTP_REQUEST" ? 1 : 0;
    });
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, "listening");
    this.#options.port = this.#server.address().port;
  }

  /** Nobody listens on the port any more, and whoever was connected is not. */
  async stop() {
    if (this.#server.listening) {
      const closed = once(this.#server, "close");
      this.#server.close();
      for (const socket of this.#sockets) {
        socket.destroy();
      }
      await closed;
    }
  }

  /** Another certificate for the connections that come. */
  certify(identity) {
    this.#options.tls = identity;
    this.#server.setSecureContext(identity);
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // A client that aborts is what many rows are about.
    socket.on("error", () => {});
  }

  #serve(socket) {
    socket.on("error", () => {});
    let received = "";
    socket.on("data", (chunk) => {
      if (received === "" && chunk[0] === TLS_HANDSHAKE) {
        socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      received += chunk.toString("latin1");
      for (let end = received.indexOf(HEAD_END); end !== -1; end = received.indexOf(HEAD_END)) {
        const head = received.slice(0, end);
        received = received.slice(end + HEAD_END.length);
        this.#admit(socket, parse(head));
      }
    });
  }

  #admit(socket, request) {
    this.requests.push(request);
    const exchange = new Exchange(this, socket, request, this.requests.length);
    this.#answer(exchange);
  }
}

function parse(head) {
  const [line, ...fields] = head.split("\r\n");
  const [method, target, version] = line.split(" ");
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { method, target, version, headers };
}
