// Calls a generated client over connections that only this file has, and prints what
// came of each call. typescript_test.go says what should.

import { createRequire } from "node:module";

const load = createRequire(import.meta.url);
const { MathClient, HeliumError } = load(process.argv[2]);
const { EveryThingClient } = load(process.argv[3]);
const { FlowsClient, HeliumError: FlowsError } = load(process.argv[4]);

const sent = [];
let answer;

const connection = {
  async request(subject, payload, { timeout, headers }) {
    sent.push(`${subject} ${payload} ${timeout}${headers ? ` ${headers}` : ""}`);
    return answer();
  },
  async requestMany(subject, payload, { strategy, maxWait, noMux, headers }) {
    sent.push(`${subject} ${payload} ${strategy} ${maxWait} ${noMux}${headers ? ` ${headers}` : ""}`);
    return answer();
  },
};

/** Headers that show what was set. */
function headers() {
  const set = [];
  return { set: (name, value) => set.push(`${name}=${value}`), toString: () => set.join() };
}

function reply(text, headers = {}) {
  return { string: () => text, headers: { get: (name) => headers[name] ?? "" } };
}

function error(name, facts = {}) {
  return Object.assign(new Error(name), { name, ...facts });
}

async function outcome(how, call, Client = MathClient) {
  answer = how;
  try {
    return await call(new Client(connection));
  } catch (e) {
    if (![HeliumError, FlowsError].some((kind) => e instanceof kind)) {
      return `not a HeliumError: ${e.stack}`;
    }
    return [e.code, e.reason, e.outcome, e.instance, e.details, e.method, e.message].map((x) => (typeof x === "string" ? x : JSON.stringify(x))).join("|");
  }
}

function soon() {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1);
  return stop.signal;
}

/** What requestMany returns: replies, and then an end, an error, or nothing for ever. */
function replies(items, { then, waits } = {}) {
  let stop;
  const stopped = new Promise((resolve) => (stop = resolve));
  const all = (async function* () {
    for (const item of items) {
      yield typeof item === "string" ? reply(item) : item;
    }
    if (then) throw then;
    if (waits) await stopped;
  })();
  all.stop = () => {
    all.stopped = true;
    stop();
  };
  return all;
}

const end = (count) => reply("", { "Helium-Items": String(count) });

/** What a stream gives, and how it ends if that is an error. */
async function items(how, stream, options) {
  const all = [];
  const last = await outcome(how, async (client) => {
    for await (const item of stream(client)) all.push(item);
  }, class extends FlowsClient {
    constructor(connection) {
      super(connection, options);
    }
  });
  return last === undefined ? all : [...all, last];
}

const primes = (...options) => (client) => client.primes(12, ...options);

async function* later(...all) {
  for (const x of all) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield x;
  }
}

/** Leaves a stream behind its first item, and returns whether its subscription was stopped. */
async function left() {
  const all = replies(["1", "2"], { waits: true });
  answer = () => all;
  for await (const _ of new FlowsClient(connection).primes(12)) break;
  return all.stopped;
}

/** Gives a stream up while the loop has an item. */
async function givenUpInTheLoop() {
  const give = new AbortController(), got = [];
  const last = await outcome(() => replies(["1", "2", "3", end(3)]), async (client) => {
    for await (const item of client.primes(12, { signal: give.signal })) {
      got.push(item);
      give.abort();
    }
  }, FlowsClient);
  return [...got, last];
}

/** Gives up many calls by one signal, and returns how many it had of listeners, in the end, and of calls. */
async function manyGivenUp() {
  const give = new AbortController();
  let most = 0, now = 0, calls = 0;
  for (const [name, by] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    give.signal[name] = (...given) => {
      most = Math.max(most, now += by);
      AbortSignal.prototype[name].apply(give.signal, given);
    };
  }
  answer = () => new Promise((resolve) => setTimeout(resolve, 10, reply("1")));
  const made = Array.from({ length: 20 }, () => new MathClient(connection).add(1, 2, { signal: give.signal }).catch(({ code }) => (calls += code === "canceled" ? 1 : 0)));
  give.abort();
  await Promise.all(made);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return [most, now, calls];
}

