// Calls by a direct link while no NATS server is there; direct_test.go stops it once this program
// says that it is linked.

import assert from "node:assert/strict";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";

const nc = await connect({ servers: process.env.HELIUM_URL });
const caller = new Caller(nc);
while (!caller.directLinks.some((l) => l.linked)) assert.equal(await caller.call("probe", "next", [1]), 2);
const status = nc.status();
console.log("linked");
for await (const { type } of status) if (type === "disconnect") break;
for (let n = 0; n < 100; n++) assert.equal(await caller.call("probe", "next", [n]), n + 1);
caller.close();
await nc.close();
