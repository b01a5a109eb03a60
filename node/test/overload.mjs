// Calls of a server that runs one at a time and has none wait; overload_test.go starts it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();

test("a flood of calls that would be refused mostly isn't sent, and once it is over all are", async () => {
  const caller = new Caller(nc, { busOnly: true });
  const give = new AbortController();
  const held = caller.call("work", "hold", [], { timeout: 120_000, signal: give.signal }).catch((err) => err);
  let refused = 0, heldBack = 0;
  const one = () => caller.call("work", "hold", [], { timeout: 120_000 }).then(() => assert.fail("it ran"), (err) => {
    assert.deepEqual([err.code, err.reason, err.outcome], ["resource_exhausted", "helium.overloaded", "not executed"]);
    if (err.instance === "") heldBack++;
    else refused++;
  });
  let made = 0;
  await eventually("most calls are held back", async () => {
    await Promise.all(Array.from({ length: 100 }, one));
    made += 100;
    return heldBack > 1000 && heldBack > refused;
  });
  assert.deepEqual([refused + heldBack, caller.heldBack], [made, heldBack]);
  assert.ok(refused >= 32, `${refused} calls were refused`);
  give.abort();
  assert.equal((await held).reason, "helium.canceled");
  await eventually("all calls are sent, and taken", async () => {
    const before = caller.heldBack;
    let taken = 0;
    for (let i = 0; i < 20; i++) await caller.call("work", "holds", []).then(() => taken++, () => {});
    return taken === 20 && caller.heldBack === before;
  });
  caller.close();
});
