// Large arguments and results of streams at instances that end in the middle, or send something else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Caller } from "../helium/caller.mjs";
import { HeliumError } from "../helium/errors.mjs";
import { extentOf, readExtent, writeExtent } from "../helium/extent.mjs";
import { Ability, Kind } from "../helium/frames.mjs";
import { encode } from "../helium/msgpack.mjs";
import { binder, instance, recordOf } from "./fakes.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();
const ABLE = Ability.heartbeats | Ability.streams | Ability.chunks | Ability.itemParts | Ability.largeStreams;
const LARGE = Buffer.alloc(2_000_000, 7); // an argument that fits no message

let made = 0;

/**
 * A caller of a service that has instances of some abilities, of which each frame is handed to `came`, with what
 * answers to its sender and the instance's name. `frames` are those that came.
 */
async function fake(abilities, came, options = {}) {
  const prefix = `largestreams${++made}`;
  const names = abilities.map((_, i) => `i${i + 1}`);
  await binder(nc, prefix, () => `{"records":[${names.map((name, i) => recordOf(name, abilities[i])).join()}]}`);
  const frames = [];
  for (const [i, name] of names.entries()) {
    const about = { kind: Kind.instance, instance: name, abilities: abilities[i] };
    await instance(nc, prefix, name, (f, answer) => {
      frames.push(f);
      came(f, (...all) => answer(about, ...all.map((a) => ({ seq: f.seq, ...a }))), name);
    });
  }
  const caller = new Caller(nc, { prefix, busOnly: true, ...options });
  return { caller, frames, of: (kind) => frames.filter((f) => f.kind === kind) };
}

/** The last part that a credit of 100,000 bytes is enough for. */
const isStarved = (f) => f.kind === Kind.itemPart && f.offset < 100_000n && f.offset + BigInt(f.body.length) >= 100_000n;
const hasBegun = (f) => f.kind === Kind.stream || f.kind === Kind.largeStream;
const credit = (bytes, items = 100) => ({ kind: Kind.credit, bytes, items });
const announce = (extent) => ({ kind: Kind.largeReply, time: 0, body: extent });
const part = (whole, from, to, before = 0) => ({ kind: Kind.itemPart, before, length: whole.length, offset: from, body: whole.subarray(from, to) });
const row = (before, ...packed) => ({ kind: Kind.items, before, count: packed.length, body: Buffer.concat(packed) });
const done = { kind: Kind.reply, time: 0, body: Uint8Array.of(0xc0) };
const ended = (reason, outcome) => ({ kind: Kind.error, time: 0, error: new HeliumError("unavailable", "no more", { reason, outcome }).element });

const text = Buffer.alloc(100_000, 3);
const result = Buffer.from(encode(text));
const half = 40_000;
const wrong = writeExtent(result.length, (readExtent(extentOf(result)).checksum + 1) >>> 0);
const shorter = writeExtent(result.length - 1, readExtent(extentOf(result)).checksum);
const whole = [part(result, 0, half), part(result, half, result.length)];
const two = Buffer.of(1, 2), none = Buffer.of(0xc1);

