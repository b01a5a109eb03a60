/** What a client with streams needs of a connection, such as those have, too. */
export interface StreamConnection extends Connection {
  requestMany(
    subject: string,
    payload: string,
    options: { strategy: "timer"; maxWait: number; noMux: boolean; headers?: any },
  ): Promise<AsyncIterable<Reply>>;
}

/** Makes the calls of a service of which some methods return streams. */
class StreamCaller extends Caller {
  readonly #connection: StreamConnection;

  constructor(connection: StreamConnection, service: string, options: ClientOptions) {
    super(connection, service, options);
    this.#connection = connection;
  }

  /** Calls a method that returns a stream: for each iteration anew, when its first item is wanted. */
  stream(method: string, args: () => Promise<unknown[]>, options: CallOptions = {}, floats?: Floats): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => this.#items(method, args, options, floats) };
  }

  async *#items(method: string, args: () => Promise<unknown[]>, options: CallOptions, floats?: Floats): AsyncGenerator<unknown, void, undefined> {
    const name = `${this.service}.${method}`;
    const timeout = this.time(name, options.timeout ?? 30_000);
    const signal = options.signal;
    const payload = encode(name, await args());
    if (signal?.aborted) {
      throw canceled(name, "not executed", signal);
    }
    const subject = this.subject(method, options);
    let replies: AsyncIterable<Reply> & { stop?: () => void };
    try {
      const wait = { strategy: "timer", maxWait: timeout, noMux: true } as const;
      replies = await this.#connection.requestMany(subject, payload, { ...wait, ...this.headers(timeout) });
    } catch (cause) {
      throw busError(name, timeout, cause);
    }
    const iterator = replies[Symbol.asyncIterator]();
    const until = Date.now() + timeout - 20; // timers are that exact
    let over = false;
    try {
      for (let count = 0; ; count++) {
        const next = await abortable(iterator.next(), name, signal);
        if (next.done) {
          over = true;
          if (Date.now() < until) {
            throw new HeliumError(name, { code: "unavailable", reason: "helium.disconnected", message: "the connection to NATS was closed before the stream was over", outcome: "unknown" });
          }
          throw new HeliumError(name, { code: "deadline_exceeded", reason: "helium.deadline", message: `the stream wasn't over within ${timeout} ms`, outcome: "unknown" });
        }
        const sent = next.value.headers?.get("Helium-Items");
        if (sent && !next.value.headers?.get("Nats-Service-Error")) {
          if (Number(sent) !== count) {
            throw new HeliumError(name, { code: "data_loss", reason: "helium.stream_gap", message: `${count} items came of ${sent}`, outcome: "executed" });
          }
          return;
        }
        yield decode(name, next.value, floats);
      }
    } catch (cause) {
      throw cause instanceof HeliumError ? cause : busError(name, timeout, cause);
    } finally {
      if (!over) {
        replies.stop?.(); // a next that waits would keep the subscription
        iterator.return?.()?.catch(() => {});
      }
    }
  }
}
