package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

const alignRight = text.AlignRight

// screen is a terminal's second page, which what was on it before doesn't mix with.
type screen struct {
	out  io.Writer
	size func() (width, height int)
}

// openScreen turns to the second page; close turns back.
func openScreen(out io.Writer) *screen {
	s := &screen{out: out, size: func() (int, int) {
		if f, ok := out.(*os.File); ok {
			if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
				return width, height
			}
		}
		return 80, 24
	}}
	fmt.Fprint(out, "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J")
	return s
}

func (s *screen) close() { fmt.Fprint(s.out, "\x1b[?25h\x1b[?1049l") }

// draw shows lines, as many as fit and as much of them. It overwrites what is there
// instead of clearing it, so that nothing flickers.
func (s *screen) draw(lines []string) {
	width, height := s.size()
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i, line := range lines {
		if i == height-1 && len(lines) > height {
			fmt.Fprintf(&b, "… %d more\x1b[K", len(lines)-i)
			break
		}
		b.WriteString(text.Trim(line, width))
		b.WriteString("\x1b[K")
		if i < len(lines)-1 {
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(s.out, b.String())
}
