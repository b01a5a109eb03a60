// What node_test.go compiles beside the client that Helium generates, and runs.

import { ProbeClient, HeliumError, MathClient, FlowsClient, type Int64, type StreamConnection } from "./client.js";

/** Calls everything once and returns what came of it. */
export async function run(connection: StreamConnection): Promise<Record<string, unknown>> {
  const math = new MathClient(connection);
  const probe = new ProbeClient(connection, { timeout: 5000 });
  const sum: number = await math.add(2, 3);
  const difference: number = await probe.sub(2, 3);
  const large: Int64 = await probe.next(9007199254740994n);
  const small: Int64 = await probe.next(41);
  const { code, reason, outcome } = await failure(math.div(1, 0));
  const timeout = (await failure(probe.wait({ timeout: 50 }))).code;
  const stop = new AbortController();
  const call = failure(probe.wait({ signal: stop.signal }));
  stop.abort();
  const canceled = (await call).code;
  const primes: Int64[] = await all(math.primes(12));
  const mean: number = await math.mean([1, 2, 6]);
  const running: number[] = await all(math.runningMean(numbers()));
  const flows = new FlowsClient(connection);
  const dry: Int64[] = [];
  let reasonOfEnd = "";
  try {
    for await (const n of flows.dry(2)) dry.push(n);
  } catch (error) {
    reasonOfEnd = error instanceof HeliumError ? error.reason : String(error);
  }
  const first: Int64[] = [];
  const before = Number(await flows.ended());
  for await (const n of flows.count(-1)) {
    first.push(n);
    if (first.length === 3) break;
  }
  while (Number(await flows.ended()) === before) await new Promise((resolve) => setTimeout(resolve, 10));
  return { primes, mean, running, dry, reasonOfEnd, first, sum, difference, large, small, code, reason, outcome, timeout, canceled };
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function failure(call: Promise<unknown>): Promise<HeliumError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof HeliumError) {
      return error;
    }
    throw error;
  }
  throw new Error("the call succeeded");
}
