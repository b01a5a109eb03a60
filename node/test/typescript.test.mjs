import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { webcrypto } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { wsconnect } from "@nats-io/nats-core";
import WebSocket from "ws";
import { HeliumError as SentError } from "../helium/errors.mjs";
import { Ability, Kind } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { binder, frail, instance, recordOf } from "./fakes.mjs";
import { connection, eventually, given } from "./world.mjs";

globalThis.crypto ??= webcrypto; // which Node.js 18 doesn't have there
const folder = given("HELIUM_TYPESCRIPT"); // holds client.ts and a program that uses it
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

test("the generated client passes the strictest compiler and calls", async () => {
  const compile = promisify(execFile)(process.execPath, [tsc, "-p", folder]);
  const { stdout } = await compile.catch((err) => ({ stdout: err.stdout }));
  assert.equal(stdout, "");
  const { run } = await import(pathToFileURL(join(folder, "out/use.js")).href);
  assert.deepEqual(await run(await connection()), {
    sum: 5, difference: -1, large: 9007199254740995n, small: 42, code: "invalid_argument", reason: "math.division_by_zero", outcome: "executed",
    means: [0, 1, 2, 3, 4], "more than a message holds": "300 items of 2700000 bytes", nothing: "0 items of 0 bytes", "as much as is taken": 7,
    "an iterable that throws": ["unknown", "executed", "flows.size: no more to send (unknown)", "no more to send"],
    "what is no item": ["invalid_argument", "helium.bad_argument", 'flows.size: an item: got "no base64!", want bytes in base64 (invalid_argument)'],
    "an item that is too large": ["resource_exhausted", "helium.call_too_large"], "given up": "canceled", late: "deadline_exceeded",
    nobody: ["unavailable", "helium.no_instance", "not executed"], double: true,
    "finer than a nanosecond": ["helium.bad_argument", true],
    "every kind": [
      { b: true, n: 2n ** 60n, f: 0.5, s: "\ufeffé", d: "aGk=", t: "2026-01-02T03:04:05.0000006Z", l: "1h30m0.5s", o: null, m: { "-3": ["eA=="] }, a: [1, "x", { y: 2.5, z: -(2n ** 63n) }] },
      { b: true, n: 2n ** 60n, f: 0.5, s: "\ufeffé", d: "aGk=", t: "2026-01-02T03:04:05.0000006Z", l: "1h30m0.5s", o: 7, m: {}, a: [1, "x", { y: 2.5, z: -(2n ** 63n) }] },
    ],
    primes: [2, 3, 5, 7, 11], mean: 3, running: [1, 1.5], dry: [0, 1], reasonOfEnd: "flows.dry", first: [0, 1, 2],
    timeout: "deadline_exceeded", canceled: "canceled",
  });
});

/** A client of flows over a connection whose lookups find what `change` makes of a record. */
async function flowsOver(nc, change) {
  const { FlowsClient } = await import(pathToFileURL(join(folder, "out/client.js")).href);
  const request = async (subject, ...more) => {
    const reply = await nc.request(subject, ...more);
    if (!subject.includes(".binder.lookup.")) return reply;
    const entry = reply.json();
    return { headers: reply.headers, string: () => JSON.stringify({ ...entry, records: entry.records.flatMap(change) }) };
  };
  const [publish, subscribe, status, requestMany] = ["publish", "subscribe", "status", "requestMany"].map((name) => nc[name].bind(nc));
  return new FlowsClient({ request, publish, subscribe, status, requestMany, info: nc.info });
}

test("a stream that is sent goes to another instance where one is gone that the registry still has", async () => {
  const flows = await flowsOver(await connection(), (r) => [{ ...r, instance: "gone1" }, r, { ...r, instance: "gone2" }]);
  for (let i = 0; i < 20; i++) assert.equal(await flows.first([7, 8]), 7);
  const nobody = await flowsOver(await connection(), (r) => [{ ...r, instance: "gone1" }]);
  const err = await nobody.first([7]).catch((err) => err);
  assert.deepEqual([err.reason, err.outcome], ["helium.no_instance", "not executed"]);
});

test("where no instance takes streams an error says so, and items that are collected get there", async () => {
  const flows = await flowsOver(await connection(), (r) => [{ ...r, abilities: 1 }]);
  let asked = 0;
  const items = { *[Symbol.iterator]() { asked++; yield 7; } };
  const err = await flows.first(items).catch((err) => err);
  assert.deepEqual([err.code, err.reason, err.outcome, asked], ["unimplemented", "helium.streams_unsupported", "not executed", 0]);
  assert.match(err.message, /collect: true/);
  assert.equal(await flows.first(items, { collect: true }), 7);
});