for (const [what, first, then, reason, outcome = "executed"] of [
  ["comes as announced", [announce(extentOf(result))], [...whole, done], undefined],
  ["comes whole", [announce(extentOf(result))], [row(0, result), done], undefined],
  ["has another checksum", [announce(wrong)], [...whole, done], "helium.bad_result"],
  ["has another length", [announce(shorter)], [...whole, done], "helium.bad_result"],
  ["claims a length beyond all bounds", [announce(writeExtent(2 ** 50, 1))], [], "helium.result_too_large"],
  ["has no bytes", [announce(writeExtent(0, 0))], [], "helium.bad_result"],
  ["is announced by what can't be read", [announce(Uint8Array.of(5))], [], "helium.bad_result"],
  ["is announced twice", [announce(extentOf(result)), announce(extentOf(result))], [], "helium.bad_result"],
  ["isn't announced", [row(0, result)], [], "helium.bad_result"],
  ["doesn't come", [announce(extentOf(result))], [done], "helium.stream_gap"],
  ["comes half", [announce(extentOf(result))], [whole[0], done], "helium.stream_gap"],
  ["has a gap", [announce(extentOf(result))], [whole[1]], "helium.stream_gap"],
  ["has parts of another length", [announce(extentOf(result))], [whole[0], { ...whole[1], length: result.length + 1 }], "helium.bad_result"],
  ["ends with an error", [announce(extentOf(result))], [whole[0], ended("helium.cut", "unknown")], "helium.cut"],
  ["lost its announcement", [{ kind: Kind.account, sent: 0, part: 0, bytes: 0, items: 0 }], [], "helium.stream_gap"],
  ["is followed by another one", [announce(extentOf(result))], [...whole, part(result, 0, half, 1), part(result, half, result.length, 1), done], "helium.bad_result"],
  ["comes in chunks", [announce(extentOf(result))], [{ kind: Kind.chunk, offset: 0, body: result.subarray(0, half) }], "helium.bad_result"],
  ["is no value", [announce(extentOf(none))], [row(0, none), done], "helium.bad_result"],
  ["is two values", [announce(extentOf(two))], [row(0, two), done], "helium.bad_result"],
  ["is an error in its place", [ended("fake.no_text", "executed")], [], "fake.no_text"],
]) {
  test(`a large result of a stream that ${what} ${reason ? `is ${reason}` : "arrives"}, and nothing is kept`, async () => {
    const answered = [...first, ...then].some((f) => f.kind === Kind.reply || f.kind === Kind.error);
    let canceled = false;
    const { caller } = await fake([ABLE], (f, answer) => {
      canceled ||= f.kind === Kind.cancel;
      if (f.kind === Kind.stream) answer(credit(1000), ...first);
      else if (f.kind === Kind.credit && f.bytes > 0n) for (const a of then.splice(0)) answer(a);
    });
    const got = await caller.call("fake", "flow", [], { items: [] }).catch((err) => err);
    if (reason === undefined) assert.deepEqual(Buffer.from(got), text);
    else assert.deepEqual([got.reason, got.outcome], [reason, outcome], String(got));
    if (!answered) await eventually("the instance is told", async () => canceled);
    assert.equal(caller.inFlight, 0);
    caller.close();
  });
}

test("the credit for results that weren't taken is there for others", async () => {
  const { caller, of } = await fake([ABLE], (f, answer) => {
    if (f.kind === Kind.stream) answer(credit(1000), announce(extentOf(result)));
    else if (f.kind === Kind.credit && f.bytes > 0n) answer(part(result, half, result.length));
  });
  for (let i = 0; i < 70; i++) assert.equal((await caller.call("fake", "flow", [], { items: [] }).catch((err) => err)).reason, "helium.stream_gap");
  const [item] = [caller.stream("fake", "flow", [])[Symbol.asyncIterator]()];
  item.next().catch(() => {});
  await eventually("one more has begun", async () => of(Kind.stream).length === 71);
  assert.deepEqual([of(Kind.stream)[70].bytes, of(Kind.stream)[70].items], [262_144n, 16_384n]);
  caller.close();
});

test("large arguments leave in front of all items, as far as there is credit, and are announced", async () => {
  const { caller, frames, of } = await fake([ABLE], (f, answer) => {
    if (f.kind === Kind.largeStream) answer(credit(100_000));
    if (isStarved(f)) {
      assert.equal(of(Kind.items).length, 0);
      answer(credit(4_000_000));
    }
    if (f.kind === Kind.itemsEnd) answer(done);
  });
  await caller.call("fake", "flow", [LARGE, 5], { items: [1, 2], metadata: { k: "v" }, timeout: 20_000 });
  const sent = encode([LARGE, 5]);
  const [{ abilities }, begun] = frames;
  assert.equal(abilities & BigInt(Ability.largeStreams | Ability.itemParts), 64n + 128n);
  assert.deepEqual([begun.kind, { ...begun.metadata }, begun.bytes, begun.items, readExtent(begun.body)], [Kind.largeStream, { k: "v" }, 0n, 0n, readExtent(extentOf(sent))]);
  assert.ok(begun.time > 0n && begun.lasts === begun.time, `it has ${begun.time} ms to begin, and lasts ${begun.lasts}`);
  const parts = of(Kind.itemPart);
  assert.deepEqual(Buffer.concat(parts.map((f) => f.body)), Buffer.from(sent));
  assert.ok(parts.every((f) => f.before === 0n && f.length === BigInt(sent.length)));
  assert.deepEqual(of(Kind.items).map((f) => [f.before, f.count]), [[1n, 2n]]);
  assert.deepEqual(of(Kind.itemsEnd).map((f) => f.count), [3n]);
  caller.close();
});

