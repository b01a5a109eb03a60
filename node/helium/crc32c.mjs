// The checksum of large values: docs/protocol.md, "Large values".

/** CRC-32C (Castagnoli), whose polynomial is 0x1edc6f41, here with its bits the other way round. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n;
});

/** The checksum of bytes, going on from that of those before them. */
export function crc32c(bytes, before = 0) {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
