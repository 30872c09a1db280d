// ES module entry.
import adapter from "./fetch.js";

export const { createJwtAuthenticator, getAuthContext } = adapter;
