// @grpc/grpc-js. Run: JWKS_URI=https://auth.example.com/.well-known/jwks.json node grpc.mjs
import grpc from "@grpc/grpc-js";
import { createJwtAuthInterceptor, getAuthContext } from "bearergate/grpc";
import { GreetService } from "./greet-grpc.mjs";

const server = new grpc.Server({
  interceptors: [
    createJwtAuthInterceptor({
      jwksUri: process.env.JWKS_URI,
      issuer: "https://auth.example.com/",
      audience: "my-api",
      skipMethods: ["grpc.health.v1.Health/*"],
    }),
  ],
});

server.addService(GreetService, {
  greet(_call, done) {
    done(null, { greeting: `Hello ${getAuthContext().subject}` });
  },
  async greetMany(call) {
    for (const greeting of ["Hello", "Hello again"]) {
      call.write({ greeting: `${greeting} ${getAuthContext().subject}` });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    call.end();
  },
});

const address = `127.0.0.1:${process.env.PORT ?? 8080}`;
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(`http://127.0.0.1:${port}`);
});
