import type { MeterProvider } from "@opentelemetry/api";

/**
 * Options of {@link instrument}.
 *
 * @example
 * ```ts
 * import { MeterProvider } from "@opentelemetry/sdk-metrics";
 *
 * const ours: InstrumentOptions = { meterProvider: new MeterProvider() };
 * ```
 */
export interface InstrumentOptions {
  /** Where the metrics go. Default: the provider that is registered for the process, now or later. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Switches OpenTelemetry metrics on, for every verifier of this process (or worker thread):
 *
 * - `bearergate.verifications`: counter, by `outcome`: `OK` or an `ERR_` code;
 * - `bearergate.verification.duration`: histogram in seconds, by `outcome`;
 * - `bearergate.jwks.state`: gauge by `url` and `state` (`fresh`, `ageing`, `stale`, `cold`, `dead`): 1 for
 *   the state that the keys are in, 0 for the others, and for all once no verifier uses them.
 *
 * Switched on twice for one provider, it counts once.
 *
 * @example
 * ```ts
 * instrument();
 * ```
 *
 * @throws {Error} when `@opentelemetry/api` is not installed and no provider is given
 * @throws {ConfigError} when an option is wrong
 * @returns a function that switches it off
 */
export declare function instrument(options?: InstrumentOptions): () => void;
