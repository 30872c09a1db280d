// What a judgement takes among a server's requests, which use the processor's caches too, and what it takes at once
// again, as in a loop.
import { load, PATH, serve } from "./throughput.mjs";

const KINDS = ["HS256, native side alone", "HS256", "cache hit"];

export async function requests({ rounds = 20, warmUp = 10 }) {
  const measurements = [];
  for (const kind of KINDS) {
    const { server, stop } = await serve(kind, ["timed", "HS256", kind]);
    await load([server], { rounds, warmUp });
    const response = await fetch(`http://127.0.0.1:${server.port}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${server.token}` },
      body: '"times"',
    });
    const times = JSON.parse(await response.json());
    measurements.push(
      ...Object.entries(times).map(([column, us]) => ({ table: "among requests", row: kind, column, us })),
    );
    await stop();
  }
  return measurements;
}
