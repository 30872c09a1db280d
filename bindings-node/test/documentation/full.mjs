import { createServer, createDefaultInterceptors } from './connectum.mjs';
import { createJwtAuthInterceptor } from 'bearergate';
import { routes } from './routes.mjs';
import { urls } from './urls.mjs';

const jwtAuth = createJwtAuthInterceptor({
  jwksUri: urls.jwks,
  issuer: 'https://auth.example.com/',
  audience: 'my-api',
  maxTokenAge: '1h',
  claimsMapping: {
    roles: 'realm_access.roles',
    scopes: 'scope',
  },
});

const server = createServer({
  services: [routes],
  interceptors: [...createDefaultInterceptors(), jwtAuth],
});

await server.start();

export { server, jwtAuth };
