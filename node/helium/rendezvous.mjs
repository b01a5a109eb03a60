// Which instance a key picks (docs/protocol.md, "Picking an instance by a key").

const encoder = new TextEncoder();
const cut = (x) => BigInt.asUintN(64, x);

/** The finalizer of SplitMix64. */
function mix(x) {
  x = cut((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = cut((x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return x ^ (x >> 31n);
}

/** The hash of a key, or of an instance's name: FNV-1a of its bytes, mixed. */
export function hash(text) {
  let h = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(text)) h = cut((h ^ BigInt(byte)) * 0x100000001b3n);
  return mix(h);
}

/** The weight of an instance for a key. */
export const weight = (key, instance) => mix(hash(key) ^ hash(instance));

/** Names of instances in the order in which a key takes them. */
export function order(key, instances) {
  const weights = new Map(instances.map((name) => [name, weight(key, name)]));
  return [...instances].sort((a, b) => {
    if (weights.get(a) !== weights.get(b)) return weights.get(a) > weights.get(b) ? -1 : 1;
    return a < b ? -1 : 1;
  });
}
