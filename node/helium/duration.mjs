// Durations as text: docs/protocol.md, "Plain requests".

import { ranged } from "./values.mjs";

const UNITS = { h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, µs: 1000n, μs: 1000n, ns: 1n };

/** Reads "1h30m" as nanoseconds, of which it has to be a whole number. */
export function parseDuration(text) {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text);
  const parts = rest.match(/(\d+\.?\d*|\.\d+)(ms|us|µs|μs|ns|h|m|s)/g) ?? [];
  if (rest !== "0" && (parts.length === 0 || parts.join("") !== rest)) throw new RangeError(`${JSON.stringify(text)} is no duration`);
  let sum = 0n;
  for (const part of parts) {
    const [, whole, fraction = "", unit] = /^(\d*)\.?(\d*)(\D+)$/.exec(part);
    const scaled = BigInt(whole + fraction || "0") * UNITS[unit], scale = 10n ** BigInt(fraction.length);
    if (scaled % scale !== 0n) throw new RangeError(`${JSON.stringify(text)} is finer than a nanosecond`);
    sum += scaled / scale;
  }
  return ranged(sign === "-" ? -sum : sum, "duration");
}

/** Writes nanoseconds as "1h30m0s", and less than a second as "1.5ms". */
export function printDuration(n) {
  if (n < 0n) return "-" + printDuration(-n);
  if (n === 0n) return "0s";
  const decimal = (value, unit) => {
    const [whole, part] = [value / unit, value % unit];
    const digits = String(unit).length - 1;
    return part === 0n ? String(whole) : `${whole}.${String(part).padStart(digits, "0").replace(/0+$/, "")}`;
  };
  if (n < 1000n) return `${n}ns`;
  if (n < UNITS.ms) return `${decimal(n, UNITS.us)}µs`;
  if (n < UNITS.s) return `${decimal(n, UNITS.ms)}ms`;
  const hours = n / UNITS.h, minutes = n / UNITS.m % 60n;
  return `${hours > 0n ? `${hours}h` : ""}${hours + minutes > 0n ? `${minutes}m` : ""}${decimal(n % UNITS.m, UNITS.s)}s`;
}
