// Stands in for @connectum/core and @connectum/interceptors, which are not in the registry: a
// server of the same face over connect-node, and no interceptors by default.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";

/** @param {{services: Array<(router: import("@connectrpc/connect").ConnectRouter) => unknown>, interceptors: import("@connectrpc/connect").Interceptor[]}} options */
export function createServer({ services, interceptors }) {
  const routes = (/** @type {import("@connectrpc/connect").ConnectRouter} */ router) => {
    for (const service of services) {
      service(router);
    }
  };
  const server = createHttpServer(connectNodeAdapter({ routes, interceptors }));
  return {
    async start() {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    },
    get port() {
      return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @returns {import("@connectrpc/connect").Interceptor[]} */
export const createDefaultInterceptors = () => [];