test("large arguments of a stream aren't sent where no instance takes them, and go to one that does", async () => {
  for (const [abilities, reason, code] of [
    [[ABLE - Ability.largeStreams, ABLE - Ability.itemParts], "helium.call_too_large", "resource_exhausted"],
    [[ABLE + Ability.answersOnce, Ability.chunks], "helium.streams_unsupported", "unimplemented"],
  ]) {
    const { caller, frames } = await fake(abilities, () => {});
    const err = await caller.call("fake", "flow", [LARGE], { items: [1] }).catch((err) => err);
    assert.deepEqual([err.code, err.reason, err.outcome, frames.length], [code, reason, "not executed", 0], String(err));
    if (code === "resource_exhausted") assert.match(err.message, /send less beside the items, or update the servers/);
    caller.close();
  }
  const told = new Set();
  const { caller } = await fake([ABLE - Ability.largeStreams, ABLE], (f, answer, name) => {
    if (hasBegun(f)) answer(credit(4_000_000));
    if (f.kind === Kind.itemPart) told.add(name);
    if (f.kind === Kind.itemsEnd) answer(done);
  });
  for (let i = 0; i < 5; i++) await caller.call("fake", "flow", [LARGE], { items: [] });
  assert.deepEqual([...told], ["i2"]);
  caller.close();
});

test("a stream whose instance is without its method, or gone, begins elsewhere with all of its arguments", async () => {
  const { caller, of } = await fake([ABLE, ABLE], (f, answer, name) => {
    if (f.kind === Kind.largeStream && of(Kind.largeStream).length === 1) answer(ended("helium.no_such_method", "not executed"));
    else if (f.kind === Kind.largeStream) answer(credit(4_000_000));
    if (f.kind === Kind.itemsEnd) answer(done);
  });
  await caller.call("fake", "flow", [LARGE], { items: [1] });
  assert.equal(of(Kind.largeStream).length, 2);
  assert.deepEqual(Buffer.concat(of(Kind.itemPart).map((f) => f.body)), Buffer.from(encode([LARGE])));
  caller.close();
});

for (const [what, give, code] of [
  ["given up", (stop) => ({ signal: stop.signal }), "canceled"],
  ["over, as its time is,", () => ({ timeout: 300 }), "deadline_exceeded"],
]) {
  test(`a stream that is ${what} while its arguments leave didn't run, and sends nothing more`, async () => {
    const stop = new AbortController();
    let asked = 0, more;
    const { caller, frames, of } = await fake([ABLE], (f, answer) => {
      if (f.kind === Kind.largeStream) answer(credit(100_000));
      if (isStarved(f)) stop.abort();
      more = answer;
    });
    const items = { *[Symbol.iterator]() { asked++; yield 1; } };
    const err = await caller.call("fake", "flow", [LARGE], { items, ...give(stop) }).catch((err) => err);
    assert.deepEqual([err.code, err.outcome, asked, caller.inFlight], [code, "not executed", 0, 0]);
    await eventually("the instance is told", async () => of(Kind.cancel).length === 1);
    const count = frames.length;
    more({ ...credit(4_000_000), seq: of(Kind.largeStream)[0].seq });
    await nc.flush();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(frames.length, count, "something was sent behind the cancel");
    caller.close();
  });
}

