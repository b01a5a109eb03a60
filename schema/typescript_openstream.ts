/** An instance that takes a stream, and how it is spoken to. */
interface StreamRoute {
  readonly instance: string;
  /** The subject of its method. */
  readonly at: string;
  readonly control: string;
  /** Whether it says each half second which streams it has. */
  readonly beats: boolean;
  readonly clock: bigint;
  /** The time to begin in, and the time of all of it, in milliseconds; 0: as long as it takes. */
  readonly left: number;
  readonly lasts: number;
  /** How many bytes of items fit a message. */
  readonly room: number;
}

const windowBytes = 256 * 1024;
const windowItems = 16 * 1024;
const together = 32 * 1024; // bytes of items that leave in one message
const beat = 500; // milliseconds, as are all that follow
const silentAfter = 4 * beat;
const askAfter = 2 * beat;
const renewAfter = 30_000; // NATS may permit the instance to answer for two minutes only

/** One stream, from its beginning to its end. */
class OpenStream {
  readonly #connection: SendingConnection;
  readonly #method: string;
  readonly #route: StreamRoute;
  readonly #wires: WireForms;
  readonly #items: Items<unknown>;
  readonly #number: bigint;
  readonly #inbox: string;
  readonly #asked: string; // the reply subject of its beginning
  readonly #stops: (() => void)[] = []; // what is to be done at its end
  #begun = false;
  #over = false;
  #error: unknown; // why it is, unless it came to its end
  #source: unknown; // what the iterable threw
  #result: Uint8Array | undefined;
  #deadline: unknown; // a timer
  #tending: unknown; // another one
  #changed: () => void = () => {}; // for who waits for what comes
  #moved: () => void = () => {}; // for who waits for credit
  #leaveSource: () => void = () => {}; // while it is waited for
  // What comes.
  #takes = false;
  #rows: { left: bigint; reader: WireReader }[] = [];
  #came = { items: 0n, bytes: 0 };
  #read = { items: 0n, bytes: 0 };
  #given = { items: 0n, bytes: 0 };
  #ends: bigint | undefined; // how many items there are
  // What leaves.
  #credit = { items: 0n, bytes: 0n };
  #taken = { items: 0n, bytes: 0n }; // of it
  #sent = 0n; // items
  #row: Uint8Array[] = []; // items that are about to leave
  #rowBytes = 0;
  #flushing: unknown; // a timer
  #starved = false;
  #last: FrameElement[] | undefined; // the frame that ended the items
  // What is due.
  #heard = performance.now();
  #renewed = performance.now();
  #quiet = { since: performance.now(), told: 0, pause: 2 * beat };

  constructor(connection: SendingConnection, method: string, route: StreamRoute, wires: WireForms, items: Items<unknown>) {
    this.#connection = connection;
    this.#method = method;
    this.#route = route;
    this.#wires = wires;
    this.#items = items;
    this.#number = unguessable(method);
    const { options } = connection as { options?: { inboxPrefix?: string } };
    this.#inbox = `${options?.inboxPrefix || "_INBOX"}.${unguessable(method).toString(36)}${unguessable(method).toString(36)}`;
    this.#asked = this.#newReply();
  }

