// Which calls are held back while instances refuse most of them for load.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { HeliumError } from "../helium/errors.mjs";
import { Ability, decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { Receiver } from "../helium/receiver.mjs";
import { Throttle, Throttles } from "../helium/throttle.mjs";
import { binder, recordOf } from "./fakes.mjs";
import { connection, eventually } from "./world.mjs";

const overloaded = new HeliumError("resource_exhausted", "too much to do", { reason: "helium.overloaded", outcome: "not executed" });

/** How many of some calls that come at the same moment aren't held back. */
const passes = (throttle, calls, now) => Array.from({ length: calls }, () => throttle.holds(now)).filter((held) => !held).length;

test("what may be sent to instances that answer in bursts is spread evenly, and is twice what they take", () => {
  const throttle = new Throttle();
  let total = 0;
  for (let now = 0; now < 1000; now++) {
    if (now % 50 === 0) for (let i = 0; i < 50; i++) throttle.took("i1"); // as from handlers that all sleep for 50 ms
    throttle.refused("i1", now);
    const sent = passes(throttle, 20, now);
    total += sent;
    if (now >= 300) assert.ok(sent <= 8, `${sent} calls leave in millisecond ${now}`);
  }
  assert.ok(total > 1700 && total < 3000, `${total} calls have left while 1,000 were taken`);
});

test("where one of several instances has room it gets all that it can do though the others refuse what they get", () => {
  const throttle = new Throttle();
  let taken = 0, most = 0;
  for (let now = 0; now < 2000; now++) {
    const sent = passes(throttle, 10, now);
    for (let i = 0; i < sent; i++) {
      const to = Math.floor(Math.random() * 5);
      if (to > 0 || most - taken < 1) throttle.refused(`i${to}`, now);
      else {
        throttle.took("i0");
        taken++;
      }
    }
    if (now >= 200) most++; // it can do as many, from then on
  }
  assert.ok(taken > 0.9 * 1800, `it ran ${taken} calls of the 1,800 that it can`);
});

test("a few refusals hold nothing back", () => {
  const throttle = new Throttle();
  for (let now = 0; now < 1000; now += 2) {
    throttle.refused("i1", now);
    assert.equal(throttle.holds(now), false, `in millisecond ${now}`);
  }
});

test("once no refusal has come for a moment nothing is held back", () => {
  const throttle = new Throttle();
  for (let i = 0; i < 32; i++) throttle.refused("i1", 0);
  assert.equal(passes(throttle, 100, 0), 32);
  assert.equal(passes(throttle, 100, 49), 0);
  assert.equal(passes(throttle, 100, 50), 100);
  throttle.refused("i1", 51);
  assert.equal(passes(throttle, 100, 51), 100); // what was before doesn't count
});

test("each method, and each instance that the caller picks, is held back for itself", () => {
  const throttles = new Throttles(() => 0);
  const held = (...where) => {
    try {
      for (let i = 0; i < 33; i++) throttles.admit(...where);
      return false;
    } catch (err) {
      assert.deepEqual([err.code, err.reason, err.outcome, err.instance], ["resource_exhausted", "helium.overloaded", "not executed", ""]);
      return true;
    }
  };
  for (let i = 0; i < 32; i++) throttles.answered({ service: "fake", method: "flow", instance: "i1" }, "i1", overloaded);
  assert.deepEqual([held("fake", "flow", "i1"), held("fake", "flow", "i2"), held("fake", "flow"), held("fake", "ebb", "i1"), held("other", "flow", "i1")], [true, false, false, false, false]);
  assert.equal(throttles.heldBack, 1);
  for (let i = 0; i < 100; i++) throttles.answered({ service: "fake", method: "ebb" }, "i1", new HeliumError("internal", "it broke"));
  assert.equal(held("fake", "ebb"), false);
});

test("a call that is answered counts once for who answered it, be it by a large result", () => {
  const call = { service: "fake", method: "flow", isAt() {}, follow() {}, end() {}, fail() {} };
  const ended = [];
  const signs = { answered() {}, heard() {}, ended: (call, instance, error) => ended.push([call.method, instance, error?.reason]) };
  const receiver = new Receiver({ get: () => call, of: () => [call, call] }, signs);
  const seq = 7, time = 0, body = encode("done");
  const say = (...frames) => receiver.take(encodeMessage([{ kind: Kind.instance, instance: "i1", abilities: 0 }, ...frames]), "+token");
  say({ kind: Kind.reply, seq, time, body });
  say({ kind: Kind.largeReply, seq, time, body }, { kind: Kind.chunk, seq, offset: 0, body });
  say({ kind: Kind.error, seq, time, error: overloaded.element });
  say({ kind: Kind.error, seq: 0, time, error: overloaded.element }); // for all calls of the message
  say({ kind: Kind.running, seqs: [seq] });
  assert.deepEqual(ended, [["flow", "i1", undefined], ["flow", "i1", undefined], ...Array.from({ length: 3 }, () => ["flow", "i1", "helium.overloaded"])]);
  ended.length = 0;
  call.isAnsweredLast = true; // a stream, whose answer stands behind its large result
  say({ kind: Kind.largeReply, seq, time, body });
  say({ kind: Kind.reply, seq, time, body });
  assert.equal(ended.length, 1);
});

const nc = await connection();

/** Instances of fake.flow, by queue group and by name, that refuse all calls for load while `refuses` says so, each or their whole message. */
async function busy(prefix, whole = false) {
  const world = { came: 0, refuses: true };
  const callback = (err, msg) => {
    const frames = decodeMessage(msg.data);
    const begun = frames.filter((f) => [Kind.call, Kind.largeCall, Kind.stream, Kind.oneWay].includes(f.kind));
    world.came += begun.length;
    const answer = ({ seq }) => (world.refuses ? { kind: Kind.error, seq, time: 0, error: overloaded.element } : { kind: Kind.reply, seq, time: 0, body: encode("done") });
    const asked = begun.filter((f) => f.kind !== Kind.oneWay);
    if (asked.length > 0) msg.respond(encodeMessage(whole && world.refuses ? [answer({ seq: 0 })] : asked.map(answer)));
  };
  await binder(nc, prefix, () => `{"records":[${recordOf("i1", Ability.streams | Ability.chunks)}]}`);
  for (const subject of [`${prefix}.call.>`, `${prefix}.at.>`]) {
    const sub = nc.subscribe(subject, { callback });
    after(() => sub.unsubscribe());
  }
  await nc.flush();
  return world;
}

const facts = (err) => [err.code, err.reason, err.outcome];
const refused = facts(overloaded);
const failure = (call) => call.then((result) => assert.fail(`the call returned ${result}`), facts);

for (const whole of [false, true]) {
  test(`calls aren't sent while ${whole ? "whole messages" : "calls"} are refused for load, and are again soon after`, async () => {
    const prefix = whole ? "busywhole" : "busy";
    const world = await busy(prefix, whole);
    const caller = new Caller(nc, { prefix, busOnly: true });
    const flood = () => caller.callTogether("fake", Array.from({ length: 100 }, () => ({ method: "flow", args: [] })));
    let made = 0;
    await eventually("some are held back", async () => {
      made += 100;
      for (const end of await Promise.all(flood().map(failure))) assert.deepEqual(end, refused);
      return caller.heldBack > 0;
    });
    assert.deepEqual([world.came + caller.heldBack, caller.inFlight], [made, 0]);
    world.refuses = false;
    await eventually("calls are taken again", () => caller.call("fake", "flow", []).then((got) => got === "done", () => false));
    assert.equal(caller.inFlight, 0);
    caller.close();
  });
}

test("calls of all kinds are held back, but those without an answer", async () => {
  const world = await busy("busykinds");
  const caller = new Caller(nc, { prefix: "busykinds", busOnly: true });
  const held = { call: 0, large: 0, sent: 0, taken: 0 };
  const kinds = {
    call: () => caller.call("fake", "flow", []),
    large: () => caller.call("fake", "flow", [Buffer.alloc(2_000_000)]),
    sent: () => caller.call("fake", "flow", [], { items: [1] }),
    taken: () => caller.stream("fake", "flow", [])[Symbol.asyncIterator]().next(),
  };
  await eventually("each kind was", async () => {
    await Promise.all(Array.from({ length: 40 }, () => failure(caller.call("fake", "flow", []))));
    for (const [kind, make] of Object.entries(kinds)) {
      const before = caller.heldBack;
      assert.deepEqual(await failure(make()), refused);
      held[kind] += caller.heldBack - before;
    }
    return Object.values(held).every((count) => count > 0);
  });
  const before = world.came;
  for (let i = 0; i < 50; i++) caller.notify("fake", "flow", []);
  await eventually("what has no answer came", () => world.came === before + 50);
  caller.close();
});
