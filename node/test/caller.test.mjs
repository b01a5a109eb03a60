// What becomes of calls that aren't sent, or whose end isn't an answer.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";
import { writeExtent } from "../helium/extent.mjs";
import { Ability, decodeMessage, encodeMessage, Kind, TIME_OVER } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { lookup } from "../helium/registry.mjs";
import { binder, frail, instance, recordOf } from "./fakes.mjs";
import { connection, eventually, given } from "./world.mjs";

const nc = await connection();
const facts = (err) => [err.code, err.reason, err.outcome];
const failure = (call) => call.then((result) => assert.fail(`the call returned ${result}`), (err) => facts(err));

/** Serves a method that never answers, and hands over what comes. */
async function silent(service) {
  const came = [];
  const sub = nc.subscribe(`helium.call.${service}.>`, { callback: (err, msg) => came.push(msg) });
  after(() => sub.unsubscribe());
  await nc.flush();
  return came;
}

test("a call that was given up before isn't sent, alone or in company", async () => {
  const came = await silent("given-up");
  const caller = new Caller(nc, { busOnly: true });
  const gone = AbortSignal.abort();
  assert.deepEqual(await failure(caller.call("given-up", "wait", [], { signal: gone })), ["canceled", "helium.canceled", "not executed"]);
  const [first, second] = caller.callTogether("given-up", [{ method: "wait", args: [], signal: gone }, { method: "stay", args: [], timeout: 60_000 }]);
  second.catch(() => {});
  assert.deepEqual(await failure(first), ["canceled", "helium.canceled", "not executed"]);
  await eventually("the other one came, alone", () => came.length > 0);
  assert.deepEqual(came.map((msg) => msg.subject), ["helium.call.given-up.stay"]);
  caller.close();
});

test("one signal gives up any number of calls, and is forgotten with them", async () => {
  const warnings = [];
  const note = (warning) => warnings.push(warning.name);
  process.on("warning", note);
  const came = await silent("many");
  const caller = new Caller(nc, { busOnly: true });
  const give = new AbortController();
  let listeners = 0;
  for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    give.signal[name] = (...given) => {
      listeners += by;
      AbortSignal.prototype[name].apply(give.signal, given);
    };
  }
  const calls = Array.from({ length: 30 }, () => failure(caller.call("many", "wait", [], { signal: give.signal, timeout: 60_000 })));
  await eventually("they came", () => came.length === calls.length);
  assert.equal(listeners, 1);
  give.abort();
  for (const call of calls) assert.deepEqual(await call, ["canceled", "helium.canceled", "unknown"]);
  assert.deepEqual([listeners, warnings], [0, []]);
  process.off("warning", note);
  caller.close();
});

test("a call without time isn't sent", async () => {
  const came = await silent("timeless");
  const caller = new Caller(nc, { busOnly: true });
  for (const timeout of [0, -5, NaN, "soon"]) {
    assert.deepEqual(await failure(caller.call("timeless", "wait", [], { timeout })), ["deadline_exceeded", "helium.deadline", "not executed"], String(timeout));
    assert.throws(() => caller.notify("timeless", "wait", [], { timeout }), { reason: "helium.deadline" });
  }
  await nc.flush();
  assert.equal(came.length, 0);
  caller.close();
});

test("what can't be a name never becomes part of a subject", async () => {
  const caller = new Caller(nc, { busOnly: true });
  const wrong = ["invalid_argument", "helium.bad_name", "not executed"];
  for (const name of ["a.b", "*", ">", "", "1a", "a b", "ä", "x".repeat(65), null]) {
    assert.deepEqual(await failure(caller.call(name, "wait", [])), wrong, `service ${name}`);
    assert.deepEqual(await failure(caller.call("math", name, [])), wrong, `method ${name}`);
    assert.deepEqual(await failure(caller.call("math", "add", [1, 2], { instance: name })), wrong, `instance ${name}`);
    assert.deepEqual(await failure(caller.stream("math", name, [])[Symbol.asyncIterator]().next()), wrong, `stream ${name}`);
    assert.throws(() => caller.callTogether("math", [{ method: name, args: [] }]), { reason: "helium.bad_name" });
    assert.throws(() => caller.notify(name, "wait", []), { reason: "helium.bad_name" });
  }
  caller.close();
});

