import assert from "node:assert/strict";
import { test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { testFlows } from "./flows.mjs";
import { connection, eventually } from "./world.mjs";

const nc = await connection();
testFlows((options = {}) => new Caller(nc, options));

/**
 * Stands for the one instance that the binder names, and answers the beginning of a stream by frames. One that
 * `signs` answers who asks whether it is there.
 */
async function instance(answer, { abilities = 16 + 32, says = abilities, signs = false, control = () => {} } = {}) {
  let asked = 0;
  const about = { kind: Kind.instance, instance: "ifaulty", abilities: says };
  const record = {
    service: "faulty", instance: "ifaulty", abilities,
    methods: [{ name: "give", signature: "give() stream<int64>", kind: "stream" }, { name: "get", signature: "get(data bytes) bytes" }],
  };
  const subs = [
    nc.subscribe("faulty.binder.lookup.faulty", { callback: (_, msg) => msg.respond(JSON.stringify({ service: "faulty", records: [record], revision: 1 })) }),
    nc.subscribe("faulty.at.faulty.ifaulty.>", { callback: (_, msg) => {
      const f = decodeMessage(msg.data).find((f) => f.kind !== Kind.sender);
      if (!f) asked++;
      if (!f && signs) nc.publish(msg.reply, encodeMessage([about]));
      if (f) for (const a of answer(f)) nc.publish(msg.reply, encodeMessage([about, { seq: f.seq, ...a }]));
    } }),
  ];
  const canceled = new Promise((resolve) => subs.push(nc.subscribe("faulty.ctl.faulty.ifaulty", { callback: (_, msg) => {
    control(msg);
    if (decodeMessage(msg.data).some((f) => f.kind === Kind.cancel)) resolve(true);
  } })));
  await nc.flush();
  return { canceled, get asked() { return asked; }, close: () => subs.forEach((sub) => sub.unsubscribe()) };
}

const items = (before, ...xs) => ({ kind: Kind.items, before, count: xs.length, body: Uint8Array.from(xs) });
const credit = { kind: Kind.credit, bytes: 0, items: 0 };
const piece = (before, length, offset, ...xs) => ({ kind: Kind.itemPart, before, length, offset, body: Uint8Array.from(xs) });
const account = (sent, part, bytes = 1 << 20, items = 1 << 14) => ({ kind: Kind.account, sent, part, bytes, items });
const done = { kind: Kind.reply, time: 0, body: Uint8Array.of(0xc0) };

for (const [what, answers, want, reason] of [
  ["items that got lost", [credit, items(0, 1), items(2, 3)], [1], "helium.stream_gap"],
  ["items that came twice", [credit, items(0, 1, 2), items(1, 2)], [1, 2], "helium.stream_gap"],
  ["last items that got lost", [credit, items(0, 1), { kind: Kind.itemsEnd, count: 2 }, done], [1], "helium.stream_gap"],
  ["an end that nobody told of", [credit, items(0, 1), done], [1], "helium.stream_gap"],
  ["more items than may come", [credit, { kind: Kind.items, before: 0, count: 17_000, body: new Uint8Array(17_000) }], [], "helium.bad_result"],
  ["items that can't be read", [credit, { kind: Kind.items, before: 0, count: 1, body: Uint8Array.of(0xc1) }], [], "helium.bad_result"],
  ["items of which only an account tells", [credit, items(0, 1), account(2, 0)], [1], "helium.stream_gap"],
  ["parts of which only an account tells", [credit, items(0, 1), piece(1, 5, 0, 0xc4, 3), account(1, 3)], [1], "helium.stream_gap"],
  ["parts that got lost", [credit, items(0, 1), piece(1, 5, 0, 0xc4, 3), piece(1, 5, 3, 1, 1)], [1], "helium.stream_gap"],
  ["parts that came twice", [credit, piece(0, 5, 0, 0xc4, 3), piece(0, 5, 0, 0xc4, 3)], [], "helium.stream_gap"],
  ["parts that overlap", [credit, piece(0, 5, 0, 0xc4, 3), piece(0, 5, 1, 3, 1, 1, 1)], [], "helium.stream_gap"],
  ["parts that stop", [credit, piece(0, 5, 0, 0xc4, 3), { kind: Kind.itemsEnd, count: 0 }, done], [], "helium.stream_gap"],
  ["items among parts", [credit, piece(0, 5, 0, 0xc4, 3), items(0, 1)], [], "helium.stream_gap"],
  ["parts of two lengths", [credit, piece(0, 5, 0, 0xc4, 3), piece(0, 6, 2, 1, 1, 1)], [], "helium.bad_result"],
  ["an item that is too large", [credit, piece(0, 70_000_000, 0, 0xc4, 3)], [], "helium.result_too_large"],
  ["a part of nothing", [credit, piece(0, 5, 0)], [], "helium.bad_result"],
  ["bytes behind an item in parts", [credit, piece(0, 2, 0, 1), piece(0, 2, 1, 2), { kind: Kind.itemsEnd, count: 1 }, done], [1], "helium.bad_result"],
  ["bytes behind the items", [credit, { kind: Kind.items, before: 0, count: 1, body: Uint8Array.of(1, 2) }, { kind: Kind.itemsEnd, count: 1 }, done], [1], "helium.bad_result"],
]) {
  test(`${what} are told, and the instance is`, async () => {
    const faulty = await instance(() => answers);
    const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
    const got = [];
    const err = await (async () => {
      for await (const x of caller.stream("faulty", "give", [])) got.push(x);
    })().catch((err) => err);
    assert.equal(err?.reason, reason, String(err));
    assert.deepEqual(got, want);
    if (!answers.includes(done)) assert.ok(await faulty.canceled);
    assert.equal(caller.inFlight, 0);
    caller.close();
    faulty.close();
  });
}

const extent = (length, checksum) => ({ kind: Kind.largeReply, time: 0, body: Uint8Array.of(0x92, 0xcd, length >> 8, length & 255, 0xce, ...[24, 16, 8, 0].map((b) => (checksum >>> b) & 255)) });
const part = (offset, ...body) => ({ kind: Kind.chunk, offset, body: Uint8Array.from(body) });

for (const [what, answers, reason] of [
  ["another checksum", [extent(3, 1), part(0, 0xc4, 1, 7)], "helium.bad_result"],
  ["a part that is missing", [extent(3, 1), part(1, 1, 7)], "helium.bad_result"],
  ["a part that comes twice", [extent(3, 1), part(0, 0xc4), part(0, 0xc4)], "helium.bad_result"],
  ["more than its length", [extent(1, 1), part(0, 0xc4, 1, 7)], "helium.bad_result"],
  ["no extent", [{ kind: Kind.largeReply, time: 0, body: Uint8Array.of(1) }], "helium.bad_result"],
]) {
  test(`a large result with ${what} is an error, executed`, async () => {
    const faulty = await instance((f) => (f.kind === Kind.call ? answers : []));
    const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
    const err = await caller.call("faulty", "get", [Uint8Array.of(1)], { instance: "ifaulty", timeout: 20_000 }).catch((err) => err);
    assert.deepEqual([err.reason, err.outcome], [reason, "executed"], String(err));
    assert.ok(await faulty.canceled);
    caller.close();
    faulty.close();
  });
}

test("an item for an instance that takes none in parts has to fit a message", async () => {
  const faulty = await instance((f) => (f.kind === Kind.stream ? [{ kind: Kind.credit, bytes: 9_000_000, items: 9 }] : []));
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  const err = await caller.call("faulty", "give", [], { items: [Buffer.alloc(1_000_000), Buffer.alloc(2_000_000)] }).catch((err) => err);
  assert.equal(err.reason, "helium.call_too_large");
  assert.match(err.message, /takes none in parts/);
  assert.ok(await faulty.canceled);
  caller.close();
  faulty.close();
});

test("an item that the credit isn't enough for goes in parts, to an instance that takes those", async () => {
  for (const [abilities, want] of [
    // Each as far as what the last credit gave anew goes beyond it; the items have 102 bytes.
    [16 + 64, [["item", 102], ["part", 0, 96], ["part", 96, 6], ["item", 102]]],
    [16, [["item", 102], ["item", 102], ["item", 102]]],
  ]) {
    const said = [];
    const credits = [100, 150, 450];
    const next = () => ({ kind: Kind.credit, bytes: credits.shift() ?? 1 << 20, items: 9 });
    const faulty = await instance(() => [next()], { abilities, control: (msg) => {
      for (const f of decodeMessage(msg.data)) {
        const tell = (a) => nc.publish(msg.reply, encodeMessage([{ ...a, seq: f.seq }]));
        if (f.kind === Kind.items) said.push(["item", f.body.length]);
        if (f.kind === Kind.itemPart) said.push(["part", Number(f.offset), f.body.length]);
        if (f.body) tell(next());
        if (f.kind === Kind.itemsEnd) tell(done);
      }
    } });
    const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
    await caller.call("faulty", "give", [], { items: Array.from({ length: 3 }, () => Buffer.alloc(100)) });
    assert.deepEqual(said, want);
    caller.close();
    faulty.close();
  }
});

test("an instance that falls silent ends its streams and large calls, and says whether those ran", async () => {
  const faulty = await instance((f) => (f.kind === Kind.stream ? [credit, items(0, 1)] : []), { abilities: 1 + 16 + 32 });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  const got = [];
  const stream = (async () => {
    for await (const x of caller.stream("faulty", "give", [])) got.push(x);
  })().catch((err) => err);
  const call = caller.call("faulty", "get", [new Uint8Array(2_000_000)], { timeout: 60_000 }).catch((err) => err);
  const [silent, unsent] = [await stream, await call];
  assert.deepEqual([got, silent.reason, silent.outcome], [[1], "helium.silent", "unknown"]);
  assert.deepEqual([unsent.reason, unsent.outcome], ["helium.silent", "not executed"]);
  assert.ok(faulty.asked > 0, "the instance wasn't asked for a sign");
  caller.close();
  faulty.close();
});

test("an instance that gives signs may take as long as it likes", async () => {
  let answer;
  const faulty = await instance((f) => {
    setTimeout(() => answer(f.seq), 3500);
    return [credit];
  }, { abilities: 1 + 16, signs: true });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  answer = (seq) => nc.publish(sub, encodeMessage([{ kind: Kind.itemsEnd, seq, count: 0 }, { ...done, seq }]));
  let sub;
  const tap = nc.subscribe("faulty.at.faulty.ifaulty.give", { callback: (_, msg) => { sub = msg.reply; } });
  await nc.flush();
  for await (const x of caller.stream("faulty", "give", [])) assert.fail(`got ${x}`);
  assert.ok(faulty.asked > 0, "the instance wasn't asked for a sign");
  tap.unsubscribe();
  caller.close();
  faulty.close();
});

test("an instance that may send one message only from now on ends what takes several", async () => {
  const faulty = await instance((f) => (f.kind === Kind.stream ? [credit, items(0, 1)] : []), { says: 2 + 16 + 32 });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  const err = await (async () => {
    for await (const x of caller.stream("faulty", "give", [])) assert.equal(x, 1);
  })().catch((err) => err);
  assert.deepEqual([err.reason, err.outcome], ["helium.silent", "unknown"]);
  assert.match(err.message, /one message only/);
  caller.close();
  faulty.close();
});

test("credit that the instance hasn't heard of is said again, and no other", async () => {
  const said = [];
  const faulty = await instance((f) => [credit, account(0, 0, f.bytes, f.items), account(0, 0, f.bytes, 0), account(0, 0, 0, f.items)], { control: (msg) => {
    const [f] = decodeMessage(msg.data);
    if (f.kind === Kind.credit) said.push([f.bytes, f.items]);
    if (said.length === 2) nc.publish(msg.reply, encodeMessage([{ kind: Kind.itemsEnd, seq: f.seq, count: 0 }, { ...done, seq: f.seq }]));
  } });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  for await (const x of caller.stream("faulty", "give", [])) assert.fail(`got ${x}`);
  assert.deepEqual(said, [[262_144n, 16_384n], [262_144n, 16_384n]]);
  caller.close();
  faulty.close();
});

test("who sends a stream says what has left when nothing follows, and its end again until the answer comes", async () => {
  const said = [];
  const faulty = await instance((f) => [{ kind: Kind.credit, bytes: 1 << 20, items: 2 }], { control: (msg) => {
    const [{ seq, ...f }] = decodeMessage(msg.data);
    said.push(f);
    const tell = (f) => nc.publish(msg.reply, encodeMessage([{ ...f, seq }]));
    if (f.kind === Kind.account) tell({ kind: Kind.credit, bytes: 1 << 20, items: 9 }); // of which one got lost
    if (said.filter((f) => f.kind === Kind.itemsEnd).length === 2) tell(done);
  } });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true });
  await caller.call("faulty", "give", [], { items: [1, 2, 3] });
  assert.deepEqual(said.map(({ kind, ...f }) => [kind, f.before ?? f.sent ?? f.count]), [[Kind.items, 0n], [Kind.account, 2n], [Kind.items, 2n], [Kind.itemsEnd, 3n], [Kind.itemsEnd, 3n]]);
  assert.deepEqual(said[1], { kind: Kind.account, sent: 2n, part: 0n, bytes: 1n << 20n, items: 2n });
  caller.close();
  faulty.close();
});

