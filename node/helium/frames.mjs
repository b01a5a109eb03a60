// Helium messages, version 1: docs/protocol.md, "Payloads".

import { readError } from "./errors.mjs";
import { MAX_CALLS, MAX_ENTRIES } from "./limits.mjs";
import { decode, encode, Reader } from "./msgpack.mjs";

export const Kind = { call: 1, reply: 2, error: 3, oneWay: 4, cancel: 5, sender: 6, instance: 7, running: 8, ticketRequest: 9, ticket: 10,
  stream: 11, items: 12, itemsEnd: 13, credit: 14, itemPart: 15, largeCall: 16, chunk: 17, chunkCredit: 18, largeReply: 19, account: 20, largeStream: 21 };

/** What a sender or an instance can do, a bit each. */
export const Ability = { heartbeats: 1, answersOnce: 2, streams: 16, chunks: 32, itemParts: 64, largeStreams: 128 };

const MAGIC = 0xc1;
const VERSION = 0x01;
const HEADER_SIZE = 2;

/** How many bytes a message with one result has beside it, at most. */
export const FRAME_OVERHEAD = 48;

/** The `time` of a cancel whose call has no time left. */
export const TIME_OVER = 1n;

/** A kind that no version gives a meaning. */
const IGNORED = 127n;

/** A message whose only frame no version gives a meaning: it is read and ignored. */
export const NOTHING = Uint8Array.of(MAGIC, VERSION, 0x91, 0x7f);

/** Reports whether a payload is a Helium message; anything else is a plain request. */
export function isMessage(payload) {
  return payload.length > 0 && payload[0] === MAGIC;
}

/**
 * Returns a message of frames. A frame has `kind`; `seq`, a bigint or number; `time`, the
 * milliseconds left or the microseconds taken, or in a cancel perhaps why; `metadata`, an object or null; `body`, the
 * bytes of the arguments, the result or the error; and for a call perhaps `method`. What still
 * runs are `seqs`. Who asks for a ticket has a `key`. The beginning of a stream has `lasts`, and as credit has,
 * `bytes` and `items`. Items say how many came `before`, their `count`, and perhaps that they `waited` for
 * credit; their end has a count, too. An account of a stream has `sent`, `part`, and `bytes` and `items` as credit has. A part of an item says of which `length` that is, and its `offset` there. What is larger than a message has an extent as its `body`, and parts of
 * it an `offset`.
 */
