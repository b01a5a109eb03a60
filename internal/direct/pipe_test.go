package direct

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsWrittenWithinAProgramIsReadInOrderAndOnce(t *testing.T) {
	a, b := pipe()
	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	go func() {
		for rest := sent; len(rest) > 0; {
			n := min(7777, len(rest))
			_, _ = a.Write(rest[:n])
			rest = rest[n:]
		}
		_ = a.Close()
	}()
	if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes, %v; want the %d that were written", len(got), err, len(sent))
	}
	if _, err := b.Write([]byte("x")); err == nil {
		t.Error("a write to an end that is closed: nil, want an error")
	}
}

func TestAnEndWithinAProgramThatDoesNotReadTakesNoMoreThanOthersDo(t *testing.T) {
	a, _ := pipe()
	var err error
	for n := 0; err == nil && n < 2*mostUnsent; n += 1 << 20 {
		_, err = a.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, errFull) {
		t.Errorf("writing twice of what is kept: %v, want %v", err, errFull)
	}
}

func TestReadsWithinAProgramKeepTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe()
		_ = a.SetReadDeadline(time.Now().Add(time.Second))
		began := time.Now()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("Read failed after %v with %v, want its deadline after a second", time.Since(began), err)
		}
		_ = a.SetReadDeadline(time.Time{})
		_, _ = b.Write([]byte("x"))
		if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("Read without a deadline: %d, %v", n, err)
		}
	})
}
