// Helium messages, version 1: docs/protocol.md, "Payloads".

import { decode, encode } from "@msgpack/msgpack";
import { scan, scanValue } from "./scan.mjs";

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
  const parts = frames.map((f) => encode(elements(f), { useBigInt64: true }));
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
  const seq = uint(f.seq);
  switch (f.kind) {
    case Kind.cancel:
      return [f.kind, seq];
    case Kind.error: // its body is the array itself, not within bin
      return [f.kind, seq, uint(f.time ?? 0), f.metadata ?? null, f.error];
    default: {
      const list = [f.kind, seq, uint(f.time ?? 0), f.metadata ?? null, f.body];
      if (f.method) list.push(f.method);
      return list;
    }
  }
}

/** The library writes numbers up to 32 bits as short as they go, and bigints in 64 bits. */
function uint(n) {
  return BigInt(n) <= 0xffffffffn ? Number(n) : BigInt(n);
}

/**
 * Returns the frames of a message, those of kinds that aren't known with their kind alone.
 * A message that breaks the protocol anywhere is refused whole: it throws.
 */
export function decodeMessage(message) {
  if (!isMessage(message)) throw new RangeError("not a Helium message");
  if (message.length < 2) throw new RangeError("the version is missing");
  if (message[1] !== VERSION) throw new RangeError(`version ${message[1]} isn't known`);
  const frames = [];
  let calls = 0;
  for (let at = 2; at < message.length; ) {
    const end = scanValue(message, at);
    const f = frame(decode(message.subarray(at, end), { useBigInt64: true }));
    if ((f.kind === Kind.call || f.kind === Kind.oneWay) && ++calls > MAX_CALLS) throw new RangeError("too many calls");
    frames.push(f);
    at = end;
  }
  if (frames.length === 0) throw new RangeError("it has no frames");
  return frames;
}

function frame(list) {
  if (!Array.isArray(list) || list.length === 0) throw new RangeError("a frame isn't an array with elements");
  const kind = unsigned("kind", list[0]);
  if (kind > BigInt(Kind.cancel) || kind === 0n) return { kind: Number(kind) };
  const atLeast = Number(kind) === Kind.cancel ? 2 : 5;
  if (list.length < atLeast) throw new RangeError(`a frame of kind ${kind} has ${list.length} elements, want at least ${atLeast}`);
  const f = { kind: Number(kind), seq: unsigned("sequence number", list[1]) };
  if (f.kind === Kind.cancel) return f;
  f.time = unsigned("time", list[2]);
  f.metadata = texts("metadata", list[3]);
  if (f.kind === Kind.error) {
    f.error = readError(list[4]);
    return f;
  }
  if (!(list[4] instanceof Uint8Array)) throw new RangeError("the body isn't bin");
  f.body = list[4];
  if ((f.kind === Kind.call || f.kind === Kind.oneWay) && list.length > 5) {
    if (typeof list[5] !== "string") throw new RangeError("the method isn't text");
    f.method = list[5];
  }
  if (f.kind === Kind.call && f.seq === 0n) throw new RangeError("a call has the sequence number 0");
  return f;
}

function unsigned(what, n) {
  if (typeof n !== "bigint" && !Number.isInteger(n) || n < 0) throw new RangeError(`the ${what} isn't an unsigned integer`);
  return BigInt(n);
}

function texts(what, map) {
  if (map === null) return null;
  if (typeof map !== "object" || Array.isArray(map) || map instanceof Uint8Array || map instanceof Date) throw new RangeError(`the ${what} aren't a map`);
  const entries = Object.entries(map);
  if (entries.length > MAX_ENTRIES || entries.some(([, v]) => typeof v !== "string")) throw new RangeError(`the ${what} aren't at most ${MAX_ENTRIES} texts`);
  return map;
}

/** Decodes what is within a body: the array of arguments, or a result. */
export function decodeBody(body) {
  scan(body);
  return decode(body, { useBigInt64: true });
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

function readError(list) {
  if (!Array.isArray(list) || list.length < 6) throw new RangeError("an error isn't an array of six elements");
  const [code, reason, message, details, outcome, instance] = list;
  if ([reason, message, instance].some((text) => typeof text !== "string")) throw new RangeError("an error's reason, message or instance isn't text");
  const named = CODES[Number(unsigned("code", code))] || "unknown";
  return new HeliumError(named, message, {
    reason, instance, details: texts("details", details), outcome: OUTCOMES[Number(unsigned("outcome", outcome))] ?? "unknown",
  });
}
