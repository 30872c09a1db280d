// ES module entry.
import adapter from "./hono.js";

export const { createJwtAuthMiddleware, getAuthContext } = adapter;
