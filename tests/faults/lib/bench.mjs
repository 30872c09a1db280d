// What one row works with for one driver: its endpoints, its verifiers, and what it leaves for the table.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeAuthority } from "../server/certificates.mjs";
import { Endpoint } from "../server/endpoint.mjs";
import { Driver } from "./driver.mjs";
import { Gate } from "./gate.mjs";

/** A part of a row that cannot be had here. */
export class Skip extends Error {}

/** Longest that anything may take to stop, in milliseconds. */
const STOP_LIMIT = 15_000;

let authority;

export class Bench {
  #driver;
  #closing = [];
  #counted = [];
  #directory;
  outcomes = [];
  notes = new Set();
  /** What did not stop when the row was over. */
  stuck = [];

  /** @param {string} name of the driver */
  constructor(name) {
    this.name = name;
  }

  get isNode() {
    return this.name === "node";
  }

  /** The driver's process. */
  get driver() {
    this.#driver ??= this.launch();
    return this.#driver;
  }

  /** One more process of the driver. */
  launch(env, under) {
    const driver = new Driver(this.name, env, under);
    this.#closing.push(() => driver.end());
    return driver;
  }

  /** An endpoint whose requests the table counts. */
  async endpoint(options) {
    return this.count(await Endpoint.open(options));
  }

  count(endpoint) {
    this.#counted.push(endpoint);
    return this.keep(endpoint);
  }

  /** Stops something when the row is over. */
  keep(started) {
    this.#closing.push(() => started.stop());
    return started;
  }

  /** The certificate authority of this run. */
  authority() {
    authority ??= makeAuthority();
    return authority;
  }

  /** A directory of this row's own. */
  get directory() {
    this.#directory ??= mkdtempSync(join(tmpdir(), "bearergate-faults-"));
    return this.#directory;
  }

  /** A verifier of a URL, or with all the options that are given. */
  open(urlOrOptions, jwks = {}, { driver = this.driver, ...settings } = {}) {
    const options = typeof urlOrOptions === "string" ? { jwksUri: urlOrOptions } : urlOrOptions;
    const given = Object.keys(jwks).length === 0 ? options : { ...options, jwks: { ...options.jwks, ...jwks } };
    return Gate.open(this, given, { driver, ...settings });
  }

  /** An outcome for the table. */
  note(outcome) {
    if (this.outcomes.at(-1) !== outcome) {
      this.outcomes.push(outcome);
    }
  }

  /** Something that the table should say beside the outcome. */
  remark(note) {
    this.notes.add(note);
  }

  skip(reason) {
    throw new Skip(reason);
  }

  get fetches() {
    return this.#counted.reduce((sum, { fetches }) => sum + fetches, 0);
  }

  async end() {
    for (const close of this.#closing.reverse()) {
      const late = pause(STOP_LIMIT, "late", { ref: false });
      if ((await Promise.race([close(), late])) === "late") {
        this.stuck.push(String(close));
      }
    }
    if (this.#directory !== undefined) {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}
