// The scripted key endpoint for the Node runner: one listener, one folder of paths per case, an
// answer per folder that a step may change, and a count of requests.
import { createServer } from "node:http";

export async function startServer() {
  const folders = new Map();
  let next = 1;

  const server = createServer((request, response) => {
    // To a proxy the whole URL is sent: its host is the folder, its path what routes name.
    const [, host, name, rest] = /^(?:http:\/\/([^/]*)|\/([^/]*))\/?(.*)$/.exec(request.url);
    const folder = folders.get(host ?? name);
    if (folder === undefined) {
      request.socket.destroy();
      return;
    }
    folder.requests += 1;
    let { answer } = folder;
    if (answer.routes !== undefined) {
      answer = answer.routes[host === undefined ? rest.replace(/^jwks/, "") : `/${rest}`] ?? { status: 404 };
    }
    if (answer.down) {
      request.socket.destroy();
      return;
    }
    send(request, response, answer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();

  return {
    /** A folder of its own for one run of one case, to which the host leads too. */
    folder(host) {
      const name = String(next);
      next += 1;
      const folder = { answer: { status: 404 }, requests: 0 };
      folders.set(name, folder).set(host, folder);
      return name;
    },
    origin: (name) => `http://127.0.0.1:${port}/${name}`,
    serve: (name, answer) => {
      folders.get(name).answer = answer;
    },
    requests: (name) => folders.get(name).requests,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function send(request, response, answer) {
  response.sendDate = false;
  response.setHeader("connection", "close");
  if (answer.ifHeader !== undefined && request.headers[answer.ifHeader[0]] !== answer.ifHeader[1]) {
    response.writeHead(401, { "content-length": "0" });
    response.end();
    return;
  }
  let body = answer.jwks === undefined ? (answer.body ?? "") : JSON.stringify(answer.jwks);
  if (answer.padTo !== undefined) {
    body += " ".repeat(answer.padTo - Buffer.byteLength(body));
  }
  const status = answer.status ?? 200;
  const headers = { ...(answer.headers ?? { "content-type": "application/json" }) };
  const bodiless = status === 204 || status === 304;
  if (!bodiless) {
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  response.writeHead(status, headers);
  response.end(bodiless ? undefined : body);
}
