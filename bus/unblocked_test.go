package bus

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// joined returns an unblocked connection within the process, and its other end, which takes
// nothing unless it reads.
func joined(t *testing.T) (ours *unblockedConn, theirs net.Conn) {
	socket, theirs := net.Pipe()
	ours = unblocked(socket, 0)
	t.Cleanup(func() { _ = theirs.Close() })
	t.Cleanup(func() { _ = ours.Close() })
	return ours, theirs
}

// loopbacks returns the same over the network, with buffers that soon are full.
func loopbacks(t *testing.T) (ours *unblockedConn, theirs net.Conn) {
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
	if err := errors.Join(socket.(*net.TCPConn).SetWriteBuffer(256<<10), theirs.(*net.TCPConn).SetReadBuffer(256<<10)); err != nil {
		t.Fatal(err)
	}
	ours = unblocked(socket, 0)
	t.Cleanup(func() { _ = theirs.Close() })
	t.Cleanup(func() { _ = ours.Close() })
	return ours, theirs
}

// noise returns bytes that no others are taken for.
func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func TestWritesDontNeedTheOtherEndAndArriveInOrder(t *testing.T) {
	for name, connect := range map[string]func(*testing.T) (*unblockedConn, net.Conn){"in process": joined, "by TCP": loopbacks} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := connect(t)
			sent := noise(1 << 20) // more than the system takes
			for rest := sent; len(rest) > 0; {
				n := min(1+rand.IntN(100_000), len(rest))
				if took, err := ours.Write(rest[:n]); took != n || err != nil {
					t.Fatalf("Write of %d bytes: got %d, %v", n, took, err)
				}
				rest = rest[n:]
			}
			kept, _ := ours.Kept()
			if kept == 0 {
				t.Fatal("the other end took all of it, so nothing was tried")
			}
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("the other end read something else than was written, error %v", err)
			}
		})
	}
}

func TestWhatIsWrittenWhileTheOtherEndReadsSlowlyArrivesInOrder(t *testing.T) {
	for name, connect := range map[string]func(*testing.T) (*unblockedConn, net.Conn){"in process": joined, "by TCP": loopbacks} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := connect(t)
			sent := noise(2 * mostUnsent) // more than is kept, so that the writer is slowed down
			wrote := make(chan error, 1)
			go func() {
				for rest := sent; len(rest) > 0; {
					n := min(1+rand.IntN(1<<rand.IntN(22)), len(rest))
					if _, err := ours.Write(rest[:n]); err != nil {
						wrote <- err
						return
					}
					rest = rest[n:]
				}
				wrote <- nil
			}()
			got := make([]byte, len(sent))
			if n, err := io.ReadFull(io.TeeReader(theirs, pauses{}), got); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("the other end read %d bytes, error %v; want the %d that were written", n, err, len(sent))
			}
			if err := <-wrote; err != nil {
				t.Errorf("writing: %v", err)
			}
		})
	}
}

// readSlowly reads n bytes, so many each millisecond.
func readSlowly(t *testing.T, from net.Conn, n, each int) {
	t.Helper()
	for b := make([]byte, each); n > 0; n -= each {
		time.Sleep(time.Millisecond)
		if _, err := io.ReadFull(from, b[:min(n, each)]); err != nil {
			t.Errorf("%d bytes before the end: %v", n, err)
			return
		}
	}
}

func TestAPingOfOneWhoFloodsIsReadSoon(t *testing.T) {
	for _, size := range []int{100, 32 << 10, 300 << 10} { // of the writes
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := joined(t)
			const all, rate = 6 << 20, 1 << 10 // bytes, and bytes a millisecond: 1 MB/s
			go func() {
				for n := 0; n < all; n += size {
					if _, err := ours.Write(make([]byte, min(size, all-n))); err != nil {
						t.Errorf("writing: %v", err)
						return
					}
				}
			}()
			most := time.Duration(0)
			for n := 0; n < all; n += 64 << 10 {
				kept, _ := ours.Kept()
				most = max(most, time.Duration(kept/rate)*time.Millisecond)
				readSlowly(t, theirs, 64<<10, rate)
			}
			if limit := 150*time.Millisecond + time.Duration(size/rate)*time.Millisecond; most > limit {
				t.Errorf("writes of %d bytes: what came after them would have waited %v, want at most %v", size, most, limit)
			}
		})
	}
}

