// Helium messages, version 1: docs/protocol.md, "Payloads".

import { decode, encode, Reader } from "./msgpack.mjs";

export const Kind = { call: 1, reply: 2, error: 3, oneWay: 4, cancel: 5 };

const MAGIC = 0xc1;
const VERSION = 0x01;
const MAX_CALLS = 4096;
const MAX_ENTRIES = 256;

/** Reports whether a payload is a Helium message; anything else is a plain request. */
export function isMessage(payload) {
  return payload.length > 0 && payload[0] === MAGIC;
}

/**
 * Returns a message of frames. A frame has `kind`; `seq`, a bigint or number; `time`, the
 * milliseconds left or the microseconds taken; `metadata`, an object or null; `body`, the
 * bytes of the arguments, the result or the error; and for a call perhaps `method`.
 */
export function encodeMessage(frames) {
  const parts = frames.map((f) => encode(elements(f)));
  const message = new Uint8Array(2 + parts.reduce((sum, part) => sum + part.length, 0));
  message.set([MAGIC, VERSION]);
  let at = 2;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

function elements(f) {
  if (f.kind === Kind.cancel) return [f.kind, f.seq];
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
  if (message.length < 2) throw new RangeError("the version is missing");
  if (message[1] !== VERSION) throw new RangeError(`version ${message[1]} isn't known`);
  const frames = [];
  const r = new Reader(message, 2);
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
  if (kind === 0n || kind > BigInt(Kind.cancel)) {
    skip(r, count - 1);
    return { kind };
  }
  const f = { kind: Number(kind) };
  const least = f.kind === Kind.cancel ? 2 : 5;
  if (count < least) throw new RangeError(`a frame of kind ${kind} has ${count} elements, want at least ${least}`);
  f.seq = r.unsigned();
  let read = least;
  if (f.kind !== Kind.cancel) {
    f.time = r.unsigned();
    attempt(f, "metadata", r.raw(), (inner) => inner.texts(MAX_ENTRIES));
    if (f.kind === Kind.error) attempt(f, "error", r.raw(), readError);
    else f.body = r.binary();
    if ((f.kind === Kind.call || f.kind === Kind.oneWay) && count > 5) {
      f.method = r.text();
      if (f.method === "") throw new RangeError("the method is empty");
      read++;
    }
    if (f.kind === Kind.call && f.seq === 0n) throw new RangeError("a call has the sequence number 0");
  }
  skip(r, count - read);
  return f;
}

/** Reads a part whose faults concern its frame alone. */
function attempt(f, part, raw, read) {
  try {
    f[part] = read(new Reader(raw));
  } catch (err) {
    f.fault = new RangeError(`the ${part}: ${err.message}`);
  }
}

function skip(r, count) {
  for (let i = 0; i < count; i++) r.raw();
}

/** Decodes what is within a body: the array of arguments, or a result. */
export function decodeBody(body) {
  return decode(body);
}

const CODES = ["", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
  "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented",
  "internal", "unavailable", "data_loss", "unauthenticated"];
const OUTCOMES = ["unknown", "not executed", "executed"];
const STATUS = {
  invalid_argument: 400, failed_precondition: 400, out_of_range: 400, unauthenticated: 401, permission_denied: 403,
  not_found: 404, already_exists: 409, aborted: 409, resource_exhausted: 429, canceled: 499, unimplemented: 501,
  unavailable: 503, deadline_exceeded: 504,
};

/** What a call fails with. */
export class HeliumError extends Error {
  constructor(code, message, { reason = "", details = null, outcome = "unknown", instance = "" } = {}) {
    super(message);
    this.name = "HeliumError";
    Object.assign(this, { code, reason, details, outcome, instance });
  }

  /** The number that the headers of a plain answer have for the code. */
  get status() { return STATUS[this.code] ?? 500; }

  /** The body of a plain answer. */
  get body() {
    const { code, reason, message, outcome, instance } = this;
    return { code, reason, message, ...(this.details && { details: this.details }), outcome, instance };
  }

  /** The element of an error frame. */
  get element() {
    return [CODES.indexOf(this.code), this.reason, this.message, this.details, OUTCOMES.indexOf(this.outcome), this.instance];
  }
}

/** Reads the element of an error frame. */
export function readError(r) {
  if (r.array() < 6) throw new RangeError("fewer than six elements");
  const code = CODES[Number(r.unsigned())] || "unknown";
  const [reason, message] = [r.text(), r.text()];
  const details = r.texts(MAX_ENTRIES);
  const outcome = OUTCOMES[Number(r.unsigned())] ?? "unknown";
  return new HeliumError(code, message, { reason, details, outcome, instance: r.text() });
}
