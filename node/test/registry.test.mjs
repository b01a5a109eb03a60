// Which answers a caller and a service take for a binder's. The binder of these tests is
// their own, under a prefix of its own.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { Caller } from "../helium/caller.mjs";
import { untilRenewal } from "../helium/registration.mjs";
import { lookup } from "../helium/registry.mjs";
import { Service } from "../helium/service.mjs";
import { connection, given } from "./world.mjs";

const nc = await connection();
const ACKNOWLEDGEMENT = '{"stream":"EVERYTHING","seq":7}';
let answer; // what the binder says
let asked = 0;
const sub = nc.subscribe("claimed.binder.>", { callback: (err, msg) => { asked++; msg.respond(answer); } });
after(() => sub.unsubscribe());
await nc.flush();

const service = () => new Service(nc, { name: "counter", version: "1.0.0", methods: {}, prefix: "claimed" });

for (const said of [ACKNOWLEDGEMENT, '{"lease_ms":0}', '{"lease_ms":-1}', '{"lease_ms":"30"}', "{}", "[]", "null", "7", "+OK", ""]) {
  test(`a registration isn't answered by ${said || "nothing"}`, async () => {
    answer = said;
    await assert.rejects(service().start(), (err) => err.reason === "binder.foreign_answer" && (said !== ACKNOWLEDGEMENT || /"EVERYTHING".*nats stream edit/.test(err.message)));
  });
}

for (const said of [ACKNOWLEDGEMENT, "{}", "[]", "null", '{"records":{}}', "+OK"]) {
  test(`a lookup isn't answered by ${said}`, async () => {
    answer = said;
    await assert.rejects(lookup(nc, "counter", "claimed"), { reason: "binder.foreign_answer" });
  });
}

test("where the binder that was asked is frozen another one is, and what is asked has one name", async () => {
  const came = [];
  const sub = nc.subscribe("frozen.binder.>", {
    callback: (err, msg) => {
      came.push(msg);
      if (came.filter(({ subject }) => subject === msg.subject).length === 2) msg.respond(msg.subject.includes(".lookup.") ? '{"records":[]}' : '{"lease_ms":60000}');
    },
  });
  after(() => sub.unsubscribe());
  await nc.flush();
  assert.deepEqual(await lookup(nc, "counter", "frozen"), { records: [] });
  const own = new Service(nc, { name: "counter", version: "1.0.0", methods: {}, prefix: "frozen" });
  await own.start();
  await own.stop();
  for (const verb of ["register", "end"]) {
    const names = came.filter(({ subject }) => subject.includes(`.${verb}.`)).map((msg) => msg.headers?.get("Helium-Request"));
    assert.ok(names.length === 2 && names[0] === names[1] && /^[\x21-\x7e]{16,64}$/.test(names[0]), `${verb} came with the names ${names}`);
  }
});

test("who asks a binder hears of the end of the connection", async () => {
  const own = await connect({ servers: given("HELIUM_URL") });
  const sub = nc.subscribe("mute.binder.>", { callback() {} });
  await nc.flush();
  const asked = assert.rejects(lookup(own, "counter", "mute"), { name: "ClosedConnectionError" });
  await own.close();
  await asked;
  sub.unsubscribe();
  await assert.rejects(lookup(own, "counter", "mute"), { name: "ClosedConnectionError" });
});

test("a call that a stream keeps waits for its answer, and names the stream if none comes", async () => {
  const stream = nc.subscribe("claimed.call.>", { callback: (err, msg) => msg.respond(ACKNOWLEDGEMENT) });
  const caller = new Caller(nc, { prefix: "claimed" });
  after(() => { caller.close(); stream.unsubscribe(); });
  await nc.flush();
  await assert.rejects(caller.call("counter", "count", [], { timeout: 500 }), (err) => err.code === "deadline_exceeded" && /"EVERYTHING" captures claimed\.call\.counter\.count/.test(err.message));
});

test("no lease makes a service renew all the time, or never", () => {
  for (const lease_ms of [1, 1000, 30_000, 1e9, 1e300]) {
    const wait = untilRenewal({ lease_ms });
    assert.ok(wait >= 333 && wait <= 300_000, `a lease of ${lease_ms} ms is renewed after ${wait} ms`);
  }
});
