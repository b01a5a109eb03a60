// Calls of a user who may not subscribe to inboxes; denied_test.go has the server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";
import { given } from "./world.mjs";

test("calls whose answers can't come fail at once", async () => {
  const nc = await connect({ servers: given("HELIUM_URL"), user: "words", pass: "pw" });
  after(() => nc.close());
  const caller = new Caller(nc, { busOnly: true });
  const denied = (outcome) => (err) => {
    assert.deepEqual([err.code, err.reason, err.outcome], ["permission_denied", "helium.not_permitted", outcome]);
    assert.match(err.message, /may not subscribe to "_INBOX\./);
    return true;
  };
  await assert.rejects(caller.call("math", "add", [2, 3], { timeout: 60_000 }), denied("unknown"));
  await assert.rejects(caller.call("math", "add", [2, 3], { timeout: 60_000 }), denied("not executed"));
  assert.equal(caller.inFlight, 0);
  caller.close();
});
