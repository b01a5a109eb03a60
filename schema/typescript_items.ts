/** What a method takes as a stream. It is collected, and sent as one array, which has to fit a message. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** How many items a server takes in one array. */
const maxItems = 1 << 22;

async function collected<T>(method: string, items: Items<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    if (all.push(item) > maxItems) {
      const message = `a plain request has its items in one message, and can't have more than ${maxItems}`;
      throw new HeliumError(method, { code: "resource_exhausted", reason: "helium.call_too_large", message, outcome: "not executed" });
    }
  }
  return all;
}