/** Sends a stream where nothing gives random numbers. */
async function withoutCrypto() {
  const value = globalThis.crypto;
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true, writable: true });
  try {
    return await outcome(() => reply('{"records":[{"instance":"i1","methods":[{"name":"mean"}],"abilities":16}]}'), (client) => client.mean([1]), FlowsClient);
  } finally {
    Object.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
  }
}

const endless = replies(["1"], { waits: true });

const add = (...args) => (client) => client.add(...args);
const result = (text) => outcome(() => reply(text), add(1, 2));
const failed = (headers, body) => outcome(() => reply(body, headers), add(1, 2));
// What every.all and every.plain return if they are answered with a text.
const all = (text) => outcome(() => reply(text), (client) => client.all({}), EveryThingClient);
const plain = (text, ...args) => outcome(() => reply(text), (client) => client.plain(...args), EveryThingClient);
const broken = (cause) => outcome(() => Promise.reject(cause), add(1, 2));
const problem = { "Nats-Service-Error": "math: no", "Nats-Service-Error-Code": "400" };
const body = { code: "aborted", reason: "math.no", message: "no", outcome: "executed", instance: "i1", details: { a: "b" } };

async function withToJSON(call) {
  BigInt.prototype.toJSON = function () { return String(this); }; // as programs do to print them
  try {
    return await call();
  } finally {
    delete BigInt.prototype.toJSON;
  }
}

