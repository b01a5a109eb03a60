// What node_test.go compiles beside the client that Helium generates, and runs.

import { ProbeClient, HeliumError, MathClient, FlowsClient, type Int64, type SendingConnection } from "./client.js";

/** Calls everything once and returns what came of it. */
export async function run(connection: SendingConnection): Promise<Record<string, unknown>> {
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
  const running: number[] = await all(math.runningMean(numbers(), { collect: true }));
  // Each number is made when the mean of those before it has come back.
  const means: number[] = [];
  for await (const m of math.runningMean(answered(means))) means.push(m);
  const flows = new FlowsClient(connection);
  const dry: Int64[] = [];
  let reasonOfEnd = "";
  try {
    for await (const n of flows.dry(2)) dry.push(n);
  } catch (error) {
    reasonOfEnd = error instanceof HeliumError ? error.reason : String(error);
  }
  const sent = await sending(flows);
  const first: Int64[] = [];
  const before = Number(await flows.ended());
  for await (const n of flows.count(-1)) {
    first.push(n);
    if (first.length === 3) break;
  }
  while (Number(await flows.ended()) === before) await new Promise((resolve) => setTimeout(resolve, 10));
  return { ...sent, means, primes, mean, running, dry, reasonOfEnd, first, sum, difference, large, small, code, reason, outcome, timeout, canceled };
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

/** Gives numbers, each once there are as many answers as were given before. */
async function* answered(answers: unknown[]): AsyncGenerator<number> {
  for (let n = 0; n < 5; n++) {
    while (answers.length < n) await new Promise((resolve) => setTimeout(resolve, 1));
    yield 2 * n;
  }
}

/** What comes of streams that are sent, once their handlers have ended. */
async function sending(flows: FlowsClient): Promise<Record<string, unknown>> {
  const came: Record<string, unknown> = {};
  const before = Number(await flows.ended());
  const blob = btoa("x".repeat(9000));
  came["more than a message holds"] = await flows.size(Array.from({ length: 300 }, () => blob));
  came["nothing"] = await flows.size([]);
  let left = false;
  came["as much as is taken"] = await flows.first(endless(7, () => (left = true)));
  while (!left) await new Promise((resolve) => setTimeout(resolve, 1));
  const error = await failure(flows.size(failing()));
  came["an iterable that throws"] = [error.code, error.outcome, error.message, error.cause instanceof Error && error.cause.message];
  const bad = await failure(flows.size(["no base64!"]));
  came["what is no item"] = [bad.code, bad.reason, bad.message];
  const huge = await failure(flows.size([btoa("x".repeat(1 << 20))]));
  came["an item that is too large"] = [huge.code, huge.reason];
  const stop = new AbortController();
  const canceled = failure(flows.size(endless("eA==", () => {}, () => stop.abort()), { signal: stop.signal }));
  came["given up"] = (await canceled).code;
  came["late"] = (await failure(flows.size(endless("eA=="), { timeout: 300 }))).code;
  const nowhere = await failure(flows.size([], { instance: "nowhere" }));
  came["nobody"] = [nowhere.code, nowhere.reason, nowhere.outcome];
  const every = { b: true, n: 2n ** 60n, f: 0.5, s: "\ufeffé", d: "aGk=", t: "2026-01-02T03:04:05.0000006Z", l: "1h30m0.5s", o: null, m: { "-3": ["eA=="] }, a: [1, "x", { y: 2.5, z: -(2n ** 63n) }] };
  came["every kind"] = await all(flows.mirror([every, { ...every, o: 7, m: {} }]));
  const fine = await failure(all(flows.mirror([{ ...every, l: "1.0000000001s" }])));
  came["finer than a nanosecond"] = [fine.reason, fine.message.includes('"1.0000000001s" is finer than a nanosecond')];
  came["double"] = (await all(flows.double(Array.from({ length: 30_000 }, (_, i) => i)))).every((x, i) => x === 2 * i);
  while (Number(await flows.ended()) < before + 9) await new Promise((resolve) => setTimeout(resolve, 1));
  return came;
}

async function* endless<T>(item: T, left = () => {}, third = () => {}): AsyncGenerator<T> {
  try {
    for (let n = 0; ; n++) {
      if (n === 3) third();
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield item;
    }
  } finally {
    left();
  }
}

function* failing(): Generator<string> {
  yield "eA==";
  throw new Error("no more to send");
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
