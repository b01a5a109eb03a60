// A service of this folder, at a binder that these tests are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { headers as newHeaders } from "@nats-io/nats-core";
import { Caller } from "../helium/caller.mjs";
import { HeliumError } from "../helium/errors.mjs";
import { Service } from "../helium/service.mjs";
import { binder, frail } from "./fakes.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();

/** A service of some methods under a prefix, whose binder says that a lease is a minute. */
async function serving(prefix, methods, says = () => '{"lease_ms":60000}') {
  await binder(nc, prefix, says);
  const service = new Service(nc, { name: "own", methods, prefix });
  await service.start();
  return service;
}

test("an error of any size reaches its caller, as far as it fits, and the service goes on", async () => {
  const thrown = {
    long: new HeliumError("aborted", "é".repeat(1 << 20), { reason: "r".repeat(1000), details: { much: "x".repeat(1 << 20) } }),
    odd: new HeliumError("nonsense", "odd", { details: { word: 5 } }),
    plain: new Error("ü".repeat(1 << 20)),
  };
  const methods = Object.fromEntries(Object.entries(thrown).map(([name, err]) => [name, { signature: `${name}()`, run: () => { throw err; } }]));
  const service = await serving("errors", methods);
  const caller = new Caller(nc, { prefix: "errors", busOnly: true });
  const long = await caller.call("own", "long", []).catch((err) => err);
  assert.deepEqual([long.code, long.reason, long.message, long.details, long.outcome], ["aborted", "r".repeat(256), "é".repeat(32 * 1024), null, "executed"]);
  const odd = await caller.call("own", "odd", []).catch((err) => err);
  assert.deepEqual([odd.code, odd.message, odd.details], ["unknown", "odd", { word: "5" }]);
  for (const payload of ["[]", Uint8Array.of(0x90)]) {
    const answer = await nc.request("errors.call.own.plain", payload, { timeout: 20_000 });
    assert.equal(answer.headers.get("Nats-Service-Error-Code"), "500");
    assert.equal(answer.headers.get("Nats-Service-Error"), "ü".repeat(128));
  }
  caller.close();
  await service.stop();
});

test("a plain request says how much time it has", async () => {
  let ended;
  const service = await serving("timed", { wait: { signature: "wait() string", run: (call) => new Promise((resolve) => {
    ended = call;
    call.signal.addEventListener("abort", () => resolve(call.signal.reason.code));
  }) } });
  const ask = (timeout) => {
    const headers = newHeaders();
    headers.set("Helium-Timeout", timeout);
    return nc.request("timed.call.own.wait", "[]", { timeout: 20_000, headers });
  };
  assert.equal((await ask("20")).string(), '"deadline_exceeded"');
  for (const wrong of ["0", "-1", "1.5", "soon", "1e3"]) {
    const answer = await ask(wrong);
    assert.deepEqual([answer.json().reason, answer.json().outcome], ["helium.bad_message", "not executed"], wrong);
    assert.match(answer.json().message, /Helium-Timeout/);
  }
  assert.ok(ended);
  await service.stop();
});

test("a service leaves though no binder hears it, and one that can't be registered serves nobody", async () => {
  const leases = [];
  const service = await serving("gone", { ping: { signature: "ping()", run() {} } }, (subject) => (subject.startsWith("end") ? undefined : leases.push(subject) && '{"lease_ms":60000}'));
  await service.stop();
  await assert.rejects(nc.request("gone.call.own.ping", "[]", { timeout: 20_000 }), /no responders/i);
  const unregistered = new Service(nc, { name: "own", methods: { ping: { signature: "ping()", run() {} } }, prefix: "nobodys" });
  await assert.rejects(unregistered.start(), /no responders/i);
  await assert.rejects(nc.request("nobodys.call.own.ping", "[]", { timeout: 20_000 }), /no responders/i);
});

test("a service renews its lease as soon as it is connected again", async () => {
  const { nc: own, cut, mend } = await frail();
  const asked = [];
  await binder(nc, "again", (subject) => asked.push(subject) && '{"lease_ms":3600000}');
  const service = new Service(own, { name: "own", methods: {}, prefix: "again" });
  await service.start();
  assert.deepEqual(asked, ["register.own"]);
  await cut();
  await mend();
  await eventually("it was renewed", () => asked.includes("renew.own"));
  await service.stop();
});

test("a result that its type can't hold is an error, not another number", async () => {
  const service = await serving("ranges", {
    narrow: { signature: "narrow() float32", run: () => 1e300 },
    take: { signature: "take(x float32) bool", run: () => true },
    text: { signature: "text() float64", run: () => "5" },
  });
  const caller = new Caller(nc, { prefix: "ranges", busOnly: true });
  for (const [method, args, reason] of [["narrow", [], "helium.bad_result"], ["text", [], "helium.bad_result"], ["take", [1e300], "helium.bad_argument"]]) {
    const err = await caller.call("own", method, args).catch((err) => err);
    assert.equal(err.reason, reason, `${method}: ${err}`);
  }
  assert.equal(await caller.call("own", "take", [Infinity]), true);
  caller.close();
  await service.stop();
});
