// Items that come in parts, at their reader.

import assert from "node:assert/strict";
import { after as atEnd, test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { CreditPool, ItemsIn } from "../helium/itemsin.mjs";
import { encode } from "../helium/msgpack.mjs";

const STALL = 200; // milliseconds
const blob = Buffer.from(encode(Buffer.alloc(1_000_000, 5)));
const part = (from, to) => ({ before: 0n, length: BigInt(blob.length), offset: BigInt(from), body: blob.subarray(from, to) });

const alive = setInterval(() => {}, 1000); // as the sockets are of a program that waits for items
atEnd(() => clearInterval(alive));

function opened() {
  const items = new ItemsIn(new CreditPool(), 10_000_000, () => {}, STALL);
  items.open();
  return items;
}

test("an item of which hardly anything comes is given up, once it is waited for", { timeout: 20_000 }, async () => {
  const items = opened();
  items.arrivePart(part(0, 1000));
  await after(3 * STALL); // nobody waits for it
  items.arrivePart(part(1000, 2000));
  await assert.rejects(items.next(), { code: "data_loss", reason: "helium.stream_gap", message: /hardly anything of item 1/ });
});

test("an item that comes steadily may take long", { timeout: 20_000 }, async () => {
  const items = opened();
  const next = items.next();
  for (let from = 0; from < blob.length; from += 70_000) {
    items.arrivePart(part(from, Math.min(from + 70_000, blob.length)));
    await after(STALL / 4);
  }
  assert.equal((await next).value.length, 1_000_000);
  const end = items.next();
  await after(3 * STALL); // nothing is due
  items.end(1n);
  assert.ok((await end).done);
});
