package terminal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/helium-rpc/helium/internal/visible"
)

// Writer shows what is written to it, as visible.Text does, and remembers whether that
// failed: a program that prints seldom looks at each error. It is safe for concurrent use.
type Writer struct {
	to     io.Writer
	failed func(error)
	stop   <-chan struct{} // see GiveUp

	mu   sync.Mutex
	rest []byte // guarded by mu: the begin of a character whose end may come
	err  error  // guarded by mu: the first
}

// NewWriter returns a Writer to a terminal, a file or a pipe. failed is called once, by
// whoever writes, with the error of the first write that failed; nil: nobody.
func NewWriter(to io.Writer, failed func(error)) *Writer {
	if failed == nil {
		failed = func(error) {}
	}
	return &Writer{to: to, failed: failed}
}

// ErrUnread is the error of what was to be written to somebody who didn't read it, when there was no more time for that.
var ErrUnread = errors.New("nobody reads it")

// unreadFor is how long what is written may wait once the writer has been told to give up.
const unreadFor = time.Second

// GiveUp has nothing wait for long, once stop is closed, for somebody who doesn't read: a pipe that is full would hold up
// the end of the program. It is called before anything is written.
func (w *Writer) GiveUp(stop <-chan struct{}) { w.stop = stop }

// Write shows text. A character may be cut in two by its ends.
func (w *Writer) Write(text []byte) (int, error) {
	w.mu.Lock()
	whole := text
	if len(w.rest) > 0 {
		whole = append(w.rest, text...)
	}
	cut := len(whole) - len(unfinished(whole))
	w.rest = append([]byte(nil), whole[cut:]...)
	err, first := w.writeLocked([]byte(visible.Text(string(whole[:cut]))))
	w.mu.Unlock()
	return w.result(len(text), err, first)
}

// JSON writes a document of the same values, as visible.JSON does.
func (w *Writer) JSON(document []byte) (int, error) {
	n, err := exact{w}.Write(visible.JSON(document))
	if err == nil {
		n = len(document)
	}
	return n, err
}

// Exact is the way for what the program itself wants a terminal to do, such as colours and
// movements of the cursor, and for a value that a program reads: bytes stay as they are.
// No text of others goes there before visible.Text or Line has shown it, if a terminal is
// behind.
func (w *Writer) Exact() io.Writer { return exact{w} }

type exact struct{ *Writer }

func (w exact) Write(p []byte) (int, error) {
	w.mu.Lock()
	err, first := w.writeLocked(w.flushed(p))
	w.mu.Unlock()
	return w.result(len(p), err, first)
}

// flushed returns bytes behind what is left of a character that wasn't finished.
func (w *Writer) flushed(p []byte) []byte {
	if len(w.rest) == 0 {
		return p
	}
	p = append([]byte(visible.Text(string(w.rest))), p...)
	w.rest = nil
	return p
}

func (w *Writer) writeLocked(p []byte) (err error, first bool) {
	if len(p) == 0 {
		return nil, false
	}
	switch {
	case w.err == ErrUnread:
		err = w.err // what comes behind it would be read before it
	case w.stop == nil:
		_, err = w.to.Write(p)
	default:
		err = w.writeInTime(p)
	}
	if first = err != nil && w.err == nil; first {
		w.err = err
	}
	return err, first
}

// writeInTime writes, and leaves behind what isn't read in time.
func (w *Writer) writeInTime(p []byte) error {
	p = bytes.Clone(p) // whose memory is somebody's again when this has returned
	done := make(chan error, 1)
	go func() {
		_, err := w.to.Write(p)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-w.stop:
	}
	timer := time.NewTimer(unreadFor)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ErrUnread
	}
}

func (w *Writer) result(n int, err error, first bool) (int, error) {
	if first {
		w.failed(err)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// Close writes what is left and returns the first error that there was. It doesn't close
// what is behind.
func (w *Writer) Close() error {
	_, _ = w.Exact().Write(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// File returns the file that is behind, nil if it is none.
func (w *Writer) File() *os.File {
	f, _ := w.to.(*os.File)
	return f
}

// Terminal reports whether a person sees what is written.
func (w *Writer) Terminal() bool {
	f := w.File()
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// unfinished returns the end of text that is the begin of a character.
func unfinished(text []byte) []byte {
	for i := len(text) - 1; i >= 0 && i > len(text)-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				return text[i:]
			}
			break
		}
	}
	return nil
}
