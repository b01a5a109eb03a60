// Package namespace is a network of its own for processes of a run, in which the kernel itself
// loses and delays packets, where this process may make one.
package namespace
