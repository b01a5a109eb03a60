package ledger

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
)

// Writer appends entries to a file. It is safe for concurrent use. What it needs for an entry it uses again: each
// execution is written down twice, and that would be most of the garbage of a server under load.
type Writer struct {
	file *os.File

	mu      sync.Mutex
	moved   sync.Cond // told when something is to be written later, or was, or nothing more comes
	waiting *lines    // guarded by mu; to be written later
	closing bool      // guarded by mu

	closed chan struct{} // closed when all that was to be written later is
	close  sync.Once
}

// backlog is how many bytes wait to be written later, until Later waits itself.
const backlog = 8 << 20

// lines are entries as text.
type lines struct {
	text    bytes.Buffer
	encoder *json.Encoder // into text
	entry   Entry         // that is being encoded
}

func newLines() *lines {
	l := new(lines)
	l.encoder = json.NewEncoder(&l.text)
	return l
}

var spareLines = sync.Pool{New: func() any { return newLines() }}

func (l *lines) add(e Entry) error {
	l.entry = e
	return l.encoder.Encode(&l.entry)
}

// Create opens a file to append to.
func Create(name string) (*Writer, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: file, waiting: newLines(), closed: make(chan struct{})}
	w.moved.L = &w.mu
	go w.writeLater()
	return w, nil
}

// Now writes entries in one write, before it returns: from then on, the death of this process
// doesn't undo them.
func (w *Writer) Now(entries ...Entry) error {
	l := spareLines.Get().(*lines)
	defer spareLines.Put(l)
	l.text.Reset()
	for _, e := range entries {
		if err := l.add(e); err != nil {
			return err
		}
	}
	_, err := w.file.Write(l.text.Bytes())
	return err
}

// Later writes an entry soon, together with others.
func (w *Writer) Later(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.waiting.text.Len() >= backlog {
		w.moved.Wait()
	}
	_ = w.waiting.add(e) // what is missing at the end is found by the reader
	w.moved.Broadcast()
}

func (w *Writer) writeLater() {
	defer close(w.closed)
	spare := newLines()
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for w.waiting.text.Len() == 0 {
			if w.closing {
				return
			}
			w.moved.Wait()
		}
		spare, w.waiting = w.waiting, spare
		w.moved.Broadcast()
		w.mu.Unlock()
		_, _ = w.file.Write(spare.text.Bytes()) // likewise
		spare.text.Reset()
		w.mu.Lock()
	}
}

// Close writes what is left. Nothing may be written after it.
func (w *Writer) Close() error {
	w.close.Do(func() {
		w.mu.Lock()
		w.closing = true
		w.moved.Broadcast()
		w.mu.Unlock()
	})
	<-w.closed
	return w.file.Close()
}
