// One row through one driver.
import { Bench, Skip } from "./bench.mjs";

/** Longest that a row may take, in milliseconds. */
const LIMIT = 60_000;

/** `{outcomes, fetches, notes}` and `failure` or `skipped`, in words. */
export async function runRow({ run }, driver) {
  const bench = new Bench(driver);
  const result = {};
  let late;
  const deadline = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error("the row did not end")), LIMIT);
  });
  try {
    await Promise.race([run(bench), deadline]);
  } catch (error) {
    if (error instanceof Skip) {
      result.skipped = error.message;
    } else {
      result.failure = String(error?.stack ?? error);
    }
  }
  clearTimeout(late);
  const { outcomes, notes, fetches } = bench;
  await bench.end();
  if (bench.stuck.length > 0) {
    result.failure ??= `did not stop: ${bench.stuck}`;
  }
  return { ...result, outcomes: [...new Set(outcomes)], notes: [...notes], fetches };
}
