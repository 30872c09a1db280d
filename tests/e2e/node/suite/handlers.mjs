// Handlers that tell who they see, at each message and behind each kind of hop.
import { setTimeout as sleep } from "node:timers/promises";
import { getAuthContext } from "bearergate";

/** Calls of each handler so far. */
export const calls = { total: 0 };

const who = (text = "") => {
  const context = getAuthContext();
  return {
    subject: context?.subject ?? "",
    roles: [...(context?.roles ?? [])],
    scopes: [...(context?.scopes ?? [])],
    text,
  };
};

/** Who is seen from a timer, a microtask and a promise hop; the same one, or "torn". */
async function whoBehindHops(text) {
  const direct = who(text);
  const timer = await new Promise((resolve) => setTimeout(() => resolve(who(text)), 1));
  const tick = await new Promise((resolve) => process.nextTick(() => resolve(who(text))));
  await sleep(1);
  const seen = [direct, timer, tick, who(text)];
  return new Set(seen.map(({ subject }) => subject)).size === 1 ? direct : { ...direct, subject: "torn" };
}

export const handlers = {
  unary(question) {
    calls.total += 1;
    return whoBehindHops(question.text);
  },
  async *serverStream(question) {
    calls.total += 1;
    for (let index = 0; index < question.count; index += 1) {
      yield await whoBehindHops(`${question.text}${index}`);
    }
  },
  async clientStream(questions) {
    calls.total += 1;
    const subjects = new Set([who().subject]);
    let text = "";
    for await (const question of questions) {
      subjects.add((await whoBehindHops()).subject);
      text += question.text;
    }
    subjects.add(who().subject);
    return subjects.size === 1 ? who(text) : { subject: "torn" };
  },
  async *bidi(questions) {
    calls.total += 1;
    for await (const question of questions) {
      yield await whoBehindHops(question.text);
    }
  },
  open(question) {
    calls.total += 1;
    return whoBehindHops(question.text);
  },
  async *openStream(question) {
    calls.total += 1;
    for (let index = 0; index < question.count; index += 1) {
      yield await whoBehindHops(`${question.text}${index}`);
    }
  },
};
