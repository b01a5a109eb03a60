// How large a value is that travels in chunks: docs/protocol.md, "Large values".

import { encode, Reader } from "./msgpack.mjs";

/** Writes a length and a checksum. */
export function writeExtent(length, checksum) { return encode([length, checksum]); }

/** Reads them, the length as a bigint. */
export function readExtent(body) {
  const r = new Reader(new Reader(body).raw());
  if (r.array() < 2) throw new RangeError("an extent needs a length and a checksum");
  const length = r.unsigned(), checksum = r.unsigned();
  if (checksum > 0xffffffffn) throw new RangeError("the checksum has more than 32 bits");
  return { length, checksum: Number(checksum) };
}
