import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { connection, given } from "./world.mjs";

const folder = given("HELIUM_TYPESCRIPT"); // holds client.ts and a program that uses it
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

test("the generated client passes the strictest compiler and calls", async () => {
  const compile = promisify(execFile)(process.execPath, [tsc, "-p", folder]);
  const { stdout } = await compile.catch((err) => ({ stdout: err.stdout }));
  assert.equal(stdout, "");
  const { run } = await import(pathToFileURL(join(folder, "out/use.js")).href);
  assert.deepEqual(await run(await connection()), {
    sum: 5, difference: -1, large: 9007199254740995n, small: 42, code: "invalid_argument", reason: "math.division_by_zero", outcome: "executed",
    primes: [2, 3, 5, 7, 11], mean: 3, running: [1, 1.5], dry: [0, 1], reasonOfEnd: "flows.dry", first: [0, 1, 2],
    timeout: "deadline_exceeded", canceled: "canceled",
  });
});
