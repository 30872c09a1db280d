// Rows 55 to 58: proxies, encodings, protocols, and the file of the last good set.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { row } from "../lib/row.mjs";
import { keepsOldWithEveryRequestCounted, PAST_AGE, PAST_COOLDOWN, until } from "../lib/scenarios.mjs";
import { Signer, setOf } from "../lib/tokens.mjs";
import { head, json, text } from "../server/answers.mjs";
import { Http2Endpoint } from "../server/http2.mjs";
import { openProxy } from "../server/listeners.mjs";

/** A user who owns nothing. */
const NOBODY = 65_534;

row(55, "proxy down / refuses", async (bench) => {
  const { ca, certify } = await bench.authority();
  const endpoint = await bench.endpoint({ tls: await certify() });
  const signer = new Signer("a");
  endpoint.answer(json(setOf(signer)));
  const password = "hunter2";
  const gateBy = (proxy, settings) =>
    bench.open(endpoint.url, { ca, proxy: `http://user:${password}@127.0.0.1:${proxy.port}` }, settings);
  const told = [];
  const tellsNothing = async (gate) => told.push(JSON.stringify([await gate.stats(), await gate.events()]));

  for (const refusal of [403, 407, 502]) {
    const proxy = bench.keep(await openProxy());
    proxy.refuse = refusal;
    const cold = await gateBy(proxy);
    await cold.unavailable(signer.token());
    await cold.shows({ state: "cold", failures: 1 });
    await cold.hear("onFetchError", { reason: "unavailable", state: "cold" });
    await tellsNothing(cold);
    assert.equal(endpoint.connections, proxy.tunnels, "the proxy was passed by");
  }
  const proxy = bench.keep(await openProxy());
  const gate = await gateBy(proxy);
  await gate.accepts(signer.token());
  assert.deepEqual([proxy.tunnels, endpoint.connections, endpoint.fetches], [1, 1, 1]);
  const login = Buffer.from(`user:${password}`).toString("base64");
  assert.match(proxy.requests[0].fields.join("\n"), new RegExp(`proxy-authorization: Basic ${login}`, "i"));
  proxy.refuse = 503;
  await gate.pass(PAST_AGE);
  await gate.accepts(signer.token());
  await gate.shows({ state: "stale", failures: 1 });
  await proxy.stop();
  await gate.pass(PAST_COOLDOWN);
  await gate.accepts(signer.token());
  await gate.shows({ state: "stale", failures: 2, lastError: /cannot connect/ });
  await gate.pass(3600);
  await gate.unavailable(signer.token());
  await tellsNothing(gate);
  assert.deepEqual([endpoint.connections, endpoint.fetches], [1, 1]);

  // The proxy of the environment is heeded, and so is what it leaves out.
  const ambient = bench.keep(await openProxy());
  const HTTPS_PROXY = `http://user:${password}@127.0.0.1:${ambient.port}`;
  const byEnvironment = bench.launch({ HTTPS_PROXY });
  await (await bench.open(endpoint.url, { ca }, { driver: byEnvironment })).accepts(signer.token());
  assert.equal(ambient.tunnels, 1);
  const leftOut = bench.launch({ HTTPS_PROXY, NO_PROXY: "127.0.0.1" });
  await (await bench.open(endpoint.url, { ca }, { driver: leftOut })).accepts(signer.token());
  assert.equal(ambient.tunnels, 1);
  told.push(bench.driver.stderr, byEnvironment.stderr, leftOut.stderr);
  assert.ok(
    told.every((said) => !said.includes(password) && !said.includes(login)),
    "the password is told on",
  );
});

