const defaultPrefix = {{prefix}};

/**
 * An integer of 64 bits: a bigint where a number can't hold it, as can be from 2^53 on, and
 * else a number. `BigInt(n)` makes a bigint of either, and `Number(n)` a number, which may
 * be rounded.
 */
export type Int64 = number | bigint;

/**
 * What a client needs of a connection to NATS: any of `@nats-io/transport-node`, of
 * `wsconnect` in `@nats-io/nats-core`, and of their kin will do.
 */
export interface Connection {
  // The headers are those of ClientOptions, and any to these types: connections ask for a type of their own.
  request(subject: string, payload: string, options: { timeout: number; headers?: any }): Promise<Reply>;
}

/** What a client needs of headers, such as `headers()` of `@nats-io/nats-core` makes. */
export interface Headers {
  set(name: string, value: string): void;
}

/** What a client needs of an answer. */
export interface Reply {
  string(): string;
  readonly headers?: { get(name: string): string } | undefined;
}

/** An `AbortSignal`. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How a client calls, unless a call says otherwise. */
export interface ClientOptions {
  /** How long a call may take, in milliseconds. Default: 10000. */
  timeout?: number | undefined;
  /** The first part of the subjects. Default: as when this file was generated. */
  prefix?: string | undefined;
  /**
   * Makes headers: `headers` of `@nats-io/nats-core`. With it methods are told how long a call may
   * take. Default: they aren't, and have the server's own time, 30 s unless that is set.
   */
  headers?: (() => Headers) | undefined;
}

/** How one call is made. */
export interface CallOptions {
  /** How long it may take, in milliseconds. Default: the client's, and for a stream 30000. */
  timeout?: number | undefined;
  /** Stops waiting for the answer. The method isn't told, and may run to its end. */
  signal?: Signal | undefined;
  /** The one instance that is to run the call. Default: any. */
  instance?: string | undefined;
}

/** The sixteen codes of errors. */
export type Code =
  | "canceled" | "unknown" | "invalid_argument" | "deadline_exceeded"
  | "not_found" | "already_exists" | "permission_denied" | "resource_exhausted"
  | "failed_precondition" | "aborted" | "out_of_range" | "unimplemented"
  | "internal" | "unavailable" | "data_loss" | "unauthenticated";

/** Could the method have run? Only what was "not executed" is certain to do no harm if it is called again. */
export type Outcome = "unknown" | "not executed" | "executed";

/** What an error says beside its message. */
export interface ErrorFacts {
  code: Code;
  /** Names the error for programs, such as "math.division_by_zero"; may be empty. */
  reason: string;
  message: string;
  outcome: Outcome;
  details?: { [name: string]: string } | undefined;
  /** The instance that answered, "" if none did. */
  instance?: string | undefined;
}

/** The error of a call: the method's own, Helium's, or the bus's. */
export class HeliumError extends Error implements ErrorFacts {
  override readonly name: string = "HeliumError";
  readonly code: Code;
  readonly reason: string;
  readonly outcome: Outcome;
  readonly details: { [name: string]: string };
  readonly instance: string;
  /** What was called: "math.add". */
  readonly method: string;

  constructor(method: string, facts: ErrorFacts, cause?: unknown) {
    super(`${method}: ${facts.message} (${facts.code})`, { cause });
    this.method = method;
    this.code = facts.code;
    this.reason = facts.reason;
    this.outcome = facts.outcome;
    this.details = facts.details ?? {};
    this.instance = facts.instance ?? "";
  }
}

/** Makes the calls of one service: plain JSON requests, as docs/protocol.md has them. */
class Caller {
  readonly #connection: Connection;
  protected readonly service: string;
  readonly #options: ClientOptions;

  constructor(connection: Connection, service: string, options: ClientOptions) {
    this.#connection = connection;
    this.service = service;
    this.#options = options;
  }

  async call(method: string, args: unknown[], options: CallOptions = {}, floats?: Floats): Promise<unknown> {
    const name = `${this.service}.${method}`;
    const timeout = this.time(name, options.timeout);
    const payload = encode(name, args);
    if (options.signal?.aborted) {
      throw canceled(name, "not executed", options.signal);
    }
    const subject = this.subject(method, options);
    let reply: Reply;
    try {
      const answer = this.#connection.request(subject, payload, { timeout, ...this.headers(timeout) });
      reply = await abortable(answer, name, options.signal);
    } catch (cause) {
      throw cause instanceof HeliumError ? cause : busError(name, timeout, cause);
    }
    return decode(name, reply, floats);
  }

