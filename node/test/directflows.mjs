// Streams and large values by direct links; direct_test.go starts the server of math and flows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { testFlows } from "./flows.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();

/** A caller whose calls of both services go by a link. */
async function linked(options = {}) {
  const caller = new Caller(nc, options);
  await eventually("both services are linked", async () => {
    await Promise.all([caller.call("math", "add", [1, 2]), caller.call("flows", "ended", [])]);
    return caller.directLinks.some((l) => ["math", "flows"].every((service) => l.services.includes(service)));
  });
  return caller;
}

testFlows(linked);

test("streams and large values that go by a link don't pass NATS", async () => {
  const caller = await linked();
  let messages = 0;
  const taps = ["helium.call.>", "helium.at.>", "helium.ctl.>"].map((subject) => nc.subscribe(subject, { callback: () => messages++ }));
  await nc.flush();
  for await (const x of caller.stream("flows", "double", [], { items: Array.from({ length: 20_000 }, (_, i) => i) })) assert.ok(x >= 0);
  assert.equal(await caller.call("flows", "length", [Buffer.alloc(3_000_000)]), 3_000_000);
  assert.equal((await caller.call("flows", "bytes", [3_000_000])).length, 3_000_000);
  assert.equal((await caller.call("flows", "bind", [Buffer.alloc(3_000_000)], { items: [Buffer.alloc(10)] })).length, 3_000_010);
  await nc.flush();
  assert.equal(messages, 0);
  for (const tap of taps) tap.unsubscribe();
  caller.close();
});
