// What the native side's numbers stand for: accepted tokens that it has told of before (src/told.rs).
"use strict";

const PLACES = 1024;

class Told {
  #kept = [];

  /** Keeps what was made of the answer with this number. */
  keep(number, accepted) {
    this.#kept[number % PLACES] = { number, accepted };
  }

  /** What was kept under a number; undefined where that was lost. */
  find(number) {
    const kept = this.#kept[number % PLACES];
    return kept?.number === number ? kept.accepted : undefined;
  }
}

module.exports = { Told };
