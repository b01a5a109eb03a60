// Streams and large values, which callers of some kind send: by the bus, and by direct links.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HeliumError } from "../helium/errors.mjs";
import { eventually } from "./world.mjs";

/** What a stream gives, and its error, if there is one. */
async function all(stream) {
  const items = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return { items, error };
  }
  return { items };
}

const upTo = (n) => Array.from({ length: n }, (_, i) => i);

async function* later(items, ms = 1) {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    yield item;
  }
}

const sameBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

function random(n) {
  const data = Buffer.alloc(n);
  for (let i = 0, x = 1; i < n; i++) data[i] = (x = Math.imul(x, 1103515245) + 12345 >>> 0) >>> 16;
  return data;
}

/** Tests of callers that `newCaller` makes. */
export function testFlows(newCaller) {
  test("a stream brings all items in order, and each loop calls anew", async () => {
    const caller = await newCaller();
    assert.deepEqual(await all(caller.stream("math", "primes", [12])), { items: [2, 3, 5, 7, 11] });
    const many = caller.stream("flows", "count", [50_000]);
    for (let i = 0; i < 2; i++) assert.deepEqual(await all(many), { items: upTo(50_000) });
    assert.deepEqual(await all(caller.stream("flows", "count", [0])), { items: [] });
    assert.equal(caller.inFlight, 0);
    caller.close();
  });

  test("an iterable of either kind is sent as a stream", async () => {
    const caller = await newCaller();
    assert.equal(await caller.call("math", "mean", [], { items: [1, 2, 6] }), 3);
    assert.equal(await caller.call("math", "mean", [], { items: later([1, 2, 6]) }), 3);
    assert.equal(await caller.call("math", "mean", [], { items: upTo(30_000) }), 14_999.5);
    assert.equal(await caller.call("flows", "size", [], { items: Array.from({ length: 200 }, () => Buffer.alloc(10_000)) }), "200 items of 2000000 bytes");
    assert.equal(await caller.call("flows", "size", [], { items: [] }), "0 items of 0 bytes");
    caller.close();
  });

  test("a stream goes both ways at once", async () => {
    const caller = await newCaller();
    let sent = 0, came = 0;
    async function* numbers() {
      for (; sent < 20; sent++) {
        await eventually("the item before has come back", async () => came === sent);
        yield sent;
      }
    }
    for await (const x of caller.stream("flows", "double", [], { items: numbers() })) {
      assert.equal(x, 2 * came);
      came++;
    }
    assert.equal(came, 20);
    assert.deepEqual(await all(caller.stream("flows", "double", [], { items: upTo(20_000) })), { items: upTo(20_000).map((x) => 2 * x) });
    caller.close();
  });

  test("a handler's error ends a stream behind its items", async () => {
    const caller = await newCaller();
    const { items, error } = await all(caller.stream("flows", "dry", [3]));
    assert.deepEqual(items, [0, 1, 2]);
    assert.ok(error instanceof HeliumError, String(error));
    assert.deepEqual([error.code, error.reason, error.outcome], ["out_of_range", "flows.dry", "executed"]);
    const refused = await all(caller.stream("flows", "count", ["x"]));
    assert.deepEqual([refused.items, refused.error.reason, refused.error.outcome], [[], "helium.bad_argument", "not executed"]);
    const mistaken = await all(caller.stream("math", "add", [1, 2]));
    assert.deepEqual([mistaken.error.reason, mistaken.error.outcome], ["helium.is_stream", "not executed"]);
    const call = await caller.call("math", "primes", [12]).catch((err) => err);
    assert.deepEqual([call.reason, call.outcome], ["helium.is_stream", "not executed"]);
    caller.close();
  });

  test("who leaves the loop ends the stream, and its handler's iterator", async () => {
    const caller = await newCaller();
    const before = await caller.call("flows", "ended", []);
    const items = [];
    for await (const x of caller.stream("flows", "count", [-1])) {
      items.push(x);
      if (items.length === 1000) break;
    }
    assert.deepEqual(items, upTo(1000));
    await eventually("the handler has ended", async () => (await caller.call("flows", "ended", [])) === before + 1);
    assert.equal(caller.inFlight, 0);
    caller.close();
  });

  test("a signal ends a stream, and so does a deadline of the caller's own", async () => {
    const caller = await newCaller();
    const before = await caller.call("flows", "ended", []);
    const give = new AbortController();
    const items = [];
    const canceled = await (async () => {
      for await (const x of caller.stream("flows", "wait", [], { signal: give.signal })) {
        items.push(x);
        give.abort();
      }
    })().catch((err) => err);
    assert.deepEqual([items, canceled.code], [[1], "canceled"]);
    const late = await all(caller.stream("flows", "wait", [], { timeout: 300 }));
    assert.deepEqual([late.items, late.error.code], [[1], "deadline_exceeded"]);
    await eventually("both handlers have ended", async () => (await caller.call("flows", "ended", [])) === before + 2);
    const gone = await all(caller.stream("flows", "wait", [], { signal: AbortSignal.abort() }));
    assert.deepEqual([gone.items, gone.error.code, gone.error.outcome], [[], "canceled", "not executed"]);
    caller.close();
  });

  test("a stream without a deadline lasts as long as it takes", async () => {
    const caller = await newCaller();
    assert.deepEqual(await all(caller.stream("flows", "ticks", [4, 800])), { items: [0, 1, 2, 3] });
    caller.close();
  });

  test("a slow reader slows the writer, and streams share what may wait", async () => {
    const caller = await newCaller();
    const slow = caller.stream("flows", "count", [-1])[Symbol.asyncIterator]();
    assert.equal((await slow.next()).value, 0);
    // Others go on meanwhile.
    for (let i = 0; i < 5; i++) assert.deepEqual(await all(caller.stream("flows", "blobs", [50, 20_000])).then((s) => s.items.length), 50);
    const taken = await caller.call("flows", "taken", []);
    assert.ok(taken > 0 && taken <= 16_384 + 1, `${taken} items were taken while one was read`);
    await slow.return();
    caller.close();
  });

  test("an error of what is sent is the handler's, and its iterator is left when nobody takes more", async () => {
    const caller = await newCaller();
    const failing = (async function* () {
      yield 1;
      throw new Error("no more to send");
    })();
    const err = await caller.call("math", "mean", [], { items: failing }).catch((err) => err);
    assert.deepEqual([err.code, err.message, err.outcome], ["unknown", "no more to send", "executed"]);
    let left = false;
    const endless = (async function* () {
      try {
        for (let i = 7; ; i++) yield i;
      } finally {
        left = true;
      }
    })();
    assert.equal(await caller.call("flows", "first", [], { items: endless }), 7);
    await eventually("the iterator was left", async () => left);
    let waits = false, returned = false;
    const stuck = { [Symbol.asyncIterator]: () => ({
      next: () => (waits ? new Promise(() => {}) : Promise.resolve({ done: false, value: (waits = true) && 7 })),
      return: async () => { returned = true; },
    }) };
    assert.equal(await caller.call("flows", "first", [], { items: stuck }), 7);
    await eventually("one that waits was left, too", async () => returned);
    caller.close();
  });

  test("items of any size arrive whole, both ways", async () => {
    const caller = await newCaller();
    for (const [n, size] of [[1, 1_048_000], [1, 1_048_577], [3, 5_000_000], [20, 70_000], [1, 33_000_000]]) {
      let i = 0;
      for await (const blob of caller.stream("flows", "blobs", [n, size])) {
        assert.equal(blob.length, size);
        for (const at of [0, 24_576, size >> 1, size - 1]) assert.equal(blob[at], (i + at) & 255, `byte ${at} of item ${i} of ${size} bytes`);
        i++;
      }
      assert.equal(i, n);
      assert.equal(await caller.call("flows", "size", [], { items: Array.from({ length: n }, () => Buffer.alloc(size)) }), `${n} items of ${n * size} bytes`);
    }
    const mixed = [10, 2_000_000, 20, 3_000_000, 30].map((size) => Buffer.alloc(size));
    assert.equal(await caller.call("flows", "size", [], { items: mixed }), "5 items of 5000060 bytes");
    for await (const blob of caller.stream("flows", "blobs", [3, 9_000_000])) {
      assert.equal(blob.length, 9_000_000);
      break; // while the next one is under way
    }
    caller.close();
  });

  test("what is sent keeps to the credit of slow readers, whatever the sizes of items", async () => {
    const caller = await newCaller();
    const streams = upTo(120).map((n) => upTo(8).map((i) => 1 + (n * 7919 + i * 104_729) % 2 ** (4 + (n + 5 * i) % 14))); // so many that each has little credit
    const want = streams.map((sizes) => `${sizes.length} items of ${sizes.reduce((a, b) => a + b)} bytes`);
    const got = await Promise.all(streams.map((sizes) => caller.call("flows", "sip", [], { items: sizes.map((size) => Buffer.alloc(size)) })));
    assert.deepEqual(got, want);
    caller.close();
  });

  test("an item that is larger than values may be is refused on either side", async () => {
    const caller = await newCaller({ maxValue: 4_000_000 });
    const sent = await caller.call("flows", "size", [], { items: [Buffer.alloc(10), Buffer.alloc(4_000_001)] }).catch((err) => err);
    assert.equal(sent.reason, "helium.call_too_large");
    const came = await all(caller.stream("flows", "blobs", [2, 4_000_001]));
    assert.deepEqual([came.items.length, came.error.reason, came.error.outcome], [0, "helium.result_too_large", "executed"]);
    caller.close();
    const larger = await newCaller({ maxValue: 1 << 30 });
    const refused = await larger.call("flows", "size", [], { items: [Buffer.alloc(70_000_000)] }).catch((err) => err);
    assert.equal(refused.code, "resource_exhausted");
    larger.close();
  });

  test("large values travel in chunks, both ways", async () => {
    const caller = await newCaller();
    for (const size of [1_048_000, 1_048_576, 3_000_001, 20_000_000]) {
      const data = random(size);
      assert.equal(await caller.call("flows", "length", [data]), size);
      assert.ok(sameBytes(await caller.call("flows", "echo", [data], { timeout: 60_000 }), data), `${size} bytes came back as others`);
    }
    const bytes = await caller.call("flows", "bytes", [5_000_000]);
    assert.deepEqual([bytes.length, bytes[4_999_999]], [5_000_000, (4_999_999 * 7) & 255]);
    caller.close();
  });

  test("many large values at once come whole", async () => {
    const caller = await newCaller();
    const sizes = upTo(24).map((i) => 1_500_000 + i);
    const all = await Promise.all(sizes.map((n) => caller.call("flows", "bytes", [n], { timeout: 60_000 })));
    assert.deepEqual(all.map((b) => b.length), sizes);
    caller.close();
  });

  test("what is larger than values may be is refused on either side, and says whether it ran", async () => {
    const caller = await newCaller({ maxValue: 4_000_000 });
    const sent = await caller.call("flows", "length", [Buffer.alloc(4_000_001)]).catch((err) => err);
    assert.deepEqual([sent.reason, sent.outcome], ["helium.call_too_large", "not executed"]);
    const came = await caller.call("flows", "bytes", [4_000_001]).catch((err) => err);
    assert.deepEqual([came.reason, came.outcome], ["helium.result_too_large", "executed"]);
    caller.close();
    const larger = await newCaller({ maxValue: 1 << 30 });
    const refused = await larger.call("flows", "length", [Buffer.alloc(70_000_000)]).catch((err) => err);
    assert.deepEqual([refused.reason, refused.outcome], ["helium.call_too_large", "not executed"]);
    larger.close();
  });

  test("large arguments and results of streams travel beside the items, both ways", async () => {
    const caller = await newCaller();
    for (const size of [10, 1_048_000, 1_048_577, 5_000_001]) {
      const text = random(size);
      const pieces = await all(caller.stream("flows", "cut", [text, 700_000]));
      assert.ok(!pieces.error && sameBytes(Buffer.concat(pieces.items), text), `${size} bytes came in other pieces, ${pieces.error}`);
      const pages = [10, 300_000, 2_000_000].map(random);
      const bound = await caller.call("flows", "bind", [text], { items: later(pages) });
      assert.ok(sameBytes(bound, Buffer.concat([text, ...pages])), `${size} bytes and pages came back as others`);
      assert.ok(sameBytes(await caller.call("flows", "bind", [text], { items: [] }), text), `${size} bytes came back as others`);
      const marks = await all(caller.stream("flows", "mark", [text], { items: pages, metadata: { k: "v" } }));
      assert.deepEqual(marks, { items: [`${size} 10`, `${size} 300000`, `${size} 2000000`] });
    }
    const large = await caller.call("flows", "bind", [Buffer.of()], { items: [random(33_000_000)] });
    assert.ok(sameBytes(large, random(33_000_000)), "33 MB came back as others");
    assert.equal(caller.inFlight, 0);
    caller.close();
  });

  test("many large arguments and results of streams at once come whole", async () => {
    const caller = await newCaller();
    const texts = upTo(24).map((i) => random(1_200_000 + i));
    const bound = await Promise.all(texts.map((text, i) => caller.call("flows", "bind", [text], { items: [Buffer.alloc(i, i)], timeout: 60_000 })));
    for (const [i, text] of texts.entries()) assert.ok(sameBytes(bound[i], Buffer.concat([text, Buffer.alloc(i, i)])), `text ${i} came back as another`);
    caller.close();
  });

  test("arguments and results of streams that are larger than values may be are refused on either side, and say whether it ran", async () => {
    const caller = await newCaller({ maxValue: 4_000_000 });
    const begun = await caller.call("flows", "begun", []);
    let asked = 0;
    const pages = { *[Symbol.iterator]() { asked++; yield Buffer.alloc(3_000_000); } };
    const sent = await caller.call("flows", "bind", [Buffer.alloc(4_000_001)], { items: pages }).catch((err) => err);
    assert.deepEqual([sent.reason, sent.outcome, asked], ["helium.call_too_large", "not executed", 0]);
    const streamed = await all(caller.stream("flows", "cut", [Buffer.alloc(4_000_001), 10]));
    assert.deepEqual([streamed.items, streamed.error.reason, streamed.error.outcome], [[], "helium.call_too_large", "not executed"]);
    assert.equal(await caller.call("flows", "begun", []), begun);
    const came = await caller.call("flows", "bind", [Buffer.alloc(3_000_000)], { items: pages }).catch((err) => err);
    assert.deepEqual([came.reason, came.outcome, asked], ["helium.result_too_large", "executed", 1]);
    caller.close();
    const larger = await newCaller({ maxValue: 1 << 30 });
    const refused = await larger.call("flows", "bind", [Buffer.alloc(70_000_000)], { items: pages }).catch((err) => err);
    assert.deepEqual([refused.reason, refused.outcome, asked], ["helium.call_too_large", "not executed", 1]);
    assert.equal(await larger.call("flows", "begun", []), begun + 1);
    larger.close();
  });

  test("a stream that is given up while its arguments leave didn't run, and nobody asked for its items", async () => {
    const caller = await newCaller();
    const begun = await caller.call("flows", "begun", []);
    const give = new AbortController();
    let asked = 0;
    const items = { *[Symbol.iterator]() { asked++; yield Buffer.alloc(1); } };
    const call = caller.call("flows", "bind", [Buffer.alloc(60_000_000)], { items, signal: give.signal }).catch((err) => err);
    setTimeout(() => give.abort(), 30);
    const err = await call;
    assert.deepEqual([err.code, err.outcome, asked], ["canceled", "not executed", 0]);
    const late = await all(caller.stream("flows", "cut", [Buffer.alloc(60_000_000), 1000], { timeout: 40 }));
    assert.deepEqual([late.items, late.error.code, late.error.outcome], [[], "deadline_exceeded", "not executed"]);
    assert.equal(caller.inFlight, 0);
    assert.equal(await caller.call("flows", "begun", []), begun);
    caller.close();
  });

  test("who leaves the loop of a stream with large arguments ends its handler", async () => {
    const caller = await newCaller();
    const before = await caller.call("flows", "ended", []);
    for await (const size of caller.stream("flows", "keep", [Buffer.alloc(2_000_000)])) {
      assert.equal(size, 2_000_000);
      break;
    }
    await eventually("the handler has ended", async () => (await caller.call("flows", "ended", [])) === before + 1);
    assert.equal(caller.inFlight, 0);
    caller.close();
  });

  test("metadata that don't fit a message are refused whatever the arguments", async () => {
    const caller = await newCaller();
    for (const size of [1, 2_000_000]) {
      const err = await caller.call("flows", "bind", [Buffer.alloc(size)], { items: [], metadata: { k: "v".repeat(1_048_576) } }).catch((err) => err);
      assert.deepEqual([err.reason, err.outcome], ["helium.call_too_large", "not executed"]);
    }
    const most = await caller.call("flows", "bind", [Buffer.alloc(700_000)], { items: [], metadata: { k: "v".repeat(700_000) } });
    assert.equal(most.length, 700_000);
    caller.close();
  });

  test("a large call that is given up certainly didn't run, or says that it may have", async () => {
    const caller = await newCaller();
    const give = new AbortController();
    const call = caller.call("flows", "echo", [Buffer.alloc(30_000_000)], { signal: give.signal, timeout: 60_000 }).catch((err) => err);
    await new Promise((resolve) => setImmediate(resolve));
    give.abort();
    assert.equal((await call).code, "canceled");
    assert.equal(caller.inFlight, 0);
    assert.equal(await caller.call("flows", "length", [Buffer.alloc(2_000_000)]), 2_000_000);
    caller.close();
  });
}
