// The methods that a gate judges requests to. Each has a function that judges, so that their names cross the border
// once.
"use strict";

/** Most that are remembered. No server has as many, but whoever calls could make names up. */
const MAX = 4096;

class Procedures {
  #judgeOf;
  #services = new Map();
  #count = 0;

  /** @param {(service: string, method: string) => Function} judgeOf makes the function that judges requests to a method */
  constructor(judgeOf) {
    this.#judgeOf = judgeOf;
  }

  /**
   * @param {string} service
   * @param {string} method
   * @returns {{name: string, judge: Function}}
   */
  find(service, method) {
    return this.#services.get(service)?.get(method) ?? this.#add(service, method);
  }

  #add(service, method) {
    const procedure = { name: `${service}/${method}`, judge: this.#judgeOf(service, method) };
    if (this.#count === MAX) {
      this.#services.clear();
      this.#count = 0;
    }
    const methods = this.#services.get(service) ?? new Map();
    this.#services.set(service, methods.set(method, procedure));
    this.#count += 1;
    return procedure;
  }
}

module.exports = { Procedures };
