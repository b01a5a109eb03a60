// The scan that everything from the wire passes before it is decoded: docs/protocol.md,
// "Hostile payloads". It allocates nothing but a small stack.

const MAX_DEPTH = 64;

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
    if (keyDue && (head.kind !== "scalar")) throw new RangeError("a map's key isn't a scalar");
    if (head.kind === "ext" && head.type !== -1) throw new RangeError(`extension ${head.type} isn't a timestamp`);
    if (head.kind === "array" || head.kind === "map") {
      const elements = head.kind === "map" ? head.length * 2 : head.length;
      if (elements > bytes.length - at) throw new RangeError(`${elements} elements in ${bytes.length - at} bytes`);
      if (open.length === MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} deep`);
      open.push({ left: elements, map: head.kind === "map" });
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

/** Reads the first bytes of a value: its kind, how long the rest is, where that begins. */
function readHead(view, at) {
  const first = byteAt(view, at);
  const head = (kind, length, next = at + 1) => ({ kind, length, next });
  const sized = (kind, width) => head(kind, uint(view, at + 1, width), at + 1 + width);
  const ext = (length, typeAt) => {
    const type = (byteAt(view, typeAt) << 24) >> 24;
    if (type === -1 && ![4, 8, 12].includes(length)) throw new RangeError(`a timestamp of ${length} bytes`);
    return { kind: "ext", type, length, next: typeAt + 1 };
  };
  if (first <= 0x7f || first >= 0xe0) return head("scalar", 0);
  if (first <= 0x8f) return head("map", first & 0x0f);
  if (first <= 0x9f) return head("array", first & 0x0f);
  if (first <= 0xbf) return head("scalar", first & 0x1f); // text
  switch (first) {
    case 0xc0: case 0xc2: case 0xc3: return head("scalar", 0);
    case 0xc4: case 0xd9: return sized("scalar", 1);
    case 0xc5: case 0xda: return sized("scalar", 2);
    case 0xc6: case 0xdb: return sized("scalar", 4);
    case 0xc7: return ext(uint(view, at + 1, 1), at + 2);
    case 0xc8: return ext(uint(view, at + 1, 2), at + 3);
    case 0xc9: return ext(uint(view, at + 1, 4), at + 5);
    case 0xcc: case 0xd0: return head("scalar", 1);
    case 0xcd: case 0xd1: return head("scalar", 2);
    case 0xca: case 0xce: case 0xd2: return head("scalar", 4);
    case 0xcb: case 0xcf: case 0xd3: return head("scalar", 8);
    case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return ext(1 << (first - 0xd4), at + 1);
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
