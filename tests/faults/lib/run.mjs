// One row through one driver.
import { Bench, Skip } from "./bench.mjs";

/** `{outcomes, fetches, notes}` and `failure` or `skipped`, in words. */
export async function runRow({ run }, driver) {
  const bench = new Bench(driver);
  const result = {};
  try {
    await run(bench);
  } catch (error) {
    if (error instanceof Skip) {
      result.skipped = error.message;
    } else {
      result.failure = String(error?.stack ?? error);
    }
  }
  const { outcomes, notes, fetches } = bench;
  await bench.end();
  return { ...result, outcomes: [...new Set(outcomes)], notes: [...notes], fetches };
}