  /** A reply subject that no other message has. */
  #newReply(): string {
    return `${this.#inbox}.+${unguessable(this.#method).toString(36)}`;
  }

  /** Sends its beginning, with the arguments. It `takes` items. */
  begin(args: Uint8Array, takes: boolean, signal: Signal | undefined): void {
    const { at, left, lasts } = this.#route;
    if (takes) {
      this.#takes = true;
      this.#given = { items: BigInt(windowItems), bytes: windowBytes };
    }
    const begins = [kinds.stream, this.#number, left, null, lasts, this.#given.bytes, this.#given.items, args];
    try {
      const subscription = this.#connection.subscribe(`${this.#inbox}.*`, { callback: (error, message) => this.#receive(error, message) });
      this.#stops.push(() => subscription.unsubscribe());
      this.#connection.publish(at, messageOf(this.#about(), begins), { reply: this.#asked });
    } catch (cause) {
      this.#end(this.#fault("unavailable", "helium.not_sent", cause instanceof Error ? cause.message : String(cause), "not executed", cause));
      return;
    }
    this.#follow();
    const abort = () => this.#abandon(this.#fault("canceled", "helium.canceled", "the caller gave up", "unknown", signal?.reason));
    if (signal !== undefined) {
      this.#stops.push(onAbort(signal, abort));
    }
    const late = () => this.#abandon(this.#fault("deadline_exceeded", "helium.deadline", `the stream ${this.#begun ? "wasn't over" : "didn't begin"} within ${left} ms`), 1);
    this.#deadline = setTimeout(late, left);
    this.#tend(performance.now());
    this.#stops.push(() => clearTimeout(this.#deadline), () => clearTimeout(this.#tending), () => clearTimeout(this.#flushing));
  }

  #about(): FrameElement[] {
    return [kinds.sender, this.#route.clock, Math.floor(performance.now() * 1000), able.heartbeats];
  }

  #fault(code: Code, reason: string, message: string, outcome: Outcome = "unknown", cause?: unknown): HeliumError {
    return new HeliumError(this.#method, { code, reason, message, outcome, instance: this.#route.instance }, cause);
  }

  /** Waits until it has begun, or was refused. Whether another instance may take it: this one has no part in it. */
  async isElsewhere(): Promise<boolean> {
    while (!this.#begun && !this.#over) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    return this.#error instanceof HeliumError && this.#error.code === "unavailable" && this.#error.outcome === "not executed";
  }

  /** The next item; undefined behind the last one. */
  async next(): Promise<{ value: unknown } | undefined> {
    for (;;) {
      const row = this.#rows[0];
      if (row !== undefined) {
        const before = row.reader.left;
        const value = readable(this.#method, () => row.reader.value(this.#wires.back));
        this.#read = { items: this.#read.items + 1n, bytes: this.#read.bytes + before - row.reader.left };
        if (--row.left === 0n) {
          this.#rows.shift();
        }
        this.#giveMore();
        return { value };
      }
      if (this.#over) {
        if (this.#error !== undefined) {
          throw this.#error;
        }
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /** The result, once it has come. */
  async answer(): Promise<unknown> {
    while (!this.#over) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    const result = this.#result;
    if (result === undefined) {
      throw this.#error;
    }
    return readable(this.#method, () => new WireReader(result).value(this.#wires.back));
  }

  /** Ends it, if it isn't over: nobody wants more of it. */
  leave(): void {
    this.#abandon(this.#fault("canceled", "helium.canceled", "the caller left the stream"));
  }

  /** Ends it with an error in place of what has come and wasn't read, and tells the instance why. */
  #abandon(error: HeliumError, reason = 0): void {
    if (this.#over) {
      return;
    }
    this.#rows = [];
    this.#tell(reason === 0 ? [kinds.cancel, this.#number] : [kinds.cancel, this.#number, reason]);
    this.#end(error);
  }

  /** Ends it behind what has come. */
  #end(error?: HeliumError): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    this.#error = error;
    for (const stop of this.#stops) {
      stop();
    }
    this.#row = [];
    this.#changed();
    this.#moved();
    this.#leaveSource();
  }

  /** Says something to the instance, which it may have to be said again. */
  #tell(frame: FrameElement[], reply = `${this.#inbox}.+`): void {
    this.#publish(this.#route.control, messageOf(frame), reply);
  }

  #publish(subject: string, payload: Uint8Array, reply: string): void {
    try {
      this.#connection.publish(subject, payload, { reply });
    } catch (cause) {
      this.#end(this.#fault("unavailable", "helium.disconnected", `the stream can't go on: ${cause instanceof Error ? cause.message : cause}`, "unknown", cause));
    }
  }

  /** Ends it with the connection, and where NATS refuses what it says. */
  async #follow(): Promise<void> {
    const status: AsyncIterable<{ type: string; error?: { operation?: string; subject?: string } }> & { stop?: () => void } = this.#connection.status();
    this.#stops.push(() => status.stop?.());
    for await (const { type, error } of status) {
      if (type === "disconnect" || type === "close") {
        this.#end(this.#fault("unavailable", "helium.disconnected", "the connection to NATS was lost while the stream was on its way"));
      } else if (type === "error" && error?.operation === "publish" && (error.subject === this.#route.at || error.subject === this.#route.control)) {
        const outcome = error.subject === this.#route.at ? "not executed" : "unknown";
        this.#end(this.#fault("permission_denied", "helium.not_permitted", `this connection's user may not publish to "${error.subject}"; allow it to, or connect as another user`, outcome));
      }
    }
  }

  /** Does each half second what is due. */
  #tend(before: number): void {
    this.#tending = setTimeout(() => {
      const now = performance.now();
      if (now - before > 2 * beat) {
        this.#heard = now; // this program stood still
      }
      const silent = this.#route.beats ? now - this.#heard : 0;
      if (silent >= silentAfter) {
        this.#abandon(this.#fault("unavailable", "helium.silent", "the instance that has the stream has been silent for 2 s; it is frozen, dead or cut off"));
        return;
      }
      if (silent >= askAfter) {
        this.#publish(this.#route.at, messageOf(this.#about()), this.#newReply());
      }
      if (now - this.#renewed >= renewAfter) {
        this.#renewed = now;
        this.#tell([kinds.credit, this.#number, 0, 0], this.#newReply());
      }
      this.#account(now);
      if (!this.#over) {
        this.#tend(now);
      }
    }, beat);
  }

  /** Says what has left once nothing has for a while: it may have got lost without a word. */
  #account(now: number): void {
    const { since, told, pause } = this.#quiet;
    if (!this.#begun || now - since < pause) {
      return;
    }
    if (this.#last !== undefined) {
      this.#tell(this.#last);
    } else if (this.#starved || told < 3) {
      this.#tell([kinds.account, this.#number, this.#sent, 0, this.#credit.bytes, this.#credit.items]);
    }
    this.#quiet = { since: now, told: told + 1, pause: Math.min(2 * pause, 16 * beat) };
  }

  #receive(error: Error | null, { subject, data, headers }: SendingMessage): void {
    if (error !== null) {
      this.#end(this.#fault("permission_denied", "helium.not_permitted", `this connection's user may not subscribe to "${this.#inbox}.*": ${error.message}`, "unknown", error));
      return;
    }
    if (data.length === 0) {
      if (headers?.code === 503 && subject === this.#asked && !this.#begun) {
        this.#end(this.#fault("unavailable", "helium.no_instance", "the instance that was chosen is gone", "not executed"));
      }
      return;
    }
    let all: WireReader[][];
    try {
      all = frames(data);
    } catch {
      return; // it breaks the protocol, and isn't an instance's
    }
    this.#heard = performance.now();
    for (const frame of all) {
      try {
        this.#take(frame, subject);
      } catch (cause) {
        this.#abandon(badResult(this.#method, `what the instance sent as a stream breaks the protocol: ${cause instanceof Error ? cause.message : cause}`, cause));
      }
    }
  }

  #take([first, second, ...rest]: WireReader[], subject: string): void {
    const kind = Number(first?.unsigned());
    if (this.#over || second === undefined) {
      return;
    }
    const at = (i: number): WireReader => rest[i] ?? new WireReader(new Uint8Array());
    if (kind === kinds.instance) {
      if (this.#begun && (at(0).unsigned() & able.answersOnce) !== 0n) {
        this.#abandon(this.#fault("unavailable", "helium.silent", 'the instance may send one message only to this caller from now on, so what was to come got lost; let its user publish to "_INBOX.>", for longer than this lasts'));
      }
      return;
    }
    if (!takenKinds.includes(kind)) {
      return;
    }
    const number = second.unsigned();
    if (number !== this.#number && !(kind === kinds.error && number === 0n && subject === this.#asked)) {
      return;
    }
    switch (kind) {
      case kinds.reply:
        this.#replied(at(2).binary());
        return;
      case kinds.error:
        this.#end(frameError(this.#method, at(2).value(), this.#source));
        return;
    }
    if (!this.#begun) {
      this.#begun = true;
      if (this.#route.lasts === 0) {
        clearTimeout(this.#deadline);
      }
      this.#changed();
      this.#upload();
    }
    switch (kind) {
      case kinds.credit:
        this.#credit = { bytes: greater(this.#credit.bytes, at(0).unsigned()), items: greater(this.#credit.items, at(1).unsigned()) };
        this.#moved();
        return;
      case kinds.items:
        this.#arrive(at(0).unsigned(), at(1).unsigned(), at(2).binary());
        return;
      case kinds.itemsEnd:
        this.#ends = at(0).unsigned();
        return;
      case kinds.account:
        if (at(0).unsigned() > this.#came.items) {
          this.#abandonAtGap();
        } else if (BigInt(this.#given.bytes) > at(2).unsigned() || this.#given.items > at(3).unsigned()) {
          this.#tell([kinds.credit, this.#number, this.#given.bytes, this.#given.items]);
        }
    }
  }

  #replied(result: Uint8Array): void {
    if (this.#takes && this.#ends !== this.#came.items) {
      this.#abandonAtGap();
      return;
    }
    this.#result = result;
    this.#end();
  }

  #abandonAtGap(): void {
    const rows = this.#rows;
    this.#abandon(this.#fault("data_loss", "helium.stream_gap", `items of the stream got lost behind the first ${this.#came.items}, or came twice`));
    this.#rows = rows;
  }

  #arrive(before: bigint, count: bigint, items: Uint8Array): void {
    if (before !== this.#came.items) {
      this.#abandonAtGap();
      return;
    }
    if (count < 1n || count > BigInt(items.length) || this.#came.bytes >= this.#given.bytes || this.#came.items + count > this.#given.items) {
      throw new RangeError("it sent more than it may, or less than it says");
    }
    this.#came = { items: before + count, bytes: this.#came.bytes + items.length };
    this.#rows.push({ left: count, reader: new WireReader(items.slice()) });
    this.#changed();
  }

  /** Gives more credit once half of it was read. */
  #giveMore(): void {
    const { items, bytes } = this.#given;
    const isDue = 2 * (bytes - this.#read.bytes) <= windowBytes || 2n * (items - this.#read.items) <= BigInt(windowItems);
    if (this.#over || !isDue) {
      return;
    }
    this.#given = { items: this.#read.items + BigInt(windowItems), bytes: this.#read.bytes + windowBytes };
    this.#tell([kinds.credit, this.#number, this.#given.bytes, this.#given.items]);
  }

  /** Sends what the iterable gives, as there is credit for it. */
  async #upload(): Promise<void> {
    const items = this.#items as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    let iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
    let isDone = false;
    const leave = () => {
      if (!isDone) {
        isDone = true;
        (async () => iterator?.return?.())().catch(() => {});
      }
    };
    try {
      iterator = items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]?.();
      while (!this.#over) {
        const coming = iterator?.next();
        this.#leaveSource = leave; // it may wait for what never comes
        const next = await coming;
        this.#leaveSource = () => {};
        if (next === undefined || next.done) {
          isDone = true;
          this.#conclude(null);
          return;
        }
        await this.#put(next.value);
      }
    } catch (cause) {
      if (cause instanceof UnsendableItem) {
        this.#abandon(cause.error);
      } else {
        isDone = true;
        this.#source = cause;
        this.#conclude(errorElement(cause));
      }
    } finally {
      this.#leaveSource = () => {};
      leave();
    }
  }

  #conclude(error: WireWriter | null): void {
    if (this.#over) {
      return;
    }
    this.#flush();
    this.#last = [kinds.itemsEnd, this.#number, this.#sent, error];
    this.#quiet = { since: performance.now(), told: 0, pause: 2 * beat };
    this.#tell(this.#last);
  }

  async #put(item: unknown): Promise<void> {
    const out = new WireWriter();
    try {
      out.value(item, this.#wires.sends, "an item");
    } catch (cause) {
      throw new UnsendableItem(this.#fault("invalid_argument", "helium.bad_argument", cause instanceof Error ? cause.message : String(cause), "unknown", cause));
    }
    const packed = out.done();
    if (packed.length > this.#route.room) {
      throw new UnsendableItem(tooLarge(this.#method, `an item has ${packed.length} bytes, and at most ${this.#route.room} fit a message`, "unknown"));
    }
    while (!this.#over && (this.#taken.bytes >= this.#credit.bytes || this.#taken.items >= this.#credit.items)) {
      this.#flush();
      this.#starved = true;
      await new Promise<void>((resolve) => (this.#moved = resolve));
    }
    this.#starved = false;
    if (this.#over) {
      return;
    }
    this.#taken = { bytes: this.#taken.bytes + BigInt(packed.length), items: this.#taken.items + 1n };
    if (this.#rowBytes + packed.length > Math.min(together, this.#route.room)) {
      this.#flush();
    }
    this.#row.push(packed);
    this.#rowBytes += packed.length;
    this.#flushing ??= setTimeout(() => this.#flush(), 0);
  }

  /** Sends the items that are about to leave. */
  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const count = this.#row.length;
    if (count === 0) {
      return;
    }
    const row = new Uint8Array(this.#rowBytes);
    let at = 0;
    for (const item of this.#row) {
      row.set(item, at);
      at += item.length;
    }
    this.#row = [];
    this.#rowBytes = 0;
    this.#tell([kinds.items, this.#number, this.#sent, count, row]);
    this.#sent += BigInt(count);
    this.#quiet = { since: performance.now(), told: 0, pause: 2 * beat };
  }
}

/** Why an item can't be sent, though the iterable gave it. */
class UnsendableItem extends Error {
  readonly error: HeliumError;

  constructor(error: HeliumError) {
    super();
    this.error = error;
  }
}
