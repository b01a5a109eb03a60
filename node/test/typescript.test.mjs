import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { connection, eventually, given } from "./world.mjs";

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
    "an item that is too large": ["resource_exhausted", "helium.call_too_large"], "given up": "canceled", late: ["deadline_exceeded", "unknown"],
    nobody: ["unavailable", "helium.no_instance", "not executed"], double: true,
    "every kind": [
      { b: true, n: 2n ** 60n, f: 0.5, s: "é", d: "aGk=", t: "2026-01-02T03:04:05.0000006Z", l: "1h30m0.5s", o: null, m: { "-3": ["eA=="] }, a: [1, "x", { y: 2.5, z: -(2n ** 63n) }] },
      { b: true, n: 2n ** 60n, f: 0.5, s: "é", d: "aGk=", t: "2026-01-02T03:04:05.0000006Z", l: "1h30m0.5s", o: 7, m: {}, a: [1, "x", { y: 2.5, z: -(2n ** 63n) }] },
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
