import { createJwtAuthInterceptor } from 'bearergate';
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

export { jwtAuth };
