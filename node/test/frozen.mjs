// Calls by the bus of servers of which one is frozen; frozen_unix_test.go starts them.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { decodeMessage, Kind } from "../helium/frames.mjs";
import { parts } from "./parts.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();
const [frozen, ...others] = parts;
const names = others.map((part) => part.instance).sort();
const farOff = 120_000; // a deadline that silence is told long before
let caller;
afterEach(() => {
  frozen.thaw();
  caller.close();
});

const facts = (err) => [err.code, err.reason, err.outcome, err.instance];
const silent = ["unavailable", "helium.silent", "unknown", frozen.instance];
const failure = (call) => call.then((result) => assert.fail(`the call returned ${result}`), facts);

/** Freezes a server, and resolves once it stands still: its threads don't all stop in the same moment. */
async function freeze() {
  frozen.freeze();
  const other = new Caller(nc, { busOnly: true });
  await eventually("it answers no more", () => other.call("work", "who", [], { instance: frozen.instance, timeout: 250 }).then(() => false, () => true));
  other.close();
}

/** Resolves once each of the servers has answered a call for any. */
async function allAnswer() {
  const answered = new Set();
  await eventually("all servers answer", async () => {
    answered.add(await caller.call("work", "who", [], { timeout: 2000 }).catch(() => ""));
    return parts.every((part) => answered.has(part.instance));
  });
}

/** Calls go to the others alone, however they are made. */
async function onlyOthersAnswer() {
  for (let i = 0; i < 30; i++) {
    const options = { timeout: farOff };
    const who = await caller.call("work", "who", [], options);
    assert.ok(names.includes(who), `${who} has answered`);
    const [first, holds] = await Promise.all(caller.callTogether("work", [{ method: "who", args: [], ...options }, { method: "holds", args: [], ...options }]));
    assert.ok(names.includes(first) && holds >= 0n, `${first} has answered`);
    assert.equal(await caller.call("math", "mean", [], { items: [1, 2, 3], ...options }), 2);
  }
}

test("calls that a frozen server has fail, and name it; others go on, and new ones keep away until it is heard again", async () => {
  caller = new Caller(nc, { busOnly: true });
  await allAnswer();
  const give = new AbortController();
  const ended = [];
  const options = { timeout: farOff, signal: give.signal };
  const calls = Array.from({ length: 24 }, () => failure(caller.call("work", "hold", [], options)).then((err) => ended.push(err)));
  const holds = (instance) => caller.call("work", "holds", [], { instance });
  await eventually("all calls run", async () => (await Promise.all(parts.map((part) => holds(part.instance)))).reduce((sum, n) => sum + Number(n), 0) === calls.length);
  const stuck = Number(await holds(frozen.instance));
  assert.ok(stuck > 0 && stuck < calls.length, `${stuck} of ${calls.length} calls are at the one that is frozen`);
  const pinned = failure(caller.call("work", "hold", [], { timeout: farOff, instance: frozen.instance }));
  const stream = caller.call("math", "mean", [], { timeout: farOff, instance: frozen.instance, items: (async function* () { await new Promise(() => {}); })() });
  await eventually("it runs, too", async () => Number(await holds(frozen.instance)) === stuck + 1);
  await freeze();
  assert.deepEqual([await pinned, await failure(stream)], [silent, silent]);
  await eventually("the others that it has have ended", () => ended.length >= stuck);
  assert.deepEqual(ended, Array.from({ length: stuck }, () => silent));
  // Those of math are known to be at a frozen one from the stream, those of work from its calls.
  await onlyOthersAnswer();
  assert.equal(ended.length, stuck);
  for (let i = 0; i < 20; i++) caller.notify("work", "note", []);
  const noted = (instance) => caller.call("work", "noted", [], { instance });
  await eventually("they are notified as well", async () => (await Promise.all(names.map(noted))).reduce((sum, n) => sum + Number(n), 0) === 20);
  frozen.thaw();
  await allAnswer();
  give.abort();
  await Promise.all(calls);
  assert.deepEqual(ended.slice(stuck), Array.from({ length: calls.length - stuck }, () => ["canceled", "helium.canceled", "unknown", ""]));
});

test("a call that came to a frozen server, which never had a chance to name it, fails as well", async () => {
  caller = new Caller(nc, { busOnly: true });
  await allAnswer();
  await freeze();
  const answers = await Promise.all(Array.from({ length: 24 }, () => caller.call("work", "who", [], { timeout: farOff }).catch(facts)));
  const errors = answers.filter((answer) => !names.includes(answer));
  assert.ok(errors.length > 0, "no call came to the frozen server");
  for (const err of errors) assert.deepEqual(err, silent);
  frozen.thaw();
});

test("calls that have less time than silence takes keep away from a frozen server, too", async () => {
  caller = new Caller(nc, { busOnly: true });
  await allAnswer();
  await freeze();
  // NATS soon closes the connection of a frozen server; until then calls find another one by its name.
  const around = new Set();
  const tap = nc.subscribe("helium.at.work.*.who", { callback: (err, msg) => {
    if (decodeMessage(msg.data).some((f) => f.kind === Kind.call)) around.add(msg.subject.split(".")[3]);
  } });
  await eventually("calls go around it", async () => {
    const who = await caller.call("work", "who", [], { timeout: 200 }).catch((err) => err.reason);
    assert.ok(names.includes(who) || who === "helium.deadline", who);
    return around.size > 1;
  });
  assert.deepEqual([...around].sort(), names);
  tap.unsubscribe();
  frozen.thaw();
  await allAnswer();
});
