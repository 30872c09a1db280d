// Jest's module registry is another one by the time that tests run; the package that was loaded stays one.
"use strict";

const bearergate = require("bearergate");

beforeEach(() => jest.resetModules());

describe("bearergate, loaded before the registry was reset", () => {
  it("knows its own verifiers", () => {
    const verifier = new bearergate.JwtVerifier({ secret: "the secret of a test runner's tests, long enough" });
    expect(bearergate.guardRequestListener(() => {}, verifier).verifier).toBe(verifier);
    expect(typeof bearergate.createJwtRequestGate(verifier)).toBe("function");
  });

  it("refuses options with its own errors", () => {
    for (const create of [
      bearergate.createAuthzInterceptor,
      bearergate.createClientBearerInterceptor,
      bearergate.createJwtAuthInterceptor,
      bearergate.createJwtRequestGate,
    ]) {
      expect(() => create({ unknown: true })).toThrow(bearergate.ConfigError);
    }
  });
});
