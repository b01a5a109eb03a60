// The service of testdata/vectors/calls.json, until its input ends: its exchanges are run
// against it, and so against helium/service.mjs.

import { connect } from "@nats-io/transport-node";
import { HeliumError } from "../helium/errors.mjs";
import { Service } from "../helium/service.mjs";

const nc = await connect({ servers: process.env.HELIUM_URL, name: "vectors" });
const longName = "n" + "a".repeat(63);
const nothing = () => null;

const service = new Service(nc, {
  name: "vectors",
  types: {
    Order: "{id string, lines []Line, note string?}",
    Line: "{article string, price float64, count int64}",
  },
  methods: {
    note: { signature: "note()", run: nothing },
    echo: { signature: "echo(value any) any", run: (value) => value },
    take: { signature: "take(value any)", run: nothing },
    add: { signature: "add(a float64, b float64) float64", run: (a, b) => a + b },
    whole: { signature: "whole(n int8) int8", run: (n) => n },
    join: {
      signature: "join(first string, second string?, rest ...string) string",
      run: (first, second, ...rest) => [first, second ?? "-", ...rest.slice(0, -1)].join("|"), // the last is the call
    },
    total: { signature: "total(order Order) float64", run: (order) => order.lines.reduce((sum, l) => sum + l.price * l.count, 0) },
    sample: {
      signature: "sample() Order",
      run: () => ({ id: "o1", lines: [{ article: "ball", price: 1.5, count: 2 }, { article: "cup", price: 4, count: 1 }], note: "fragile" }),
    },
    names: { signature: "names() map[int64]string", run: () => new Map([[1, "one"]]) },
    size: { signature: "size(data bytes) int64", run: (data) => data.length },
    zeros: { signature: "zeros(n int64) bytes", run: (n) => new Uint8Array(n) },
    year: { signature: "year(moment time) int64", run: (moment) => moment.date.getUTCFullYear() },
    ratio: { signature: "ratio(a float64, b float64) float64", run: (a, b) => a / b },
    metadata: { signature: "metadata(key string) string", run: (key, call) => call.metadata?.[key] ?? "" },
    fail: {
      signature: "fail()",
      run: () => { throw new HeliumError("out_of_range", "it failed", { reason: "vectors.failed", details: { why: "it was asked to" } }); },
    },
    wait: {
      signature: "wait()",
      run: (call) => new Promise((_, reject) => { call.signal.addEventListener("abort", () => reject(call.signal.reason)); }),
    },
    [longName]: { signature: `${longName}() string`, run: () => "long" },
  },
});
await service.start();
console.log(`serving ${service.instance}`);

process.stdin.resume();
process.stdin.on("end", async () => {
  await service.stop();
  await nc.close();
  console.log(`left after ${service.answered} calls`);
});
