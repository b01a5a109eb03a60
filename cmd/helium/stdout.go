package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
)

// exitPipe is how a command ends whose reader left, as shells count it: 128 + SIGPIPE.
const exitPipe = 141

// outputFailed is told that standard output takes no more: its disk is full, or who read
// it left. What was to be printed is why most commands run, so they end. What serves has
// others who depend on it, and prints no more than a log.
func (a *app) outputFailed(err error) {
	if a.serving.Load() && !readerLeft(err) {
		a.logger().Error("standard output can't be written any more; serving goes on", "err", bareOutputError(err))
		return
	}
	if a.end != nil {
		a.end(err)
	}
}

// serve waits until what serves is stopped. It has said that it is there; what it prints
// from now on is a log.
func (a *app) serve(ctx context.Context) {
	a.serving.Store(true)
	<-ctx.Done()
}

// closedOutput is a standard output that isn't there.
type closedOutput struct{}

func (closedOutput) Write([]byte) (int, error) { return 0, errClosedOutput }

var errClosedOutput = errors.New("it is closed")

// readerLeft reports the error of writing to a pipe that nobody reads.
func readerLeft(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// lostOutput is the failure of a command whose output got lost, whatever else became of it.
func lostOutput(err error) *failure {
	return &failure{
		exit: exitInternal, hint: "make room, or send the output elsewhere",
		err: fmt.Errorf("standard output can't be written: %w", bareOutputError(err)),
	}
}

// bareOutputError takes off the name of the file, which says nothing: /dev/stdout.
func bareOutputError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
