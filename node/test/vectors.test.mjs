import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { crc32c } from "../helium/crc32c.mjs";
import { DirectKind, frameHead, Incoming } from "../helium/directframes.mjs";
import { HeliumError, readError } from "../helium/errors.mjs";
import { decodeMessage, encodeMessage, Kind } from "../helium/frames.mjs";
import { readExtent, writeExtent } from "../helium/extent.mjs";
import { fromJSON, parseJSON, toJSON } from "../helium/json.mjs";
import { decode as decodeOurs, encode, Reader } from "../helium/msgpack.mjs";
import { Opening, proveFurther } from "../helium/opening.mjs";
import { hash, order, weight } from "../helium/rendezvous.mjs";
import { scan } from "../helium/scan.mjs";
import { fits, parseMethod, parseTypes, printDefinition, printMethod } from "../helium/signature.mjs";
import { parseAddress, readTicket, ticketRequest } from "../helium/tickets.mjs";
import { asType } from "../helium/values.mjs";
import { bytes, hex, vectors } from "./world.mjs";

const messages = vectors("messages.json");
const values = vectors("values.json");
const signatures = vectors("signatures.json");
const rendezvous = vectors("rendezvous.json");
const tickets = vectors("tickets.json");
const direct = vectors("direct.json");
const streams = vectors("streams.json");
const largeStreams = vectors("large_streams.json");
const streamAccounts = vectors("stream_accounts.json");
const itemParts = vectors("item_parts.json");
const chunks = vectors("chunks.json");
const streamSignatures = vectors("stream_signatures.json");

/** The frames of a vector in this program's terms. */
function frames(v) {
  return v.frames.flatMap((f) => Array.from({ length: f.repeat ?? 1 }, () => ours(f)));
}

/** The numbers that follow one another in some bytes. */
function numbers(data) {
  const list = [];
  for (const r = new Reader(data); r.more; ) list.push(r.unsigned());
  return list;
}

function ours(f) {
  const kind = BigInt(f.kind);
  if (f.kind === Kind.sender) return { kind: f.kind, seq: BigInt(f.seq), time: BigInt(f.time), abilities: BigInt(f.abilities ?? 0) };
  if (f.kind === Kind.instance) return { kind: f.kind, instance: new TextDecoder().decode(bytes(f.body)), abilities: BigInt(f.abilities ?? 0) };
  if (f.kind === Kind.running) return { kind: f.kind, seqs: numbers(bytes(f.body ?? "")) };
  if (kind === 0n || kind > 8n) return { kind };
  const frame = { kind: f.kind, seq: BigInt(f.seq) };
  if (f.kind === Kind.cancel) return f.time ? { ...frame, time: BigInt(f.time) } : frame;
  frame.time = BigInt(f.time ?? 0);
  if (!f.bad_metadata) frame.metadata = f.metadata ? f.fields : null;
  if (f.kind === Kind.error) {
    if (!f.bad_error) frame.error = decode(bytes(f.body), { useBigInt64: true });
  } else frame.body = bytes(f.body);
  if (f.method) frame.method = f.method;
  return frame;
}

test("messages are read as the vectors say", () => {
  for (const v of messages.messages) {
    const flat = v.frames.flatMap((f) => Array.from({ length: f.repeat ?? 1 }, () => f));
    const got = decodeMessage(bytes(v.hex));
    got.forEach(({ fault }, i) => assert.equal(fault !== undefined, Boolean(flat[i].bad_metadata || flat[i].bad_error), `${v.name}: ${fault}`));
    const plain = got.map(({ fault, ...f }) => (f.error ? { ...f, error: f.error.element } : f));
    assert.deepEqual(plain, frames(v), v.name);
    flat.forEach((f, i) => { if (f.error) sameError(got[i].error, f.error, v.name); });
  }
});

function sameError(got, want, name) {
  const { code, reason, message, details, outcome, instance } = got;
  assert.deepEqual({ code, reason, message, details: details ?? {}, outcome, instance }, { details: {}, ...want }, name);
}

test("messages are written as the vectors say", () => {
  let written = 0;
  for (const v of messages.messages.filter((v) => !v.only_read)) {
    assert.equal(hex(encodeMessage(frames(v))), hex(bytes(v.hex)), v.name);
    written++;
  }
  assert.ok(written >= 20, `${written} messages were written, want all there are`);
});

