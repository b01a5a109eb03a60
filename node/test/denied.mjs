// Calls of a user who may publish calls of math.add and math.mul alone, and under the prefix "narrow" to no instance but
// "mute", nor under "named" to any; denied_test.go has the server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";
import { Ability, decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { binder, instance, recordOf } from "./fakes.mjs";
import { given } from "./world.mjs";

const nc = await connect({ servers: given("HELIUM_URL"), user: "words", pass: "pw" });
after(() => nc.close());
const caller = new Caller(nc, { busOnly: true });
const refused = (err) => {
  assert.deepEqual([err.code, err.reason, err.outcome], ["permission_denied", "helium.not_permitted", "not executed"]);
  assert.match(err.message, /may not publish to "helium\./);
  return true;
};

test("a call that may not be published fails at once, and others go on", async () => {
  assert.equal(await caller.call("math", "add", [2, 3]), 5);
  const held = caller.call("math", "add", [2, 4], { timeout: 60_000 });
  await assert.rejects(caller.call("math", "div", [1, 2], { timeout: 60_000 }), refused);
  assert.equal(await held, 6);
  assert.equal(caller.inFlight, 0);
});

test("calls that may not share a message go alone", async () => {
  const calls = caller.callTogether("math", [{ method: "add", args: [2, 3], timeout: 60_000 }, { method: "mul", args: [2, 3], timeout: 60_000 }]);
  assert.deepEqual(await Promise.all(calls), [5, 6]);
});

test("a stream that may not begin fails at once", async () => {
  const stream = caller.stream("math", "primes", [10], { timeout: 60_000 })[Symbol.asyncIterator]();
  await assert.rejects(stream.next(), refused);
  await assert.rejects(caller.call("math", "mean", [], { items: [1], timeout: 60_000 }), refused);
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("calls that may not go around a silent instance go where NATS likes", async () => {
  const root = await connect({ servers: given("HELIUM_URL"), user: "root", pass: "pw" });
  after(() => root.close());
  await binder(root, "narrow", () => `{"records":[${["mute", "i1"].map((name) => recordOf(name, Ability.heartbeats)).join()}]}`);
  await instance(root, "narrow", "mute", () => {});
  root.subscribe("narrow.call.>", { callback: (err, msg) => {
    for (const { kind, seq } of decodeMessage(msg.data)) if (kind === Kind.call) msg.respond(encodeMessage([{ kind: Kind.reply, seq, time: 0, body: encode("any") }]));
  } });
  await root.flush();
  const narrow = new Caller(nc, { prefix: "narrow", busOnly: true });
  await assert.rejects(narrow.call("fake", "flow", [], { instance: "mute", timeout: 60_000 }), { reason: "helium.silent", instance: "mute" });
  const statuses = [];
  (async () => { for await (const s of nc.status()) if (s.type === "error") statuses.push(s.error.subject); })();
  for (let i = 0; i < 10; i++) assert.equal(await narrow.call("fake", "flow", [], { timeout: 60_000 }), "any");
  assert.deepEqual(statuses, ["narrow.at.fake.i1.flow"]); // once, and then no more
  assert.equal(narrow.inFlight, 0);
  narrow.close();
});

test("a call that an instance has said to have, which falls silent and may not be asked, names it", async () => {
  const root = await connect({ servers: given("HELIUM_URL"), user: "root", pass: "pw" });
  after(() => root.close());
  await binder(root, "named", () => `{"records":[${["i1", "i2"].map((name) => recordOf(name, Ability.heartbeats)).join()}]}`);
  const about = { kind: Kind.instance, instance: "i1", abilities: Ability.heartbeats };
  root.subscribe("named.call.>", { callback: (err, msg) => {
    for (const { kind, seq } of decodeMessage(msg.data)) if (kind === Kind.call) msg.respond(encodeMessage([about, { kind: Kind.running, seqs: [seq] }]));
  } });
  await root.flush();
  const named = new Caller(nc, { prefix: "named", busOnly: true });
  await assert.rejects(named.call("fake", "flow", [], { timeout: 60_000 }), (err) => {
    assert.deepEqual([err.code, err.reason, err.outcome, err.instance], ["unavailable", "helium.silent", "unknown", "i1"]);
    assert.match(err.message, /instance "i1" has been silent for 2 s/);
    return true;
  });
  assert.equal(named.inFlight, 0);
  named.close();
});
