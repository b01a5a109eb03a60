package ledger

import (
	"encoding/json"
	"os"
	"sync"
)

// Writer appends entries to a file. It is safe for concurrent use.
type Writer struct {
	file *os.File

	later  chan Entry
	closed chan struct{} // closed when all that was to be written later is
	close  sync.Once
}

// backlog is how many entries wait to be written later, until Later waits itself.
const backlog = 1 << 16

// Create opens a file to append to.
func Create(name string) (*Writer, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: file, later: make(chan Entry, backlog), closed: make(chan struct{})}
	go w.writeLater()
	return w, nil
}

// Now writes entries in one write, before it returns: from then on, the death of this process
// doesn't undo them.
func (w *Writer) Now(entries ...Entry) error {
	var text []byte
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	_, err := w.file.Write(text)
	return err
}

// Later writes an entry soon, together with others.
func (w *Writer) Later(e Entry) { w.later <- e }

func (w *Writer) writeLater() {
	defer close(w.closed)
	for e := range w.later {
		batch := []Entry{e}
		for more := len(w.later); more > 0; more-- {
			batch = append(batch, <-w.later)
		}
		_ = w.Now(batch...) // what is missing at the end is found by the reader
	}
}

// Close writes what is left. Nothing may be written after it.
func (w *Writer) Close() error {
	w.close.Do(func() { close(w.later) })
	<-w.closed
	return w.file.Close()
}
