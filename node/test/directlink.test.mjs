// A direct link whose other end is this program.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { DirectKind, Incoming } from "../helium/directframes.mjs";
import { DirectLink } from "../helium/directlink.mjs";

/** A link, what it `sent`, as frames, and how it is `told` one. */
function opened() {
  const incoming = new Incoming();
  const socket = Object.assign(new EventEmitter(), { writableLength: 0, cork() {}, uncork() {}, end() {}, write: (part) => incoming.push(Buffer.from(part)) });
  let told;
  const connection = { socket, frames: (take) => { told = take; } };
  const link = new DirectLink({ connection }, "i1", Buffer.of(1), { answered() {}, broken() {} });
  const sent = () => {
    const all = [];
    for (let f; (f = incoming.frame()) !== undefined; ) all.push(f);
    return all;
  };
  return { link, sent, told: (f) => told(f) };
}

test("when a right has ended no new calls go by the link, and what is to be said of those that run does", () => {
  const { link, sent, told } = opened();
  link.reach("math", 1);
  link.reach("flows", 2);
  told({ kind: DirectKind.over, service: 2 });
  assert.deepEqual([link.services, link.reaches("flows", ["count"]), link.reaches("math", ["add"])], [["math"], false, true]);
  link.cancel("flows", Buffer.from("credit"));
  assert.deepEqual(sent().map((f) => [f.kind, f.service, f.message.toString()]), [[DirectKind.cancels, 2, "credit"]]);
  link.leave("math"); // as NATS refuses to renew it
  assert.deepEqual([link.services, link.reaches("math", ["add"])], [[], false]);
  link.cancel("math", Buffer.from("cancel"));
  assert.deepEqual(sent().map((f) => [f.kind, f.service]), [[DirectKind.cancels, 1]]);
  link.reach("flows", 2); // a further ticket gives the right anew
  assert.deepEqual([link.services, link.reaches("flows", ["count"])], [["flows"], true]);
});
