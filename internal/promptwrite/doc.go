// Package promptwrite writes to sockets without waiting for the other end: what a socket takes within a
// moment goes to it at once ([Of]), and the rest is kept and brought there later ([Conn]).
package promptwrite
