// The table of results: row, fault, driver, what callers saw, requests that endpoints saw, verdict.

const COLUMNS = ["row", "fault", "driver", "outcomes", "fetches", "verdict"];

/** U and T as the table of faults has them are spelt out; `ok` is an accepted token. */
export function table(results) {
  const lines = [...results]
    .sort((a, b) => a.number - b.number || a.driver.localeCompare(b.driver))
    .map((result) => [
      String(result.number).padStart(2, "0"),
      result.fault,
      result.driver,
      result.outcomes?.join(", ") || "-",
      String(result.fetches ?? "-"),
      [verdict(result), ...(result.notes ?? [])].join("; "),
    ]);
  const widths = COLUMNS.map((name, at) => Math.max(name.length, ...lines.map((line) => line[at].length)));
  const draw = (line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at]))
      .join("  ")
      .trimEnd();
  const count = (name) => results.filter((result) => verdict(result).startsWith(name)).length;
  return [
    "",
    draw(COLUMNS),
    draw(widths.map((width) => "-".repeat(width))),
    ...lines.map(draw),
    "",
    `faults: ${count("ok")} passed, ${count("FAILED")} failed, ${count("skipped")} skipped`,
  ].join("\n");
}

function verdict({ failure, skipped }) {
  if (skipped !== undefined) {
    return `skipped: ${skipped}`;
  }
  return failure === undefined ? "ok" : "FAILED";
}
