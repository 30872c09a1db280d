// One verifier in a driver, and what a row may ask of it. Every outcome is kept for the table.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** Where the clocks of verifiers begin: any time will do, the present is the least surprising. */
const START = Math.floor(Date.now() / 1000) * 1000;

export class Gate {
  #driver;
  #bench;
  #id;
  #clock;

  static async open(bench, options, { clocked = true, driver }) {
    const gate = new Gate();
    gate.#bench = bench;
    gate.#driver = driver;
    gate.#clock = clocked ? { wall: START, mono: 1_000_000 } : undefined;
    const opened = await driver.call("open", { options, clock: gate.#clock });
    if (opened.config !== undefined) {
      assert.fail(`not opened: ${opened.config.message}`);
    }
    gate.#id = opened.gate;
    return gate;
  }

  #call(op, given) {
    return this.#driver.call(op, { gate: this.#id, ...given });
  }

  /** `{subject}` or `{code, reason, connectCode}`, and the milliseconds it took. */
  async verify(token, options = {}) {
    const outcome = await this.#call("verify", { token, ...options });
    assert.equal(outcome.crash, undefined);
    this.#bench.note(outcome.code ?? "ok");
    return outcome;
  }

  async accepts(token) {
    const { code } = await this.verify(token);
    assert.equal(code, undefined, `refused: ${JSON.stringify(await this.stats())}`);
  }

  /** Refused as unauthenticated, with exactly this code. */
  async refuses(token, code) {
    const outcome = await this.verify(token);
    assert.deepEqual([outcome.code, outcome.connectCode], [code, "unauthenticated"]);
  }

  /** Refused as unavailable, by the time that is given. */
  async unavailable(token, { within = Number.POSITIVE_INFINITY, reason, ...options } = {}) {
    const outcome = await this.verify(token, options);
    assert.deepEqual([outcome.code, outcome.connectCode], ["ERR_KEYS_UNAVAILABLE", "unavailable"]);
    assert.ok(outcome.ms < within, `answered after ${outcome.ms} ms, not within ${within} ms`);
    if (reason !== undefined) {
      assert.equal(outcome.reason, reason);
    }
    return outcome;
  }

  async verifyMany(tokens, times) {
    const many = await this.#call("verifyMany", { tokens, times });
    this.#note(many.counts);
    return many;
  }

  verifyInThreads = (token, times) => this.#call("verifyInThreads", { token, times });
  cancelledVerify = (token, afterMs) => this.#call("cancelledVerify", { token, afterMs });
  request = (token) => this.#call("request", { token });
  ready = (timeout) => this.#call("ready", { timeout });
  stats = () => this.#call("stats");
  close = () => this.#call("close");
  fork = (token, given) => this.#call("fork", { token, ...given });
  exit = (token, afterMs) => this.#call("exit", { token, afterMs });

  async flood(given) {
    const flood = await this.#call("flood", given);
    this.#note(flood.counts);
    flood.times.sort((a, b) => a - b);
    const at = (share) => flood.times[Math.floor(flood.times.length * share)];
    return { ...flood, p50: at(0.5), p99: at(0.99) };
  }

  #note(counts) {
    for (const name of Object.keys(counts)) {
      this.#bench.note(name.split(" ")[0]);
    }
  }

  /** Time passes on both clocks. */
  pass(seconds) {
    return this.move(seconds, seconds);
  }

  /** Time passes, or is set, on each clock as told. */
  move(wallSeconds, monoSeconds) {
    this.#clock.wall += wallSeconds * 1000;
    this.#clock.mono += monoSeconds * 1000;
    return this.#call("clock", this.#clock);
  }

  get wallSeconds() {
    return this.#clock.wall / 1000;
  }

  settle() {
    return this.#call("settle");
  }

  /** `stats()` once no fetch is under way, with these members among them; a pattern must match. */
  async shows(expected) {
    await this.settle();
    const stats = await this.stats();
    for (const [name, value] of Object.entries(expected)) {
      if (value instanceof RegExp) {
        assert.match(String(stats[name]), value, `stats().${name} is ${stats[name]}, not ${value}`);
      } else {
        assert.deepEqual(stats[name] ?? null, value, `stats().${name}: ${JSON.stringify(stats)}`);
      }
    }
    return stats;
  }

  /** An event of this hook with these members is told soon. */
  async hear(hook, expected = {}) {
    const fits = (event) =>
      event.hook === hook &&
      Object.entries(expected).every(([name, value]) =>
        value instanceof RegExp ? value.test(String(event[name])) : isSame(event[name], value),
      );
    for (const started = Date.now(); ; await pause(5)) {
      const events = await this.events();
      const found = events.filter(fits).at(-1);
      if (found !== undefined) {
        return found;
      }
      assert.ok(
        Date.now() - started < 2000,
        `no ${hook} like ${JSON.stringify(expected)} among ${JSON.stringify(events)}`,
      );
    }
  }

  events = () => this.#call("events");
}

const isSame = (a, b) => {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
};
