// The scan that everything from the wire passes before it is decoded: docs/protocol.md,
// "Hostile payloads". It allocates nothing but a small stack.

import { MAX_DEPTH } from "./limits.mjs";

/** Throws unless the bytes from `at` on are one value, and nothing trails. */
export function scan(bytes, at = 0) {
  const end = scanValue(bytes, at);
  if (end !== bytes.length) throw new RangeError(`${bytes.length - end} bytes trail the value`);
}

/** Returns where the value that begins at `at` ends, and throws if it isn't sound. */
export function scanValue(bytes, at) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open = []; // for each array or map around: what is left in it, and whether a key is due
  for (;;) {
    const inMap = open.at(-1);
    const keyDue = inMap !== undefined && inMap.map && inMap.left % 2 === 0;
    const head = readHead(view, at);
    at = head.next;
    const composed = head.family === "array" || head.family === "map";
    if (keyDue && composed) throw new RangeError("a map's key isn't a scalar");
    if (composed) {
      const elements = head.family === "map" ? head.length * 2 : head.length;
      if (elements > bytes.length - at) throw new RangeError(`${elements} elements in ${bytes.length - at} bytes`);
      if (open.length === MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} deep`);
      open.push({ left: elements, map: head.family === "map" });
    } else {
      if (head.length > bytes.length - at) throw new RangeError(`a value of ${head.length} bytes in ${bytes.length - at}`);
      at += head.length;
      if (open.length > 0) open.at(-1).left--;
    }
    while (open.length > 0 && open.at(-1).left === 0) {
      open.pop();
      if (open.length > 0) open.at(-1).left--;
    }
    if (open.length === 0) return at;
  }
}

/** Reads the first bytes of a value: what it is, how long the rest is, where that begins. */
export function readHead(view, at) {
  const first = byteAt(view, at);
  const head = (family, length, next = at + 1) => ({ family, length, next });
  const sized = (family, width) => head(family, uint(view, at + 1, width), at + 1 + width);
  const ext = (length, typeAt) => {
    const type = (byteAt(view, typeAt) << 24) >> 24;
    if (type !== -1) throw new RangeError(`extension ${type} isn't a timestamp`);
    if (![4, 8, 12].includes(length)) throw new RangeError(`a timestamp of ${length} bytes`);
    return head("ext", length, typeAt + 1);
  };
  if (first <= 0x7f || first >= 0xe0) return head("integer", 0);
  if (first <= 0x8f) return head("map", first & 0x0f);
  if (first <= 0x9f) return head("array", first & 0x0f);
  if (first <= 0xbf) return head("text", first & 0x1f);
  switch (first) {
    case 0xc0: return head("nil", 0);
    case 0xc2: case 0xc3: return head("bool", 0);
    case 0xc4: return sized("bytes", 1);
    case 0xc5: return sized("bytes", 2);
    case 0xc6: return sized("bytes", 4);
    case 0xc7: return ext(uint(view, at + 1, 1), at + 2);
    case 0xc8: return ext(uint(view, at + 1, 2), at + 3);
    case 0xc9: return ext(uint(view, at + 1, 4), at + 5);
    case 0xca: return head("float", 4);
    case 0xcb: return head("float", 8);
    case 0xcc: case 0xd0: return head("integer", 1);
    case 0xcd: case 0xd1: return head("integer", 2);
    case 0xce: case 0xd2: return head("integer", 4);
    case 0xcf: case 0xd3: return head("integer", 8);
    case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return ext(1 << (first - 0xd4), at + 1);
    case 0xd9: return sized("text", 1);
    case 0xda: return sized("text", 2);
    case 0xdb: return sized("text", 4);
    case 0xdc: return sized("array", 2);
    case 0xdd: return sized("array", 4);
    case 0xde: return sized("map", 2);
    case 0xdf: return sized("map", 4);
  }
  throw new RangeError(`the byte 0x${first.toString(16)} begins no value`);
}

function byteAt(view, at) {
  if (at >= view.byteLength) throw new RangeError("the value ends early");
  return view.getUint8(at);
}

function uint(view, at, width) {
  if (at + width > view.byteLength) throw new RangeError("the value ends early");
  return width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getUint32(at);
}
