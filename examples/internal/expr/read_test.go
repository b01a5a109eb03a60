package expr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/examples/internal/expr"
)

// read is Read as a test compares it: the expressions in brackets.
func read(t *testing.T, args []string, stdin io.Reader) string {
	t.Helper()
	trees, err := expr.Read(t.Context(), args, stdin, io.Discard)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return fmt.Sprint(trees)
}

func openFile(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestArgumentsComeBeforeStandardInput(t *testing.T) {
	if got, want := read(t, []string{"1 + 2", "-3"}, strings.NewReader("4")), "[1 + 2 -3]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStandardInputIsReadLineByLine(t *testing.T) {
	if got, want := read(t, nil, strings.NewReader("1 + 2\n\n  3\r\n4")), "[1 + 2 3 4]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAFileCanBeStandardInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "expressions")
	if err := os.WriteFile(path, []byte("1 + 2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, nil, openFile(t, path)), "[1 + 2 3]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithoutInputThereAreNoExpressions(t *testing.T) {
	closed := openFile(t, os.DevNull)
	closed.Close()
	for name, stdin := range map[string]io.Reader{
		"the null device": openFile(t, os.DevNull),
		"a closed file":   closed,
		"an empty input":  strings.NewReader(""),
		"no input":        nil,
	} {
		if got := read(t, nil, stdin); got != "[]" {
			t.Errorf("%s: got %s, want none", name, got)
		}
	}
}

func TestEveryBadExpressionIsNamed(t *testing.T) {
	trees, err := expr.Read(t.Context(), []string{"1 + x", "2", "3 +"}, nil, io.Discard)
	if err == nil {
		t.Fatalf("got %v, want an error", trees)
	}
	for _, want := range []string{"1 + x: column 5: ", "3 +: column 4: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want %q in it", err, want)
		}
	}
}

func TestAnInputThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := expr.Read(t.Context(), nil, iotest.ErrReader(broken), io.Discard)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "as arguments") {
		t.Errorf("got error %v, want %q and what to do", err, broken)
	}
}

func TestASilentPipeIsWaitedForAndThatIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, feed := io.Pipe()
		go func() {
			time.Sleep(time.Hour)
			fmt.Fprintln(feed, "1 + 2")
			feed.Close()
		}()
		var said strings.Builder
		trees, err := expr.Read(t.Context(), nil, in, &said)
		if got, want := fmt.Sprint(trees), "[1 + 2]"; err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		if got := said.String(); strings.Count(got, "standard input") != 1 {
			t.Errorf("got %q on stderr, want one line about standard input", got)
		}
	})
}

func TestCtrlCEndsTheReadingOfAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, feed := io.Pipe()
		defer feed.Close()
		stopped := errors.New("stopped")
		ctx, stop := context.WithCancelCause(t.Context())
		go func() {
			time.Sleep(time.Minute)
			stop(stopped)
		}()
		if _, err := expr.Read(ctx, nil, in, io.Discard); !errors.Is(err, stopped) {
			t.Errorf("got error %v, want %v", err, stopped)
		}
	})
}

func TestNumbersAreWrittenBriefly(t *testing.T) {
	for x, want := range map[float64]string{
		7: "7", 3.5: "3.5", 0.1 + 0.2: "0.3", 1e21: "1e+21", -0.5: "-0.5", 1000000: "1000000",
	} {
		if got := expr.Format(x); got != want {
			t.Errorf("Format(%v): got %s, want %s", x, got, want)
		}
	}
}
