// The vectors that need a partner, against a server and a binder in Go:
// testdata/vectors/calls.json and binder.json.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createInbox, headers as newHeaders } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { decodeBody, decodeMessage, encodeMessage, isMessage, Kind } from "../helium/frames.mjs";
import { Time } from "../helium/msgpack.mjs";
import { bytes, given, hex, vectors } from "./world.mjs";

const nc = await connect({ servers: given("HELIUM_CONFORMANCE_URL"), name: "exchange" });
after(() => nc.close());
const instance = given("HELIUM_CONFORMANCE_INSTANCE");
const PATIENCE = 20_000;

/** What comes to a subject, one after the other. */
function inbox(subject) {
  const come = [], waiting = [];
  const sub = nc.subscribe(subject, { callback: (err, msg) => (waiting.length > 0 ? waiting.shift()(msg) : come.push(msg)) });
  return {
    close: () => sub.unsubscribe(),
    next: () => new Promise((resolve, reject) => {
      if (come.length > 0) {
        resolve(come.shift());
        return;
      }
      const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE);
      waiting.push((msg) => { clearTimeout(timer); resolve(msg); });
    }),
  };
}

/** A decoded value as JSON has it: bytes in hex, keys as texts. */
function plain(v) {
  if (v instanceof Uint8Array) return hex(v);
  if (v instanceof Time) return String(v);
  if (Array.isArray(v)) return v.map(plain);
  if (v instanceof Map) return Object.fromEntries([...v].map(([key, e]) => [String(key), plain(e)]));
  if (v === null || typeof v !== "object") return typeof v === "bigint" ? Number(v) : v;
  return Object.fromEntries(Object.entries(v).map(([key, e]) => [key, plain(e)]));
}

function checkError(got, want) {
  for (const field of Object.keys(want)) assert.deepEqual(got[field], want[field], field);
  assert.ok(got.message && got.instance, "an error has a message and an instance");
}

function checkValue(body, want) {
  if (want.body !== undefined) assert.equal(hex(body), hex(bytes(want.body)));
  else if (want.number !== undefined) assert.equal(decodeBody(body), { "+Inf": Infinity, "-Inf": -Infinity, NaN }[want.number] ?? Number(want.number));
  else assert.deepEqual(plain(decodeBody(body)), want.result);
}

/** Checks an answer, a frame or a plain message, against one that is wanted. */
function check(token, got, want) {
  assert.equal(got.headers?.code === 503 && got.data.length === 0, want.nobody ?? false, "nobody listens");
  if (want.nobody) return;
  if (want.at === "+") assert.ok(token.startsWith("+"), `it came at ${token}`);
  else if (want.at !== undefined) assert.equal(token, want.at);
  if (want.plain !== undefined) {
    assert.ok(got.data, "it is no plain answer");
    assert.equal(got.headers?.get("Nats-Service-Error-Code") || undefined, want.status);
    const json = want.plain === "json";
    if (want.error) checkError(json ? got.json() : decodeBody(got.data), want.error);
    else if (json) assert.deepEqual(got.json(), want.result);
    else checkValue(got.data, want);
    return;
  }
  assert.equal(got.kind, want.kind);
  assert.equal(got.seq, BigInt(want.seq));
  if (want.kind === Kind.error) checkError(got.error, want.error);
  else checkValue(got.body, want);
}

for (const x of [...vectors("calls.json").exchanges, ...vectors("keys.json").exchanges]) {
  test(`calls: ${x.name}`, async () => {
    const own = createInbox();
    const answers = inbox(`${own}.>`);
    const substitute = (text) => text.replaceAll("<instance>", instance);
    for (const s of x.send) {
      const reply = s.reply ? `${own}.${s.reply}` : s.reply_subject && substitute(s.reply_subject);
      nc.publish(substitute(s.subject), s.text ?? bytes(s.hex), { reply });
    }
    const next = async () => {
      const msg = await answers.next();
      const list = isMessage(msg.data) ? decodeMessage(msg.data) : [msg];
      return { token: msg.subject.slice(own.length + 1), list };
    };
    for (const open = [...x.answers]; open.length > 0; ) {
      const { token, list } = await next();
      for (const got of list) {
        const faults = [];
        const found = open.findIndex((want) => {
          try {
            check(token, got, want);
            return true;
          } catch (err) {
            faults.push(err.message);
            return false;
          }
        });
        assert.ok(found >= 0, `an answer at ${token} isn't as the vectors say: ${faults.join("; or ")}`);
        open.splice(found, 1);
      }
    }
    // Nothing else has come: a call is answered after all that was asked for before.
    nc.publish("helium.call.vectors.note", encodeMessage([{ kind: Kind.call, seq: 1, time: 60_000, body: Uint8Array.of(0x90) }]), { reply: `${own}.the-end` });
    assert.equal((await next()).token, "the-end");
    answers.close();
  });
}

/** Compares JSON, in which "<any>" stands for anything. */
function matches(got, want) {
  if (want === "<any>") return assert.ok(got !== undefined && got !== null);
  if (want === null || typeof want !== "object") return assert.equal(got, want);
  assert.ok(got !== null && typeof got === "object" && Array.isArray(got) === Array.isArray(want));
  assert.deepEqual(Object.keys(got).sort(), Object.keys(want).sort());
  for (const key of Object.keys(want)) matches(got[key], want[key]);
  return undefined;
}

test("the binder answers and tells as the vectors say", async () => {
  const registry = await connect({ servers: given("HELIUM_REGISTRY_URL"), name: "registry" });
  const events = [], waiting = [];
  registry.subscribe("helium.binder.event.*", { callback: (err, msg) => (waiting.length > 0 ? waiting.shift()(msg) : events.push(msg)) });
  for (const s of vectors("binder.json").steps) {
    try {
      if (s.event) {
        const msg = events.shift() ?? await new Promise((resolve, reject) => {
          waiting.push(resolve);
          setTimeout(() => reject(new Error("no event")), PATIENCE).unref();
        });
        matches(msg.json(), s.event);
        continue;
      }
      const body = (s.text ?? (s.json === undefined ? "" : JSON.stringify(s.json))).padEnd(s.pad ?? 0);
      if (s.silence) {
        registry.publish(s.request, body, { reply: s.reply_subject });
        continue;
      }
      const answer = await registry.request(s.request, body, { timeout: PATIENCE });
      assert.equal((answer.headers ?? newHeaders()).get("Nats-Service-Error-Code") || undefined, s.status);
      if (!s.error) {
        matches(answer.json(), s.answer);
        continue;
      }
      const { details, ...rest } = s.error;
      for (const field of Object.keys(rest)) assert.equal(answer.json()[field], rest[field], field);
      if (details) assert.deepEqual(answer.json().details, details);
    } catch (err) {
      err.message = `${s.name}: ${err.message}`;
      throw err;
    }
  }
  await registry.close();
});
