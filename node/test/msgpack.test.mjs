// What the programs of this folder make of values that msgpack has no form for, or several.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectKind, frameHead, Incoming } from "../helium/directframes.mjs";
import { fromJSON, parseJSON } from "../helium/json.mjs";
import { decode, encode, Time } from "../helium/msgpack.mjs";
import { asType } from "../helium/values.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const floats = { kind: "list", elem: { kind: "float64" } };

test("a number is an integer if 64 bits hold it, and else a float", () => {
  assert.equal(hex(encode(2 ** 63)), "cf8000000000000000");
  assert.equal(hex(encode(-(2 ** 63))), "d38000000000000000");
  for (const n of [1e20, 2 ** 64, -1e19, Number.MAX_VALUE, -Infinity, 0.5]) assert.equal(decode(encode(n)), n);
  assert.ok(Number.isNaN(decode(encode(NaN))));
  assert.throws(() => encode(2n ** 64n), /more than 64 bits/);
});

test("what is no number isn't made one where numbers are floats", () => {
  assert.deepEqual(decode(encode(["a", "5", { b: 1 }, 2, 3n], floats)), ["a", "5", { b: 1 }, 2, 3]);
  assert.equal(hex(encode([1], floats)), "91cb3ff0000000000000");
});

test("a float32 holds what is near it, and nothing out of its range", () => {
  const type = { kind: "float32" };
  assert.equal(hex(encode(0.5, type)), "ca3f000000");
  assert.equal(hex(encode(Infinity, type)), "ca7f800000");
  assert.throws(() => encode(1e300, type), /out of range of float32/);
});

test("a Date is a time, and what has no form is an error", () => {
  assert.deepEqual(decode(encode(new Date("2026-01-02T03:04:05.006Z"))), new Time(1767323045, 6_000_000));
  assert.deepEqual(decode(encode(new Date(-1))), new Time(-1, 999_000_000));
  for (const value of [new Set([1]), () => 1, Symbol("s"), new Date(NaN), new Float64Array(2), Promise.resolve(1), new ArrayBuffer(2)]) {
    assert.throws(() => encode([{ value }]), /can't be sent/, String(value));
  }
  class Point { x = 1; }
  assert.deepEqual(decode(encode(new Point())), { x: 1 });
  assert.deepEqual(decode(encode(Object.assign(Object.create(null), { x: 1 }))), { x: 1 });
});

test("text and names of fields arrive as they were sent", () => {
  for (const text of ["\ufefftext", "", "\ufeff", "a\0b"]) assert.equal(decode(encode(text)), text);
  assert.equal(asType(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), { kind: "string" }), "\ufeffa");
  const struct = { kind: "struct", fields: [{ name: "__proto__", type: { kind: "any" } }, { name: "x", type: { kind: "int8" } }] };
  const given = fromJSON(parseJSON('{"__proto__": {"y": 1}, "x": 2}'), struct);
  assert.deepEqual(Object.entries(given), [["__proto__", { y: 1 }], ["x", 2]]);
});

test("a frame that comes in many pieces is put together once", (t) => {
  const concat = t.mock.method(Buffer, "concat");
  const incoming = new Incoming(), message = Buffer.alloc(8 << 20, 7), piece = 16 << 10;
  incoming.push(frameHead({ kind: DirectKind.answers, token: 1n }, message.length));
  const before = concat.mock.callCount();
  for (let at = 0; at < message.length; at += piece) {
    assert.equal(incoming.frame(), undefined);
    incoming.push(message.subarray(at, at + piece));
  }
  assert.ok(message.equals(incoming.frame().message));
  assert.equal(concat.mock.callCount() - before, 1);
  assert.ok(incoming.empty);
});
