// Whether the caller's own connection works both ways, so that a NATS server that stands still isn't taken for
// instances that do: docs/protocol.md, "Heartbeats".

const ECHO_TIME = 5000; // for how long one is waited for before another one is asked for, in milliseconds

export class Pulse {
  #echo;
  #beaten = 0; // the latest beat in which an echo that came was asked for
  #waiting = false;

  /** `echo` resolves once the NATS server has answered. */
  constructor(echo) { this.#echo = echo; }

  /** Asks for an echo in a beat, unless one is awaited. */
  feel(beat) {
    if (this.#waiting) return;
    this.#waiting = true;
    const end = () => {
      clearTimeout(timer);
      this.#waiting = false;
    };
    const timer = setTimeout(end, ECHO_TIME);
    timer.unref();
    this.#echo().then(() => { this.#beaten = Math.max(this.#beaten, beat); }, () => {}).finally(end);
  }

  /** Whether there was one in a beat or later. */
  since(beat) { return this.#beaten >= beat; }
}