test("a stream by the bus has its instance permitted anew to answer", async () => {
  const replies = new Set();
  const faulty = await instance(() => [credit], { control: (msg) => {
    const [f] = decodeMessage(msg.data);
    if (f.kind !== Kind.credit) return;
    assert.deepEqual([f.bytes, f.items], [0n, 0n]);
    replies.add(msg.reply);
    // What goes on comes there.
    if (replies.size === 3) nc.publish(msg.reply, encodeMessage([{ ...items(0, 7), seq: f.seq }, { kind: Kind.itemsEnd, seq: f.seq, count: 1 }, { ...done, seq: f.seq }]));
  } });
  const caller = new Caller(nc, { prefix: "faulty", busOnly: true, renewal: 20 });
  const got = [];
  for await (const x of caller.stream("faulty", "give", [])) got.push(x);
  assert.deepEqual(got, [7]);
  assert.ok(replies.size >= 3, `credit came on ${replies.size} reply subjects`);
  caller.close();
  faulty.close();
});

test("a stream by the bus ends with the connection to NATS", async () => {
  const own = await connection();
  const caller = new Caller(own, { busOnly: true });
  const got = [];
  const err = await (async () => {
    for await (const x of caller.stream("flows", "wait", [])) {
      got.push(x);
      await own.reconnect();
    }
  })().catch((err) => err);
  assert.deepEqual([got, err.reason, err.outcome], [[1], "helium.disconnected", "unknown"]);
  // What begins afterwards goes on.
  await eventually("a call gets through", () => caller.call("flows", "ended", [], { timeout: 500 }).then(() => true, () => false));
  caller.close();
});

test("nobody who takes streams is told before anything is sent", async () => {
  const caller = new Caller(nc);
  const err = await (async () => {
    for await (const _ of caller.stream("nobody", "home", []));
  })().catch((err) => err);
  assert.deepEqual([err.code, err.outcome], ["not_found", "not executed"]);
  caller.close();
});