  protected get prefix(): string {
    return this.#options.prefix ?? defaultPrefix;
  }

  protected subject(method: string, { instance }: CallOptions): string {
    if (instance !== undefined && !/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(instance)) {
      throw new HeliumError(`${this.service}.${method}`, { code: "invalid_argument", reason: "helium.bad_name", message: `${JSON.stringify(instance)} can't be the name of an instance`, outcome: "not executed" });
    }
    const to = instance === undefined ? `call.${this.service}` : `at.${this.service}.${instance}`;
    return `${this.prefix}.${to}.${method}`;
  }

  /** How long a call may take, in whole milliseconds, of which a timer takes some 24 days. */
  protected time(method: string, timeout = this.#options.timeout ?? 10_000): number {
    if (!(timeout > 0)) {
      throw noTime(method, `no time is left: the timeout is ${timeout} ms`);
    }
    return Math.min(Math.ceil(timeout), 2 ** 31 - 1);
  }

  protected headers(timeout: number): { headers?: Headers } {
    const headers = this.#options.headers?.();
    headers?.set("Helium-Timeout", String(timeout));
    return headers === undefined ? {} : { headers };
  }
}

/** Waits for an answer until the signal says to stop. */
function abortable<T>(answer: Promise<T>, method: string, signal: Signal | undefined, outcome: Outcome = "unknown"): Promise<T> {
  if (signal === undefined) {
    return answer;
  }
  return new Promise((resolve, reject) => {
    const stop = () => reject(canceled(method, outcome, signal));
    if (signal.aborted) {
      stop(); // of one that was aborted before nobody hears
    }
    answer.then(resolve, reject).finally(onAbort(signal, stop));
  });
}

const heard = new WeakMap<Signal, { acts: Set<() => void>; listener: () => void }>();

/**
 * Does something when a signal aborts, and returns what takes that back. However many do, the signal has one
 * listener: of many, Node.js takes some to be left behind.
 */
function onAbort(signal: Signal, act: () => void): () => void {
  const acts = heard.get(signal)?.acts ?? new Set<() => void>();
  if (acts.size === 0) {
    const listener = () => [...acts].forEach((each) => each());
    heard.set(signal, { acts, listener });
    signal.addEventListener("abort", listener);
  }
  acts.add(act);
  return () => {
    const listener = heard.get(signal)?.listener;
    if (acts.delete(act) && acts.size === 0 && listener !== undefined) {
      heard.delete(signal);
      signal.removeEventListener("abort", listener);
    }
  };
}

function canceled(method: string, outcome: Outcome, signal: Signal): HeliumError {
  return new HeliumError(method, { code: "canceled", reason: "helium.canceled", message: "the caller gave up", outcome }, signal.reason);
}

function noTime(method: string, message: string): HeliumError {
  return new HeliumError(method, { code: "deadline_exceeded", reason: "helium.deadline", message, outcome: "not executed" });
}

function tooLarge(method: string, message: string, outcome: Outcome = "not executed", cause?: unknown): HeliumError {
  return new HeliumError(method, { code: "resource_exhausted", reason: "helium.call_too_large", message, outcome }, cause);
}

/** Turns what the connection throws into a HeliumError. */
function busError(method: string, timeout: number, cause: unknown): HeliumError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const root = error.cause instanceof Error ? error.cause : error;
  const facts: ErrorFacts = { code: "unavailable", reason: "helium.disconnected", message: error.message, outcome: "unknown" };
  if (root.name === "InvalidArgumentError" && root.message.includes("max_payload")) {
    return tooLarge(method, "the arguments don't fit a message of this NATS server, see its max_payload", "not executed", cause);
  }
  if (root.name.startsWith("NoResponders") || root.message.includes("no responders")) {
    Object.assign(facts, { reason: "helium.no_instance", message: "no instance listens", outcome: "not executed" });
  } else if (root.name === "TimeoutError") {
    Object.assign(facts, { code: "deadline_exceeded", reason: "helium.deadline", message: `no answer within ${timeout} ms` });
  } else if (root.name === "PermissionViolationError") {
    const outcome = "operation" in root && root.operation === "publish" ? "not executed" : "unknown";
    Object.assign(facts, { code: "permission_denied", reason: "helium.not_permitted", outcome });
  } else if (["ClosedConnectionError", "DrainingConnectionError", "InvalidArgumentError", "InvalidSubjectError"].includes(root.name)) {
    Object.assign(facts, { reason: "helium.not_sent", outcome: "not executed" });
  }
  return new HeliumError(method, facts, cause);
}