test("an iterable is asked for no more than the method has room for", async () => {
  const flows = await flowsOver(await connection(), (r) => r);
  let given = 0, left = false;
  function* numbers() {
    try {
      for (;;) yield given++;
    } finally {
      left = true;
    }
  }
  const give = new AbortController();
  const call = flows.hold(numbers(), { signal: give.signal }).catch((err) => err);
  let before = -1, still = 0;
  await eventually("it stands still", async () => {
    still = given > 100 && given === before ? still + 1 : 0;
    before = given;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return still > 10;
  });
  assert.ok(given <= 16 * 1024 + 2, `${given} items were asked for while one was taken`);
  give.abort();
  assert.equal((await call).code, "canceled");
  await eventually("the iterable was left", async () => left);
});

/** A client of a service flows that has one instance, which does with each frame of a stream what `came` does. */
async function flowsOf(prefix, came, { nc, abilities = Ability.streams | Ability.heartbeats } = {}) {
  const own = await connection();
  await binder(own, prefix, () => `{"records":[${recordOf("i1", abilities, "flows", "double")}]}`);
  await instance(own, prefix, "i1", came, "flows");
  const { FlowsClient } = await import(pathToFileURL(join(folder, "out/client.js")).href);
  return new FlowsClient(nc ?? own, { prefix, timeout: 20_000 });
}

/** What a stream gives, and the reason and outcome of its error, if there is one. */
async function all(stream) {
  const items = [];
  try {
    for await (const item of stream) items.push(item);
  } catch ({ reason, outcome }) {
    return [...items, reason, outcome];
  }
  return items;
}

const rows = (...items) => Buffer.concat(items.map((x) => encode(x, { kind: "float64" })));

for (const [what, frames, want] of [
  ["comes to its end", (seq) => [{ kind: Kind.items, seq, before: 0, count: 2, body: rows(1, 2) }, { kind: Kind.itemsEnd, seq, count: 2 }, { kind: Kind.reply, seq, time: 0, body: encode(null) }], [1, 2]],
  ["is refused", (seq) => [{ kind: Kind.error, seq, time: 0, error: new SentError("aborted", "no", { reason: "flows.no", outcome: "not executed" }).element }], ["flows.no", "not executed"]],
  ["is refused with its message", () => [{ kind: Kind.error, seq: 0, time: 0, error: new SentError("aborted", "no", { reason: "flows.no", outcome: "not executed" }).element }], ["flows.no", "not executed"]],
  ["fails behind an item", (seq) => [{ kind: Kind.items, seq, before: 0, count: 1, body: rows(1) }, { kind: Kind.error, seq, time: 0, error: new SentError("aborted", "no", { reason: "flows.no", outcome: "executed" }).element }], [1, "flows.no", "executed"]],
  ["loses an item", (seq) => [{ kind: Kind.items, seq, before: 0, count: 1, body: rows(1) }, { kind: Kind.items, seq, before: 2, count: 1, body: rows(3) }], [1, "helium.stream_gap", "unknown"]],
  ["loses its last item", (seq) => [{ kind: Kind.itemsEnd, seq, count: 1 }, { kind: Kind.reply, seq, time: 0, body: encode(null) }], ["helium.stream_gap", "unknown"]],
  ["has no end of items", (seq) => [{ kind: Kind.items, seq, before: 0, count: 1, body: rows(1) }, { kind: Kind.reply, seq, time: 0, body: encode(null) }], [1, "helium.stream_gap", "unknown"]],
  ["loses what an account tells of", (seq) => [{ kind: Kind.account, seq, sent: 1, part: 0, bytes: 262_144, items: 16_384 }], ["helium.stream_gap", "unknown"]],
  ["sends more than it may", (seq) => [{ kind: Kind.items, seq, before: 0, count: 1, body: encode(Buffer.alloc(300_000)) }, { kind: Kind.items, seq, before: 1, count: 1, body: rows(1) }], ["helium.bad_result", "executed"]],
  ["sends fewer bytes than items", (seq) => [{ kind: Kind.items, seq, before: 0, count: 3, body: Buffer.of(1) }], ["helium.bad_result", "executed"]],
  ["sends what is no item", (seq) => [{ kind: Kind.items, seq, before: 0, count: 1, body: Buffer.of(0xc1) }], ["helium.bad_result", "executed"]],
  ["breaks the protocol", (seq) => [{ kind: Kind.items, seq, before: "x", count: 1, body: Buffer.of(1) }], ["helium.bad_result", "executed"]],
]) {
  test(`a stream that is sent and ${what} tells so`, async () => {
    let canceled = false;
    const flows = await flowsOf(`ts-${what.replaceAll(" ", "-")}`, (f, answer) => {
      if (f.kind === Kind.cancel) canceled = true;
      if (f.kind === Kind.stream) answer({ kind: Kind.instance, instance: "i1", abilities: 0 }, { kind: 77, seq: 1n, body: null }, ...frames(f.seq));
    });
    assert.deepEqual(await all(flows.double([])), want);
    if (/gap|bad_result/.test(want.at(-2))) await eventually("the instance is told", async () => canceled);
  });
}

