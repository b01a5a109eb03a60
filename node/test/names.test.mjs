// What names a call or a message can't be guessed, and an answer counts where it was asked for.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { headers } from "@nats-io/nats-core";
import { Caller } from "../helium/caller.mjs";
import { decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();
const evil = await connection();

/** Serves a method that never answers, and hands over what comes. */
async function serve(service) {
  const came = [];
  const sub = evil.subscribe(`helium.call.${service}.wait`, { callback: (err, msg) => came.push(msg) });
  after(() => sub.unsubscribe());
  await evil.flush();
  return came;
}

const numberOf = (msg) => decodeMessage(msg.data).find((f) => f.kind === Kind.call).seq;

/** What the reply subject's last token says, which is written to the base 36. */
function tokenOf(msg) {
  const digits = msg.reply.slice(msg.reply.lastIndexOf("+") + 1);
  return [...digits].reduce((n, digit) => n * 36n + BigInt(parseInt(digit, 36)), 0n);
}

test("the numbers of calls and the tokens of messages say nothing of one another", async () => {
  const came = await serve("silent");
  const caller = new Caller(nc);
  const calls = Array.from({ length: 2000 }, () => caller.call("silent", "wait", []).catch((err) => err.code));
  await eventually("all calls came", () => came.length === calls.length);
  const numbers = came.map(numberOf);
  const tokens = came.map(tokenOf);
  for (const names of [numbers, tokens]) {
    assert.ok(names.some((n) => n >= 1n << 63n), "all 64 bits are used");
    names.sort((a, b) => (a < b ? -1 : 1));
    names.forEach((n, i) => i === 0 || assert.ok(n - names[i - 1] > 1n << 20n, `${n} is near ${names[i - 1]}`));
  }
  caller.close();
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(["failed_precondition"]));
});

test("who wasn't asked ends no call, and is counted", async () => {
  const bank = await serve("bank"), asked = await serve("evil");
  const caller = new Caller(nc);
  let ended = 0;
  const pay = caller.call("bank", "wait", []).finally(() => ended++);
  const own = caller.call("evil", "wait", []).catch((err) => err);
  await eventually("both came", () => bank.length === 1 && asked.length === 1);

  const [msg] = asked, number = numberOf(msg), inbox = msg.reply.slice(0, msg.reply.lastIndexOf("+") + 1);
  const token = tokenOf(msg);
  const error = encode([14n, "helium.no_instance", "away", null, 1n, "e1"]);
  const nobody = headers(503, "No Responders");
  let sent = 0;
  for (let off = -50n; off <= 50n; off++) {
    if (off === 0n) continue;
    const frames = [
      { kind: Kind.reply, seq: number + off, time: 0, body: encode(null) },
      { kind: Kind.error, seq: number + off, time: 0, body: error },
    ];
    evil.publish(msg.reply, encodeMessage(frames));
    const other = inbox + (token + off).toString(36);
    evil.publish(other, encodeMessage([{ kind: Kind.error, seq: 0n, time: 0, body: error }]));
    evil.publish(other, new Uint8Array(), { headers: nobody });
    sent += 4;
  }
  await eventually("all was counted", () => caller.unmatched === sent);
  assert.equal(ended, 0);
  assert.equal(bank.length, 1, "the call was made once");
  evil.publish(msg.reply, new Uint8Array(), { headers: nobody }); // its own
  assert.equal((await own).code, "unavailable");
  assert.equal(ended, 0);
  evil.publish(bank[0].reply, encodeMessage([{ kind: Kind.reply, seq: numberOf(bank[0]), time: 0, body: encode("paid") }]));
  assert.equal(await pay, "paid");
  caller.close();
});
