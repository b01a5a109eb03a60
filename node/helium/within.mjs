// The time of a call, and what ends before it.

import { HeliumError } from "./errors.mjs";

/** The longest time that a call has, in milliseconds, some 24 days: a timer that is set to more ends at once. */
const MOST_TIME = 2 ** 31 - 1;

/** The time that a call has, in whole milliseconds; none is an error. */
export function timeOf(timeout = 10_000) {
  if (!(timeout > 0)) throw noTime(`no time is left: the timeout is ${timeout} ms`);
  return Math.min(Math.ceil(timeout), MOST_TIME);
}

export const noTime = (message) => new HeliumError("deadline_exceeded", message, { reason: "helium.deadline", outcome: "not executed" });

/** The error of a call that was given up before anything of it was sent. */
export const givenUp = () => new HeliumError("canceled", "the caller gave up", { reason: "helium.canceled", outcome: "not executed" });

/** Waits for what comes before a call is sent, until its time is over or its signal gives it up. */
export function within(promise, until, signal, what) {
  let timer, abort;
  const over = new Promise((_, reject) => {
    abort = () => reject(givenUp());
    timer = setTimeout(() => reject(noTime(`${what} until the call's time was over`)), Math.max(0, until - performance.now()));
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
  });
  return Promise.race([promise, over]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
}
