package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Logs is the service: a log on the machine where an instance runs.
type Logs interface {
	// Tail yields the lines of the log, and those that are written from now on.
	Tail(ctx context.Context) iter.Seq2[Line, error]
}

// Line is a line of a log.
type Line struct {
	Log  string `json:"log"`
	Text string `json:"text"`
}

// file is a log that is a file.
type file string

// look is how often a file is looked at whose end was read.
const look = 50 * time.Millisecond

// Tail implements Logs. The file is closed when the caller has left.
func (path file) Tail(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, err := os.Open(string(path))
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer f.Close()
		lines, begun := bufio.NewReader(f), ""
		for {
			text, err := lines.ReadString('\n')
			begun += text
			switch {
			case err == nil:
				if !yield(Line{filepath.Base(string(path)), strings.TrimSuffix(begun, "\n")}, nil) {
					return
				}
				begun = ""
			case !errors.Is(err, io.EOF):
				yield(Line{}, err)
				return
			case !wait(ctx, look):
				return
			}
		}
	}
}

// write appends lines to a log of our own until ctx ends.
func write(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for n := 1; wait(ctx, look); n++ {
		if _, err := fmt.Fprintf(f, "line %d\n", n); err != nil {
			return err
		}
	}
	return nil
}

// wait reports whether so much time has passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
