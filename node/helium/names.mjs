// Names: docs/protocol.md, "Names and subjects".

import { HeliumError } from "./errors.mjs";

/** Refuses what is no name, before it becomes part of a subject. */
export function checkNames({ service, method, instance }) {
  for (const [what, name] of Object.entries({ service, method, instance })) {
    if (name === undefined || typeof name === "string" && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) continue;
    throw new HeliumError("invalid_argument", `${JSON.stringify(name) ?? typeof name} can't be the name of ${what === "service" ? "a" : what === "method" ? "a" : "an"} ${what}: a letter, and at most 63 letters, digits, "_" and "-"`, { reason: "helium.bad_name", outcome: "not executed" });
  }
}
