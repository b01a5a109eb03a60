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

func TestTheLongestMessageFitsAConnectionWithinAProgram(t *testing.T) {
	ours, theirs := pipe()
	writes, reads := newConn(ours), newConn(theirs)
	if err := writes.write(&frame{kind: kindAnswers, token: 1}, make([]byte, maxMessage)); err != nil {
		t.Fatalf("a message of %d bytes, and nothing before it: %v", maxMessage, err)
	}
	var f frame
	if err := reads.reader.next(&f); err != nil || len(f.message) != maxMessage {
		t.Errorf("the other end read a message of %d bytes, %v; want %d", len(f.message), err, maxMessage)
	}
}

func TestAMessageOfWhichOnlyTheBeginningFitsBreaksTheConnectionWithinAProgram(t *testing.T) {
	ours, theirs := pipe()
	writes, reads := newConn(ours), newConn(theirs)
	filler := make([]byte, 1<<20)
	for room := mostUnsent - ours.Unsent(); room > 2*beginning; room = mostUnsent - ours.Unsent() {
		if err := writes.write(&frame{kind: kindAnswers, token: 1}, filler[:min(room-3*beginning/2, len(filler))]); err != nil {
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
	}
	before := ours.Unsent()
	if err := writes.write(&frame{kind: kindAnswers, token: 2}, make([]byte, mostCopied+1)); !errors.Is(err, errFull) {
		t.Fatalf("a message that doesn't fit: %v, want %v", err, errFull)
	}
	if ours.Unsent() == before {
		t.Fatal("nothing of the message fit, so nothing was tried")
	}
	if err := writes.write(&frame{kind: kindAnswers, token: 3}, nil); err == nil {
		t.Fatal("a message behind it was written, want an error")
	}
	var f frame
	var err error
	for err = reads.reader.next(&f); err == nil; err = reads.reader.next(&f) {
		if f.kind != kindAnswers || f.token != 1 {
			t.Fatalf("the other end read a frame of kind %d with token %d, want those alone that were written whole", f.kind, f.token)
		}
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading at the other end: %v, want its end within a message", err)
	}
	if err := writes.reader.next(&f); !errors.Is(err, errFull) {
		t.Errorf("reading at this end: %v, want why it broke, %v", err, errFull)
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
