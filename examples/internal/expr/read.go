package expr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// remindAfter is how long a pipe may be silent before Read says what it waits for.
const remindAfter = time.Second

// Read returns a program's expressions: its arguments, each one expression; without
// arguments the lines of stdin that aren't blank; or none if stdin is a terminal, the
// null device, or empty. Where it is kept waiting for stdin it says so on stderr, once.
//
// The error joins those of all expressions that can't be parsed, one a line; see
// [Parse]. It is ctx's if that ends first; a goroutine then stays in stdin's Read.
func Read(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) ([]*Tree, error) {
	if len(args) > 0 || interactive(stdin) {
		return parseAll(args)
	}
	type input struct {
		lines []string
		err   error
	}
	read := make(chan input, 1)
	go func() {
		lines, err := readLines(stdin)
		read <- input{lines, err}
	}()
	remind := time.NewTimer(remindAfter)
	defer remind.Stop()
	for {
		select {
		case in := <-read:
			if in.err != nil {
				return nil, fmt.Errorf("standard input can't be read: %w; give the expressions as arguments", in.err)
			}
			return parseAll(in.lines)
		case <-remind.C:
			fmt.Fprintln(stderr, "reading expressions from standard input, one a line, until it ends")
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// interactive reports whether nobody feeds stdin. A terminal is a character device, and
// so is the null device, which programs get that are started by others.
func interactive(stdin io.Reader) bool {
	if stdin == nil {
		return true
	}
	file, ok := stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err != nil || info.Mode()&os.ModeCharDevice != 0 // an error: it is closed
}

func readLines(r io.Reader) (lines []string, err error) {
	scan := bufio.NewScanner(r)
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, scan.Err()
}

func parseAll(texts []string) (trees []*Tree, err error) {
	var faults []error
	for _, text := range texts {
		tree, err := Parse(text)
		if err != nil {
			faults = append(faults, err)
		}
		trees = append(trees, tree)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return trees, nil
}

// Format writes a number as briefly as its value allows.
func Format(x float64) string { return fmt.Sprintf("%.15g", x) }
