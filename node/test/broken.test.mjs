// Calls while the connection breaks, again and again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { frail } from "./fakes.mjs";
import { connection } from "./world.mjs";

test("what is told of calls and streams whose connection breaks is so", async () => {
  const { nc: own, cut, mend } = await frail();
  const sound = new Caller(await connection(), { busOnly: true });
  const caller = new Caller(own, { busOnly: true });
  const before = (await sound.call("probe", "ended", [])).noted;
  const told = { fine: 0, unknown: 0, "not executed": 0 };
  const streams = { whole: 0, broken: 0 };
  let over = false;
  const again = async (call) => { for (; !over; await new Promise(setImmediate)) await call(); };
  const notes = Array.from({ length: 20 }, () => again(() => caller.call("probe", "note", ["x"], { timeout: 60_000 }).then(() => told.fine++, (err) => {
    assert.equal(err.code, "unavailable", String(err));
    told[err.outcome]++;
  })));
  const doubles = Array.from({ length: 4 }, () => again(async () => {
    let next = 0;
    try {
      for await (const x of caller.stream("flows", "double", [], { items: Array.from({ length: 500 }, (_, i) => i) })) assert.equal(x, 2 * next++);
      assert.equal(next, 500);
      streams.whole++;
    } catch (err) {
      if (!["unavailable", "data_loss"].includes(err.code)) throw err;
      streams.broken++;
    }
  }));
  for (let i = 0; i < 15; i++) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    await cut();
    await mend();
  }
  over = true;
  await Promise.all([...notes, ...doubles]);
  assert.equal(caller.inFlight, 0);
  const { noted } = await sound.call("probe", "ended", []);
  const ran = noted - before;
  assert.ok(told.fine > 0 && told.unknown > 0 && told["not executed"] > 0 && streams.whole > 0 && streams.broken > 0, `too little broke: ${JSON.stringify({ ...told, ...streams })}`);
  assert.ok(ran >= told.fine && ran <= told.fine + told.unknown, `${ran} calls ran, of which it was told ${JSON.stringify(told)}`);
  console.log(JSON.stringify({ ran, ...told, ...streams }));
  caller.close();
  sound.close();
});
