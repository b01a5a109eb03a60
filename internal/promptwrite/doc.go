// Package promptwrite writes to sockets without waiting for the other end.
package promptwrite