test("a call that fits no message is refused at once, and is in flight no more", async () => {
  const caller = new Caller(nc, { busOnly: true });
  const metadata = { much: "x".repeat(1 << 20) };
  const tooLarge = ["resource_exhausted", "helium.call_too_large", "not executed"];
  assert.deepEqual(await failure(caller.call("math", "add", [1, 2], { metadata, timeout: 60_000 })), tooLarge);
  const together = caller.callTogether("math", [{ method: "add", args: [1, 2] }, { method: "mul", args: [1, 2], metadata }]);
  for (const call of together) assert.deepEqual(await failure(call), tooLarge);
  assert.deepEqual(await failure(caller.stream("math", "primes", [7], { metadata })[Symbol.asyncIterator]().next()), tooLarge);
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("when the connection is closed calls in flight are over, and later ones aren't sent", async () => {
  const came = await silent("left");
  const own = await connect({ servers: given("HELIUM_URL") });
  const caller = new Caller(own);
  const call = failure(caller.call("left", "wait", [], { timeout: 60_000 }));
  const stream = caller.stream("flows", "wait", [])[Symbol.asyncIterator]();
  assert.equal((await stream.next()).value, 1);
  await eventually("the call came", () => came.length === 1);
  await own.close();
  assert.deepEqual(await call, ["unavailable", "helium.disconnected", "unknown"]);
  assert.deepEqual(await failure(stream.next()), ["unavailable", "helium.disconnected", "unknown"]);
  assert.deepEqual(await failure(caller.call("left", "wait", [], { timeout: 60_000 })), ["unavailable", "helium.not_sent", "not executed"]);
  assert.throws(() => caller.notify("left", "wait", []), { reason: "helium.not_sent" });
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("calls made while there is no connection are never sent", async () => {
  const came = await silent("offline");
  const { nc: own, cut, mend } = await frail();
  const caller = new Caller(own, { busOnly: true });
  await own.flush();
  await cut();
  assert.deepEqual(await failure(caller.call("offline", "wait", [], { timeout: 60_000 })), ["unavailable", "helium.not_sent", "not executed"]);
  assert.throws(() => caller.notify("offline", "wait", []), { reason: "helium.not_sent", outcome: "not executed" });
  await mend();
  assert.equal(await caller.call("math", "add", [2, 3]), 5);
  await own.flush();
  await nc.flush();
  assert.equal(came.length, 0);
  caller.close();
});

test("a closed caller ends its calls, and makes no others", async () => {
  const came = await silent("over");
  const caller = new Caller(nc);
  const call = failure(caller.call("over", "wait", [], { timeout: 60_000 }));
  const before = await caller.call("flows", "ended", []);
  const stream = caller.stream("flows", "wait", [])[Symbol.asyncIterator]();
  assert.equal((await stream.next()).value, 1);
  const looking = failure(caller.stream("flows", "wait", [])[Symbol.asyncIterator]().next());
  await eventually("the call came", () => came.length === 1);
  caller.close();
  caller.close();
  assert.deepEqual(await call, ["failed_precondition", "helium.client_closed", "unknown"]);
  assert.deepEqual(await failure(stream.next()), ["failed_precondition", "helium.client_closed", "unknown"]);
  const refused = ["failed_precondition", "helium.client_closed", "not executed"];
  assert.deepEqual(await looking, refused);
  assert.deepEqual(await failure(caller.call("over", "wait", [])), refused);
  assert.deepEqual(await failure(caller.call("flows", "size", [], { items: [] })), refused);
  assert.throws(() => caller.notify("over", "wait", []), { reason: "helium.client_closed" });
  assert.equal(caller.inFlight, 0);
  const other = new Caller(nc);
  await eventually("the stream's handler has ended", async () => (await other.call("flows", "ended", [])) > before);
  other.close();
});

test("the instance of a stream whose time is over is told so, and that of a large value", async () => {
  const cancels = [];
  await binder(nc, "late", () => `{"records":[${recordOf("i1", Ability.streams | Ability.chunks)}]}`);
  await instance(nc, "late", "i1", (f, answer) => {
    if (f.kind === Kind.cancel) cancels.push(f.time);
    if (f.kind === Kind.stream) answer({ kind: Kind.credit, seq: f.seq, bytes: 0, items: 0 });
    if (f.kind === Kind.largeCall) answer({ kind: Kind.chunkCredit, seq: f.seq, offset: 1000 });
  });
  const caller = new Caller(nc, { prefix: "late", busOnly: true });
  const next = caller.stream("fake", "flow", [], { timeout: 300 })[Symbol.asyncIterator]().next();
  assert.deepEqual(await failure(next), ["deadline_exceeded", "helium.deadline", "unknown"]);
  assert.deepEqual(await failure(caller.call("fake", "flow", [Buffer.alloc(2_000_000)], { timeout: 300 })), ["deadline_exceeded", "helium.deadline", "not executed"]);
  await eventually("both cancels came", () => cancels.length === 2);
  assert.deepEqual(cancels, [TIME_OVER, TIME_OVER]);
  caller.close();
});

test("of many instances that may have a call which is given up, the one is told that says it has it", async () => {
  const canceled = [];
  const ctl = nc.subscribe("crowd.ctl.fake.*", { callback: (err, msg) => canceled.push(msg.subject) });
  const calls = nc.subscribe("crowd.call.fake.flow", { callback: (err, msg) => came.push(msg) });
  const came = [];
  after(() => { ctl.unsubscribe(); calls.unsubscribe(); });
  const names = Array.from({ length: 9 }, (_, i) => `i${i}`);
  await binder(nc, "crowd", () => `{"records":[${[...names.map((name) => recordOf(name, Ability.heartbeats)), recordOf("mute", 0)].join()}]}`);
  const caller = new Caller(nc, { prefix: "crowd", busOnly: true });
  const give = new AbortController();
  const call = failure(caller.call("fake", "flow", [], { signal: give.signal, timeout: 60_000 }));
  await eventually("it came", () => came.length === 1);
  give.abort();
  assert.deepEqual(await call, ["canceled", "helium.canceled", "unknown"]);
  await eventually("who sends no heartbeats was told", () => canceled.length > 0);
  const { seq } = decodeMessage(came[0].data).find((f) => f.kind === Kind.call);
  for (let i = 0; i < 2; i++) nc.publish(came[0].reply, encodeMessage([{ kind: Kind.instance, instance: "i5", abilities: Ability.heartbeats }, { kind: Kind.running, seqs: [seq, 7n] }]));
  await eventually("who has it was told", () => canceled.length > 1);
  await nc.flush();
  assert.deepEqual(canceled, ["crowd.ctl.fake.mute", "crowd.ctl.fake.i5"]);
  caller.close();
});

test("waiting for a binder ends with the call's time, and with its signal", async () => {
  await binder(nc, "mute", () => undefined);
  const caller = new Caller(nc, { prefix: "mute", busOnly: true });
  const next = (options) => caller.stream("fake", "flow", [], options)[Symbol.asyncIterator]().next();
  assert.deepEqual(await failure(next({ timeout: 50 })), ["deadline_exceeded", "helium.deadline", "not executed"]);
  assert.deepEqual(await failure(next({ signal: AbortSignal.timeout(50) })), ["canceled", "helium.canceled", "not executed"]);
  assert.deepEqual(await failure(caller.call("fake", "flow", [Buffer.alloc(2_000_000)], { timeout: 50 })), ["deadline_exceeded", "helium.deadline", "not executed"]);
  assert.deepEqual(await failure(caller.call("fake", "flow", [], { items: [], timeout: 50 })), ["deadline_exceeded", "helium.deadline", "not executed"]);
  caller.close();
});

test("while no binder answers streams go by what is known", async () => {
  let known = `{"records":[${recordOf("i1", Ability.streams)}]}`;
  await binder(nc, "once", () => {
    const said = known;
    known = undefined;
    return said;
  });
  const caller = new Caller(nc, { prefix: "once", busOnly: true });
  const nobody = ["unavailable", "helium.no_instance", "not executed"];
  for (let i = 0; i < 2; i++) assert.deepEqual(await failure(caller.stream("fake", "flow", [], { timeout: 3000 })[Symbol.asyncIterator]().next()), nobody);
  caller.close();
});

test("streams and large values go to another instance where one is gone that the registry still has", async () => {
  const all = Ability.streams | Ability.chunks;
  await binder(nc, "stale", () => `{"records":[${["gone", "i1", "left"].map((name) => recordOf(name, all)).join()}]}`);
  await instance(nc, "stale", "i1", ({ kind, seq, time, lasts, offset, body }, answer) => {
    const done = { kind: Kind.reply, seq, time: 0, body: encode("done") };
    if (kind === Kind.stream) answer({ kind: Kind.credit, seq, bytes: 1000, items: 10 });
    if (kind === Kind.stream) assert.ok(time > 0n && time <= 10_000n && lasts === 0n, `it has ${time} ms, and lasts ${lasts}`);
    if (kind === Kind.itemsEnd) answer(done);
    if (kind === Kind.largeCall) answer({ kind: Kind.chunkCredit, seq, offset: 4_000_000 });
    if (kind === Kind.chunk && offset + BigInt(body.length) > 2_000_000n) answer(done);
  });
  const caller = new Caller(nc, { prefix: "stale", busOnly: true });
  for (let i = 0; i < 10; i++) {
    assert.equal(await caller.call("fake", "flow", [], { items: [i] }), "done");
    assert.equal(await caller.call("fake", "flow", [Buffer.alloc(2_000_000)]), "done");
  }
  const nobody = ["unavailable", "helium.no_instance", "not executed"];
  assert.deepEqual(await failure(caller.call("fake", "flow", [], { items: [], instance: "gone" })), nobody);
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("calls that go around a silent instance find another one where one is gone, or the one that NATS likes", async () => {
  const heartbeats = Ability.heartbeats;
  let known = ["mute", "gone", "i1"];
  await binder(nc, "around", () => `{"records":[${known.map((name) => recordOf(name, heartbeats)).join()}]}`);
  await instance(nc, "around", "mute", () => {});
  const done = ({ kind, seq }, answer) => kind === Kind.call && answer({ kind: Kind.reply, seq, time: 0, body: encode("i1") });
  await instance(nc, "around", "i1", done);
  const any = nc.subscribe("around.call.fake.>", { callback: (err, msg) => {
    for (const f of decodeMessage(msg.data)) if (f.kind === Kind.call) msg.respond(encodeMessage([{ kind: Kind.reply, seq: f.seq, time: 0, body: encode("any") }]));
  } });
  after(() => any.unsubscribe());
  await nc.flush();
  const caller = new Caller(nc, { prefix: "around", busOnly: true });
  const who = () => caller.call("fake", "flow", [], { timeout: 60_000 });
  assert.equal(await who(), "any");
  const held = caller.call("fake", "flow", [], { instance: "mute", timeout: 60_000 }).catch((err) => err);
  const { reason, instance: named } = await held;
  assert.deepEqual([reason, named], ["helium.silent", "mute"]);
  for (let i = 0; i < 30; i++) {
    assert.equal(await who(), "i1");
    assert.deepEqual(await Promise.all(caller.callTogether("fake", [{ method: "flow", args: [] }, { method: "flow", args: [] }])), ["i1", "i1"]);
  }
  known = ["mute", "gone"];
  const other = new Caller(nc, { prefix: "around", busOnly: true });
  await other.call("fake", "flow", [], { instance: "mute", timeout: 60_000 }).catch(() => {});
  assert.equal(await other.call("fake", "flow", [], { timeout: 60_000 }), "any");
  assert.deepEqual([caller.inFlight, other.inFlight], [0, 0]);
  caller.close();
  other.close();
});

test("an instance that says which calls it has isn't asked, and may take as long as it likes", async () => {
  let questions = 0;
  await binder(nc, "beats", () => `{"records":[${recordOf("i1", Ability.heartbeats)}]}`);
  const about = { kind: Kind.instance, instance: "i1", abilities: Ability.heartbeats };
  await instance(nc, "beats", "i1", async ({ kind, seq }, answer) => {
    if (kind === Kind.sender) questions++;
    if (kind !== Kind.call) return;
    for (let beat = 0; beat < 7; beat++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      answer(about, { kind: Kind.running, seqs: [seq] });
    }
    answer(about, { kind: Kind.reply, seq, time: 0, body: encode("done") });
  });
  const caller = new Caller(nc, { prefix: "beats", busOnly: true });
  assert.equal(await caller.call("fake", "flow", [], { instance: "i1", timeout: 60_000 }), "done");
  assert.equal(questions, 1); // the frame about the sender that the call came with
  caller.close();
});

test("abilities of 64 bits are read whole, in records and in frames", async () => {
  const all = 2n ** 63n + BigInt(Ability.streams);
  await binder(nc, "wide", () => `{"records":[${recordOf("i1", all)}]}`);
  const { records } = await lookup(nc, "fake", "wide");
  assert.equal(records[0].abilities & Ability.streams, Ability.streams);
  assert.equal(records[0].abilities & Ability.answersOnce, 0);
  await instance(nc, "wide", "i1", (f, answer) => {
    if (f.kind !== Kind.stream) return;
    answer({ kind: Kind.instance, instance: "i1", abilities: all }, { kind: Kind.credit, seq: f.seq, bytes: 0, items: 0 });
    answer({ kind: Kind.instance, instance: "i1", abilities: all + BigInt(Ability.answersOnce) });
  });
  const caller = new Caller(nc, { prefix: "wide", busOnly: true });
  assert.deepEqual(await failure(caller.stream("fake", "flow", [])[Symbol.asyncIterator]().next()), ["unavailable", "helium.silent", "unknown"]);
  caller.close();
});

test("a large result without bytes is none, and ends its call", async () => {
  const sub = nc.subscribe("empty.call.fake.flow", {
    callback: (err, msg) => {
      const { seq } = decodeMessage(msg.data).find((f) => f.kind === Kind.call);
      nc.publish(msg.reply, encodeMessage([{ kind: Kind.largeReply, seq, time: 0, body: writeExtent(0, 0) }]));
    },
  });
  after(() => sub.unsubscribe());
  await nc.flush();
  const caller = new Caller(nc, { prefix: "empty", busOnly: true });
  assert.deepEqual(await failure(caller.call("fake", "flow", [])), ["internal", "helium.bad_result", "executed"]);
  caller.close();
});

test("a connection whose inboxes no server answers is refused", async () => {
  const own = await connect({ servers: given("HELIUM_URL"), inboxPrefix: "elsewhere" });
  assert.throws(() => new Caller(own), /inboxPrefix/);
  await own.close();
});
