import { createJwtAuthInterceptor } from 'bearergate';

const jwtAuth = createJwtAuthInterceptor({
  secret: process.env.JWT_SECRET,
  issuer: 'my-service',
});

export { jwtAuth };