export function encodeMessage(frames) {
  const parts = frames.map((f) => encode(elements(f)));
  const message = new Uint8Array(HEADER_SIZE + parts.reduce((sum, part) => sum + part.length, 0));
  message.set([MAGIC, VERSION]);
  let at = HEADER_SIZE;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

function elements(f) {
  if (f.kind === Kind.cancel) return f.time ? [f.kind, f.seq, f.time] : [f.kind, f.seq];
  if (f.kind === Kind.sender) return [f.kind, f.seq, f.time, f.abilities];
  if (f.kind === Kind.instance) return [f.kind, f.instance, f.abilities];
  if (f.kind === Kind.running) return [f.kind, ...f.seqs];
  if (f.kind === Kind.ticketRequest) return [f.kind, f.key];
  if (f.kind === Kind.ticket) return [f.kind, f.addresses, f.id, f.secret, f.key];
  if (f.kind === Kind.stream || f.kind === Kind.largeStream) return [f.kind, f.seq, f.time, f.metadata ?? null, f.lasts, f.bytes, f.items, f.body];
  if (f.kind === Kind.items) return [f.kind, f.seq, f.before, f.count, f.body, ...(f.waited ? [1] : [])];
  if (f.kind === Kind.itemPart) return [f.kind, f.seq, f.before, f.length, f.offset, f.body, ...(f.waited ? [1] : [])];
  if (f.kind === Kind.itemsEnd) return [f.kind, f.seq, f.count, f.error ?? null];
  if (f.kind === Kind.credit) return [f.kind, f.seq, f.bytes, f.items];
  if (f.kind === Kind.account) return [f.kind, f.seq, f.sent, f.part, f.bytes, f.items];
  if (f.kind === Kind.chunk) return [f.kind, f.seq, f.offset, f.body];
  if (f.kind === Kind.chunkCredit) return [f.kind, f.seq, f.offset];
  const list = [f.kind, f.seq, f.time ?? 0, f.metadata ?? null];
  list.push(f.kind === Kind.error ? f.error : f.body); // an error is the array itself, not within bin
  if (f.method) list.push(f.method);
  return list;
}

/**
 * Returns the frames of a message, those of kinds that aren't known with their kind alone.
 * A message that breaks the protocol anywhere is refused whole: it throws. Metadata and
 * errors that can't be read spoil their frame alone: `fault` says why.
 */
export function decodeMessage(message) {
  if (!isMessage(message)) throw new RangeError("not a Helium message");
  if (message.length < HEADER_SIZE) throw new RangeError("the version is missing");
  if (message[1] !== VERSION) throw new RangeError(`version ${message[1]} isn't known`);
  const frames = [];
  const r = new Reader(message, HEADER_SIZE);
  let calls = 0;
  while (r.more) {
    const f = readFrame(r);
    if ((f.kind === Kind.call || f.kind === Kind.oneWay) && ++calls > MAX_CALLS) throw new RangeError("too many calls");
    frames.push(f);
  }
  if (frames.length === 0) throw new RangeError("it has no frames");
  return frames;
}

function readFrame(r) {
  const count = r.array();
  if (count === 0) throw new RangeError("a frame without elements");
  const kind = r.unsigned();
  if (kind >= BigInt(Kind.sender) && kind <= BigInt(Kind.ticket)) return readIgnorable(r, Number(kind), count);
  if (kind === BigInt(Kind.stream) || kind === BigInt(Kind.largeStream)) return readStream(r, Number(kind), count);
  if (kind >= BigInt(Kind.items) && kind <= BigInt(Kind.itemPart) || kind === BigInt(Kind.account)) return readFollowing(r, Number(kind), count);
  if (kind === BigInt(Kind.chunk) || kind === BigInt(Kind.chunkCredit)) return readPart(r, Number(kind), count);
  const isLarge = kind === BigInt(Kind.largeCall) || kind === BigInt(Kind.largeReply);
  if (kind === 0n || kind > BigInt(Kind.cancel) && !isLarge) {
    skip(r, count - 1);
    return { kind };
  }
  const f = { kind: Number(kind) };
  const least = f.kind === Kind.cancel ? 2 : 5;
  if (count < least) throw new RangeError(`a frame of kind ${kind} has ${count} elements, want at least ${least}`);
  f.seq = r.unsigned();
  let read = least;
  if (f.kind === Kind.cancel) {
    if (count > 2) {
      if (isTimeOver(r.raw())) f.time = TIME_OVER;
      read++;
    }
  } else {
    f.time = r.unsigned();
    attempt(f, "metadata", r.raw(), (inner) => inner.texts(MAX_ENTRIES));
    if (f.kind === Kind.error) attempt(f, "error", r.raw(), readError);
    else f.body = r.binary();
    if ((f.kind === Kind.call || f.kind === Kind.oneWay || f.kind === Kind.largeCall) && count > 5) {
      f.method = r.text();
      if (f.method === "") throw new RangeError("the method is empty");
      read++;
    }
    if (f.kind === Kind.call && f.seq === 0n) throw new RangeError("a call has the sequence number 0");
  }
  skip(r, count - read);
  return f;
}

/**
 * Reads a frame about the sender of the message, one of the calls that still run, or about a
 * ticket. One that holds something else is none: it is stepped over, as if its kind weren't known.
 */
function readIgnorable(r, kind, count) {
  const elements = Array.from({ length: count - 1 }, () => new Reader(r.raw()));
  try {
    const [a, b, c, d] = elements;
    if (kind === Kind.sender) return { kind, seq: a.unsigned(), time: b.unsigned(), abilities: c.unsigned() };
    if (kind === Kind.running) return { kind, seqs: elements.map((e) => e.unsigned()) };
    if (kind === Kind.ticketRequest) return { kind, key: a.binary() };
    if (kind === Kind.ticket) return { kind, addresses: texts(a), id: b.binary(), secret: c.binary(), key: d.binary() };
    return { kind, instance: a.text(), abilities: b.unsigned() };
  } catch {
    return { kind: IGNORED };
  }
}

/** Reads the beginning of a stream. */
function readStream(r, kind, count) {
  const f = { kind };
  if (count < 8) throw new RangeError(`the beginning of a stream has ${count} elements, want at least 8`);
  [f.seq, f.time] = [r.unsigned(), r.unsigned()];
  attempt(f, "metadata", r.raw(), (inner) => inner.texts(MAX_ENTRIES));
  [f.lasts, f.bytes, f.items, f.body] = [r.unsigned(), r.unsigned(), r.unsigned(), r.binary()];
  skip(r, count - 8);
  return f;
}

/** Reads what goes on in a stream. What can't be read says nothing but that: `fault` says why. */
function readFollowing(r, kind, count) {
  if (count < 2) throw new RangeError(`a frame of kind ${kind} has no sequence number`);
  const f = { kind, seq: r.unsigned() };
  const [a, b, c, d, e] = Array.from({ length: count - 2 }, () => new Reader(r.raw()));
  try {
    if (kind === Kind.itemPart) {
      const [before, length, offset, body] = [a.unsigned(), b.unsigned(), c.unsigned(), d.binary()];
      if (body.length === 0 || offset + BigInt(body.length) > length) throw new RangeError(`a part of ${body.length} bytes at ${offset}, of ${length}`);
      return { ...f, before, length, offset, body, ...(isOne(e) && { waited: true }) };
    }
    if (kind === Kind.items) {
      const [before, count, body] = [a.unsigned(), b.unsigned(), c.binary()];
      if (count < 1n || count > BigInt(body.length)) throw new RangeError(`${count} items in ${body.length} bytes`);
      return { ...f, before, count, body, ...(isOne(d) && { waited: true }) };
    }
    if (kind === Kind.account) return { ...f, sent: a.unsigned(), part: b.unsigned(), bytes: c.unsigned(), items: d.unsigned() };
    if (kind === Kind.credit) return { ...f, bytes: a.unsigned(), items: b.unsigned() };
    return { ...f, count: a.unsigned(), error: b.bytes[0] === 0xc0 ? null : readError(b) };
  } catch (err) {
    return { ...f, fault: err };
  }
}

/** Whether an element, if there is one, is the number 1. */
function isOne(r) {
  try {
    return r?.unsigned() === 1n;
  } catch {
    return false; // it is of a newer version
  }
}

/** Reads a part of what is larger than a message, or credit for parts. */
function readPart(r, kind, count) {
  const least = kind === Kind.chunk ? 4 : 3;
  if (count < least) throw new RangeError(`a frame of kind ${kind} has ${count} elements, want at least ${least}`);
  const f = { kind, seq: r.unsigned(), offset: r.unsigned() };
  if (kind === Kind.chunk) {
    f.body = r.binary();
    if (f.body.length === 0) throw new RangeError("a chunk has no bytes");
  }
  skip(r, count - least);
  return f;
}

function texts(r) {
  return Array.from({ length: r.array() }, () => r.text());
}

/** Reads a part whose faults concern its frame alone. */
function attempt(f, part, raw, read) {
  try {
    f[part] = read(new Reader(raw));
  } catch (err) {
    f.fault = new RangeError(`the ${part}: ${err.message}`);
  }
}

/** Whether that is the reason of a cancel whose call has no time left. Other reasons are for versions to come. */
function isTimeOver(raw) { return raw.length === 1 && raw[0] === Number(TIME_OVER); }

function skip(r, count) {
  for (let i = 0; i < count; i++) r.raw();
}

/** Decodes what is within a body: the array of arguments, or a result. */
export function decodeBody(body) {
  return decode(body);
}