test("nothing is kept of arguments and results whose streams were given up in the middle", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const large = Buffer.alloc(10_000_000, 9);
  const [{ caller: sends }, { caller: takes }] = [await fake([ABLE], (f, answer) => {
    if (f.kind === Kind.largeStream) answer(credit(100_000));
    if (isStarved(f)) stop.abort();
  }), await fake([ABLE], (f, answer) => {
    if (f.kind === Kind.stream) answer(credit(0), announce(writeExtent(large.length, 1)));
    else if (f.kind === Kind.credit && f.bytes > 0n && sent < 6_000_000) answer(part(large, sent, sent += 200_000));
    else if (f.kind === Kind.credit && f.bytes > 0n) stop.abort();
  })];
  let stop, sent;
  const giveUp = async (caller, args) => {
    [stop, sent] = [new AbortController(), 0];
    const err = await caller.call("fake", "flow", args, { items: [], signal: stop.signal }).catch((err) => err);
    assert.equal(err.code, "canceled", String(err));
  };
  const kept = () => {
    gc();
    return process.memoryUsage().arrayBuffers;
  };
  const before = kept();
  for (let i = 0; i < 10; i++) await giveUp(sends, [large]);
  await eventually("the arguments aren't kept", async () => kept() < before + 40_000_000);
  for (let i = 0; i < 15; i++) await giveUp(takes, []);
  await eventually("the results aren't kept", async () => kept() < before + 40_000_000);
  sends.close();
  takes.close();
});

test("an instance that falls silent in the middle ends its streams, and they say whether they ran", async () => {
  const outcomes = async (bytes, ...then) => {
    const { caller } = await fake([ABLE], (f, answer) => {
      if (f.kind === Kind.largeStream) answer(credit(bytes));
      if (f.kind === Kind.itemsEnd) answer(...then.splice(0));
    });
    const err = await caller.call("fake", "flow", [LARGE], { items: [1], timeout: 20_000 }).catch((err) => err);
    assert.equal(caller.inFlight, 0);
    caller.close();
    return [err.reason, err.outcome];
  };
  const [early, late, run] = await Promise.all([outcomes(100_000), outcomes(4_000_000), outcomes(4_000_000, announce(extentOf(result)))]);
  assert.deepEqual(early, ["helium.silent", "not executed"]);
  assert.deepEqual(late, ["helium.silent", "unknown"]);
  assert.deepEqual(run, ["helium.silent", "executed"]);
});

test("an instance that ends a stream in the middle of its arguments has not run it, whatever it says", async () => {
  for (const [bytes, said, outcome] of [[100_000, "unknown", "not executed"], [4_000_000, "unknown", "unknown"], [4_000_000, "not executed", "not executed"]]) {
    const { caller } = await fake([ABLE], (f, answer) => {
      if (f.kind === Kind.largeStream) answer(credit(bytes));
      if (f.kind === (bytes > LARGE.length ? Kind.itemsEnd : Kind.itemPart)) answer(ended("helium.cut", said));
    });
    const err = await caller.call("fake", "flow", [LARGE], { items: [1] }).catch((err) => err);
    assert.deepEqual([err.reason, err.outcome], ["helium.cut", outcome]);
    const { value, error } = await caller.stream("fake", "flow", [LARGE], { items: [1] })[Symbol.asyncIterator]().next().catch((error) => ({ error }));
    assert.deepEqual([value, error.reason, error.outcome], [undefined, "helium.cut", outcome]);
    caller.close();
  }
});

test("an instance that breaks the protocol is told at once, however long the loop's body takes", async () => {
  const { caller, of } = await fake([ABLE], (f, answer) => {
    if (f.kind === Kind.stream) answer(row(0, Buffer.of(1)), row(2, Buffer.of(3)));
  });
  const got = [];
  const err = await (async () => {
    for await (const x of caller.stream("fake", "flow", [])) {
      got.push(x);
      await eventually("the instance is told", async () => of(Kind.cancel).length === 1);
    }
  })().catch((err) => err);
  assert.deepEqual([got, err.reason, caller.inFlight], [[1], "helium.stream_gap", 0]);
  assert.equal(of(Kind.cancel).length, 1);
  caller.close();
});
