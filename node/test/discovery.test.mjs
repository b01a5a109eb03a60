import assert from "node:assert/strict";
import { test } from "node:test";
import { Svcm } from "@nats-io/services";
import { ask, connection, given } from "./world.mjs";

const nc = await connection();

/** Asks for "ping", "info" or "stats" and returns the first answers, so many, by name. */
async function discover(verb, count, ...of) {
  const services = new Svcm(nc).client({ strategy: "count", maxMessages: count, maxWait: 20_000 });
  const list = [];
  for await (const answer of await services[verb](...of)) list.push(answer);
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

test("the services are discovered by NATS's own library", async () => {
  const found = await discover("ping", 3);
  assert.deepEqual(found.map((p) => p.name), ["flows", "math", "probe"]);
  const [math] = await discover("ping", 1, "math");
  assert.equal(math.type, "io.nats.micro.v1.ping_response");
  assert.equal(math.version, "1.2.3");
  assert.equal(math.id, given("HELIUM_MATH_INSTANCE"));
  assert.equal((await discover("ping", 1, "math", math.id)).length, 1);
});

test("what is discovered can be called, and tells what it takes", async () => {
  const [math] = await discover("info", 1, "math");
  assert.deepEqual(math.endpoints.map((e) => e.name).sort(), ["add", "div", "mean", "mul", "primes", "runningMean", "sub"]);
  const add = math.endpoints.find((e) => e.name === "add");
  assert.equal(add.queue_group, "helium");
  assert.match(add.metadata.signature, /^add\(.*float64.*\) float64$/);
  const answer = await ask(nc, add.subject, "[2, 3]");
  assert.equal(answer.string(), "5");
});

test("the figures count each call", async () => {
  const add = async () => (await discover("stats", 1, "math"))[0].endpoints.find((e) => e.name === "add");
  const before = await add();
  for (let i = 0; i < 10; i++) await ask(nc, "helium.call.math.add", "[2, 3]");
  const bad = await ask(nc, "helium.call.math.add", "[2]");
  assert.equal(bad.headers.get("Nats-Service-Error-Code"), "400");
  const after = await add();
  assert.equal(after.num_requests - before.num_requests, 11);
  assert.equal(after.num_errors - before.num_errors, 1);
  assert.match(after.last_error, /^400:/);
  assert.equal(after.average_processing_time, Math.trunc(after.processing_time / after.num_requests));
  const timed = ({ data }) => data.latency_ns.reduce((sum, [, calls]) => sum + calls, 0);
  assert.equal(timed(after) - timed(before), 10);
  assert.equal(after.data.in_flight, 0);
});
