// A cluster whose workers verify requests; the primary starts another for each one that dies.
import cluster from "node:cluster";
import http from "node:http";
import { JwtVerifier, options } from "./lib.mjs";

const { url, token, workers } = options();
const verifier = new JwtVerifier({ jwksUri: url, jwks: { cooldown: 1 } });

if (cluster.isPrimary) {
  // Warm, as a program is that verifies something of its own first.
  await verifier.verify(token);
  const port = await new Promise((resolve) => {
    cluster.once("listening", (_, address) => resolve(address.port));
    for (let count = 0; count < workers; count += 1) {
      cluster.fork();
    }
  });
  cluster.on("exit", (_, code, signal) => {
    console.log(`worker ended ${code ?? signal}`);
    cluster.fork();
  });
  console.log(`port ${port}`);
  process.stdin.once("data", async (given) => {
    console.log((await verifier.verify(`${given}`.trim())).subject);
    process.exit(0);
  });
} else {
  http
    .createServer(async (request, response) => {
      response.setHeader("connection", "close");
      if (request.url === "/die") {
        verifier.verify(request.headers.authorization).catch(() => {});
        // The fetch has reached the provider by then.
        setTimeout(() => process.exit(3), 200);
        return;
      }
      const outcome = await verifier.verify(request.headers.authorization).catch((error) => error);
      response.end(`${process.pid} ${outcome.subject ?? outcome.code}`);
    })
    .listen(0, "127.0.0.1");
}
