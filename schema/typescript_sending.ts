/** What a method takes as a stream: its items leave one by one, as the method takes them. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** How a call is made that sends a stream. */
export interface SendOptions extends CallOptions {
  /**
   * How long the stream may take, in milliseconds. Default: as long as it takes, once it has begun,
   * which it has to within the client's.
   */
  timeout?: number | undefined;
  /** Stops the stream. The method is told. */
  signal?: Signal | undefined;
  /**
   * Collects the items first, and sends them as one array, which has to fit a message. That is for
   * where no stream gets to: through another account's export, or of users who may not look the service up.
   */
  collect?: boolean | undefined;
}

/** What a client that sends streams needs of a connection, such as those have, too. */
export interface SendingConnection extends StreamConnection {
  publish(subject: string, payload: Uint8Array, options: { reply: string }): void;
  subscribe(subject: string, options: { callback: (error: Error | null, message: SendingMessage) => void }): { unsubscribe(): void };
  status(): AsyncIterable<{ readonly type: string }>;
  readonly info?: { readonly max_payload: number } | undefined;
}

/** What such a client needs of a message. */
export interface SendingMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number } | undefined;
}

declare const crypto: { getRandomValues(bytes: Uint8Array): unknown } | undefined;
declare const performance: { now(): number };
declare function setTimeout(run: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** How the arguments, the items and what comes back of a method stand on the wire. */
interface WireForms {
  readonly args: readonly WireForm[];
  readonly sends: WireForm;
  readonly back: WireForm;
}

/** How many items a server takes in one array. */
const maxItems = 1 << 22;

async function collected<T>(method: string, items: Items<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) {
    if (all.push(item) > maxItems) {
      throw tooLarge(method, `a plain request has its items in one message, and can't have more than ${maxItems}`);
    }
  }
  return all;
}

/** What an instance's record says, as far as a client of streams reads it. */
interface InstanceRecord {
  instance: string;
  methods: { name: string }[];
  abilities?: number | bigint;
}

/** Makes the calls of a service of which some methods take streams. */
class SendingCaller extends StreamCaller {
  readonly #connection: SendingConnection;
  #clock = { number: 0n, since: 0 };

  constructor(connection: SendingConnection, service: string, options: ClientOptions) {
    super(connection, service, options);
    this.#connection = connection;
  }

  /** Calls a method that takes a stream and answers once. */
  async send(method: string, args: unknown[], items: Items<unknown>, options: SendOptions = {}, wires: WireForms, floats?: Floats): Promise<unknown> {
    const name = `${this.service}.${method}`;
    if (options.collect) {
      return await this.call(method, [...args, await collected(name, items)], options, floats);
    }
    return await (await this.#open(method, args, items, options, wires, false)).answer();
  }

  /** Calls a method that takes a stream and returns one: for each iteration anew, when its first item is wanted. */
  exchange(method: string, args: unknown[], items: Items<unknown>, options: SendOptions = {}, wires: WireForms, floats?: Floats): AsyncIterable<unknown> {
    if (options.collect) {
      return this.stream(method, async () => [...args, await collected(`${this.service}.${method}`, items)], options, floats);
    }
    return { [Symbol.asyncIterator]: () => this.#exchanged(method, args, items, options, wires) };
  }

  async *#exchanged(method: string, args: unknown[], items: Items<unknown>, options: SendOptions, wires: WireForms): AsyncGenerator<unknown, void, undefined> {
    const stream = await this.#open(method, args, items, options, wires, true);
    try {
      for (let next = await stream.next(); next !== undefined; next = await stream.next()) {
        yield next.value;
      }
    } finally {
      stream.leave();
    }
  }

  async #open(method: string, args: unknown[], items: Items<unknown>, options: SendOptions, wires: WireForms, takes: boolean): Promise<OpenStream> {
    const name = `${this.service}.${method}`;
    const { signal } = options;
    const time = this.time(name, options.timeout), until = performance.now() + time;
    const room = (this.#connection.info?.max_payload ?? 1024 * 1024) - 512;
    const packed = packArguments(name, args, wires.args);
    if (packed.length > room) {
      throw tooLarge(name, `the arguments have ${packed.length} bytes, and at most ${room} fit a message`);
    }
    if (signal?.aborted) {
      throw canceled(name, "not executed", signal);
    }
    const takers = await abortable(this.#takers(method, name, Math.min(time, 4000), options.instance), name, signal, "not executed");
    for (let i = 1; ; i++) {
      const [record] = takers.splice(Math.floor(Math.random() * takers.length), 1);
      const left = Math.ceil(until - performance.now());
      if (left <= 0 || record === undefined) {
        throw noTime(name, `no instance was found within ${time} ms`);
      }
      const { instance } = record;
      const stream = new OpenStream(this.#connection, name, {
        instance, at: this.subject(method, { instance }), control: `${this.prefix}.ctl.${this.service}.${instance}`,
        beats: (abilitiesOf(record) & able.heartbeats) !== 0n, clock: this.#clockNow(name),
        left, lasts: options.timeout === undefined ? 0 : left, room: room + 448,
      }, wires, items);
      stream.begin(packed, takes, signal);
      // One that is gone may be in the registry for a while.
      if (i === 3 || takers.length === 0 || !(await stream.isElsewhere())) {
        return stream;
      }
    }
  }

  /** What tells an instance how long messages wait. That of a machine that was suspended stood still. */
  #clockNow(name: string): bigint {
    const now = Date.now();
    if (!(Math.abs(now - this.#clock.since) < 60_000)) {
      this.#clock = { number: unguessable(name), since: now };
    }
    return this.#clock.number;
  }

  /** Finds the instances that take streams, at least one. */
  async #takers(method: string, name: string, timeout: number, instance: string | undefined): Promise<InstanceRecord[]> {
    const hint = "; to send the items as one array instead, pass { collect: true }";
    let records: InstanceRecord[];
    try {
      const reply = await this.#connection.request(`${this.prefix}.binder.lookup.${this.service}`, "", { timeout });
      records = (decode(name, reply, undefined) as { records: InstanceRecord[] }).records;
      if (!Array.isArray(records)) {
        throw new HeliumError(name, { code: "failed_precondition", reason: "binder.foreign_answer", message: "what answered isn't a binder; see who else subscribes there", outcome: "not executed" });
      }
    } catch (cause) {
      const { code, reason, message, details } = cause instanceof HeliumError ? cause : binderError(name, timeout, cause);
      throw new HeliumError(name, { code, reason, details, message: `nobody says which instance takes the stream: ${message.slice(name.length + 2, -code.length - 3)}${hint}`, outcome: "not executed" }, cause);
    }
    const all = records.filter((r) => (instance ?? r.instance) === r.instance && r.methods.some((m) => m.name === method));
    const takers = all.filter((r) => (abilitiesOf(r) & (able.streams | able.answersOnce)) === able.streams);
    if (takers.length > 0) {
      return takers;
    }
    if (all.length === 0) {
      throw new HeliumError(name, { code: "unavailable", reason: "helium.no_instance", message: "no instance has the method, as far as the registry knows; start one", outcome: "not executed" });
    }
    throw new HeliumError(name, { code: "unimplemented", reason: "helium.streams_unsupported", message: `no instance that has the method takes streams, as far as their records say; update the servers${hint}`, outcome: "not executed" });
  }
}

const abilitiesOf = (record: InstanceRecord): bigint => BigInt(record.abilities ?? 0);
