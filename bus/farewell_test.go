package bus

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// parts are what a connection says, one read each.
type parts []string

func (p *parts) read(b []byte) (n int, err error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n = copy(b, (*p)[0])
	*p = (*p)[1:]
	return n, nil
}

func TestAServersLastWordIsTheEndOfAConnectionAndNotAnError(t *testing.T) {
	const tooLarge = "-ERR 'Maximum Payload Violation'\r\n"
	const denied = "-ERR 'Permissions Violation for Publish to \"a\"'\r\n"
	const tooLong = "-ERR 'Maximum Control Line Exceeded'\r\n"
	for name, c := range map[string]struct {
		said  parts
		reads []string
		end   string // what the error says besides
	}{
		"alone":                     {parts{tooLarge}, nil, "Maximum Payload Violation"},
		"behind a message":          {parts{"MSG a 1 1\r\nx\r\n" + tooLarge}, []string{"MSG a 1 1\r\nx\r\n"}, "Maximum Payload Violation"},
		"in a read of its own":      {parts{"PING\r\n", tooLarge}, []string{"PING\r\n"}, "Maximum Payload Violation"},
		"not the last one":          {parts{tooLarge, "PING\r\n"}, []string{tooLarge + "PING\r\n"}, ""},
		"in a message":              {parts{"MSG a 1 34\r\n" + tooLarge, "\r\n"}, []string{"MSG a 1 34\r\n" + tooLarge + "\r\n"}, ""},
		"one that nats.go expects":  {parts{denied}, []string{denied}, ""},
		"one that would come again": {parts{tooLong}, []string{tooLong}, ""},
		"none":                      {parts{"PING\r\n"}, []string{"PING\r\n"}, ""},
	} {
		var f farewell
		b := make([]byte, 1<<10)
		for _, want := range c.reads {
			if n, err := f.read(c.said.read, b); err != nil || string(b[:n]) != want {
				t.Errorf("%s: read %q, %v; want %q", name, b[:n], err, want)
			}
		}
		for range 2 { // it stays so
			if n, err := f.read(c.said.read, b); n != 0 || !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), c.end) {
				t.Errorf("%s: at the end it read %q, %v; want io.EOF, saying %q", name, b[:n], err, c.end)
			}
		}
	}
}

func TestReadingWhatAServerSaysCostsNoAllocation(t *testing.T) {
	said := []byte("MSG a 1 100\r\n" + strings.Repeat("x", 100) + "\r\n")
	var f farewell
	b := make([]byte, 1<<10)
	read := func(b []byte) (int, error) { return copy(b, said), nil }
	if got := testing.AllocsPerRun(100, func() { _, _ = f.read(read, b) }); got != 0 {
		t.Errorf("%v allocations a read, want none", got)
	}
}
