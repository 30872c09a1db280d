// Deno shows its timers as accessors, which its own mocks cannot replace: here they are plain
// functions, as in Node.
for (const name of ["setTimeout", "clearTimeout"]) {
  Object.defineProperty(globalThis, name, { value: globalThis[name], writable: true, configurable: true });
}
