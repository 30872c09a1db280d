// Envoy's `jwt_authn` filter as a sidecar: it verifies tokens and passes requests on to an open server.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIENCE, ISSUER } from "./tokens.mjs";

const TYPES = "type.googleapis.com/envoy.extensions.filters";
const typed = (name, type, more) => ({ name, typed_config: { "@type": `${TYPES}.${type}`, ...more } });
const at = (port) => ({ socket_address: { address: "127.0.0.1", port_value: port } });

const configuration = (port, upstream, jwk) => ({
  static_resources: {
    listeners: [
      {
        address: at(port),
        filter_chains: [
          {
            filters: [
              typed("http", "network.http_connection_manager.v3.HttpConnectionManager", {
                stat_prefix: "http",
                route_config: {
                  virtual_hosts: [
                    { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "server" } }] },
                  ],
                },
                http_filters: [
                  typed("jwt_authn", "http.jwt_authn.v3.JwtAuthentication", {
                    providers: {
                      idp: {
                        issuer: ISSUER,
                        audiences: [AUDIENCE],
                        local_jwks: { inline_string: JSON.stringify({ keys: [jwk] }) },
                        forward: true,
                      },
                    },
                    rules: [{ match: { prefix: "/" }, requires: { provider_name: "idp" } }],
                  }),
                  typed("router", "http.router.v3.Router", {}),
                ],
              }),
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: "server",
        connect_timeout: "1s",
        load_assignment: {
          cluster_name: "server",
          endpoints: [{ lb_endpoints: [{ endpoint: { address: at(upstream) } }] }],
        },
      },
    ],
  },
});

async function freePort() {
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => holder.once("listening", listening));
  const { port } = holder.address();
  await new Promise((closed) => holder.close(closed));
  return port;
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.end());
  });

/**
 * Starts one in front of a server.
 *
 * @param {string[]} command to run it with
 * @param {number} upstream port of the server
 * @param {object} jwk whose tokens it lets through
 * @returns {Promise<{port: number, stop(): Promise<void>}>}
 */
export async function startEnvoy(command, upstream, jwk) {
  const folder = mkdtempSync(join(tmpdir(), "bearergate-envoy-"));
  const port = await freePort();
  const file = join(folder, "envoy.json");
  writeFileSync(file, JSON.stringify(configuration(port, upstream, jwk)));
  const [program, ...args] = [...command, "-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "error"];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  for (const begun = performance.now(); !(await answers(port)); ) {
    if (child.exitCode !== null || performance.now() - begun > 20_000) {
      throw new Error("Envoy did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    async stop() {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
