// An https endpoint that speaks HTTP/2, and says GOAWAY.
import { once } from "node:events";
import http2 from "node:http2";

export class Http2Endpoint {
  #server;
  #sessions = new Set();
  connections = 0;
  fetches = 0;

  /** @param {{cert: string, key: string}} identity */
  static async open(identity) {
    const endpoint = new Http2Endpoint();
    endpoint.#server = http2.createSecureServer(identity);
    endpoint.#server.on("session", (session) => {
      endpoint.connections += 1;
      endpoint.#sessions.add(session);
      session.on("error", () => {}).on("close", () => endpoint.#sessions.delete(session));
    });
    endpoint.#server.on("stream", (stream) => {
      endpoint.fetches += 1;
      stream.on("error", () => {});
      endpoint.answerStream(stream, endpoint.fetches);
    });
    endpoint.#server.listen(0, "127.0.0.1");
    await once(endpoint.#server, "listening");
    return endpoint;
  }

  /** What each request from now on is answered with: a function of its stream and number. */
  answer(answer) {
    this.answerStream = answer;
    return this;
  }

  get url() {
    return `https://127.0.0.1:${this.#server.address().port}/jwks`;
  }

  async stop() {
    for (const session of this.#sessions) {
      session.destroy();
    }
    await new Promise((closed) => this.#server.close(closed));
  }
}