test("messages that break the protocol are refused whole", () => {
  for (const v of messages.refused) {
    assert.throws(() => decodeMessage(bytes(v.hex)), RangeError, v.name);
  }
});

test("errors are read and written as the vectors say", () => {
  for (const v of messages.errors) {
    sameError(readError(new Reader(bytes(v.hex))), v.error, v.name);
    if (v.only_read) continue;
    const { code, message, ...rest } = v.error;
    assert.equal(hex(encode(new HeliumError(code, message, rest).element)), v.hex, v.name);
  }
  for (const v of messages.refused_errors) {
    assert.throws(() => readError(new Reader(bytes(v.hex))), RangeError, v.name);
  }
});

/** A vector's value, as vectors write it, in this program's terms. */
function valueOf(v, type) {
  switch (v.as) {
    case "bytes": return v.value === "nil" ? new Uint8Array() : bytes(v.value);
    case "float32": case "float64": return { "+Inf": Infinity, "-Inf": -Infinity, NaN }[v.value] ?? Number(v.value);
    case "any": return v.value === '{"a": 3, 1: 2}' ? new Map([[1, 2], ["a", 3]]) : fromJSON(parseJSON(v.value), type);
    case "string": return v.value === '"\\xff"' ? "\ufffd" : JSON.parse(v.value);
    case "time": return fromJSON(JSON.stringify(v.value) && v.value, type);
    default: return v.value === "null" ? new Map() : fromJSON(parseJSON(v.value), type);
  }
}

const typeOf = (text, types) => parseMethod(`f() ${text}`, types).result;

test("values are read and written as the vectors say", () => {
  const rounded = (v, x) => (v.as === "float32" ? Math.fround(x) : x);
  for (const v of [...values.values, ...values.reads]) {
    const type = typeOf(v.as);
    scan(bytes(v.hex));
    assert.deepEqual(rounded(v, asType(decodeOurs(bytes(v.hex)), type)), rounded(v, valueOf(v, type)), `${v.hex} as ${v.as}`);
  }
  for (const v of values.values) {
    const type = typeOf(v.as);
    const written = encode(v.value === "null" ? null : valueOf(v, type), type);
    if (v.compare === "decoded") assert.deepEqual(asType(decodeOurs(written), type), valueOf(v, type), `${v.value} as ${v.as}`);
    else assert.equal(hex(written), hex(bytes(v.hex)), `${v.value} as ${v.as}`);
  }
});

/** JSON in which a field that is null is left out. */
function withoutNulls(json) {
  if (Array.isArray(json)) return json.map(withoutNulls);
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(Object.entries(json).filter(([, v]) => v !== null).map(([name, v]) => [name, withoutNulls(v)]));
}

test("structures are read and written as the vectors say, and so is their JSON", () => {
  const types = parseTypes(values.structures.types);
  for (const v of values.structures.vectors) {
    const type = typeOf(v.as, types);
    const name = `${v.hex} as ${v.as}`;
    const got = asType(decodeOurs(bytes(v.hex)), type);
    const want = fromJSON(parseJSON(JSON.stringify(v.json)), type);
    assert.deepEqual(withoutNulls(JSON.parse(toJSON(got, type))), withoutNulls(v.json), name);
    if (v.only_read) continue;
    const written = encode(want, type);
    if (v.compare === "decoded") assert.deepEqual(asType(decodeOurs(written), type), got, name);
    else assert.equal(hex(written), hex(bytes(v.hex)), name);
  }
});

test("times and durations are read from text exactly or not at all, as the vectors say", () => {
  for (const v of values.texts) {
    const read = () => fromJSON(parseJSON(JSON.stringify(v.json)), typeOf(v.as));
    if (v.error) assert.throws(read, RangeError, `${JSON.stringify(v.json)} as ${v.as}`);
    else assert.equal(hex(encode(read(), typeOf(v.as))), hex(bytes(v.hex)), `${JSON.stringify(v.json)} as ${v.as}`);
  }
});

test("what doesn't fit its type is refused", () => {
  for (const v of values.misfits) {
    assert.throws(() => {
      const value = asType(decodeOurs(bytes(v.hex)), typeOf(v.as));
      if (v.as === "float32" && !Number.isFinite(Math.fround(value))) throw new RangeError("out of range of float32");
    }, RangeError, `${v.hex} as ${v.as}`);
  }
});

