// When who sends a stream says what has left, as nothing does any more: docs/protocol.md, "Streams".

const BEGINS = 1000, LONGEST = 8000; // until it says so, in milliseconds: at first, and in the end
const MOST_TOLD = 3; // how often, where nobody waits for credit

/** The time in which nothing leaves a sender: what did before may have got lost without a word. */
export class Lull {
  #look;
  #timer;
  #next = BEGINS;
  #told = 0; // how often since more has left
  #runs = false;
  #ended = false;

  /** `look` is called when nothing has left for a while. */
  constructor(look) { this.#look = look; }

  /** More has left, or nothing can. */
  begin() { if (!this.#runs || this.#told > 0) this.beginAnew(); }

  beginAnew() {
    this.#next = BEGINS;
    this.#told = 0;
    this.#start();
  }

  /** It was told. It is once more, later, as long as that is wanted. */
  goOn(wanted) {
    this.#told++;
    this.#next = Math.min(2 * this.#next, LONGEST);
    if (wanted || this.#told < MOST_TOLD) this.#start();
    else this.#runs = false;
  }

  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #start() {
    if (this.#ended) return;
    this.#runs = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, this.#next);
    this.#timer.unref();
  }
}
