/** A number that nobody can guess: who names a call was told of it. */
function unguessable(method: string): bigint {
  if (typeof crypto === "undefined") {
    throw new HeliumError(method, { code: "failed_precondition", reason: "helium.streams_unsupported", message: "crypto.getRandomValues is missing here, which streams need; Node.js has it from version 19 on, and before once `globalThis.crypto` is the `webcrypto` of `node:crypto`", outcome: "not executed" });
  }
  const bytes = new Uint8Array(8);
  crypto.getRandomValues(bytes);
  return new DataView(bytes.buffer).getBigUint64(0) || 1n;
}

const kinds = { reply: 2, error: 3, cancel: 5, sender: 6, instance: 7, stream: 11, items: 12, itemsEnd: 13, credit: 14, account: 20 } as const;

const codes: readonly Code[] = [
  "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
  "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable",
  "data_loss", "unauthenticated",
];

const outcomes: readonly Outcome[] = ["unknown", "not executed", "executed"];

const able = { heartbeats: 1n, answersOnce: 2n, streams: 16n } as const;

/** An element of a frame: a number, text, bytes, nothing, or what is packed already. */
type FrameElement = number | bigint | string | Uint8Array | null | WireWriter;

/** A message of frames. */
function messageOf(...frames: FrameElement[][]): Uint8Array {
  const out = new WireWriter();
  out.raw(Uint8Array.of(0xc1, 1));
  for (const frame of frames) {
    out.array(frame.length);
    for (const element of frame) {
      if (element === null) {
        out.byte(0xc0);
      } else if (typeof element === "string") {
        out.text(element);
      } else if (element instanceof WireWriter) {
        out.raw(element.done());
      } else if (typeof element === "object") {
        out.binary(element);
      } else {
        out.integer(element);
      }
    }
  }
  return out.done();
}

/** An error as a frame has it, of what went wrong where the items come from. */
function errorElement(cause: unknown): WireWriter {
  const facts = cause instanceof HeliumError ? cause : undefined;
  const text = cause instanceof Error ? cause.message : String(cause);
  const out = new WireWriter();
  out.array(6);
  out.integer(facts ? codes.indexOf(facts.code) + 1 : 2);
  out.text(facts?.reason ?? "");
  out.text(text.slice(0, 8192));
  out.byte(0xc0);
  out.integer(0);
  out.text("");
  return out;
}

/** The frames of a message, each as its elements. */
function frames(message: Uint8Array): WireReader[][] {
  const all: WireReader[][] = [];
  if (message[0] !== 0xc1 || message[1] !== 1) {
    return all;
  }
  for (const r = new WireReader(message, 2); r.left > 0; ) {
    const elements: WireReader[] = [];
    for (let count = r.array(); count > 0; count--) {
      elements.push(new WireReader(r.raw()));
    }
    all.push(elements);
  }
  return all;
}

const takenKinds: readonly number[] = [kinds.reply, kinds.error, kinds.items, kinds.itemsEnd, kinds.credit, kinds.account];

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function readable<T>(method: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw badResult(method, `what came can't be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

/** The error of an error frame, behind which may be what the iterable threw. */
function frameError(method: string, element: unknown, source: unknown): HeliumError {
  if (!Array.isArray(element) || element.length < 6) {
    throw new RangeError("an error has fewer than six elements");
  }
  const [code, reason, message, details, outcome, instance] = element as unknown[];
  const hint = reason === "helium.streams_unsupported" ? "; to send the items as one array instead, pass { collect: true }" : "";
  return new HeliumError(method, {
    code: codes[Number(code) - 1] ?? "unknown",
    reason: String(reason),
    message: String(message) + hint,
    outcome: outcomes[Number(outcome)] ?? "unknown",
    details: details === null ? undefined : (details as { [name: string]: string }),
    instance: String(instance),
  }, source);
}

/** Writes arguments as an array. */
function packArguments(method: string, args: unknown[], wires: readonly WireForm[]): Uint8Array {
  const out = new WireWriter();
  out.array(args.length);
  try {
    args.forEach((arg, i) => out.value(arg, wires[i] ?? "any", `argument ${i + 1}`, 2));
  } catch (cause) {
    throw new HeliumError(method, { code: "invalid_argument", reason: "helium.bad_argument", message: cause instanceof Error ? cause.message : String(cause), outcome: "not executed" }, cause);
  }
  return out.done();
}

/** Why a binder wasn't heard. */
function binderError(method: string, timeout: number, cause: unknown): HeliumError {
  const error = busError(method, timeout, cause);
  const known: { readonly [reason: string]: { reason: string; message: string } } = {
    "helium.no_instance": { reason: "binder.unreachable", message: "no binder answers" },
    "helium.deadline": { reason: "binder.no_answer", message: `no binder answered within ${timeout} ms` },
    "helium.not_permitted": { reason: "binder.not_permitted", message: "this connection's user may not ask a binder" },
  };
  const facts = known[error.reason] ?? { reason: error.reason, message: cause instanceof Error ? cause.message : String(cause) };
  return new HeliumError(method, { code: error.code, ...facts, outcome: "not executed" }, cause);
}
