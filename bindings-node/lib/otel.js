// OpenTelemetry metrics, made of what the channels tell: nothing here runs until it is switched on.
"use strict";

const { subscribe, unsubscribe } = require("node:diagnostics_channel");
const { ConfigError } = require("./errors.js");
const { isPlain, ownMembers } = require("./members.js");
const { enlisted } = require("./telemetry.js");
const { version } = require("../package.json");

const CHANNEL = "bearergate:verify";

/** In seconds: from a remembered signature to the longest wait for keys. */
const BOUNDARIES = [0.000_01, 0.000_025, 0.000_05, 0.0001, 0.000_25, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10];

/** The states of remote keys, from best to worst. */
const STATES = ["fresh", "ageing", "stale", "cold", "dead"];

function readProvider(options) {
  if (options === undefined || options === null) {
    return undefined;
  }
  if (typeof options !== "object" || !isPlain(options)) {
    throw new ConfigError("options", "options must be a plain object such as { meterProvider }");
  }
  const { meterProvider, ...unknown } = Object.fromEntries(ownMembers(options, ""));
  for (const name of Object.keys(unknown)) {
    throw new ConfigError(name, `option \`${name}\`: unknown option; known here: meterProvider`);
  }
  if (meterProvider !== undefined && meterProvider !== null && typeof meterProvider.getMeter !== "function") {
    throw new ConfigError("meterProvider", "option `meterProvider`: must be a MeterProvider of OpenTelemetry");
  }
  return meterProvider ?? undefined;
}

/** Gives the MeterProvider of the process, whichever that is by then. */
function globalProvider() {
  let api;
  try {
    api = require("@opentelemetry/api");
  } catch (cause) {
    throw new Error("bearergate/otel needs @opentelemetry/api: npm install @opentelemetry/api", { cause });
  }
  return () => api.metrics.getMeterProvider();
}

/** The worst state of the keys of each URL: verifiers of different policies have sets of their own. */
function keyStates() {
  const worst = new Map();
  for (const { native } of enlisted()) {
    const states = native.keyStates();
    for (let index = 0; index < states.length; index += 2) {
      const [url, state] = [states[index], states[index + 1]];
      if (STATES.indexOf(state) >= STATES.indexOf(worst.get(url))) {
        worst.set(url, state);
      }
    }
  }
  return worst;
}

/** A callback for the gauge. What was once told stays, so that URLs that are gone are told to be in no state. */
function keyObserver() {
  const known = new Set();
  return (result) => {
    const states = keyStates();
    for (const url of states.keys()) {
      known.add(url);
    }
    for (const url of known) {
      for (const state of STATES) {
        result.observe(states.get(url) === state ? 1 : 0, { url, state });
      }
    }
  };
}

/** The instruments of one provider. */
function bind(provider) {
  const meter = provider.getMeter("bearergate", version);
  const verifications = meter.createCounter("bearergate.verifications", {
    description: "Judged tokens and requests, by outcome: OK, or the code of the refusal",
    unit: "{verification}",
  });
  const duration = meter.createHistogram("bearergate.verification.duration", {
    description: "How long a judgement took, waiting for keys included",
    unit: "s",
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
  const state = meter.createObservableGauge("bearergate.jwks.state", {
    description: "1 for the state that the keys of a URL are in, 0 for the others; 0 for all once they are out of use",
  });
  const observe = keyObserver();
  state.addCallback(observe);
  return {
    provider,
    record({ outcome, durationMs }) {
      verifications.add(1, { outcome });
      duration.record(durationMs / 1000, { outcome });
    },
    release: () => state.removeCallback(observe),
  };
}

/** What is switched on: by its provider, or for whichever is the process's. */
const running = new Map();

/** @param {{meterProvider?: object}} [options] */
function instrument(options) {
  const given = readProvider(options);
  const present = running.get(given);
  if (present !== undefined) {
    return present;
  }
  const current = given === undefined ? globalProvider() : () => given;
  let bound = bind(current());
  const record = (event) => {
    const provider = current();
    // The process's provider may be registered later than this was switched on.
    if (provider !== bound.provider) {
      bound.release();
      bound = bind(provider);
    }
    bound.record(event);
  };
  const stop = () => {
    if (running.get(given) === stop) {
      running.delete(given);
      unsubscribe(CHANNEL, record);
      bound.release();
    }
  };
  subscribe(CHANNEL, record);
  running.set(given, stop);
  return stop;
}

module.exports = { instrument };
