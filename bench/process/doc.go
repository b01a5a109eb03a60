// Package process runs the parts of a measurement in processes of their own: this
// program again, with a role in its environment.
//
//	parent ──▶ broker   the NATS server and the binder
//	       ──▶ server   one peer's server
//	       ──▶ client   one peer's client: it makes the calls and times them
//	       ──▶ whole    all three of them in one process
//
// A parent writes commands to its child's standard input and reads answers from its
// standard output, a line of JSON each. A child ends when its input ends, so none
// outlives its parent.
package process
