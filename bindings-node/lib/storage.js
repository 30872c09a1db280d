// The AsyncLocalStorage that carries the context, one for the process: it is registered on
// globalThis under the names that @connectum/auth uses too, so that each reads the other's context.
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const { pathToFileURL } = require("node:url");

const STORAGE = Symbol.for("@connectum/auth/context-storage");
const META = Symbol.for("@connectum/auth/context-storage-meta");

function shared() {
  const present = globalThis[STORAGE];
  if (present !== undefined && present !== null) {
    return present;
  }
  const storage = new AsyncLocalStorage();
  globalThis[STORAGE] = storage;
  // `warned` keeps the package that finds this later from reporting a duplicate of itself.
  // In a bundle that is an ES module there is no __filename.
  const initUrl = typeof __filename === "string" ? pathToFileURL(__filename).href : "bearergate";
  globalThis[META] = { initUrl, warned: true };
  return storage;
}

module.exports = { authContextStorage: shared() };
