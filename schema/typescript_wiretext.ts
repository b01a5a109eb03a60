/** An integer as a number, or where that can't hold it, or would show it as another, as a bigint. */
function narrow(n: number | bigint): Int64 {
  const number = Number(n);
  return String(number) === String(n) && BigInt(number) === BigInt(n) ? number : n;
}

function keyOf(name: string, kind: string): unknown {
  if (kind === "bool") {
    return name === "true" ? true : name === "false" ? false : name;
  }
  return kind === "string" || kind === "bytes" || !/^-?[0-9]+$/.test(name) ? name : kind === "duration" ? `${name}ns` : BigInt(name);
}

function fromBase64(text: string, where: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  } catch {
    throw new RangeError(`${where}: got ${JSON.stringify(text.slice(0, 40))}, want bytes in base64`);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

const units: { readonly [unit: string]: bigint } = { h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, "µs": 1000n, "μs": 1000n, ns: 1n };

/** Reads "1h30m" as nanoseconds, of which it has to be a whole number. */
function nanoseconds(text: string): bigint {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const parts = rest.match(/([0-9]+\.?[0-9]*|\.[0-9]+)(ms|us|µs|μs|ns|h|m|s)/g) ?? [];
  if (rest !== "0" && (parts.length === 0 || parts.join("") !== rest)) {
    throw new RangeError(`${JSON.stringify(text)} is no duration, such as "1h30m"`);
  }
  let sum = 0n;
  for (const part of parts) {
    const [, whole = "", fraction = "", unit = ""] = /^([0-9]*)\.?([0-9]*)(.+)$/.exec(part) ?? [];
    const scaled = BigInt(whole + fraction || "0") * (units[unit] ?? 0n), scale = 10n ** BigInt(fraction.length);
    if (scaled % scale !== 0n) {
      throw new RangeError(`${JSON.stringify(text)} is finer than a nanosecond`);
    }
    sum += scaled / scale;
  }
  return sign === "-" ? -sum : sum;
}

/** Writes nanoseconds as "1h30m0s", and less than a second as "1.5ms". */
function duration(n: bigint): string {
  if (n < 0n) {
    return `-${duration(-n)}`;
  }
  const of = (value: bigint, unit: string) => {
    const size = units[unit] ?? 1n, rest = value % size;
    const fraction = rest === 0n ? "" : `.${String(rest).padStart(String(size).length - 1, "0").replace(/0+$/, "")}`;
    return `${value / size}${fraction}${unit}`;
  };
  if (n === 0n) return "0s";
  if (n < 1_000_000_000n) return of(n, n < 1000n ? "ns" : n < 1_000_000n ? "µs" : "ms");
  const hours = n / 3_600_000_000_000n, minutes = (n / 60_000_000_000n) % 60n;
  return `${hours > 0n ? `${hours}h` : ""}${hours + minutes > 0n ? `${minutes}m` : ""}${of(n % 60_000_000_000n, "s")}`;
}
