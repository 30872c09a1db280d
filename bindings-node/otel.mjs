// ES module entry of `bearergate/otel`: the same implementation and state as the CommonJS entry.
import otel from "./lib/otel.js";

export const { instrument } = otel;