func TestWhoWritesToAnEndThatTakesNothingWaitsForItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := joined(t)
		const size = 32 << 10
		write := func() (waited time.Duration, err error) {
			began := time.Now()
			_, err = ours.Write(make([]byte, size))
			return time.Since(began), err
		}
		began := time.Now()
		longest, second := time.Duration(0), time.Duration(0)
		for range (mostUnsent - mostAhead) / size { // more than is kept otherwise
			waited, err := write()
			if err != nil {
				t.Fatalf("after %v: %v, want that there is room for %v", time.Since(began), err, fullTimeout)
			}
			longest, second = max(longest, waited), max(second, min(longest, waited))
		}
		if longest > 105*time.Millisecond || second > 5*time.Millisecond {
			t.Errorf("the longest write took %v, and the next one %v; want at most a tenth of a second, and some milliseconds", longest, second)
		}
		// It goes on, and what has gathered gets less though more comes.
		gathered, _ := ours.Kept()
		go readSlowly(t, theirs, gathered, 8<<10)
		for range gathered / 2 / size {
			if waited, err := write(); err != nil || waited > 10*time.Millisecond {
				t.Fatalf("Write took %v, %v; want the time of twice its bytes at most, 8ms", waited, err)
			}
		}
		if left, _ := ours.Kept(); left > gathered/2+mostAhead {
			t.Errorf("%d bytes are kept, of %d; want half", left, gathered)
		}
	})
}

// pauses takes its time now and then.
type pauses struct{}

func (pauses) Write(b []byte) (int, error) {
	if rand.IntN(50) == 0 {
		time.Sleep(time.Millisecond)
	}
	return len(b), nil
}

func TestAnEndThatTakesNothingBreaksTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := joined(t)
		read := make(chan error, 1)
		go func() {
			_, err := ours.Read(make([]byte, 1))
			read <- err
		}()
		began := time.Now()
		if _, err := ours.Write([]byte("PING\r\n")); err != nil || time.Since(began) != 0 {
			t.Fatalf("Write: %v after %v, want nil at once", err, time.Since(began))
		}
		err := <-read
		if took := time.Since(began).Truncate(time.Second); took != writeTimeout || !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "took nothing") {
			t.Errorf("Read failed after %v: %v; want after %v that the server took nothing", took, err, writeTimeout)
		}
		if _, again := ours.Write([]byte("PING\r\n")); again == nil || again.Error() != err.Error() {
			t.Errorf("Write on it: got %v, want %v", again, err)
		}
		// Late is never.
		_ = ours.Close()
		if got, err := io.ReadAll(theirs); len(got) > 0 {
			t.Errorf("the other end read %q, %v, when it thawed; want nothing", got, err)
		}
	})
}

func TestAnEndThatTakesSomeNowAndThenIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := joined(t)
		if _, err := ours.Write(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			time.Sleep(writeTimeout - time.Second)
			if _, err := theirs.Read(make([]byte, 1)); err != nil {
				t.Fatalf("after %v without a read: %v, want a byte", writeTimeout-time.Second, err)
			}
		}
	})
}

func TestWhereThereIsNoRoomWritesFailSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, _ := joined(t)
		began := time.Now()
		n, err := ours.Write(make([]byte, 2*mostUnsent))
		if took := time.Since(began); took != fullTimeout || n != mostUnsent || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %d, %v, after %v; want %d and an error after %v", n, err, took, mostUnsent, fullTimeout)
		}
	})
}

func TestCloseLetsOutWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := joined(t)
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
		if _, err := ours.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after Close: got %v, want %v", err, net.ErrClosed)
		}
	})
}

func TestCloseDoesNotWaitForAnEndThatTakesNothing(t *testing.T) {
	for frozen, want := range map[time.Duration]time.Duration{0: 100 * time.Millisecond, time.Second: 0} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := joined(t)
			if _, err := ours.Write(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(frozen)
			began := time.Now()
			_ = ours.Close()
			if took := time.Since(began); took != want {
				t.Errorf("frozen for %v: Close took %v, want %v", frozen, took, want)
			}
			if got, err := io.ReadAll(theirs); len(got) > 0 {
				t.Errorf("the other end read %d bytes, %v, later; want none", len(got), err)
			}
		})
	}
}

func TestWhatTheOtherEndSaidBeforeItClosedIsStillRead(t *testing.T) {
	ours, theirs := joined(t)
	go func() {
		_, _ = theirs.Write([]byte("-ERR 'Authorization Violation'\r\n"))
		_ = theirs.Close() // it reads nothing
	}()
	if _, err := ours.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(ours)
	if !strings.HasPrefix(string(got), "-ERR") {
		t.Errorf("got %q, %v; want the reason", got, err)
	}
}
