// ES module entry.
import adapter from "./fastify.js";

export const { getAuthContext, jwtAuthPlugin } = adapter;