test("hostile values are refused before they are decoded", () => {
  for (const v of values.rejects) {
    assert.throws(() => scan(bytes(v.hex)), RangeError, `${v.hex}: ${v.cause}`);
  }
});

test("signatures are read and written as the vectors say", () => {
  for (const v of [...signatures.accept, ...streamSignatures.accept]) {
    const types = parseTypes(v.types);
    assert.equal(printMethod(parseMethod(v.signature, types)), v.prints ?? v.signature, v.signature);
    const printed = Object.fromEntries([...types].map(([name, t]) => [name, printDefinition(t)]));
    assert.deepEqual(printed, v.prints_types ?? v.types ?? {}, v.signature);
  }
  for (const v of [...signatures.reject, ...streamSignatures.reject]) {
    assert.throws(() => parseMethod(v.signature, parseTypes(v.types)), RangeError, `${v.signature}: ${v.why}`);
  }
});

test("stubs fit the methods that the vectors say", () => {
  for (const v of [...signatures.fits, ...streamSignatures.fits]) {
    const stub = parseMethod(v.stub, parseTypes(v.stub_types)), remote = parseMethod(v.remote, parseTypes(v.remote_types));
    assert.equal(fits(stub, remote), v.fits, `${v.stub} for ${v.remote}`);
  }
});

test("keys pick instances as the vectors say", () => {
  const text = (x) => x.toString(16).padStart(16, "0");
  for (const v of rendezvous.hashes) assert.equal(text(hash(v.text)), v.hash, v.text);
  for (const v of rendezvous.picks) {
    for (const [instance, want] of Object.entries(v.weights)) assert.equal(text(weight(v.key, instance)), want, `${v.key}, ${instance}`);
    assert.deepEqual(order(v.key, Object.keys(v.weights)), v.order, v.key);
  }
});

test("tickets are asked for, read and written as the vectors say", () => {
  for (const v of tickets.requests) {
    const [f] = decodeMessage(bytes(v.hex));
    assert.deepEqual([f.kind, hex(f.key)], [Kind.ticketRequest, hex(bytes(v.client))], v.name);
    if (!v.only_read) assert.equal(hex(ticketRequest(f.key)), hex(bytes(v.hex)), v.name);
  }
  for (const v of tickets.tickets) {
    const t = readTicket(bytes(v.hex));
    assert.deepEqual([t.addresses, hex(t.id), hex(t.secret), hex(t.key)], [v.addresses ?? [], ...[v.id, v.secret, v.server].map((b) => hex(bytes(b)))], v.name);
    if (!v.only_read) assert.equal(hex(encodeMessage([{ kind: Kind.ticket, ...t }])), hex(bytes(v.hex)), v.name);
  }
  for (const v of tickets.refused_tickets) assert.throws(() => readTicket(bytes(v.hex)), RangeError, v.name);
});

test("addresses are read with who is encrypted where", () => {
  for (const [text, onHost, encrypted] of [
    ["10.0.0.7:7001", false, true], ["math.example:7001", false, true], ["[fd00::2]:7001", false, true], ["plain:10.0.0.7:7001", false, false],
    ["127.0.0.1:7001", true, false], ["127.8.0.1:7001", true, false], ["[::1]:7001", true, false], ["[0:0:0:0:0:0:0:1]:7001", true, false],
    ["localhost:7001", true, false], ["plain:127.0.0.1:7001", true, false], ["unix:/run/math.sock", true, false],
  ]) {
    const a = parseAddress(text);
    assert.deepEqual([a.onHost, a.encrypted], [onHost, encrypted], text);
  }
  for (const text of ["", "unix:", "10.0.0.7", "10.0.0.7:", "10.0.0.7:70010", ":7001", "fd00::2:7001", "a b:7001", "a/b:7001", "plain:", "quic:10.0.0.7:1"]) {
    assert.throws(() => parseAddress(text), RangeError, text);
  }
});

