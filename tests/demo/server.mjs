// A Connect server in Node, guarded by bearergate. Options come as JSON in DEMO_OPTIONS; prints its
// port when it listens.
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createJwtAuthInterceptor, requireAuthContext } from "bearergate";
import { WhoAmI } from "./service.mjs";

const jwtAuth = createJwtAuthInterceptor(JSON.parse(process.env.DEMO_OPTIONS));

const handler = connectNodeAdapter({
  interceptors: [jwtAuth],
  routes: (router) =>
    router.service(WhoAmI, {
      get() {
        const { subject, roles, scopes } = requireAuthContext();
        return { value: JSON.stringify({ subject, roles, scopes }) };
      },
    }),
});

const server = createServer(handler).listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
