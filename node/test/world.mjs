// What node_test.go has started for these tests, and ways to reach it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { connect } from "@nats-io/transport-node";

/** A variable of the environment that node_test.go sets. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} isn't set; run these tests by: go test ./node`);
  return value;
}

/** A connection to the broker, closed after the tests of the file. */
export async function connection() {
  const nc = await connect({ servers: given("HELIUM_URL"), name: "node tests" });
  after(() => nc.close());
  return nc;
}

/** One of the files of vectors. */
export function vectors(file) {
  return JSON.parse(readFileSync(join(given("HELIUM_VECTORS"), file), "utf8"));
}

/** The bytes of hex that may hold spaces and repetitions: "c1 (00)*3" is c1000000. */
export function bytes(hex) {
  const repeated = hex.replace(/\(([0-9a-f ]*)\)\*(\d+)/g, (_, part, count) => part.repeat(Number(count)));
  return Uint8Array.from(Buffer.from(repeated.replaceAll(" ", ""), "hex"));
}

export function hex(data) {
  return Buffer.from(data).toString("hex");
}

/** A request that only a failing test waits long for. */
export function ask(nc, subject, payload) {
  return nc.request(subject, payload, { timeout: 20_000 });
}

/** Polls until a condition holds. */
export async function eventually(what, holds) {
  for (const deadline = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
