package direct

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sockets returns an outlet over TCP, and its other end.
func sockets(t *testing.T) (ours outlet, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	ours = newOutlet(socket, allLinks)
	t.Cleanup(func() { _ = theirs.Close() })
	t.Cleanup(func() { _ = ours.Close() })
	return ours, theirs
}

func TestWritesNeverWaitAndArriveInOrder(t *testing.T) {
	ours, theirs := sockets(t)
	sent := make([]byte, mostUnsent/2)
	for i := range sent {
		sent[i] = byte(rand.Uint32())
	}
	for rest := sent; len(rest) > 0; {
		n := min(1+rand.IntN(1<<rand.IntN(22)), len(rest))
		if took, err := ours.Write(rest[:n]); took != n || err != nil {
			t.Fatalf("Write of %d bytes: got %d, %v", n, took, err)
		}
		rest = rest[n:]
	}
	if ours.Unsent() == 0 {
		t.Fatal("the other end took all of it, so nothing was tried")
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("the other end read something else than was written, error %v", err)
	}
	if _, err := ours.Write([]byte("x")); err != nil || ours.Unsent() > 1 {
		t.Errorf("a write afterwards: %v, with %d bytes kept", err, ours.Unsent())
	}
}

func TestAnEndThatReadsNothingBreaksTheConnection(t *testing.T) {
	ours, _ := sockets(t)
	var err error
	for n := 0; err == nil && n < 2*mostUnsent; n += 1 << 20 {
		_, err = ours.Write(make([]byte, 1<<20))
	}
	if err == nil || !strings.Contains(err.Error(), "doesn't read") {
		t.Fatalf("writing twice of what is kept: %v, want that the other end doesn't read", err)
	}
	if _, again := ours.Write([]byte("x")); again != err {
		t.Errorf("another write: %v, want %v", again, err)
	}
	if _, read := ours.Read(make([]byte, 1)); read != err {
		t.Errorf("reading: %v, want %v", read, err)
	}
}

func TestEndsThatReadNothingHaveABoundTogetherAndThoseBreakForWhichMoreThanTheirShareWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &together{most: 1 << 20}
		begin := func() outlet {
			socket, theirs := net.Pipe()
			t.Cleanup(func() { _ = theirs.Close() })
			return newOutlet(socket, all)
		}
		var greedy []outlet
		broken := 0
		for range 20 {
			greedy = append(greedy, begin())
		}
		modest := begin()
		if _, err := modest.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			for _, o := range greedy {
				if _, err := o.Write(make([]byte, 64<<10)); err != nil && strings.Contains(err.Error(), "doesn't read") {
					broken++
				}
				if kept, _ := all.Kept(); kept > 2*all.most {
					t.Fatalf("%d bytes are kept for all ends, want %d and what those have that keep to their share", kept, all.most)
				}
			}
			if _, err := modest.Write(make([]byte, 1000)); err != nil {
				t.Errorf("a write to an end for which little waits: %v, want nil", err)
			}
		}
		if broken == 0 {
			t.Error("no connection broke, want those for which more than their share waits")
		}
		for _, o := range append(greedy, modest) {
			_ = o.Close()
		}
		synctest.Wait()
		if kept, ends := all.Kept(); kept != 0 || ends != 0 {
			t.Errorf("%d bytes of %d connections count as kept once all have ended, want 0", kept, ends)
		}
	})
}

func TestASocketThatTakesNothingForTenSecondsBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket, theirs := net.Pipe()
		ours := newOutlet(socket, allLinks)
		began := time.Now()
		if _, err := ours.Write([]byte("x")); err != nil || time.Since(began) != 0 {
			t.Fatalf("Write: %v after %v, want nil at once", err, time.Since(began))
		}
		_, err := ours.Read(make([]byte, 1))
		if took := time.Since(began).Truncate(time.Second); took != stallTime || err == nil || !strings.Contains(err.Error(), "took nothing") {
			t.Errorf("Read failed after %v: %v; want after %v that the other end took nothing", took, err, stallTime)
		}
		_, _ = ours.Close(), theirs.Close()
	})
}

func TestClosingLetsOutWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket, theirs := net.Pipe()
		ours := newOutlet(socket, allLinks)
		if _, err := ours.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		closed := make(chan time.Duration, 1)
		began := time.Now()
		go func() {
			_ = ours.Close()
			closed <- time.Since(began)
		}()
		for n := range 100 {
			time.Sleep(time.Millisecond)
			if _, err := theirs.Read(make([]byte, 1)); err != nil {
				t.Fatalf("after %d bytes: %v, want 100", n, err)
			}
		}
		if took := <-closed; took != 100*time.Millisecond {
			t.Errorf("Close took %v, want until the last byte was read, 100ms", took)
		}
		_ = theirs.Close()
	})
}
