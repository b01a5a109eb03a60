package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
)

// ExitPipe is how a command ends whose reader left, as shells count it: 128 + SIGPIPE.
const ExitPipe = 141

// closedOutput is a standard output that isn't there.
type closedOutput struct{}

func (closedOutput) Write([]byte) (int, error) { return 0, errClosedOutput }

var errClosedOutput = errors.New("it is closed")

// readerLeft reports the error of writing to a pipe that nobody reads.
func readerLeft(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// lostOutput is the failure of a command whose output got lost, whatever else became of it.
func lostOutput(err error) *Failure {
	return &Failure{
		Exit: ExitInternal, Hint: "make room, or send the output elsewhere",
		Err: fmt.Errorf("standard output can't be written: %w", bareOutputError(err)),
	}
}

// bareOutputError takes off the name of the file, which says nothing: /dev/stdout.
func bareOutputError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
