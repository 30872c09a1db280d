// An https endpoint that speaks HTTP/2, and says GOAWAY: amid its answers, or before it looks at a request.
import { once } from "node:events";
import http2 from "node:http2";
import tls from "node:tls";

/** One frame (RFC 9113 section 4.1) of the connection itself. */
function frame(type, payload = Buffer.alloc(0)) {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  return Buffer.concat([header, payload]);
}

const SETTINGS = frame(4);
/** No error, and no stream was looked at. */
const GOAWAY = frame(7, Buffer.alloc(8));

export class Http2Endpoint {
  #server;
  #open = new Set();
  connections = 0;
  fetches = 0;
  /** Connections still to be sent away before their request is looked at. */
  sendAway = 0;

  /** @param {{cert: string, key: string}} identity */
  static async open(identity) {
    const endpoint = new Http2Endpoint();
    endpoint.#server = tls.createServer({ ...identity, ALPNProtocols: ["h2"] }, (socket) => endpoint.#serve(socket));
    endpoint.#server.listen(0, "127.0.0.1");
    await once(endpoint.#server, "listening");
    return endpoint;
  }

  /** What each request from now on is answered with: a function of its stream. */
  answer(answer) {
    this.answerStream = answer;
    return this;
  }

  get url() {
    return `https://127.0.0.1:${this.#server.address().port}/jwks`;
  }

  #serve(socket) {
    this.connections += 1;
    this.#open.add(socket);
    socket.on("error", () => {}).on("close", () => this.#open.delete(socket));
    if (this.sendAway > 0) {
      this.sendAway -= 1;
      // The client's preface and its request come at once or in turn; either way it is not looked at.
      socket.write(SETTINGS);
      socket.once("data", () => setTimeout(() => socket.end(GOAWAY), 30));
      return;
    }
    const session = http2.performServerHandshake(socket);
    session.on("error", () => {});
    session.on("stream", (stream) => {
      this.fetches += 1;
      stream.on("error", () => {});
      this.answerStream(stream);
    });
  }

  async stop() {
    for (const socket of this.#open) {
      socket.destroy();
    }
    await new Promise((closed) => this.#server.close(closed));
  }
}
