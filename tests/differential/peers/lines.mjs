// The loop of an evaluator: a line of JSON in, a verdict out for each that holds a token, in order.

/** The lines of a stream; `node:readline` would end them at U+2028 too. */
export async function* linesOf(stream) {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    yield* lines;
  }
}

/** `prepare(line)` gives what `judge(prepared, token)` is called with; a promise of a verdict is one. */
export async function serve(prepare, judge) {
  const configs = new Map();
  let verdicts = [];
  for await (const text of linesOf(process.stdin)) {
    const line = JSON.parse(text);
    if (line === null) {
      process.stdout.write((await Promise.all(verdicts)).map((verdict) => `${verdict}\n`).join(""));
      verdicts = [];
    } else if (line.drop !== undefined) {
      configs.delete(line.drop);
    } else if (line.token !== undefined) {
      verdicts.push(judge(configs.get(line.config), line.token));
    } else {
      configs.set(line.config, prepare(line));
    }
  }
}

/** A message on one line. */
export const oneLine = (text) => String(text).replace(/\s+/g, " ");
