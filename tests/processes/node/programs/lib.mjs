// What the programs of the process tests share: the package, and the options they were started with.
import { createRequire } from "node:module";

export const { JwtVerifier } = createRequire(import.meta.url)("../../../../bindings-node/index.js");

/** The options given on the command line. */
export const options = () => JSON.parse(process.argv[2]);
