package remote

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// longestLine bounds one line of JSON that is sent, in bytes.
const longestLine = 64 << 20

// lines are the items of a stream that is sent, a line of JSON each.
type lines struct {
	from    *bufio.Reader
	item    *signature.Type
	refused func(error) error         // makes the error of a line that is no item
	fault   atomic.Pointer[lineFault] // nil: none so far; the handler may not heed what it is told
}

type lineFault struct{ error }

func newLines(from io.Reader, item *signature.Type, refused func(error) error) *lines {
	return &lines{from: bufio.NewReaderSize(from, 64<<10), item: item, refused: refused}
}

// why returns what is wrong with the lines that were read; nil: nothing.
func (l *lines) why() error {
	if fault := l.fault.Load(); fault != nil {
		return fault.error
	}
	return nil
}

// items are the values in the lines, in msgpack. They are read as they are wanted.
func (l *lines) items() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		fail := func(err error) {
			l.fault.Store(&lineFault{err})
			yield(nil, err)
		}
		var memory []byte
		for number := 1; ; number++ {
			line, err := l.next(memory[:0])
			memory = line
			over := err == io.EOF
			switch {
			case errors.Is(err, errLongLine):
				fail(l.refused(fmt.Errorf("line %d: %w", number, err)))
				return
			case err != nil && !over:
				fail(fmt.Errorf("the lines of JSON can't be read: %w", err))
				return
			}
			if line = bytes.TrimSpace(transcode.TrimMark(line)); len(line) > 0 {
				packed, err := l.pack(line)
				if err != nil {
					fail(l.refused(fmt.Errorf("line %d: %w", number, err)))
					return
				}
				if !yield(packed, nil) {
					return
				}
			}
			if over {
				return
			}
		}
	}
}

var errLongLine = fmt.Errorf("it is longer than %d MiB, and each item is one line of JSON", longestLine>>20)

// next appends the next line to memory. With io.EOF it is the last, perhaps of nothing.
func (l *lines) next(memory []byte) ([]byte, error) {
	for {
		part, err := l.from.ReadSlice('\n')
		memory = append(memory, part...)
		if len(memory) > longestLine {
			return memory, errLongLine
		}
		if err != bufio.ErrBufferFull {
			return memory, err
		}
	}
}

// pack returns the one value of a line, or why it is no item.
func (l *lines) pack(line []byte) ([]byte, error) {
	if !utf8.Valid(line) {
		return nil, errors.New("the JSON isn't UTF-8, as all JSON is; save it as UTF-8")
	}
	var value json.RawMessage
	err := json.Unmarshal(line, &value)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("the JSON is wrong at byte %d: %w; each item is one line of JSON", syntax.Offset, err)
	}
	return transcode.Value(line, l.item)
}
