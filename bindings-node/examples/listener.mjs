// Any request listener, here Connect of any version: refused before the body is read. Run:
// JWKS_URI=https://auth.example.com/.well-known/jwks.json node listener.mjs
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { guardRequestListener, requireAuthContext } from "bearergate";
import { GreetService } from "./greet-connect.mjs";

const connect = connectNodeAdapter({
  routes: (router) =>
    router.service(GreetService, {
      greet: () => ({ greeting: `Hello ${requireAuthContext().subject}` }),
      async *greetMany() {
        yield { greeting: `Hello ${requireAuthContext().subject}` };
        yield { greeting: `Hello again ${requireAuthContext().subject}` };
      },
    }),
  fallback(_request, response) {
    response.end("ok");
  },
});

const guarded = guardRequestListener(connect, {
  jwksUri: process.env.JWKS_URI,
  issuer: "https://auth.example.com/",
  audience: "my-api",
  skipMethods: ["grpc.health.v1.Health/*"],
  skipPaths: ["/healthz"],
});

const server = createServer(guarded);
server.on("checkContinue", guarded.checkContinue);
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
