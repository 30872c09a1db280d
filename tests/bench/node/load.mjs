// Requests to servers in turn, each over its own kept connections, each sent the moment the one before is answered:
// node load.mjs PLAN. It prints requests per second of each server in each round, as JSON.
//
// PLAN is JSON: path, body, connections, slice (milliseconds of a turn), warmUp and rounds (numbers of rounds), and
// servers, each with a name, a port and a token. A turn is short, so that what the machine does happens to all alike.
import { once } from "node:events";
import { connect } from "node:net";

const { path, body, connections, slice, warmUp, rounds, servers } = JSON.parse(process.argv[2]);

/** Length of the first whole response in a text, 0 where there is none yet. */
function lengthOf(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) {
    return 0;
  }
  const head = text.slice(0, end).toLowerCase();
  if (!head.startsWith("http/1.1 200")) {
    throw new Error(text);
  }
  const length = /content-length: (\d+)/.exec(head);
  const last = length === null ? text.indexOf("0\r\n\r\n", end) : -1;
  const total = length === null ? last + 5 : end + 4 + Number(length[1]);
  return (length === null && last === -1) || text.length < total ? 0 : total;
}

class Client {
  #sockets = [];
  #running = false;
  #pending = 0;
  #answered = 0;
  #idle = () => {};

  async open({ port, token }) {
    const request = Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `connect-protocol-version: 1\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    for (let at = 0; at < connections; at += 1) {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.setNoDelay(true);
      socket.setEncoding("latin1");
      let waiting = "";
      const send = () => {
        this.#pending += 1;
        socket.write(request);
      };
      socket.on("data", (data) => {
        waiting += data;
        const length = lengthOf(waiting);
        if (length > 0) {
          waiting = waiting.slice(length);
          this.#pending -= 1;
          this.#answered += 1;
          if (this.#running) {
            send();
          } else if (this.#pending === 0) {
            this.#idle();
          }
        }
      });
      const fail = (error) => {
        throw error ?? new Error("a server closed a connection");
      };
      socket.on("error", fail);
      socket.on("end", fail);
      this.#sockets.push(send);
    }
    return this;
  }

  /** Requests per second of one turn, to its last answer. */
  async turn() {
    this.#answered = 0;
    this.#running = true;
    const begun = performance.now();
    for (const send of this.#sockets) {
      send();
    }
    await new Promise((over) => setTimeout(over, slice));
    this.#running = false;
    await new Promise((idle) => {
      this.#idle = idle;
    });
    return (this.#answered * 1000) / (performance.now() - begun);
  }
}

const clients = await Promise.all(servers.map((server) => new Client().open(server)));
const rates = servers.map(() => []);
for (let round = -warmUp; round < rounds; round += 1) {
  for (let turn = 0; turn < clients.length; turn += 1) {
    // Another one begins each round.
    const at = (turn + warmUp + round) % clients.length;
    const rate = await clients[at].turn();
    if (round >= 0) {
      rates[at].push(rate);
    }
  }
}
console.log(JSON.stringify(Object.fromEntries(servers.map(({ name }, at) => [name, rates[at]]))));
process.exit();
