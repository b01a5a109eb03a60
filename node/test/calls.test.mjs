import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { Caller } from "../helium/caller.mjs";
import { decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { lookup } from "../helium/registry.mjs";
import { testCalls } from "./calls.mjs";
import { ask, connection, eventually } from "./world.mjs";

const nc = await connection();
testCalls(nc);

test("a call whose time is over before its turn isn't run", async () => {
  const call = encodeMessage([{ kind: Kind.call, seq: 7n, time: 0, body: encode(["x"]) }]);
  const [answer] = decodeMessage((await ask(nc, "helium.call.probe.note", call)).data);
  assert.deepEqual([answer.kind, answer.seq], [Kind.error, 7n]);
  assert.deepEqual([answer.error.code, answer.error.reason, answer.error.outcome], ["deadline_exceeded", "helium.expired_in_queue", "not executed"]);
});

test("a message that breaks the protocol is refused whole", async () => {
  const good = encodeMessage([{ kind: Kind.call, seq: 7n, time: 1000, body: encode(["x"]) }]);
  const [answer] = decodeMessage((await ask(nc, "helium.call.probe.note", Uint8Array.from([...good, 0x2a]))).data);
  assert.deepEqual([answer.kind, answer.seq, answer.error.reason, answer.error.outcome], [Kind.error, 0n, "helium.bad_message", "not executed"]);
});

test("nobody listening is told at once, and nothing ran", async () => {
  const caller = new Caller(nc);
  const err = await caller.call("nobody", "home", [], { timeout: 60_000 }).catch((err) => err);
  assert.deepEqual([err.code, err.outcome], ["unavailable", "not executed"]);
  caller.close();
});

test("metadata go with a call, and one instance can be picked", async () => {
  const caller = new Caller(nc);
  const { records } = await lookup(nc, "probe");
  assert.equal(records.length, 1);
  assert.equal(await caller.call("probe", "tenant", [], { metadata: { tenant: "blue" }, instance: records[0].instance }), "blue");
  const err = await caller.call("probe", "add", [2, 3], { instance: records[0].instance }).catch((err) => err);
  assert.deepEqual([err.code, err.outcome], ["unimplemented", "not executed"]);
  const nobody = await caller.call("math", "add", [2, 3], { instance: records[0].instance }).catch((err) => err);
  assert.deepEqual([nobody.code, nobody.outcome], ["unavailable", "not executed"]);
  caller.close();
});

test("a one-way call runs and is not answered", async () => {
  const caller = new Caller(nc);
  const before = (await caller.call("probe", "ended", [])).noted;
  caller.notify("probe", "note", ["x"]);
  await eventually("it ran", async () => (await caller.call("probe", "ended", [])).noted === before + 1);
  caller.close();
});

test("what the registry doesn't know is an error with a reason", async () => {
  const err = await lookup(nc, "maht").catch((err) => err);
  assert.deepEqual([err.code, err.reason], ["not_found", "binder.unknown_service"]);
  assert.match(err.details.nearest, /math/);
});
