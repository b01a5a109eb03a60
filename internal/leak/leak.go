// Package leak finds goroutines that tests leave behind. goleak, which does the work,
// gives those that are on their way out less than half a second; a machine with much to do
// may need longer.
//
//	func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }
package leak

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience bounds the wait for goroutines that are ending; only a failing test takes it.
const patience = time.Minute

// Run runs the tests and returns the program's exit code: 1 also if they pass and leave
// goroutines behind.
func Run(m *testing.M, options ...goleak.Option) (code int) {
	if code = m.Run(); code != 0 {
		return code
	}
	if err := Find(options...); err != nil {
		fmt.Fprintln(os.Stderr, "the tests leave goroutines behind:", err)
		return 1
	}
	return 0
}

// Find returns an error about goroutines that don't end.
func Find(options ...goleak.Option) error {
	for deadline := time.Now().Add(patience); ; {
		if err := goleak.Find(options...); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