/**
 * Writes arguments as JSON, integers with all their digits, and refuses what JSON would
 * silently make null of.
 */
function encode(method: string, args: unknown[]): string {
  // Integers that JSON.stringify can't write stand as text behind a mark, which nothing
  // else in the arguments holds, until the text is there.
  for (let mark = "integer:"; ; mark += ":") {
    let marked = 0;
    const text = JSON.stringify(args, function (this: { [key: string]: unknown }, key: string, value: unknown) {
      const given = this[key]; // as it was before a toJSON of its own
      if (typeof given === "number" && !Number.isFinite(given)) {
        throw new HeliumError(method, { code: "invalid_argument", reason: "helium.bad_argument", message: `JSON has no number ${given}`, outcome: "not executed" });
      }
      if (typeof given === "bigint" || (typeof given === "number" && Number.isInteger(given) && !Number.isSafeInteger(given))) {
        marked++;
        return mark + BigInt(given);
      }
      return value;
    });
    if (text.split(mark).length === marked + 1) {
      return text.replace(new RegExp(`"${mark}(-?[0-9]+)"`, "g"), "$1");
    }
  }
}

/** Reads an answer: the result, or an error by its headers and its body. */
function decode(method: string, reply: Reply, floats: Floats | undefined): unknown {
  const text = reply.string();
  const problem = reply.headers?.get("Nats-Service-Error");
  if (problem) {
    const facts: ErrorFacts = { code: "unknown", reason: "", message: problem, outcome: "unknown" };
    try {
      Object.assign(facts, JSON.parse(text));
    } catch {
      // No body of Helium's: the header is all there is.
    }
    throw new HeliumError(method, facts);
  }
  try {
    const result: unknown = JSON.parse(text);
    return firstRounded(text) === undefined ? result : parse(text, floats);
  } catch (cause) {
    throw badResult(method, "the answer isn't JSON", cause);
  }
}

function badResult(method: string, message: string, cause?: unknown): HeliumError {
  return new HeliumError(method, { code: "internal", reason: "helium.bad_result", message, outcome: "executed" }, cause);
}

/**
 * Where in a result the numbers are floats, and so numbers with however many digits they
 * are written: "number" says that it is one, the name of a type that they are as there.
 */
type Floats = string | { readonly each: Floats } | { readonly fields: { readonly [name: string]: Floats } };

const namedFloats: { readonly [type: string]: Floats } = {{floats}};

/** Finds an integer in JSON that a number can't hold, as those of 64 bits can be. */
function firstRounded(text: string): string | undefined {
  return /[0-9]{16}/.test(text) ? tokens(text).find(isWide) : undefined;
}

function isWide(token: string | undefined): token is string {
  if (token === undefined || !/^-?[0-9]{16,}$/.test(token)) {
    return false;
  }
  const rounded = Number(token);
  return String(rounded) !== token || BigInt(rounded) !== BigInt(token);
}

/** Takes JSON apart: strings, numbers and words, brackets and commas. */
function tokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[{}[\],]|[^\s{}[\],:"]+/g) ?? [];
}

/** Is JSON.parse for text that it takes, but makes bigints of what a number can't hold. */
function parse(text: string, floats: Floats | undefined): unknown {
  const all = tokens(text);
  let next = 0;
  const value = (given: Floats | undefined): unknown => {
    const floats = typeof given === "string" && given !== "number" ? namedFloats[given] : given;
    const parts = typeof floats === "object" ? floats : { each: undefined };
    const token = all[next++];
    if (token === "[") {
      const list: unknown[] = [];
      while (all[next] !== "]") {
        list.push(value("each" in parts ? parts.each : undefined));
        next += all[next] === "," ? 1 : 0;
      }
      next++;
      return list;
    }
    if (token === "{") {
      const fields: [string, unknown][] = [];
      while (all[next] !== "}") {
        const name: string = JSON.parse(all[next++] ?? "");
        const own = "fields" in parts && Object.hasOwn(parts.fields, name);
        fields.push([name, value(own ? parts.fields[name] : "each" in parts ? parts.each : undefined)]);
        next += all[next] === "," ? 1 : 0;
      }
      next++;
      return Object.fromEntries(fields);
    }
    if (isWide(token)) {
      return floats === "number" ? Number(token) : BigInt(token);
    }
    return JSON.parse(token ?? "");
  };
  return value(floats);
}
