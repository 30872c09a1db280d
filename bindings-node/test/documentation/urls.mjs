// Where the examples find what the documentation has on example.com.
export const urls = { jwks: /** @type {string} */ (process.env.JWKS_URL) };
