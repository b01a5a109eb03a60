package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/internal/transcode"
)

// longestLine bounds one line of "helium call --each", in bytes; no message holds more.
const longestLine = 64 << 20

// callEach makes a call for each line of the data:
//
//	lines ──▶ begin, at most -P at once ──▶ queue, in the order of the lines ──▶ stdout
//
// The queue holds a few times -P, so memory stays bounded whatever a slow call does.
func (a *app) callEach(ctx context.Context, m *remoteMethod, flags callFlags) error {
	if flags.data == "" {
		flags.data = "-"
	}
	from, err := a.openData(flags.data)
	if err != nil {
		return err
	}
	defer from.Close()
	bar := a.newProgress(m.name(), countLines(from))
	defer bar.stop()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan *lineCall, 4*flags.parallel)
	var readErr error // set before queue is closed
	go func() {
		defer close(queue)
		readErr = a.beginEach(ctx, m, from, flags.parallel, queue)
	}()

	var count, failed int
	var first *failure // the first failure in order
	for {
		var c *lineCall
		var more bool
		select {
		case c, more = <-queue:
		case <-ctx.Done():
			awaitBegun(queue)
			return context.Cause(ctx) // a reader of stdin may wait for ever
		}
		if !more {
			break
		}
		<-c.done
		count++
		if c.err != nil {
			f := a.judge(ctx, c.err)
			if failed++; first == nil {
				first = f
			}
			a.showLineError(reportOf(f, a.asked, c.took), count)
		} else {
			a.showLineResult(c.result)
		}
		bar.add()
	}
	bar.stop()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx) // lines may be left that nobody began
	case readErr != nil:
		return fmt.Errorf("--data can't be read after line %d: %w", count, readErr)
	case first != nil:
		return fail(first.exit, first.hint, fmt.Errorf("%s failed; the first: %w", amount.OfAll(failed, count, "call"), first))
	}
	return nil
}

// awaitBegun waits until the calls that have begun have ended, which they do at once when
// their context does: closed before that, the client couldn't tell their handlers.
func awaitBegun(queue <-chan *lineCall) {
	for {
		select {
		case c, more := <-queue:
			if !more {
				return
			}
			<-c.done
		default:
			return
		}
	}
}

// lineCall is the call of one line. All but done is set before done is closed.
type lineCall struct {
	result json.RawMessage
	err    error
	took   time.Duration
	done   chan struct{}
}

// beginEach begins the calls and hands them over in order. It returns once the last has
// begun; an error is one of reading.
func (a *app) beginEach(ctx context.Context, m *remoteMethod, from io.Reader, parallel int, queue chan<- *lineCall) error {
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, parallel)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		line := bytes.Clone(bytes.TrimSpace(transcode.TrimMark(lines.Bytes())))
		if len(line) == 0 {
			continue
		}
		c := &lineCall{done: make(chan struct{})}
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		select {
		case queue <- c:
		case <-ctx.Done():
			return nil
		}
		running.Go(func() {
			defer close(c.done)
			c.make(ctx, a.connection.timeout, m, line)
			<-room
		})
	}
	return lines.Err()
}

func (c *lineCall) make(ctx context.Context, timeout time.Duration, m *remoteMethod, line []byte) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	defer func() { c.took = time.Since(began) }()
	args, err := parseDocument(m.method, line)
	if err != nil {
		c.err = m.refused(err)
		return
	}
	c.result, c.err = m.call(ctx, args, nil)
}

// showLineResult writes {"result": …}, or with -o raw the result alone.
func (a *app) showLineResult(result json.RawMessage) {
	if a.output.form == "raw" {
		_, _ = a.out.JSON(append(result, '\n'))
		return
	}
	writeJSONLine(a.out, map[string]json.RawMessage{"result": result})
}

// showLineError writes {"error": …} in the place of the result, so that lines of input
// and of output go together; with -o raw an empty line, and the error to stderr.
func (a *app) showLineError(r errorReport, number int) {
	if a.output.form == "raw" {
		fmt.Fprintln(a.out)
		fmt.Fprintf(a.err, "call %d: ", number)
		r.write(a.err)
		return
	}
	writeJSONLine(a.out, map[string]errorReport{"error": r})
}
