// The tests of a connection, whatever it came by.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { Caller } from "../helium/caller.mjs";
import { HeliumError } from "../helium/errors.mjs";
import { ask, eventually } from "./world.mjs";

/** Calls in JSON, in msgpack and in frames, which callers of some kind send. */
export function testCalls(nc, newCaller = () => new Caller(nc)) {
  test("a plain request in JSON is answered in JSON", async () => {
    assert.equal((await ask(nc, "helium.call.math.add", "[2, 3]")).string(), "5");
    assert.equal((await ask(nc, "helium.call.probe.sub", `{"b": 3, "a": 2}`)).string(), "-1");
  });

  test("a plain request in msgpack is answered in msgpack", async () => {
    assert.equal(decode((await ask(nc, "helium.call.math.add", encode([2, 3]))).data), 5);
    assert.equal(decode((await ask(nc, "helium.call.probe.sub", encode({ b: 3, a: 2 }))).data), -1);
  });

  test("an error of a plain request is headers and a body in its encoding", async () => {
    for (const [payload, read] of [["[1, 0]", (m) => m.json()], [encode([1, 0]), (m) => decode(m.data)]]) {
      const answer = await ask(nc, "helium.call.math.div", payload);
      assert.equal(answer.headers.get("Nats-Service-Error-Code"), "400");
      assert.match(answer.headers.get("Nats-Service-Error"), /division by zero/);
      const { instance, ...body } = read(answer);
      assert.match(instance, /^i/);
      assert.deepEqual(body, { code: "invalid_argument", reason: "math.division_by_zero", message: "division by zero", outcome: "executed" });
    }
  });

  test("a call in frames returns the method's result", async () => {
    const caller = await newCaller();
    assert.equal(await caller.call("math", "add", [2, 3], { floats: true }), 5);
    assert.equal(await caller.call("math", "add", [2, 3]), 5);
    caller.close();
  });

  test("calls of several methods share a message, and one that fails leaves the others alone", async () => {
    const caller = await newCaller();
    const [sum, product, missing] = await Promise.allSettled(caller.callTogether("math", [
      { method: "add", args: [2, 3] }, { method: "mul", args: [2, 3] }, { method: "pow", args: [2, 3] },
    ]));
    assert.deepEqual([sum.value, product.value], [5, 6]);
    assert.deepEqual([missing.reason.code, missing.reason.reason, missing.reason.outcome], ["unimplemented", "helium.no_such_method", "not executed"]);
    caller.close();
  });

  test("many calls at once are each answered with their own result", async () => {
    const caller = await newCaller();
    const sums = await Promise.all(Array.from({ length: 500 }, (_, i) => caller.call("math", "add", [i, 1])));
    assert.deepEqual(sums, Array.from({ length: 500 }, (_, i) => i + 1));
    assert.equal(caller.inFlight, 0);
    caller.close();
  });

  test("an error keeps its code, reason and outcome", async () => {
    const caller = await newCaller();
    const err = await caller.call("math", "div", [1, 0]).catch((err) => err);
    assert.ok(err instanceof HeliumError, String(err));
    assert.deepEqual([err.code, err.reason, err.message, err.outcome], ["invalid_argument", "math.division_by_zero", "division by zero", "executed"]);
    caller.close();
  });

  test("a deadline reaches the handler, and its error the caller", async () => {
    const caller = await newCaller();
    const before = (await caller.call("probe", "ended", [])).deadline;
    await eventually("the context of a handler ended with its deadline", async () => {
      const err = await caller.call("probe", "wait", [], { timeout: 100 }).catch((err) => err);
      assert.equal(err.code, "deadline_exceeded");
      return (await caller.call("probe", "ended", [])).deadline > before;
    });
    caller.close();
  });

  test("a call that may take longer than a timer lasts isn't over at once", async () => {
    const caller = await newCaller();
    for (const timeout of [30 * 24 * 3_600_000, Infinity]) {
      const give = new AbortController();
      const before = await caller.call("probe", "ended", []);
      const call = caller.call("probe", "wait", [], { signal: give.signal, timeout }).catch((err) => err);
      await eventually("the handler runs", async () => (await caller.call("probe", "ended", [])).began > before.began);
      give.abort();
      assert.equal((await call).code, "canceled", String(timeout));
    }
    caller.close();
  });

  test("a cancel reaches the handler", async () => {
    const caller = await newCaller();
    const first = await caller.call("probe", "ended", []);
    // Telling is best effort, and a call of the test before may be what begins: then again.
    await eventually("a handler's context was canceled", async () => {
      const give = new AbortController();
      const before = await caller.call("probe", "ended", []);
      const call = caller.call("probe", "wait", [], { signal: give.signal, timeout: 60_000 }).catch((err) => err);
      await eventually("the handler runs", async () => (await caller.call("probe", "ended", [])).began > before.began);
      give.abort();
      assert.equal((await call).code, "canceled");
      for (const end = Date.now() + 2_000; Date.now() < end; ) {
        if ((await caller.call("probe", "ended", [])).canceled > first.canceled) return true;
      }
      return false;
    });
    caller.close();
  });
}