test("direct links open as the vectors say", () => {
  for (const v of direct.openings) {
    const b = Object.fromEntries(["id", "secret", "client", "client_key", "server_key", "challenge"].map((name) => [name, Buffer.from(bytes(v[name]))]));
    const opening = new Opening({ id: b.id, secret: b.secret, key: b.server_key }, b.client_key, b.client);
    assert.equal(hex(opening.hello), hex(bytes(v.hello)), v.name);
    const { response, session } = opening.answer(b.challenge);
    assert.deepEqual([hex(response), hex(session)], [v.response, v.session].map((x) => hex(bytes(x))), v.name);
    for (const f of v.further) assert.equal(hex(proveFurther(session, { id: bytes(f.id), secret: bytes(f.secret) })), hex(bytes(f.proof)), v.name);
    for (let i = 0; i < b.challenge.length; i++) {
      const wrong = Buffer.from(b.challenge);
      wrong[i] ^= 1;
      assert.throws(() => opening.answer(wrong), /secret/, `${v.name}, byte ${i} is another one`);
    }
  }
});

/** The frames in bytes that come in pieces of some length. */
function framesOf(data, piece) {
  const incoming = new Incoming(), all = [];
  for (let at = 0; at < data.length; at += piece) {
    incoming.push(Buffer.from(data.subarray(at, at + piece)));
    for (let f; (f = incoming.frame()) !== undefined; ) all.push(f);
  }
  return all;
}

test("what travels on direct links is read and written as the vectors say, in whatever pieces it comes", () => {
  for (const v of direct.frames) {
    const data = bytes(v.hex);
    const { kind } = v;
    const want = { kind };
    if ([DirectKind.calls, DirectKind.cancels, DirectKind.taken, DirectKind.over].includes(kind)) want.service = v.service ?? 0;
    if ([DirectKind.calls, DirectKind.answers, DirectKind.ping, DirectKind.pong].includes(kind)) want.token = BigInt(v.token ?? 0);
    if (kind === DirectKind.calls) want.method = v.method ?? "";
    for (const [name, kinds] of [["id", [7, 8]], ["proof", [7]], ["message", [1, 2, 3]]]) if (kinds.includes(kind)) want[name] = hex(bytes(v[name] ?? ""));
    for (const piece of [1, 3, data.length]) {
      const [f, ...more] = framesOf(data, piece);
      const got = Object.fromEntries(Object.entries(f).map(([name, x]) => [name, x instanceof Uint8Array ? hex(x) : x]));
      assert.deepEqual([got, more], [want, []], v.name);
      if (!v.only_read) assert.equal(hex(frameHead(f, f.message?.length)) + hex(f.message ?? ""), hex(data), v.name);
    }
  }
  for (const v of direct.refused) {
    for (const piece of [1, 100]) assert.throws(() => framesOf(bytes(v.hex), piece), RangeError, v.name);
  }
});

const header = (hex) => (hex.startsWith("c1") ? bytes(hex) : bytes(`c1 01 ${hex}`));

test("frames of streams are read and written as the vectors say", () => {
  for (const v of streams.frames) {
    const [f] = decodeMessage(header(v.hex));
    const want = { kind: v.kind, seq: BigInt(v.seq) };
    if (v.kind === Kind.stream) Object.assign(want, { time: BigInt(v.time), metadata: v.metadata ? decode(bytes(v.metadata)) : null, lasts: BigInt(v.lasts), body: bytes(v.body) });
    if (v.kind === Kind.stream || v.kind === Kind.credit) Object.assign(want, { bytes: BigInt(v.bytes), items: BigInt(v.items) });
    if (v.kind === Kind.items) Object.assign(want, { before: BigInt(v.before), count: BigInt(v.count), body: bytes(v.data), ...(v.waited && { waited: true }) });
    if (v.kind === Kind.itemsEnd) Object.assign(want, { count: BigInt(v.count), error: null });
    if (v.error) {
      sameError(f.error, v.error, v.name);
      want.error = f.error;
    }
    assert.deepEqual(f, want, v.name);
    if (!v.only_read) assert.equal(hex(encodeMessage([{ ...f, error: f.error?.element ?? null }])), hex(header(v.hex)), v.name);
  }
  for (const v of streams.refused) {
    if (v.whole) assert.throws(() => decodeMessage(header(v.hex)), RangeError, v.name);
    else assert.ok(decodeMessage(header(v.hex))[0].fault, v.name);
  }
});

