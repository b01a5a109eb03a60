// Calls by direct links; direct_test.go starts the server of math and probe, and says where it
// listens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { testCalls } from "./calls.mjs";
import { connection, eventually, given } from "./world.mjs";

const nc = await connection();

/** A caller whose calls of both services go by a link. */
async function linked() {
  const caller = new Caller(nc);
  await eventually("both services are linked", async () => {
    await Promise.all([caller.call("math", "add", [1, 2]), caller.call("probe", "next", [1])]);
    return caller.directLinks.some((l) => ["math", "probe"].every((service) => l.services.includes(service)));
  });
  return caller;
}

/** How many messages of calls pass NATS meanwhile. */
async function tapped(during) {
  let messages = 0;
  const taps = ["helium.call.>", "helium.at.>"].map((subject) => nc.subscribe(subject, { callback: () => messages++ }));
  await nc.flush();
  await during();
  await nc.flush();
  for (const tap of taps) tap.unsubscribe();
  return messages;
}

testCalls(nc, linked);

test("one connection leads to an instance, where it listens, and is encrypted where it leaves the host", async () => {
  const caller = await linked();
  assert.equal(caller.directLinks.length, 1);
  const [link] = caller.directLinks;
  assert.ok(link.address.startsWith(given("HELIUM_DIRECT")), `it was dialed at ${link.address}`);
  assert.deepEqual([link.linked, link.encrypted, link.reason], [true, given("HELIUM_ENCRYPTED") === "true", undefined]);
  caller.close();
});

test("calls that go by a link don't pass NATS, in messages of one method, of several, and of none that answers", async () => {
  const caller = await linked();
  const before = (await caller.call("probe", "ended", [])).noted;
  const passed = await tapped(async () => {
    for (let i = 0; i < 50; i++) assert.equal(await caller.call("math", "add", [i, 1]), i + 1);
    assert.deepEqual(await Promise.all(caller.callTogether("math", [{ method: "add", args: [2, 3] }, { method: "mul", args: [2, 3] }])), [5, 6]);
    const { instance } = caller.directLinks[0];
    assert.equal(await caller.call("probe", "tenant", [], { metadata: { tenant: "blue" }, instance }), "blue");
    caller.notify("probe", "note", ["x"]);
    await eventually("the one-way call ran", async () => (await caller.call("probe", "ended", [])).noted === before + 1);
  });
  assert.equal(passed, 0);
  caller.close();
});

test("large values travel whole", async () => {
  const caller = await linked();
  const tenant = "x".repeat(300_000);
  assert.equal(await caller.call("probe", "tenant", [], { metadata: { tenant } }), tenant);
  caller.close();
});

test("a caller that uses the bus only opens no links", async () => {
  const caller = new Caller(nc, { busOnly: true });
  const passed = await tapped(async () => {
    for (let i = 0; i < 20; i++) assert.equal(await caller.call("math", "add", [i, 1]), i + 1);
  });
  assert.deepEqual([passed, caller.directLinks], [20, []]);
  caller.close();
});
