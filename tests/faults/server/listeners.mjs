// What stands in a client's way before any HTTP is spoken: a listener that never accepts, and a proxy.
import { once } from "node:events";
import net from "node:net";
import { Worker } from "node:worker_threads";

const NEVER_ACCEPTS = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    // From here on this thread accepts nothing.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A port whose queue of connections is full: to connect to it takes for ever. */
export async function openFullListener() {
  const worker = new Worker(NEVER_ACCEPTS, { eval: true });
  const [port] = await once(worker, "message");
  const fillers = [];
  for (let full = false; !full; ) {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    fillers.push(socket);
    full = await Promise.race([
      once(socket, "connect").then(() => false),
      new Promise((resolve) => setTimeout(resolve, 300, true)),
    ]);
  }
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    stop: async () => {
      for (const socket of fillers) {
        socket.destroy();
      }
      await worker.terminate();
    },
  };
}

/**
 * A proxy that opens tunnels, or answers each CONNECT with a refusal.
 *
 * @param {{refuse?: number}} [options] the status to refuse with
 */
export async function openProxy() {
  const proxy = { tunnels: 0, requests: [], refuse: undefined };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.once("data", (bytes) => {
      const [line, ...fields] = bytes.toString("latin1").split("\r\n");
      proxy.requests.push({ line, fields });
      const [, target] = line.split(" ");
      if (proxy.refuse !== undefined) {
        socket.end(`HTTP/1.1 ${proxy.refuse} Refused\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const [host, port] = target.split(":");
      const onward = net.connect(Number(port), host, () => {
        proxy.tunnels += 1;
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  proxy.port = port;
  proxy.stop = async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await new Promise((closed) => server.close(closed));
  };
  return proxy;
}
