import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { decodeBody, decodeMessage, encodeMessage, Kind } from "../frames.mjs";
import { scan } from "../scan.mjs";
import { bytes, hex, vectors } from "./world.mjs";

const messages = vectors("messages.json");
const values = vectors("values.json");

/** A frame of the vectors' in this program's terms. */
function ours(f) {
  const frame = { kind: f.kind };
  if (f.kind > Kind.cancel) return frame;
  frame.seq = BigInt(f.seq);
  if (f.kind === Kind.cancel) return frame;
  frame.time = BigInt(f.time ?? 0);
  frame.metadata = f.metadata ? decode(bytes(f.metadata)) : null;
  if (f.kind === Kind.error) frame.error = decode(bytes(f.body));
  else frame.body = bytes(f.body);
  if (f.method) frame.method = f.method;
  return frame;
}

/** JSON.parse cuts numbers of 64 bits; those of the vectors are read from their bytes instead. */
function seqOf(v, i) {
  return v.name.includes("largest") ? 2n ** 64n - 1n : BigInt(v.frames[i].seq);
}

test("messages are read as the vectors say", () => {
  for (const v of messages.messages) {
    const got = decodeMessage(bytes(v.hex)).map((f) => (f.error ? { ...f, error: f.error.element } : f));
    const want = v.frames.map((f, i) => {
      const frame = ours(f);
      if (frame.seq !== undefined) frame.seq = seqOf(v, i);
      if (v.name.includes("largest")) frame.time = 2n ** 64n - 1n;
      return frame;
    });
    assert.deepEqual(got, want, v.name);
  }
});

test("messages are written as the vectors say", () => {
  let written = 0;
  for (const v of messages.messages.filter((v) => !v.only_read)) {
    const frames = v.frames.map((f, i) => ({ ...ours(f), seq: seqOf(v, i) }));
    if (v.name.includes("largest")) frames[0].time = 2n ** 64n - 1n;
    assert.equal(hex(encodeMessage(frames)), hex(bytes(v.hex)), v.name);
    written++;
  }
  assert.ok(written >= 10, `${written} messages were written, want all there are`);
});

test("the arguments of math.add(2, 3) are those of the vectors", () => {
  assert.equal(hex(encode([2, 3], { forceIntegerToFloat: true })), messages.messages[0].frames[0].body);
});

test("messages that break the protocol are refused whole", () => {
  for (const v of messages.refused) {
    assert.throws(() => decodeMessage(bytes(v.hex)), RangeError, v.name);
  }
});

test("values are read as the vectors say", () => {
  const expected = {
    "+Inf": Infinity, "-Inf": -Infinity, NaN: NaN,
  };
  for (const v of values.values) {
    const got = decodeBody(bytes(v.hex));
    switch (v.as) {
      case "bytes":
        assert.equal(hex(got), v.value, v.hex);
        break;
      case "time":
        assert.equal(got.getTime(), Date.parse(v.value), v.hex);
        break;
      case "int64": case "uint64":
        assert.equal(BigInt(got), BigInt(v.value), v.hex);
        break;
      case "float32": case "float64":
        assert.equal(got, expected[v.value] ?? Number(v.value), v.hex);
        break;
      default:
        assert.deepEqual(typeof got === "bigint" ? String(got) : got, typeof got === "bigint" ? v.value : JSON.parse(v.value), v.hex);
    }
  }
});

test("hostile values are refused before they are decoded", () => {
  for (const v of values.rejects) {
    assert.throws(() => scan(bytes(v.hex)), RangeError, `${v.hex}: ${v.cause}`);
  }
});
