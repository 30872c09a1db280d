// ES module entry.
import adapter from "./express.js";

export const { createJwtAuthMiddleware, getAuthContext } = adapter;
