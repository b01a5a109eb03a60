package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
)

func TestWhatIsWrittenIsShownHoweverItIsCut(t *testing.T) {
	const text = "a\x1b[2J漢\u202eb\xff🙂\U000e0041\n\tc\xe6"
	const want = `a\x1b[2J漢\u202eb\xff🙂\U000e0041` + "\n\tc" + `\xe6`
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := terminal.NewWriter(&out, nil)
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			if n, err := io.WriteString(w, rest[:min(size, len(rest))]); n != min(size, len(rest)) || err != nil {
				t.Fatalf("pieces of %d: got %d, %v", size, n, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("pieces of %d: got %q, want %q", size, out.String(), want)
		}
	}
}

func TestExactBytesAndJSONGoTheirOwnWay(t *testing.T) {
	var out bytes.Buffer
	w := terminal.NewWriter(&out, nil)
	_, _ = io.WriteString(w, "\xe6") // the begin of a character that never ends
	_, _ = io.WriteString(w.Exact(), "\x1b[H\xff")
	_, _ = w.JSON([]byte("\"\u009b\U000e0041\""))
	w.Styled(terminal.Bold, "no\x1b terminal")
	if got, want := out.String(), `\xe6`+"\x1b[H\xff"+`"\u009b\udb40\udc41"no\x1b terminal`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if w.Terminal() || w.Colourful() || w.File() != nil {
		t.Error("a buffer is taken for a terminal or a file")
	}
}

// full is a disk without room for more than some writes.
type full struct{ room int }

var errFull = errors.New("no room")

func (f *full) Write(p []byte) (int, error) {
	if f.room--; f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestTheFirstErrorIsToldOnceAndKept(t *testing.T) {
	for name, write := range map[string]func(*terminal.Writer) (int, error){
		"Write": func(w *terminal.Writer) (int, error) { return io.WriteString(w, "x") },
		"JSON":  func(w *terminal.Writer) (int, error) { return w.JSON([]byte("1")) },
		"Exact": func(w *terminal.Writer) (int, error) { return io.WriteString(w.Exact(), "x") },
	} {
		told := 0
		w := terminal.NewWriter(&full{room: 1}, func(err error) {
			if told++; !errors.Is(err, errFull) {
				t.Errorf("%s: told of %v, want %v", name, err, errFull)
			}
		})
		for i := range 3 {
			if n, err := write(w); (err != nil) != (i > 0) || err != nil && n != 0 {
				t.Errorf("%s, write %d: got %d, %v", name, i, n, err)
			}
		}
		if err := w.Close(); !errors.Is(err, errFull) || told != 1 {
			t.Errorf("%s: got %v from Close, told %d times; want %v, told once", name, err, told, errFull)
		}
	}
	// What was held back is written last, and may fail, too.
	w := terminal.NewWriter(&full{}, nil)
	if _, err := io.WriteString(w, "\xe6"); err != nil {
		t.Errorf("got %v before anything was written", err)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("got %v from Close, want %v", err, errFull)
	}
}

func TestLinesOfManyStayWhole(t *testing.T) {
	var out bytes.Buffer
	w := terminal.NewWriter(&out, nil)
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for range 100 {
				fmt.Fprintf(w, "%s\n", strings.Repeat(fmt.Sprint(i), 20))
			}
		})
	}
	writers.Wait()
	for line := range strings.Lines(out.String()) {
		if line != strings.Repeat(line[:1], 20)+"\n" {
			t.Fatalf("got the line %q, want one writer's", line)
		}
	}
}
