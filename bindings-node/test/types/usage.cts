// What TypeScript users write against the package as CommonJS. It is compiled, not run.
import connect = require("@connectrpc/connect");
import bearergate = require("bearergate");

const jwtAuth = bearergate.createJwtAuthInterceptor({ secret: process.env.JWT_SECRET });
export const interceptors: connect.Interceptor[] = [jwtAuth];
export const context: bearergate.AuthContext | undefined = bearergate.getAuthContext();
