// Requests as bytes on a socket, or over HTTP/2, with nothing that a client library would mend.
import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";

const EMPTY = Buffer.alloc(0);

/** A request of HTTP/1.1 as bytes; `headers` is a list of names and values, the values may be bytes. */
export function bytesOf({ method = "GET", path = "/who", headers = [], body }) {
  const line = ([name, value]) => Buffer.concat([Buffer.from(`${name}: `), Buffer.from(value), Buffer.from("\r\n")]);
  const all = body === undefined ? headers : [...headers, ["content-length", String(body.length)]];
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: x\r\n`),
    ...all.map(line),
    Buffer.from("\r\n"),
    body ?? EMPTY,
  ]);
}

/** One connection of HTTP/1.1 that reads responses one after the other. */
export class Connection {
  #socket;
  #buffer = EMPTY;
  #ended = false;
  #wake = () => {};

  static async open(port) {
    const connection = new Connection();
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("data", (chunk) => {
      connection.#buffer = Buffer.concat([connection.#buffer, chunk]);
      connection.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        connection.#ended = true;
        connection.#wake();
      });
    }
    connection.#socket = socket;
    await once(socket, "connect");
    return connection;
  }

  get socket() {
    return this.#socket;
  }

  get ended() {
    return this.#ended;
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  async request(request) {
    this.write(bytesOf(request));
    return this.response(request.method);
  }

  close() {
    this.#socket.destroy();
  }

  /** The next response, or undefined where the connection ends before. */
  async response(method) {
    const head = await this.#until(() => this.#buffer.indexOf("\r\n\r\n"));
    if (head === -1) {
      return undefined;
    }
    const lines = this.#take(head + 4)
      .toString("latin1")
      .trimEnd()
      .split("\r\n");
    const status = Number(lines[0].split(" ")[1]);
    const headers = Object.fromEntries(
      lines
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    if (status === 100) {
      return { status, headers };
    }
    const body = method === "HEAD" || status === 204 ? EMPTY : await this.#body(headers);
    return { status, headers, body: body.toString("latin1") };
  }

  /** Waits until the connection has ended, for at most `ms`; gives whether it has. */
  async end(ms) {
    const limit = setTimeout(() => this.#wake(), ms);
    const over = Date.now() + ms;
    while (!this.#ended && Date.now() < over) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(limit);
    return this.#ended;
  }

  async #body(headers) {
    if (headers["transfer-encoding"] === "chunked") {
      const parts = [];
      for (;;) {
        const end = await this.#until(() => this.#buffer.indexOf("\r\n"));
        const length = Number.parseInt(this.#take(end + 2).toString("latin1"), 16);
        await this.#until(() => (this.#buffer.length >= length + 2 ? 0 : -1));
        parts.push(this.#take(length));
        this.#take(2);
        if (length === 0) {
          return Buffer.concat(parts);
        }
      }
    }
    const length = Number(headers["content-length"] ?? 0);
    await this.#until(() => (this.#buffer.length >= length ? 0 : -1));
    return this.#take(length);
  }

  async #until(find) {
    for (;;) {
      const found = find();
      if (found !== -1 || this.#ended) {
        return found;
      }
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(length) {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}

/** One request on a connection of its own. */
async function over1(port, request) {
  const connection = await Connection.open(port);
  try {
    return await connection.request(request);
  } finally {
    connection.close();
  }
}

async function over2(port, { method = "GET", path = "/who", headers = [], body }) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  try {
    const text = (value) => (typeof value === "string" ? value : value.toString("latin1"));
    const stream = session.request({
      ":method": method,
      ":path": path,
      ...Object.fromEntries(headers.map(([name, value]) => [name, text(value)])),
    });
    const chunks = [];
    const result = {};
    stream.on("response", ({ ":status": status, ...told }) => Object.assign(result, { status, headers: told }));
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.end(body);
    await once(stream, "close");
    return { ...result, body: Buffer.concat(chunks).toString("latin1") };
  } finally {
    session.destroy();
  }
}

/** One request to a served adapter. */
export const send = (adapter, { port }, request) => (adapter.http2 ? over2 : over1)(port, request);

export const bearer = (token) => ["authorization", `Bearer ${token}`];
