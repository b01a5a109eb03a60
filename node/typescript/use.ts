// What node_test.go compiles beside the client that Helium generates, and runs.

import { ProbeClient, HeliumError, MathClient, type Connection, type Int64 } from "./client.js";

/** Calls everything once and returns what came of it. */
export async function run(connection: Connection): Promise<Record<string, unknown>> {
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
  return { sum, difference, large, small, code, reason, outcome, timeout, canceled };
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
