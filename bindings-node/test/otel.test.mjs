// OpenTelemetry metrics, read from the SDK's in-memory exporter.
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { afterEach, describe, it } from "node:test";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ConfigError, JwtVerifier } from "bearergate";
import { instrument } from "bearergate/otel";
import { hmacToken, inSeconds, rsaKey, SECRET, serveJwks } from "./support/tokens.mjs";

const stops = [];
const switchOn = (options) => {
  const stop = instrument(options);
  stops.push(stop);
  return stop;
};
afterEach(() => {
  for (const stop of stops.splice(0)) {
    stop();
  }
  metrics.disable();
});

/** A provider whose metrics are collected when asked for. */
function collector() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    meterProvider,
    /** Each metric by its name: its unit, and its points as [attributes, value]. */
    async collect() {
      exporter.reset();
      await reader.forceFlush();
      const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
      const all = {};
      for (const { scope, metrics: found } of scopes) {
        assert.equal(scope.name, "bearergate");
        assert.match(scope.version, /^\d+\.\d+\.\d+/);
        for (const { descriptor, dataPoints } of found) {
          all[descriptor.name] = {
            unit: descriptor.unit,
            points: dataPoints.map(({ attributes, value }) => [attributes, value]),
          };
        }
      }
      return all;
    },
  };
}

const verifier = new JwtVerifier({ secret: SECRET });
const accept = () => verifier.verifySync(hmacToken({ sub: "alice" }));
const refuse = () => assert.throws(() => verifier.verifySync(hmacToken({ sub: "alice", exp: inSeconds(-5) })));

describe("metrics", () => {
  it("count verifications by outcome, and time them in seconds", async () => {
    const { meterProvider, collect } = collector();
    switchOn({ meterProvider });
    accept();
    accept();
    refuse();
    await assert.rejects(verifier.verify("garbage"));
    const all = await collect();
    assert.deepEqual(all["bearergate.verifications"].points, [
      [{ outcome: "OK" }, 2],
      [{ outcome: "ERR_TOKEN_EXPIRED" }, 1],
      [{ outcome: "ERR_TOKEN_MALFORMED" }, 1],
    ]);
    const { unit, points } = all["bearergate.verification.duration"];
    assert.equal(unit, "s");
    const [attributes, { count, sum, buckets }] = points[0];
    assert.deepEqual([attributes, count], [{ outcome: "OK" }, 2]);
    assert.ok(sum > 0 && sum < 5, `${sum} s`);
    assert.ok(buckets.boundaries[0] < 0.001 && buckets.boundaries.at(-1) >= 5);
  });

  it("tell the state of remote keys by URL, the worst where verifiers differ", async () => {
    const { meterProvider, collect } = collector();
    switchOn({ meterProvider });
    const key = rsaKey("k");
    const jwks = await serveJwks(key);
    const fresh = new JwtVerifier({ jwksUri: `${jwks.url}?secret=1` });
    const current = async () => {
      const { points } = (await collect())["bearergate.jwks.state"] ?? { points: [] };
      const of = points.filter(([{ url }]) => url === jwks.url);
      assert.ok(of.length === 0 || of.length === 5, `${of.length} states`);
      return of.filter(([, value]) => value === 1).map(([{ state }]) => state);
    };
    assert.deepEqual(await current(), ["cold"]);
    await fresh.ready();
    assert.deepEqual(await current(), ["fresh"]);
    const cold = new JwtVerifier({ jwksUri: `${jwks.url}?secret=1`, jwks: { maxKeys: 7 } });
    assert.deepEqual(await current(), ["cold"]);
    cold.close();
    assert.deepEqual(await current(), ["fresh"]);
    fresh.close();
    assert.deepEqual(await current(), []);
    jwks.close();
  });

  it("go to the provider of the process, registered before or after", async () => {
    switchOn();
    accept();
    const late = collector();
    metrics.setGlobalMeterProvider(late.meterProvider);
    accept();
    assert.deepEqual((await late.collect())["bearergate.verifications"].points, [[{ outcome: "OK" }, 1]]);
    for (const stop of stops.splice(0)) {
      stop();
    }
    metrics.disable();
    const early = collector();
    metrics.setGlobalMeterProvider(early.meterProvider);
    switchOn({});
    accept();
    assert.deepEqual((await early.collect())["bearergate.verifications"].points, [[{ outcome: "OK" }, 1]]);
    assert.deepEqual((await late.collect())["bearergate.verifications"].points, [[{ outcome: "OK" }, 1]]);
  });

  it("count once for a provider, however often they are switched on, and not when off", async () => {
    const { meterProvider, collect } = collector();
    const stop = switchOn({ meterProvider });
    assert.equal(switchOn({ meterProvider }), stop);
    const other = collector();
    switchOn({ meterProvider: other.meterProvider });
    accept();
    stop();
    stop();
    accept();
    assert.deepEqual((await collect())["bearergate.verifications"].points, [[{ outcome: "OK" }, 1]]);
    assert.deepEqual((await other.collect())["bearergate.verifications"].points, [[{ outcome: "OK" }, 2]]);
    assert.equal((await collect())["bearergate.jwks.state"], undefined);
  });

  it("cost nothing before they are switched on: nobody listens", () => {
    assert.equal(channel("bearergate:verify").hasSubscribers, false);
  });

  it("take a provider, and nothing else", () => {
    for (const [option, options] of [
      ["options", "x"],
      ["meterProvider", { meterProvider: {} }],
      ["meterprovider", { meterprovider: new MeterProvider() }],
    ]) {
      assert.throws(
        () => instrument(options),
        (error) => error instanceof ConfigError && error.option === option,
      );
    }
  });
});
