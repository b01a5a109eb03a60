// Tells instances that are silent from those that take long: docs/protocol.md, "Heartbeats".

const BEAT = 500; // milliseconds
const ASK_AFTER = 2, SILENT_AFTER = 4; // beats without a sign

export class Vigil {
  #ask;
  #silent;
  #watched = new Map(); // by instance: how many calls it has, and when it was heard
  #timer;
  #beaten = 0;

  /** `ask` asks an instance for a sign, and `silent` is told of one that gives none. */
  constructor(ask, silent) {
    this.#ask = ask;
    this.#silent = silent;
  }

  /** An instance has a call. One that sends no heartbeats may have it without saying so, and isn't watched. */
  begin(instance, beats) {
    if (!beats) return;
    const w = this.#watched.get(instance) ?? { calls: 0 };
    w.calls++;
    w.heard = performance.now();
    this.#watched.set(instance, w);
    if (this.#timer) return;
    this.#beaten = performance.now();
    this.#timer = setInterval(() => this.#beat(), BEAT);
    this.#timer.unref();
  }

  /** It hasn't any more. */
  end(instance) {
    const w = this.#watched.get(instance);
    if (w && --w.calls === 0) this.#watched.delete(instance);
    if (this.#watched.size === 0) this.close();
  }

  /** Something has come from an instance. */
  heard(instance) {
    const w = this.#watched.get(instance);
    if (w) w.heard = performance.now();
  }

  close() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat() {
    const now = performance.now();
    const late = now - this.#beaten > 2 * BEAT; // this program stood still
    this.#beaten = now;
    for (const [instance, w] of this.#watched) {
      if (late) w.heard = now;
      const quiet = now - w.heard;
      if (quiet >= SILENT_AFTER * BEAT) this.#silent(instance);
      else if (quiet >= ASK_AFTER * BEAT) this.#ask(instance);
    }
  }
}
