// Calls of two servers of which the one with a direct link is frozen; frozen_unix_test.go starts them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { parts } from "./parts.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();
const [frozen, other] = parts;
const caller = new Caller(nc);
after(() => caller.close());
const who = (timeout) => caller.call("work", "who", [], { timeout });

test("when a direct link falls silent calls keep away from its server by the bus, until it is heard again", async () => {
  await eventually("there is a link", async () => {
    await who(2000);
    return caller.directLinks.some((link) => link.linked && link.services.includes("work"));
  });
  const held = caller.call("work", "hold", [], { timeout: 120_000, instance: frozen.instance }).catch((err) => err);
  await eventually("the call is there", async () => (await caller.call("work", "holds", [], { instance: frozen.instance })) > 0);
  frozen.freeze();
  const err = await held;
  assert.deepEqual([err.code, err.reason, err.outcome], ["unavailable", "helium.disconnected", "unknown"]);
  for (let i = 0; i < 40; i++) assert.equal(await who(120_000), other.instance);
  frozen.thaw();
  await eventually("it answers again", async () => (await who(2000).catch(() => "")) === frozen.instance);
});