row(56, "BOM, UTF-16, wrong Content-Type with a right body", async (bench) => {
  const utf16 = (signer, order) => {
    const bytes = Buffer.from(`\ufeff${JSON.stringify(setOf(signer))}`, "utf16le");
    return text(order === "le" ? bytes : bytes.swap16(), { "content-type": "application/json; charset=utf-16" });
  };
  for (const fault of [
    (signer) => text(`\ufeff${JSON.stringify(setOf(signer))}`),
    (signer) => utf16(signer, "le"),
    (signer) => utf16(signer, "be"),
    (signer) => text(Buffer.from(JSON.stringify(setOf(signer)), "utf16le")),
    (signer) => text(Buffer.from(JSON.stringify({ ...setOf(signer), x: "\u00e9" }), "latin1")),
  ]) {
    await keepsOldWithEveryRequestCounted(bench, fault, { error: /not strict JSON/, reason: "invalid" });
  }
  const signer = new Signer("schl\u00fcssel-\ud83d\udd11");
  for (const type of [
    "text/plain",
    "text/html",
    "application/octet-stream",
    "application/json; charset=utf-16",
    "?",
    "",
  ]) {
    const endpoint = await bench.endpoint();
    endpoint.answer(text(JSON.stringify(setOf(signer)), { "content-type": type }));
    await (await bench.open(endpoint.url)).accepts(signer.token());
  }
  const endpoint = await bench.endpoint();
  const body = JSON.stringify(setOf(signer));
  endpoint.answer((exchange) => exchange.write(head(200, { "content-length": Buffer.byteLength(body) }) + body));
  await (await bench.open(endpoint.url)).accepts(signer.token());
});

row(57, "HTTP/2 GOAWAY, HTTP/1.0, keep-alive off", async (bench) => {
  const { ca, certify } = await bench.authority();
  const signer = new Signer("a");
  const body = JSON.stringify(setOf(signer));
  const second = bench.count(await Http2Endpoint.open(await certify()));
  const whole = (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(body);
  };
  const ways = {
    plain: whole,
    "GOAWAY, then the answer": (stream) => {
      stream.session.goaway(0, stream.id);
      setTimeout(whole, 30, stream);
    },
    "GOAWAY amid the answer": (stream) => {
      stream.respond({ ":status": 200 });
      stream.write(body.slice(0, 20));
      stream.session.goaway(0, stream.id);
      setTimeout(() => stream.end(body.slice(20)), 30);
    },
    "GOAWAY after the answer": (stream) => {
      whole(stream);
      stream.session.goaway();
      stream.session.close();
    },
  };
  for (const [name, answer] of Object.entries(ways)) {
    second.answer(answer);
    const gate = await bench.open(second.url, { ca });
    await gate.accepts(signer.token());
    await gate.pass(PAST_AGE);
    await gate.accepts(signer.token());
    const { failures, state } = await gate.shows({ fetches: 2 });
    assert.deepEqual([failures, state], [0, "fresh"], name);
    await gate.close();
  }
  // A server that goes away before it has looked at the request is asked once more.
  second.answer(whole);
  second.sendAway = 1;
  const seen = second.connections;
  const gate = await bench.open(second.url, { ca });
  await gate.accepts(signer.token());
  await gate.shows({ state: "fresh", failures: 0 });
  assert.equal(second.connections, seen + 2);

  for (const answer of [
    (exchange) => exchange.end(`${head(200, {}, "HTTP/1.0")}${body}`),
    (exchange) => exchange.end(`${head(200, { "content-length": body.length }, "HTTP/1.0")}${body}`),
    (exchange) => exchange.end(`${head(200, { "content-length": body.length, connection: "close" })}${body}`),
    (exchange) => exchange.end(`${head(200, { connection: "close" })}${body}`),
  ]) {
    const endpoint = await bench.endpoint();
    endpoint.answer(answer);
    const first = await bench.open(endpoint.url);
    await first.accepts(signer.token());
    await first.pass(PAST_AGE);
    await first.accepts(signer.token());
    await first.shows({ state: "fresh", failures: 0, fetches: 2 });
    assert.equal(endpoint.fetches, 2);
  }
});

/** A driver that may not read what it has no right to: root may read everything. */
async function powerless(bench) {
  if (process.getuid() !== 0) {
    return bench.driver;
  }
  const driver = bench.launch({}, ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]);
  try {
    await driver.call("memory");
    return driver;
  } catch {
    bench.remark("no unreadable file: we are root, and there is no setpriv to be less");
    return undefined;
  }
}

