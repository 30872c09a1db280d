// A row inside the namespace that this process was started in: its result is one line of JSON.
import { readdirSync } from "node:fs";
import { ROWS } from "./row.mjs";
import { runRow } from "./run.mjs";

const folder = new URL("../rows/", import.meta.url);
for (const file of readdirSync(folder)) {
  await import(new URL(file, folder));
}
const [number, driver] = process.argv.slice(2);
const result = await runRow(
  ROWS.find((each) => each.number === Number(number)),
  driver,
);
process.stdout.write(JSON.stringify(result), () => process.exit(0));
