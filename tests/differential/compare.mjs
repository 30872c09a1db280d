// The rule, and the counts. A verdict is a line: `A` with claims (and, of ours, the rest of the context),
// `R` with a code or a message, `U` where a verifier cannot be asked.
import { DIFFERENCES } from "./differences.mjs";
import { takeApart } from "./mutant.mjs";

const OURS = ["rust", "node", "python"];
const PEERS = ["jose", "pyjwt", "jsonwebtoken"];
const MOST_SHOWN = 20;
const PROGRESS = 100_000;

const count = (map, name) => map.set(name, (map.get(name) ?? 0) + 1);

export class Comparison {
  total = 0;
  accepted = 0;
  codes = new Map();
  kinds = new Map();
  used = new Map();
  unasked = new Map();
  problems = [];

  constructor(now) {
    this.now = now;
  }

  add({ token, kinds, config }, set, verdicts) {
    this.total += 1;
    if (this.total % PROGRESS === 0) {
      console.log(`${this.total} so far, ${this.problems.length} without a name`);
    }
    for (const kind of kinds) {
      count(this.kinds, kind);
    }
    const ours = verdicts.rust;
    if (OURS.some((name) => verdicts[name] !== ours)) {
      this.#fail("ours differ", { token, kinds, set, verdicts });
      return;
    }
    const [outcome, claims] = ours.split("\t");
    if (outcome === "A") {
      this.accepted += 1;
    }
    count(this.codes, outcome === "A" ? "accepted" : claims);
    let mutant;
    for (const peer of PEERS) {
      const [verdict, theirs] = verdicts[peer].split("\t");
      if (verdict === "U") {
        count(this.unasked, `${peer} ${theirs}`);
        continue;
      }
      if (verdict === outcome && (outcome === "R" || theirs === claims)) {
        continue;
      }
      mutant ??= takeApart(token, set);
      const judged = { ...judgement(ours), peer, theirs: verdicts[peer], mutant, now: this.now };
      // Claims that both accept are the same, whatever the name.
      const difference =
        verdict === "A" && outcome === "A" ? undefined : DIFFERENCES.find((each) => applies(each, judged));
      if (difference === undefined) {
        const what =
          outcome === "R"
            ? "accepts what we refuse"
            : verdict === "A"
              ? "reads other claims"
              : "refuses what we accept";
        this.#fail(`${peer} ${what}`, { token, kinds, config, set, verdicts });
      } else {
        count(this.used, `${difference.name}\t${peer}`);
      }
    }
  }

  #fail(what, details) {
    this.problems.push({ what, ...details });
  }

  /** Prints the counts; whether the rule held. */
  report() {
    const sorted = (map) => [...map].sort(([, a], [, b]) => b - a);
    console.log(`${this.total} mutants of ${this.kinds.size} kinds, ${this.accepted} accepted`);
    console.log(
      `by our code: ${sorted(this.codes)
        .map(([code, times]) => `${code} ${times}`)
        .join(", ")}`,
    );
    for (const [what, times] of sorted(this.unasked)) {
      console.log(`not asked: ${what}: ${times}`);
    }
    console.log("differences:");
    for (const { name, rule } of DIFFERENCES) {
      const of = PEERS.map((peer) => [peer, this.used.get(`${name}\t${peer}`) ?? 0]).filter(([, times]) => times > 0);
      const counts = of.map(([peer, times]) => `${peer} ${times}`).join(", ");
      console.log(`  ${counts === "" ? "never" : counts}: ${name} (${rule})`);
    }
    const shown = new Map();
    for (const problem of this.problems) {
      const sort = `${problem.what} / ${problem.kinds.join("+")} / ${problem.verdicts.rust.slice(0, 80)}`;
      if (count(shown, sort).get(sort) === 1 && shown.size <= MOST_SHOWN) {
        console.error(JSON.stringify(problem, null, 1).slice(0, 6000));
      }
    }
    console.log(`${this.problems.length} without a name`);
    return this.problems.length === 0;
  }
}

/** A difference without a code is about what ours accepts. */
const applies = ({ peers = PEERS, code, when }, judged) =>
  peers.includes(judged.peer) &&
  (judged.accepted ? code === undefined : [code].flat().includes(judged.code)) &&
  when(judged);

function judgement(ours) {
  const [outcome, code, claim, reason] = ours.split("\t");
  return outcome === "A" ? { accepted: true } : { accepted: false, code, claim, reason };
}