test("a stream that is sent ends when its instance falls silent, and not while that speaks", async () => {
  let begun = 0, asked = 0;
  const flows = await flowsOf("ts-silent", (f, answer) => {
    if (f.kind === Kind.sender) asked++;
    if (f.kind !== Kind.stream) return;
    answer({ kind: Kind.credit, seq: f.seq, bytes: 0, items: 0 });
    begun = performance.now();
    for (let ms = 500; ms <= 2500; ms += 500) setTimeout(() => answer({ kind: Kind.instance, instance: "i1", abilities: 1 }, { kind: Kind.running, seqs: [f.seq] }), ms);
  });
  assert.deepEqual(await all(flows.double([1])), ["helium.silent", "unknown"]);
  assert.ok(performance.now() - begun > 4000, "it ended while its instance spoke");
  assert.ok(asked > 1, "nobody asked the instance whether it is there");
});

test("what is sent and its end are said again until they are heard, and a lost credit is given again", async () => {
  const told = [];
  const flows = await flowsOf("ts-lost", (f, answer) => {
    if (f.kind === Kind.stream) answer({ kind: Kind.credit, seq: f.seq, bytes: 100, items: 1 });
    else told.push(f);
    const count = (kind) => told.filter((t) => t.kind === kind).length;
    if (f.kind === Kind.account && count(Kind.account) === 1) answer({ kind: Kind.account, seq: f.seq, sent: 0, part: 0, bytes: 0, items: 0 }, { kind: Kind.credit, seq: f.seq, bytes: 1000, items: 100 });
    if (f.kind === Kind.itemsEnd && count(Kind.itemsEnd) === 2) answer({ kind: Kind.itemsEnd, seq: f.seq, count: 0 }, { kind: Kind.reply, seq: f.seq, time: 0, body: encode(null) });
  }, { abilities: Ability.streams });
  assert.deepEqual(await all(flows.double([1, 2])), []);
  const items = told.filter((f) => f.kind === Kind.items);
  assert.deepEqual(items.map((f) => [f.before, f.count]), [[0n, 1n], [1n, 1n]]);
  assert.deepEqual(told.filter((f) => f.kind === Kind.itemsEnd).map((f) => f.count), [2n, 2n]);
  assert.deepEqual(told.filter((f) => f.kind === Kind.account).map((f) => [f.sent, f.items])[0], [1n, 1n]);
  assert.deepEqual(told.filter((f) => f.kind === Kind.credit).map((f) => [f.bytes, f.items]), [[262_144n, 16_384n]]);
});

test("a stream that is sent ends with the connection", async () => {
  const { nc, cut } = await frail();
  let begun = false;
  const flows = await flowsOf("ts-cut", (f, answer) => {
    if (f.kind === Kind.stream) answer({ kind: Kind.credit, seq: f.seq, bytes: 0, items: 0 });
    begun ||= f.kind === Kind.stream;
  }, { nc });
  const ended = all(flows.double([1]));
  await eventually("it has begun", async () => begun);
  await cut();
  assert.deepEqual(await ended, ["helium.disconnected", "unknown"]);
});

test("a browser's connection sends streams, too", async () => {
  const { FlowsClient } = await import(pathToFileURL(join(folder, "out/client.js")).href);
  const nc = await wsconnect({
    servers: given("HELIUM_WEBSOCKET"), reconnect: false, timeout: 20_000,
    wsFactory: async (server) => ({ socket: new WebSocket(server, { origin: "http://allowed.example" }), encrypted: false }),
  });
  const flows = new FlowsClient(nc);
  assert.equal(await flows.first([7, 8]), 7);
  assert.deepEqual(await all(flows.double([1, 2, 3])), [2, 4, 6]);
  await nc.close();
  await assert.rejects(flows.first([7]), { outcome: "not executed" });
});

test("a stream that is sent and has begun lasts as long as it takes", async () => {
  const { FlowsClient } = await import(pathToFileURL(join(folder, "out/client.js")).href);
  const nc = await connection();
  const flows = new FlowsClient(nc, { timeout: 1000 });
  async function* slow() {
    for (let n = 0; n < 3; n++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      yield "eA==";
    }
  }
  assert.equal(await flows.size(slow()), "3 items of 3 bytes");
  const late = await flows.size(slow(), { timeout: 1000 }).catch((err) => err);
  assert.equal(late.code, "deadline_exceeded"); // as this end says, or the handler, who notices first
});

test("an iterable that waits for what never comes is left with its stream", async () => {
  const flows = await flowsOver(await connection(), (r) => r);
  let waits = false, returned = false;
  const stuck = { [Symbol.asyncIterator]: () => ({
    next: () => (waits ? new Promise(() => {}) : Promise.resolve({ done: false, value: (waits = true) && 7 })),
    return: async () => { returned = true; },
  }) };
  assert.equal(await flows.first(stuck), 7);
  await eventually("it was left", async () => returned);
});
