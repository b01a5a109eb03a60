// How a direct link is dialed, against listeners that are none of Helium's.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { dial } from "../helium/dial.mjs";
import { Identity } from "../helium/identity.mjs";

const ticket = (address) => ({ addresses: [address], id: Buffer.alloc(16), secret: Buffer.alloc(32), key: Buffer.alloc(32) });

/** Answers each connection so. Returns the port, and the first byte of each connection so far. */
async function listener(t, answer) {
  const first = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => { first.push(data[0]); socket.end(answer); });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { port: server.address().port, first };
}

test("who is told that TLS alone is taken tries again with TLS", async (t) => {
  const { port, first } = await listener(t, Buffer.of(0x16));
  await assert.rejects(dial(ticket(`127.0.0.1:${port}`), new Identity(), false));
  assert.deepEqual(first, [0xc1, 0x16]);
});

test("who is told anything else doesn't try again", async (t) => {
  for (const answer of [Buffer.of(), Buffer.of(0xc1), Buffer.of(0x16, 0x16), Buffer.alloc(64)]) {
    const { port, first } = await listener(t, answer);
    await assert.rejects(dial(ticket(`127.0.0.1:${port}`), new Identity(), false));
    assert.deepEqual(first, [0xc1]);
  }
});
