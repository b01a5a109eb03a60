package main

import (
	"context"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
)

func TestWhatIsStoppedEndsAlsoWhereNobodyReadsWhatItPrints(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "math", mathsvc.New())
	for _, args := range [][]string{
		{"call", "math.primes", "1000000000"},
		{"top", "-o", "ndjson", "--interval", "100ms"},
	} {
		read, write, err := os.Pipe()
		check(t, err)
		_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, write.Fd(), syscall.F_SETPIPE_SZ, 4096)
		if errno != 0 {
			t.Fatal(errno)
		}
		full := make(chan struct{})
		out := &tellsWhenFull{to: write, full: full}
		ctx, stop := context.WithCancel(t.Context())
		exit := make(chan int, 1)
		go func() { exit <- run(ctx, append(args, "-s", url), io.MultiReader(), out, io.Discard) }()
		await(t, "nothing more fits the pipe", full)
		stop()
		select {
		case got := <-exit:
			if want := cli.ExitInterrupted; got != want {
				t.Errorf("%q: got exit %d, want %d", args, got, want)
			}
		case <-time.After(testPatience):
			t.Errorf("%q still waits for somebody to read what it printed, want that it has ended", args)
		}
		read.Close()
		write.Close()
	}
}

// tellsWhenFull tells once when what is written waits.
type tellsWhenFull struct {
	to   *os.File
	full chan struct{}
	once sync.Once
}

func (w *tellsWhenFull) Write(p []byte) (int, error) {
	waits := time.AfterFunc(500*time.Millisecond, func() { w.once.Do(func() { close(w.full) }) })
	defer waits.Stop()
	return w.to.Write(p)
}
