package rpcserver

import (
	"errors"
	"fmt"
	"strings"
)

// errorf makes the errors of this package that no call gets.
func errorf(format string, args ...any) error { return fmt.Errorf("rpcserver: "+format, args...) }

// faults collects everything that is wrong, so that it can be mended in one go.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err returns an error that lists all faults below a headline, or nil if there are none.
func (f faults) err(headline string, args ...any) error {
	if len(f) == 0 {
		return nil
	}
	return errors.New("rpcserver: " + fmt.Sprintf(headline, args...) + ":\n\t" + strings.Join(f, "\n\t"))
}

// plural returns a noun as it stands behind a number.
func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
