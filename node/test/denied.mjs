// Calls of a user who may publish calls of math.add and math.mul alone; denied_test.go has the server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";
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
