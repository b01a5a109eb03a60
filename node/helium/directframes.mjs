// What travels on a direct link once it is open: docs/protocol.md, "What travels".

import { TICKET_ID } from "./limits.mjs";

export const DirectKind = { calls: 1, cancels: 2, answers: 3, ping: 4, pong: 5, goodbye: 6, proof: 7, taken: 8, over: 9 };

const K = DirectKind;
const LENGTH = 4; // bytes of a frame's length
const PROOF = 32; // bytes of a proof
const MAX_MESSAGE = 64 * 1024 * 1024 + 80; // bytes of a frame with a message
const MAX_CONTROL = 1024; // bytes of another one

/** The bytes of a frame but for its message, of which `message` follow. */
export function frameHead(f, message = 0) {
  const elements = headOf(f);
  const head = Buffer.alloc(LENGTH + 1 + elements.length);
  head.writeUInt32BE(1 + elements.length + message);
  head[LENGTH] = f.kind;
  head.set(elements, LENGTH + 1);
  return head;
}

function headOf(f) {
  switch (f.kind) {
    case K.calls: {
      const method = Buffer.from(f.method ?? "");
      return Buffer.concat([short(f.service), long(f.token), Buffer.of(method.length), method]);
    }
    case K.cancels: case K.over: return short(f.service);
    case K.answers: case K.ping: case K.pong: return long(f.token);
    case K.proof: return Buffer.concat([f.id, f.proof]);
    case K.taken: return Buffer.concat([f.id, short(f.service)]);
    default: return Buffer.alloc(0);
  }
}

function short(n) {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(n);
  return b;
}

function long(n) {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(n);
  return b;
}

const LEAST = { [K.calls]: 11, [K.cancels]: 2, [K.answers]: 8, [K.ping]: 8, [K.pong]: 8, [K.proof]: TICKET_ID + PROOF, [K.taken]: TICKET_ID + 2, [K.over]: 2 };

/** Reads a frame from all that follows its length. */
function readFrame(b) {
  const kind = b[0];
  b = b.subarray(1);
  if (b.length < (LEAST[kind] ?? 0)) throw new RangeError("a frame is shorter than its kind");
  switch (kind) {
    case K.calls: {
      const end = 11 + b[10];
      if (b.length < end) throw new RangeError("a frame is shorter than its kind");
      return { kind, service: b.readUInt16BE(0), token: b.readBigUInt64BE(2), method: b.toString("utf8", 11, end), message: b.subarray(end) };
    }
    case K.cancels: return { kind, service: b.readUInt16BE(0), message: b.subarray(2) };
    case K.answers: return { kind, token: b.readBigUInt64BE(0), message: b.subarray(8) };
    case K.ping: case K.pong: return { kind, token: b.readBigUInt64BE(0) };
    case K.proof: return { kind, id: b.subarray(0, TICKET_ID), proof: b.subarray(TICKET_ID, TICKET_ID + PROOF) };
    case K.taken: return { kind, id: b.subarray(0, TICKET_ID), service: b.readUInt16BE(TICKET_ID) };
    case K.over: return { kind, service: b.readUInt16BE(0) };
    default: return { kind };
  }
}

/** What has come by a connection and wasn't read yet. It keeps no more than that. */
export class Incoming {
  #parts = [];
  #size = 0;

  push(part) {
    this.#parts.push(part);
    this.#size += part.length;
  }

  get empty() { return this.#size === 0; }

  /** So many bytes; undefined: they haven't come yet. */
  take(n) {
    const first = this.#joined(n);
    if (first === undefined) return undefined;
    if (first.length > n) this.#parts[0] = first.subarray(n);
    else this.#parts.shift();
    this.#size -= n;
    return first.subarray(0, n);
  }

  /** The next frame; undefined: it hasn't come yet. One that breaks the protocol throws. */
  frame() {
    const head = this.#joined(LENGTH + 1);
    if (head === undefined) return undefined;
    const length = head.readUInt32BE(0), kind = head[LENGTH];
    if (length < 1) throw new RangeError("a frame has no kind");
    if (length > (kind >= K.calls && kind <= K.answers ? MAX_MESSAGE : MAX_CONTROL)) throw new RangeError(`a frame of kind ${kind} says that it has ${length} bytes`);
    if (this.#size < LENGTH + length) return undefined;
    return readFrame(this.take(LENGTH + length).subarray(LENGTH));
  }

  /** What came first, in one piece of so many bytes at least, if there are so many. */
  #joined(n) {
    if (this.#size < n) return undefined;
    if (this.#parts[0].length < n) this.#parts = [Buffer.concat(this.#parts, this.#size)];
    return this.#parts[0];
  }
}