test("beginnings of streams with large arguments are read and written as the vectors say", () => {
  for (const v of largeStreams.frames) {
    const [f] = decodeMessage(header(v.hex));
    const metadata = v.metadata ? decode(bytes(v.metadata)) : null;
    const terms = { lasts: BigInt(v.lasts), bytes: BigInt(v.bytes), items: BigInt(v.items) };
    assert.deepEqual(f, { kind: Kind.largeStream, seq: BigInt(v.seq), time: BigInt(v.time), metadata, ...terms, body: bytes(v.body) }, v.name);
    const { length, checksum } = readExtent(f.body);
    assert.deepEqual([length, checksum], [BigInt(v.length), parseInt(v.checksum, 16)], v.name);
    if (!v.only_read) assert.equal(hex(encodeMessage([f])), hex(header(v.hex)), v.name);
  }
  for (const v of largeStreams.refused) {
    if (v.whole) assert.throws(() => decodeMessage(header(v.hex)), RangeError, v.name);
    else assert.throws(() => readExtent(decodeMessage(header(v.hex))[0].body), RangeError, v.name);
  }
});

test("accounts of streams are read and written as the vectors say", () => {
  for (const v of streamAccounts.frames) {
    const [f] = decodeMessage(bytes(v.hex));
    assert.deepEqual(f, { kind: Kind.account, seq: BigInt(v.seq), sent: BigInt(v.items), part: BigInt(v.part), bytes: BigInt(v.bytes), items: BigInt(v.credit_items) }, v.name);
    if (!v.only_read) assert.equal(hex(encodeMessage([f])), hex(bytes(v.hex)), v.name);
  }
  for (const v of streamAccounts.refused) {
    if (v.whole) assert.throws(() => decodeMessage(bytes(v.hex)), RangeError, v.name);
    else assert.ok(decodeMessage(bytes(v.hex))[0].fault, v.name);
  }
});

test("items in parts are read and written as the vectors say", () => {
  for (const v of itemParts.frames) {
    const [f] = decodeMessage(header(v.hex));
    const [before, length, offset, body] = [BigInt(v.before), BigInt(v.length), BigInt(v.offset), bytes(v.data)];
    assert.deepEqual(f, { kind: v.kind, seq: BigInt(v.seq), before, length, offset, body, ...(v.waited && { waited: true }) }, v.name);
    assert.equal(offset + BigInt(body.length) === length, v.last === true, v.name);
    if (!v.only_read) assert.equal(hex(encodeMessage([f])), hex(header(v.hex)), v.name);
  }
  for (const v of itemParts.refused) {
    if (v.whole) assert.throws(() => decodeMessage(header(v.hex)), RangeError, v.name);
    else assert.ok(decodeMessage(header(v.hex))[0].fault, v.name);
  }
});

test("frames of large values, their extents and checksums are as the vectors say", () => {
  for (const v of chunks.frames) {
    const [f] = decodeMessage(header(v.hex));
    assert.deepEqual([f.kind, f.seq, f.time ?? f.offset], [v.kind, BigInt(v.seq), BigInt(v.time ?? 0)], v.name);
    if (v.body) assert.equal(hex(f.body), hex(bytes(v.body)), v.name);
    if (v.metadata) assert.deepEqual(f.metadata, decode(bytes(v.metadata)), v.name);
    assert.equal(f.method, v.method, v.name);
    if (v.length !== undefined) {
      const extent = readExtent(f.body);
      assert.deepEqual([extent.length, extent.checksum.toString(16).padStart(8, "0")], [BigInt(v.length), v.checksum], v.name);
    }
    if (v.only_read) continue;
    assert.equal(hex(encodeMessage([f])), hex(header(v.hex)), v.name);
    if (v.length !== undefined) assert.equal(hex(writeExtent(v.length, parseInt(v.checksum, 16))), hex(f.body).slice(-2 * f.body.length), v.name);
  }
  for (const v of chunks.refused) assert.throws(() => decodeMessage(header(v.hex)), RangeError, v.name);
  for (const v of chunks.refused_extents) assert.throws(() => readExtent(bytes(v.hex)), RangeError, v.name);
  for (const v of chunks.checksums) {
    const all = bytes(v.hex);
    assert.equal(crc32c(all).toString(16).padStart(8, "0"), v.checksum, v.hex);
    assert.equal(crc32c(all.subarray(3), crc32c(all.subarray(0, 3))), crc32c(all), `${v.hex}, in two parts`);
  }
});
