package call

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/internal/transcode"
)

// longestLine bounds one line of "helium call --each", in bytes; no message holds more.
const longestLine = 64 << 20

// maxParallel is how many calls of --each may be in flight.
const maxParallel = 100_000

// callEach makes a call for each line of the data:
//
//	lines ──▶ begin, at most -P at once ──▶ queue, in the order of the lines ──▶ stdout
//
// The queue holds a few times -P, so memory stays bounded whatever a slow call does.
func callEach(ctx context.Context, env *cli.Env, m *remote.Method, data string, parallel int) error {
	from, err := remote.OpenData(env, cmp.Or(data, "-"))
	if err != nil {
		return err
	}
	defer from.Close()
	bar := cli.NewProgressBar(env.Output, m.Name(), countLines(from))
	defer bar.Stop()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan *lineCall, 4*parallel)
	var readErr error // set before queue is closed
	go func() {
		defer close(queue)
		readErr = beginEach(ctx, env, m, from, parallel, queue)
	}()

	var count, failed int
	var first *cli.Failure // the first failure in order
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
			f := env.Judge(ctx, c.err)
			if failed++; first == nil {
				first = f
			}
			showLineError(env, cli.ReportOf(f, env.Asked, c.took), count)
		} else {
			showLineResult(env, c.result)
		}
		bar.Add()
	}
	bar.Stop()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx) // lines may be left that nobody began
	case readErr != nil:
		return readErr
	case first != nil:
		return cli.Fail(first.Exit, first.Hint, fmt.Errorf("%s failed; the first: %w", amount.OfAll(failed, count, "call"), first))
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
// ended; an error is one of reading, and says of which line.
func beginEach(ctx context.Context, env *cli.Env, m *remote.Method, from io.Reader, parallel int, queue chan<- *lineCall) error {
	var running sync.WaitGroup
	defer running.Wait()
	room := make(chan struct{}, parallel)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	number := 0
	for lines.Scan() {
		number++
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
			c.make(ctx, env.Connection.Timeout, m, line)
			<-room
		})
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return m.Refused(fmt.Errorf("line %d is longer than %d MiB, and each call is one line of JSON", number+1, longestLine>>20))
	case err != nil:
		return fmt.Errorf("--data can't be read after line %d: %w", number, err)
	}
	return nil
}

func (c *lineCall) make(ctx context.Context, timeout time.Duration, m *remote.Method, line []byte) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	defer func() { c.took = time.Since(began) }()
	args, err := arguments.ParseDocument(m.Signature, line)
	if err != nil {
		c.err = m.Refused(err)
		return
	}
	c.result, c.err = m.Call(ctx, args, nil)
}

// showLineResult writes {"result": …}, or with -o raw the result alone, and text as itself.
func showLineResult(env *cli.Env, result json.RawMessage) {
	if env.Form == "raw" {
		_ = showItem(env, result)
		return
	}
	cli.WriteJSONLine(env.Out, map[string]json.RawMessage{"result": result})
}

// showLineError writes {"error": …} in the place of the result, so that lines of input
// and of output go together; with -o raw an empty line, and the error to stderr.
func showLineError(env *cli.Env, r cli.Report, number int) {
	if env.Form == "raw" {
		fmt.Fprintln(env.Out)
		fmt.Fprintf(env.Err, "call %d: ", number)
		r.Write(env.Err)
		return
	}
	cli.WriteJSONLine(env.Out, map[string]cli.Report{"error": r})
}

// countLines returns how many lines a file holds, and 0 for what can't be read twice.
func countLines(from io.Reader) int64 {
	f, ok := from.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	var lines int64
	buf := make([]byte, 64<<10)
	for {
		n, err := f.Read(buf)
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if err != nil {
			break
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	return lines
}
