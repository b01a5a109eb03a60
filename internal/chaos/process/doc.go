// Package process runs the parts of a system in processes of their own: this program again,
// with a role in its environment. They can be killed, frozen and thawed, and none outlives the
// program that started it, however that ends.
//
//	parent ── a line of JSON each: requests ──▶ child
//	       ◀── answers, in any order ──────────
//
// A child ends when its standard input does, when its parent dies (on Linux the kernel sees to
// that, so a frozen child dies as well), and in any case when its time is up.
package process
