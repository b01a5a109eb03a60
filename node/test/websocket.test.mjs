import assert from "node:assert/strict";
import { after, test } from "node:test";
import { wsconnect } from "@nats-io/nats-core";
import WebSocket from "ws";
import { testCalls } from "./calls.mjs";
import { ask, given } from "./world.mjs";

const url = given("HELIUM_WEBSOCKET");

/** Connects as a page of the origin would. */
function fromPage(origin) {
  return wsconnect({
    servers: url, reconnect: false, timeout: 20_000,
    wsFactory: async (server) => ({ socket: new WebSocket(server, { origin }), encrypted: false }),
  });
}

const nc = await fromPage("http://allowed.example");
after(() => nc.close());
testCalls(nc);

test("a page of the listener's own address may connect", async () => {
  const own = await fromPage(url.replace("ws:", "http:"));
  assert.equal((await ask(own, "helium.call.math.add", "[2, 3]")).string(), "5");
  await own.close();
});

test("a page of a foreign origin is refused", async () => {
  const status = await new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { origin: "http://foreign.example" });
    socket.on("unexpected-response", (request, answer) => { request.destroy(); resolve(answer.statusCode); });
    socket.on("open", () => reject(new Error("it connected")));
  });
  assert.equal(status, 403);
  await assert.rejects(fromPage("http://foreign.example"));
});
