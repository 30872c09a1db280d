// The list of rows. Each is written once, against a bench; every driver runs it.

export const ROWS = [];

/**
 * @param {number} number as in the table of faults
 * @param {string} fault
 * @param {(bench: import("./bench.mjs").Bench) => Promise<void>} run
 * @param {object} [traits]
 * @param {boolean} [traits.alone] measures time, so nothing may run beside it
 * @param {"net" | "mount"} [traits.namespace] runs inside a namespace of its own
 */
export function row(number, fault, run, traits = {}) {
  ROWS.push({ number, fault, run, ...traits });
}
