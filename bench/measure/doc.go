// Package measure runs one kind of call again and again and says how long the calls
// took and what they cost.
//
// [Closed] keeps a number of calls in flight: each worker makes its next call when the
// last one is answered. That finds the peak, and flatters latencies: while a system
// stalls, nobody calls.
//
// [Open] starts calls at a fixed rate whatever becomes of them, and times each from the
// moment at which it was meant to start. A stall of 100 ms at 1,000 calls/s so shows as
// a hundred slow calls, not as one: the latencies are free of coordinated omission.
//
// [Self] is what the process has used so far: CPU time and allocations. [Median] and
// [SpreadOf] say how several rounds of the same measurement agree.
package measure
