// The service "words", until its input ends: what a Go program calls in node_test.go.
// It says a line once it can be called, and one when it has left.

import { connect } from "@nats-io/transport-node";
import { HeliumError } from "../helium/errors.mjs";
import { Service } from "../helium/service.mjs";

const { HELIUM_URL: servers, HELIUM_USER: user, HELIUM_PASSWORD: pass } = process.env;
const nc = await connect({ servers, user, pass, name: "words" });
let canceled = 0;

const words = new Service(nc, {
  name: "words",
  version: "2.0.0",
  types: { Count: "{word string, times int64}" },
  methods: {
    upper: {
      signature: "upper(text string) string", idempotent: true, doc: "Upper returns the text in capitals.",
      run: (text) => text.toUpperCase(),
    },
    count: {
      signature: "count(text string) []Count",
      run: (text) => {
        const times = new Map();
        for (const word of text.split(/\s+/).filter(Boolean)) times.set(word, (times.get(word) ?? 0) + 1);
        return [...times].map(([word, n]) => ({ word, times: n }));
      },
    },
    find: {
      signature: "find(word string, text string) int64",
      run: (word, text) => {
        const at = text.indexOf(word);
        if (at < 0) throw new HeliumError("not_found", `${word} isn't in the text`, { reason: "words.not_there", details: { word } });
        return at;
      },
    },
    wait: {
      signature: "wait()", doc: "Wait returns when its caller gives up or its time is over.",
      run: (call) => new Promise((_, reject) => call.signal.addEventListener("abort", () => {
        if (call.signal.reason.code === "canceled") canceled++;
        reject(call.signal.reason);
      })),
    },
    canceled: { signature: "canceled() int64", run: () => canceled },
    tenant: { signature: "tenant() string", run: (call) => call.metadata?.tenant ?? "" },
  },
});
await words.start();
console.log(`serving ${words.instance}`);

process.stdin.resume();
process.stdin.on("end", async () => {
  await words.stop();
  await nc.close();
  if (words.refused + words.dropped > 0) console.log(`lost ${words.refused} answers refused, ${words.dropped} dropped`);
  console.log(`left after ${words.answered} calls`);
});
