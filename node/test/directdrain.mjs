// Calls, one after the other, while a server that they go straight to stops; direct_test.go does
// that once this program says that it is linked.

import assert from "node:assert/strict";
import { Caller } from "../helium/caller.mjs";
import { connect } from "@nats-io/transport-node";

const nc = await connect({ servers: process.env.HELIUM_URL });
const caller = new Caller(nc);
let said = false;
for (let left = 200, n = 0; left > 0; n++) {
  assert.equal(await caller.call("probe", "next", [n]), n + 1);
  const linked = caller.directLinks.some((l) => l.linked);
  if (linked && !said) console.log("linked");
  said ||= linked;
  if (said && !linked) left--;
}
caller.close();
await nc.close();
