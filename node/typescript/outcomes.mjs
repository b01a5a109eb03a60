// Calls a generated client over connections that only this file has, and prints what
// came of each call. typescript_test.go says what should.

import { createRequire } from "node:module";

const { MathClient, HeliumError } = createRequire(import.meta.url)(process.argv[2]);

const sent = [];
let answer;

const connection = {
  async request(subject, payload, { timeout }) {
    sent.push(`${subject} ${payload} ${timeout}`);
    return answer();
  },
};

function reply(text, headers = {}) {
  return { string: () => text, headers: { get: (name) => headers[name] ?? "" } };
}

function error(name, facts = {}) {
  return Object.assign(new Error(name), { name, ...facts });
}

async function outcome(how, call) {
  answer = how;
  try {
    return await call(new MathClient(connection));
  } catch (e) {
    if (!(e instanceof HeliumError)) {
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

const add = (...args) => (client) => client.add(...args);
const result = (text) => outcome(() => reply(text), add(1, 2));
const failed = (headers, body) => outcome(() => reply(body, headers), add(1, 2));
const broken = (cause) => outcome(() => Promise.reject(cause), add(1, 2));
const problem = { "Nats-Service-Error": "math: no", "Nats-Service-Error-Code": "400" };
const body = { code: "aborted", reason: "math.no", message: "no", outcome: "executed", instance: "i1", details: { a: "b" } };

console.log(JSON.stringify({
  "a result": await result("5"),
  "an exact integer": await result("[9007199254740992, -9007199254740991]"),
  "a large float": await result("[100000000000000000000, 1.7976931348623157e+308, 1e-7]"),
  "digits in text": await result('["12345678901234567890", "\\"12345678901234567890"]'),
  "an integer that would be rounded": await result('{"a": [9007199254740993]}'),
  "no JSON": await result("five"),
  "an error": await failed(problem, JSON.stringify(body)),
  "an error of the header alone": await failed(problem, ""),
  "nobody": await broken(error("RequestError", { cause: error("NoResponders") })),
  "late": await broken(error("TimeoutError")),
  "closed": await broken(error("ClosedConnectionError")),
  "not permitted": await broken(error("PermissionViolationError", { operation: "publish" })),
  "something else": await broken(error("ProtocolError")),
  "no number": await outcome(() => reply("1"), add(NaN, 1)),
  "a bigint": await outcome(() => reply("1"), add(1n, 1)),
  "given up before": await outcome(() => reply("1"), add(1, 2, { signal: AbortSignal.abort() })),
  "given up meanwhile": await outcome(() => new Promise(() => {}), add(1, 2, { signal: soon() })),
  "to one instance": await outcome(() => reply("1"), add(3, 4, { instance: "i7", timeout: 50 })),
  sent: [sent.at(0), sent.at(-1)],
  "another prefix": await outcome(() => reply(`"${sent.at(-1)}"`), () => new MathClient(connection, { prefix: "eu", timeout: 7 }).add(5, 6)),
}));
