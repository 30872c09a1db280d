// ES module entry.
import adapter from "./grpc.js";

export const { createJwtAuthInterceptor, getAuthContext } = adapter;
