package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// taker is the service "take", whose stream stands behind another argument.
type taker struct{}

// First adds up the first so many items, or what there are, whatever is wrong with those behind.
func (taker) First(_ context.Context, n int, xs iter.Seq2[int, error]) (sum int) {
	if n == 0 {
		return 0
	}
	for x, err := range xs {
		if err != nil {
			return sum
		}
		if sum += x; n == 1 {
			return sum
		}
		n--
	}
	return sum
}

// Sum adds up all items.
func (taker) Sum(_ context.Context, scale int, xs iter.Seq2[int, error]) (sum int, err error) {
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		sum += scale * x
	}
	return sum, nil
}

// Join tells each item's length.
func (taker) Join(xs iter.Seq2[string, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for x, err := range xs {
			if !yield(len(x), err) {
				return
			}
		}
	}
}

// zeros is a line without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestWhatIsWrongWithALineOfItemsIsToldByTheLine(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "take", taker{})
	t.Setenv("NATS_URL", url)
	long := fmt.Sprintf("%q\n", strings.Repeat("x", 500_000))
	for _, c := range []struct {
		args string
		in   io.Reader
		exit int
		out  string // all of it
		err  string // a part, and the beginning of all that is said if it begins with "helium: "
	}{
		{"take.sum 10", strings.NewReader("1\n\n 2 \r\n3"), cli.ExitOK, "60\n", ""},
		{"take.sum 10", strings.NewReader(""), cli.ExitOK, "0\n", ""},
		{"take.sum 10", strings.NewReader("1\n\"x\"\n"), cli.ExitArguments, "", "helium: line 2: got \"x\", want int64: a number; it is sum(int64, stream<int64>) int64\n"},
		{"take.sum 10", strings.NewReader("\n\nnull\n"), cli.ExitArguments, "", "helium: line 3: got null, want int64, which is never null; it is sum"},
		{"take.sum 10", strings.NewReader("1 2\n"), cli.ExitArguments, "", "helium: line 1: the JSON is wrong at byte 3: "},
		{"take.sum 10", strings.NewReader("1\n\xff\n"), cli.ExitArguments, "", "helium: line 2: the JSON isn't UTF-8"},
		{"take.sum 10", zeros{}, cli.ExitArguments, "", "helium: line 1: it is longer than 64 MiB"},
		{"take.sum x", strings.NewReader("1\n"), cli.ExitArguments, "", "helium: argument 1 (arg1): \"x\" isn't a number"},
		{"take.sum", strings.NewReader("1\n"), cli.ExitArguments, "", "helium: argument 1 (arg1) is missing"},
		{"take.first 9", strings.NewReader("1\nx\n"), cli.ExitOK, "1\n", "take.first ended well without the lines from this one on: line 2: "},
		{"take.join", strings.NewReader(long + "\"\"\n" + long), cli.ExitOK, "500000\n0\n500000\n", ""},
	} {
		r := heliumRunWith(t, c.in, append([]string{"call"}, strings.Fields(c.args)...)...)
		begins := !strings.HasPrefix(c.err, "helium: ") || strings.HasPrefix(r.err, c.err)
		if r.exit != c.exit || r.out != c.out || !strings.Contains(r.err, c.err) || !begins {
			t.Errorf("call %s: exit %d, %q, and it says:\n%swant exit %d, %q and %q", c.args, r.exit, r.out, r.err, c.exit, c.out, c.err)
		}
	}
}

func TestItemsAreReadAndPrintedAsTheyCome(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "take", taker{})
	in, lines := io.Pipe()
	var out, said lockedBuffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(t.Context(), []string{"call", "take.join", "-s", url}, in, &out, &said)
		in.Close() // so that nobody waits to write another line
	}()
	want := ""
	for _, item := range []string{"a", "bcd", ""} { // each is written when the one before has been answered
		_, err := fmt.Fprintf(lines, "%q\n", item)
		if want += fmt.Sprintln(len(item)); err != nil || !soon(func() bool { return out.String() == want }) {
			t.Fatalf("when %q was sent, %v, it had printed:\n%s%swant:\n%s", item, err, out.String(), said.String(), want)
		}
	}
	lines.Close()
	if code := <-exit; code != cli.ExitOK || out.String() != want {
		t.Errorf("in the end: exit %d and:\n%s%swant 0 and:\n%s", code, out.String(), said.String(), want)
	}
}

func TestTheTemplateOfAStreamIsAnItemOfIt(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "take", taker{})
	t.Setenv("NATS_URL", url)
	r := heliumRun(t, "call", "take.join", "--template")
	if want := "next: helium call take.join < items, a line of JSON each"; r.exit != cli.ExitOK || r.out != "\"\"\n" || !strings.Contains(r.err, want) {
		t.Errorf("without other arguments: exit %d, %q, and it says:\n%swant an item, and %q", r.exit, r.out, r.err, want)
	}
	if r := heliumRunWith(t, strings.NewReader(r.out), "call", "take.join"); r.exit != cli.ExitOK || r.out != "0\n" {
		t.Errorf("passed back in: exit %d, %q\n%swant 0", r.exit, r.out, r.err)
	}
	r = heliumRun(t, "call", "take.sum", "--template")
	for _, want := range []string{"each item is a line of JSON, such as 0\n", "next: helium call take.sum -d @file < items\n"} {
		if r.exit != cli.ExitOK || strings.Join(strings.Fields(r.out), "") != "[0]" || !strings.Contains(r.err, want) {
			t.Errorf("beside another argument: exit %d, %q, and it says:\n%swant that argument, and %q", r.exit, r.out, r.err, want)
		}
	}
}
