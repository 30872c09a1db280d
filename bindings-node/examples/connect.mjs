// Connect 2.2: the gate refuses before the body is read, the interceptor runs the call in its context. Run:
// JWKS_URI=https://auth.example.com/.well-known/jwks.json node connect.mjs
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createJwtAuthInterceptor, createJwtRequestGate, requireAuthContext } from "bearergate";
import { GreetService } from "./greet-connect.mjs";

const jwtAuth = createJwtAuthInterceptor({
  jwksUri: process.env.JWKS_URI,
  issuer: "https://auth.example.com/",
  audience: "my-api",
  skipMethods: ["grpc.health.v1.Health/*"],
});

const server = createServer(
  connectNodeAdapter({
    requestGate: createJwtRequestGate(jwtAuth.verifier),
    interceptors: [jwtAuth],
    routes: (router) =>
      router.service(GreetService, {
        greet: () => ({ greeting: `Hello ${requireAuthContext().subject}` }),
        async *greetMany() {
          yield { greeting: `Hello ${requireAuthContext().subject}` };
          yield { greeting: `Hello again ${requireAuthContext().subject}` };
        },
      }),
  }),
);
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
