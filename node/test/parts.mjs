// Servers in processes of their own, which part_test.go starts, to be frozen.

import { after } from "node:test";
import { given } from "./world.mjs";

/** Those servers: the `instance` of each, and how to `freeze` it and to `thaw` it. */
export const parts = given("HELIUM_PARTS").split(" ").map((text) => {
  const [instance, pid] = text.split(":");
  const signal = (name) => process.kill(Number(pid), name);
  after(() => signal("SIGCONT"));
  return { instance, freeze: () => signal("SIGSTOP"), thaw: () => signal("SIGCONT") };
});
