// Times of calls that take turns: in each round every one of them runs a batch, so that what the machine
// does meanwhile happens to all alike. The ratios between medians count, not the times.

/** Least time of a batch, in milliseconds. */
const BATCH_MS = 2;

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

export const summary = (times) => ({ us: median(times), min: Math.min(...times), max: Math.max(...times) });

/** Microseconds per call of each function in each round, one after the other. */
export async function alternate(calls, { rounds = 60, run = runSync } = {}) {
  const names = Object.keys(calls);
  const sizes = {};
  for (const name of names) {
    sizes[name] = await sizeOf(calls[name], run);
  }
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      // Untimed, a few: what the others have pushed out of the processor's caches is nobody's cost.
      await run(calls[name], (sizes[name] >> 3) + 1);
      times[name].push((await run(calls[name], sizes[name])) * 1000);
    }
  }
  return times;
}

/** How many calls fill a batch, once the function is warm. */
async function sizeOf(call, run) {
  for (let size = 64; ; size *= 2) {
    const each = await run(call, size);
    if (each * size >= BATCH_MS * 4) {
      return Math.max(8, Math.round(BATCH_MS / each));
    }
  }
}

/** Milliseconds per call of a batch. */
export function runSync(call, size) {
  const begun = performance.now();
  for (let i = 0; i < size; i += 1) {
    call();
  }
  return (performance.now() - begun) / size;
}

/** The same for calls that promise, each awaited before the next. */
export async function runAwaited(call, size) {
  const begun = performance.now();
  for (let i = 0; i < size; i += 1) {
    await call();
  }
  return (performance.now() - begun) / size;
}

/** The same with this many under way at a time. */
export const runInFlight = (width) => async (call, size) => {
  const rounds = Math.ceil(size / width);
  const begun = performance.now();
  for (let i = 0; i < rounds; i += 1) {
    await Promise.all(Array.from({ length: width }, () => call()));
  }
  return (performance.now() - begun) / (rounds * width);
};

/**
 * Measurements of calls by row and column, as the report reads them. All rows share the rounds: a fast one would else
 * be measured in a moment, whatever the machine did in it. `more` makes further figures of the times of a row.
 */
export async function alternateRows(table, calls, options, more = () => ({})) {
  const flat = Object.entries(calls).flatMap(([row, columns]) =>
    Object.entries(columns).map(([column, call]) => ({ row, column, call })),
  );
  const times = await alternate(
    flat.map(({ call }) => call),
    options,
  );
  const ofRow = (row) =>
    Object.fromEntries(flat.flatMap((each, at) => (each.row === row ? [[each.column, times[at]]] : [])));
  return flat.map(({ row, column }, at) => ({
    table,
    row,
    column,
    ...summary(times[at]),
    ...more(column, ofRow(row)),
  }));
}