const results = {
  "a result": await result("5"),
  "an exact integer": await result("[9007199254740992, -9007199254740991]"),
  "a large float": await result("[100000000000000000000, 1.7976931348623157e+308, 1e-7]"),
  "digits in text": await result('["12345678901234567890", "\\"12345678901234567890"]'),
  "integers of 64 bits": await all('{"d": 9223372036854775807, "h":18446744073709551615,"a":1}'),
  "the first that a number can't hold": await all('{"d":9007199254740992,"h": 9007199254740993}'),
  "one that a number would show so": await all('{"d":1152921504606847000,"h":1152921504606846976}'),
  "below zero": await all('{"d":-9223372036854775808,"h":-9007199254740991}'),
  "floats of many digits": await all('{"i":100000000000000000000,"j":9007199254740993,"unit-price":-36028797018963968,"d":36028797018963969}'),
  "a float of many digits alone": await result("1152921504606846976"),
  "within any": await all('{"n":[12345678901234567890,{"a":[1,1.5,"12345678901234567890",null,true,[],{}]}],"k":"\\"9007199254740993,"}'),
  "floats and integers of an unnamed type": await plain('{"x":100000000000000000000,"y":{"1":[9007199254740993]},"new":9007199254740993}', 1),
  "names that objects have": await all('{"__proto__":{"d":9007199254740993},"constructor":9007199254740993}'),
  "integers as arguments": await plain(`{}`, 9223372036854775807n, 'integer:1 "integer:2').then(() => sent.at(-1)),
  "a large number as an argument": await outcome(() => reply("1"), add(2 ** 60, -(2 ** 53))).then(() => sent.at(-1)),
  "a float as an argument": await outcome(() => reply("1"), add(1e21, 0.1)).then(() => sent.at(-1)),
  "a bigint that says what it is in JSON": await withToJSON(() => plain("{}", -5n)).then(() => sent.at(-1)),
  "no JSON": await result("five"),
  "an error": await failed(problem, JSON.stringify(body)),
  "an error of the header alone": await failed(problem, ""),
  "nobody": await broken(error("RequestError", { cause: error("NoResponders") })),
  "late": await broken(error("TimeoutError")),
  "closed": await broken(error("ClosedConnectionError")),
  "not permitted": await broken(error("PermissionViolationError", { operation: "publish" })),
  "something else": await broken(error("ProtocolError")),
  "too large for a message": await broken(error("InvalidArgumentError", { message: "'payload' max_payload size exceeded" })),
  "no subject": await broken(error("InvalidSubjectError")),
  "no time": await outcome(() => reply("1"), add(1, 2, { timeout: 0 })),
  "a call's time beyond timers": await outcome(() => reply("1"), () => new MathClient(connection, { headers }).add(1, 2, { timeout: Infinity })).then(() => sent.at(-1)),
  "no instance's name": await outcome(() => reply("1"), add(1, 2, { instance: "a.b" })),
  "no number": await outcome(() => reply("1"), add(NaN, 1)),
  "a bigint": await outcome(() => reply("1"), add(1n, 1)).then(() => sent.at(-1)),
  "given up before": await outcome(() => reply("1"), add(1, 2, { signal: AbortSignal.abort() })),
  "given up meanwhile": await outcome(() => new Promise(() => {}), add(1, 2, { signal: soon() })),
  "many given up": await manyGivenUp(),
  "a stream without random numbers": await withoutCrypto(),
  "to one instance": await outcome(() => reply("1"), add(3, 4, { instance: "i7", timeout: 50 })),
  sent: [sent.at(0), sent.at(-1)],
  "with headers": await outcome(() => reply("1"), () => new MathClient(connection, { headers }).add(1, 2, { timeout: 50 })).then(() => sent.at(-1)),
  "a stream": await items(() => replies(["2", "9007199254740993", end(2)]), primes()),
  "a stream's request": sent.at(-1),
  "a stream's options": await items(() => replies([end(0)]), primes({ timeout: 50, instance: "i7" }), { headers }).then(() => sent.at(-1)),
  "a time beyond timers": await items(() => replies([end(0)]), primes({ timeout: 1e12 })).then(() => sent.at(-1)),
  "two ranges": await outcome(() => replies([end(0)]), async (client) => {
    const before = sent.length;
    const stream = client.primes(12);
    for (let i = 0; i < 2; i++) for await (const _ of stream);
    return sent.length - before;
  }, FlowsClient),
  "floats of a stream": await items(() => replies(['{"id":9007199254740993,"at":"","price":100000000000000000000}', end(1)]), (client) => client.orders()),
  "items that are sent": await items(() => replies([end(0)]), (client) => client.convert(2, [{ id: 9007199254740993n, at: "", price: 1 }], { collect: true })).then(() => sent.at(-1)),
  "items of an async iterable": await outcome(() => reply("3"), (client) => client.mean(later(1, 2, 6), { collect: true }), FlowsClient).then(() => sent.at(-1)),
  "an iterable that throws": await new FlowsClient(connection).mean((function* () { throw new Error("no more"); })(), { collect: true }).catch(String),
  "too many items": await outcome(() => reply("3"), (client) => client.mean((function* () { for (;;) yield 1; })(), { collect: true }), FlowsClient),
  "an error behind items": await items(() => replies(["1", reply(JSON.stringify(body), problem)]), primes()),
  "an item that isn't JSON": await items(() => replies(["one"]), primes()),
  "items that got lost": await items(() => replies(["1", end(3)]), primes()),
  "no end": await items(() => replies(["1"]), primes({ timeout: 1 })),
  "closed behind an item": await items(() => replies(["1"]), primes()),
  "given up in the loop": await givenUpInTheLoop(),
  "nobody for a stream": await items(() => replies([], { then: error("NoRespondersError") }), primes()),
  "a stream given up before": await items(() => replies(["1"]), primes({ signal: AbortSignal.abort() })),
  "a stream given up meanwhile": await items(() => endless, primes({ signal: soon() })),
  "stopped when it was given up": endless.stopped,
  "stopped when the loop was left": await left(),
  "another prefix": await outcome(() => reply(`"${sent.at(-1)}"`), () => new MathClient(connection, { prefix: "eu", timeout: 7 }).add(5, 6)),
};
console.log(JSON.stringify(results, (_key, value) => (typeof value === "bigint" ? `${value}n` : value)));
