// What a caller makes of answers: testdata/vectors/answers.json.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Caller } from "../helium/caller.mjs";
import { decodeMessage, Kind } from "../helium/frames.mjs";
import { bytes, connection, vectors } from "./world.mjs";

const nc = await connection();
const caller = new Caller(nc);
after(() => caller.close());

let called; // takes the next call
const sub = nc.subscribe("helium.call.vectors.answer", { callback: (err, msg) => called(msg) });
await nc.flush();
after(() => sub.unsubscribe());

for (const v of vectors("answers.json").calls) {
  test(v.name, async () => {
    const came = new Promise((resolve) => { called = resolve; });
    const ended = caller.call("vectors", "answer", [], { timeout: 20_000 }).then((result) => ({ result }), (error) => ({ error }));
    const msg = await came;
    const { seq } = decodeMessage(msg.data).find((f) => f.kind === Kind.call);
    for (const { to, hex } of v.answers) {
      const subject = to ? msg.reply.slice(0, msg.reply.lastIndexOf(".") + 1) + to : msg.reply;
      nc.publish(subject, bytes(hex.replaceAll("<seq>", "cf" + seq.toString(16).padStart(16, "0"))));
    }
    const got = await ended;
    if (!v.error) assert.deepEqual(got, { result: v.result });
    else for (const field of Object.keys(v.error)) assert.deepEqual(got.error?.[field], v.error[field], `${field} of ${got.error}`);
  });
}
