// An instance as direct links know it, at times that the tests choose.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Peer, WrongKey } from "../helium/directpeer.mjs";

const SECOND = 1000;

/** A link that reaches some services. */
function link(...services) {
  return { services, leave(service) { this.services = this.services.filter((s) => s !== service); } };
}

const denied = Object.assign(new Error("request error"), { cause: Object.assign(new Error("denied"), { name: "PermissionViolationError" }) });

/** One to which there is a link with the right to call math, since the time 0. */
function granted() {
  const peer = new Peer("i1");
  peer.linked(link("math"), 0);
  peer.granted("math", 0);
  return peer;
}

/** Asks whenever that is due, in vain, and says for which services, each second of a time. */
function asks(peer, wanted, from, to, err) {
  const asked = [];
  for (let now = from; now < to; now += SECOND) {
    const service = peer.due(wanted, now);
    if (service !== undefined) asked.push(service);
    if (service !== undefined) peer.failed(service, err(service), now, false);
    peer.review(now);
  }
  return asked;
}

for (const [what, err] of [
  ["nobody listens", new Error("no responders")],
  ["nobody answers", new Error("timeout")],
]) {
  test(`where ${what} a right goes on until the instance ends it, and is asked for again and again`, () => {
    const peer = granted();
    const asked = asks(peer, ["math"], 0, 3600 * SECOND, () => err);
    assert.ok(peer.reaches("math"), "an hour later the right has ended");
    assert.ok(asked.length > 600 && asked.length < 3600, `it was asked for ${asked.length} times in an hour, want each few seconds`);
    peer.link.leave("math"); // as the instance says
    peer.review(3600 * SECOND);
    assert.deepEqual([peer.reaches("math"), peer.state.services, peer.state.reason], [false, [], `service "math": ${err.message}`]);
  });
}

for (const [what, err] of [["NATS refuses to renew it", denied], ["another one answers", new WrongKey("another key")]]) {
  test(`where ${what} a right ends after 80 s`, () => {
    const peer = granted();
    asks(peer, ["math"], 0, 80 * SECOND, () => err);
    assert.ok(peer.reaches("math"), "it has ended early");
    peer.review(80 * SECOND);
    assert.ok(!peer.reaches("math"), "it hasn't ended");
  });
}

test("a right that is renewed after a refusal goes on", () => {
  const peer = granted();
  asks(peer, ["math"], 0, 70 * SECOND, () => denied);
  peer.granted("math", 70 * SECOND);
  peer.review(100 * SECOND);
  assert.ok(peer.reaches("math"));
  assert.equal(peer.due(["math"], 100 * SECOND), undefined);
});

test("a service that is denied disturbs no other, and people learn of it", () => {
  const peer = new Peer("i1");
  assert.equal(peer.due(["denied", "math"], 0), "denied");
  peer.failed("denied", denied, 0, false);
  assert.equal(peer.due(["denied", "math"], 0), "math");
  peer.linked(link("math"), 0);
  peer.granted("math", 0);
  assert.deepEqual([peer.state.linked, peer.state.services, peer.state.reason], [true, ["math"], 'service "denied": request error']);
  const asked = asks(peer, ["denied", "math"], 0, 40 * SECOND, () => denied);
  assert.ok(asked.length >= 3 && asked.length < 12 && !asked.includes("math"), `asked for ${asked}`);
});

test("links that can't be opened are paused for all services of the instance", () => {
  const peer = new Peer("i1");
  peer.failed("math", new Error("nobody is there"), 0, true);
  assert.deepEqual([peer.due(["probe"], 0), peer.state.reason], [undefined, "nobody is there"]);
  assert.equal(peer.due(["probe"], 400), "probe");
});

test("a link that breaks soon is opened again with growing pauses, and one that has stood for a minute at once", () => {
  const peer = new Peer("i1");
  let now = 0;
  for (let i = 0; i < 12; i++) {
    peer.linked(link("math"), now);
    peer.lost(new Error("cut"), now);
    now += 100 * SECOND;
  }
  peer.linked(link("math"), now);
  peer.lost(new Error("cut"), now);
  assert.equal(peer.due(["math"], now + 29 * SECOND), undefined);
  now += 100 * SECOND;
  peer.linked(link("math"), now);
  peer.lost(new Error("cut"), now + 61 * SECOND);
  assert.equal(peer.due(["math"], now + 62 * SECOND), "math");
});
