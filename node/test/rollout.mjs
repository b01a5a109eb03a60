// Calls while versions of a service run side by side; rollout_test.go starts them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { connection } from "./world.mjs";

const nc = await connection();
const listAndCount = [{ method: "list", args: [] }, { method: "count", args: [] }];

test("calls that share a message are answered while instances run that don't have all their methods", async () => {
  const caller = new Caller(nc);
  for (let round = 0; round < 40; round++) { // the message reaches one instance of three at random
    assert.deepEqual(await Promise.all(caller.callTogether("rollout", listAndCount)), ["list", 7]);
  }
  assert.equal(caller.inFlight, 0);
  caller.close();
});

test("calls that share a message are answered by an instance that takes each method's on its own subject only", async () => {
  const caller = new Caller(nc);
  assert.deepEqual(await Promise.all(caller.callTogether("apart", listAndCount)), ["list", 7]);
  caller.close();
});

test("a method that no instance has is no such method, and a service without instances none", async () => {
  const caller = new Caller(nc);
  for (const [service, code, reason] of [["rollout", "unimplemented", "helium.no_such_method"], ["nothing", "unavailable", "helium.no_instance"]]) {
    const [drop] = await Promise.allSettled(caller.callTogether(service, [{ method: "drop", args: [] }]));
    assert.deepEqual([drop.reason.code, drop.reason.reason, drop.reason.outcome], [code, reason, "not executed"]);
  }
  assert.equal(caller.inFlight, 0);
  caller.close();
});
