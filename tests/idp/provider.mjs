// The identity provider: npm oidc-provider over HTTP on loopback, issuing JWT access tokens to
// machine clients through resource indicators.

import { once } from "node:events";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** The machine clients, with the roles their tokens carry. */
export const CLIENTS = {
  "alice-service": { secret: "alice-service-secret-of-the-tests", roles: ["admin", "user"] },
  "bob-service": { secret: "bob-service-secret-of-the-tests", roles: ["user"] },
};

const SCOPES = "read write";

/**
 * A resource is `https://resource.test/AUDIENCE`, with `alg` and `ttl` (seconds) in its query.
 * oidc-provider asks this for each token request.
 */
function resourceServer(resource) {
  const url = new URL(resource);
  return {
    audience: url.pathname.slice(1),
    scope: SCOPES,
    accessTokenFormat: "jwt",
    accessTokenTTL: Number(url.searchParams.get("ttl") ?? 300),
    jwt: { sign: { alg: url.searchParams.get("alg") ?? "RS256" } },
  };
}

function configuration(jwks) {
  return {
    jwks,
    clients: Object.entries(CLIENTS).map(([client_id, { secret }]) => ({
      client_id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    scopes: SCOPES.split(" "),
    ttl: { ClientCredentials: (_ctx, token) => token.resourceServer.accessTokenTTL },
    extraTokenClaims: (_ctx, token) => ({ realm_access: { roles: CLIENTS[token.clientId].roles } }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_ctx, resource) => resourceServer(resource),
      },
    },
  };
}

/**
 * An identity provider on one loopback port. It builds its keys at construction, so a rotation is a
 * second provider with other keys on the same port.
 */
export class IdentityProvider {
  #server;
  #port;
  /** Requests for the key set so far. */
  jwksRequests = 0;

  /** @param {number} port 0 for a free one, kept from then on */
  constructor(port) {
    this.#port = port;
  }

  get issuer() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(jwks) {
    await this.stop();
    let handle;
    this.#server = createServer((req, res) => {
      if (req.url === "/jwks") {
        this.jwksRequests += 1;
      }
      handle(req, res);
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = this.#server.address().port;
    handle = new Provider(this.issuer, configuration(jwks)).callback();
  }

  async stop() {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }
}