row(58, "snapshot file corrupt, unreadable, world-writable", async (bench) => {
  const endpoint = await bench.endpoint();
  const [signer, forger] = [new Signer("a"), new Signer("forger")];
  endpoint.answer(json(setOf(signer)));
  const path = join(bench.directory, "keys.snapshot");
  const writer = await bench.open(endpoint.url, { snapshotFile: path });
  await writer.accepts(signer.token());
  await until("the snapshot is written", () => existsSync(path));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const good = readFileSync(path);
  const [line, body] = [good.subarray(0, good.indexOf("\n") + 1), good.subarray(good.indexOf("\n") + 1)];
  const edit = (change) => Buffer.concat([Buffer.from(`${JSON.stringify(change(JSON.parse(line)))}\n`), body]);
  await endpoint.stop();

  // As it is, it serves while the endpoint is down.
  const warmed = await bench.open(endpoint.url, { snapshotFile: path });
  await warmed.hear("onKeysChanged", { source: "snapshot", added: ["a"] });
  await warmed.accepts(signer.token());
  await warmed.shows({ keys: 1, failures: 1 });

  const put = (bytes, mode = 0o600) => {
    writeFileSync(path, bytes);
    chmodSync(path, mode);
  };
  const elsewhere = join(bench.directory, "elsewhere");
  const cases = [
    ["empty", () => put(""), /snapshot/],
    ["garbage", () => put(Buffer.alloc(4096, 0xfe)), /snapshot/],
    ["cut off", () => put(good.subarray(0, good.length - 20)), /strict JSON/],
    ["its head cut off", () => put(good.subarray(10)), /snapshot/],
    ["no usable key", () => put(Buffer.concat([line, Buffer.from('{"keys":[]}')])), /no usable key/],
    ["a key set alone", () => put(JSON.stringify(setOf(forger))), /snapshot/],
    ["of another source", () => put(edit((it) => ({ ...it, source: `${it.source.slice(1)}_` }))), /another URL/],
    ["of another format", () => put(edit((it) => ({ ...it, bearergate: 99 }))), /format 99/],
    ["of the future", () => put(edit((it) => ({ ...it, fetchedAt: it.fetchedAt + 3_600_000 }))), /future/],
    ["too long", () => put(Buffer.concat([good, Buffer.alloc(600_000, 0x20)])), /maxBytes|snapshot/],
    ["writable by everyone", () => put(good, 0o666), /written by other users/],
    ["writable by the group", () => put(good, 0o660), /written by other users/],
    ["a symbolic link", () => symlinkSync(elsewhere, path), /symbolic link/],
    ["a named pipe", () => execFileSync("mkfifo", [path], { timeout: 5000 }), /regular file/],
  ];
  writeFileSync(elsewhere, good, { mode: 0o600 });
  if (process.getuid() === 0) {
    cases.push(["another user's", () => chownSync(path, NOBODY, NOBODY), /another user/, good]);
  }
  const driver = await powerless(bench);
  if (driver !== undefined) {
    cases.push(["unreadable", () => chmodSync(path, 0o000), /cannot be opened: .*denied/i, good, { driver }]);
  }
  for (const [name, spoil, error, first, settings] of cases) {
    rmSync(path, { recursive: true, force: true });
    if (first !== undefined) {
      put(first);
    }
    spoil();
    const gate = await bench.open(endpoint.url, { snapshotFile: path }, settings);
    const { state } = await gate.shows({ keys: 0, lastError: error });
    assert.equal(state, "cold", name);
    await gate.hear("onFetchError", { source: "snapshot", reason: "invalid", error });
    await gate.unavailable(signer.token());
    await gate.unavailable(forger.token());
    await gate.close();
  }

  // A good fetch puts a right one where the wrong one was.
  rmSync(path, { recursive: true, force: true });
  put("garbage", 0o666);
  await endpoint.start();
  const healed = await bench.open(endpoint.url, { snapshotFile: path });
  await healed.accepts(signer.token());
  await until("the snapshot is replaced", () => readFileSync(path).includes("bearergate"));
  assert.equal(statSync(path).mode & 0o777, 0o600);
});
