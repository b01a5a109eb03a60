// Package processors divides the processors of the machine between the processes of a run, where this process may
// say on which of them others run.
package processors
