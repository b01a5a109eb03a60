package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
)

// binderUntil runs "helium binder args..." until it has printed some words, and returns all
// that it printed to its standard error. A binder that ended says so by its exit code.
func binderUntil(t *testing.T, words string, args ...string) (says string, exit int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"binder"}, args...), strings.NewReader(""), io.Writer(&out), &errs)
	}()
	for deadline := time.Now().Add(testPatience); !strings.Contains(out.String(), words); {
		select {
		case exit = <-ended:
			return errs.String(), exit
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("helium binder %q never printed %q; it printed:\n%s%s", args, words, out.String(), errs.String())
		}
	}
	stop()
	return errs.String(), <-ended
}

func TestABinderTellsWhatTheBucketHasOtherwiseInTheCommandsWords(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	says, exit := binderUntil(t, "Binder Online", "-s", url)
	if exit != exitOK || says != "" {
		t.Errorf("without flags: got exit %d and %q, want nothing", exit, says)
	}
	says, exit = binderUntil(t, "Binder Online", "-s", url, "--memory", "--lease", "10s", "--replicas", "1")
	for _, want := range []string{"its lease is 30s, and --lease is 10s", "it is kept in files, and --memory says in memory", "give all binders the same --lease", "nats kv del helium_registry"} {
		if exit != exitOK || !strings.Contains(says, want) {
			t.Errorf("got exit %d, want 0 and %q:\n%s", exit, want, says)
		}
	}
	if word := librarysWords.FindString(says); word != "" {
		t.Errorf("got the library's word %q:\n%s", word, says)
	}
}

func TestReplicasThatCantBeMetFailAtOnceInTheCommandsWords(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	for _, prefix := range []string{"helium", "another"} { // one has a bucket already
		for _, replicas := range []string{"3", "5"} {
			says, exit := binderUntil(t, "Binder Online", "-s", url, "--replicas", replicas, "--memory", "--prefix", prefix)
			for _, want := range []string{"stands alone", "--replicas is " + replicas, "give --replicas 1", "failed_precondition (binder.store_refused)"} {
				if exit != exitNoBus || !strings.Contains(says, want) {
					t.Errorf("--replicas %s: got exit %d, want %d and %q:\n%s", replicas, exit, exitNoBus, want, says)
				}
			}
			if word := librarysWords.FindString(says); word != "" {
				t.Errorf("--replicas %s: got the library's word %q:\n%s", replicas, word, says)
			}
		}
	}
}
