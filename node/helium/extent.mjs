// How large a value is that travels in parts: docs/protocol.md, "Large values".

import { crc32c } from "./crc32c.mjs";
import { encode, Reader } from "./msgpack.mjs";

/** The extent of a value, as it is announced. */
export function extentOf(value) { return writeExtent(value.length, crc32c(value)); }

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
