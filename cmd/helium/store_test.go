package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
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
	if exit != cli.ExitOK || says != "" {
		t.Errorf("without flags: got exit %d and %q, want nothing", exit, says)
	}
	says, exit = binderUntil(t, "Binder Online", "-s", url, "--memory", "--lease", "10s", "--replicas", "1")
	for _, want := range []string{"its lease is 30s, and --lease is 10s", "it is kept in files, and --memory says in memory", "give all binders the same --lease", "nats kv del helium_registry"} {
		if exit != cli.ExitOK || !strings.Contains(says, want) {
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
				if exit != cli.ExitNoBus || !strings.Contains(says, want) {
					t.Errorf("--replicas %s: got exit %d, want %d and %q:\n%s", replicas, exit, cli.ExitNoBus, want, says)
				}
			}
			if word := librarysWords.FindString(says); word != "" {
				t.Errorf("--replicas %s: got the library's word %q:\n%s", replicas, word, says)
			}
		}
	}
}

// threeNodes starts a cluster of three with a binder, and a bucket of so many replicas.
func threeNodes(t *testing.T, replicas int) (nodes []*broker.Broker) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	var routes []string
	for _, name := range []string{"ann", "bob", "cal"} {
		b, err := broker.Start(ctx, broker.Config{Name: name, Listen: "127.0.0.1:0", Logger: quiet, Cluster: &broker.Cluster{Routes: routes}})
		check(t, err)
		t.Cleanup(b.Close)
		nodes, routes = append(nodes, b), append(routes[:len(routes):len(routes)], b.ClusterURL())
	}
	for _, b := range nodes {
		check(t, b.WaitCluster(ctx, 3))
	}
	nc, err := nodes[0].Connect("binder")
	check(t, err)
	reg, err := binder.Start(ctx, nc, binder.Config{Logger: quiet, Replicas: replicas})
	check(t, err)
	t.Cleanup(reg.Close)
	return nodes
}

// doctorUntil runs the doctor until a check has a status and says something.
func doctorUntil(t *testing.T, url, name, status, words string) doctorCheck {
	t.Helper()
	for deadline := time.Now().Add(testPatience); ; time.Sleep(50 * time.Millisecond) {
		checks, _ := checksOf(t, "-s", url)
		c := checks[name]
		if c.Status == status && strings.Contains(c.Found, words) {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("check %s: got %s, %q; want %s with %q", name, c.Status, c.Found, status, words)
		}
	}
}

func TestTheDoctorKnowsThatANodeOfThreeIsGone(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("NATS_URL", "")
	nodes := threeNodes(t, 3)
	doctorUntil(t, nodes[0].URL(), "bucket", statusOK, "3 replicas, all up")
	nodes[2].Close()
	c := doctorUntil(t, nodes[0].URL(), "bucket", statusWarning, "cal is gone")
	if !strings.Contains(c.Found, "2 of 3 replicas") || !strings.Contains(c.Found, "with one more gone") || !strings.Contains(c.Next, "start cal again") {
		t.Errorf("got %q, next %q; want what it means and what to do", c.Found, c.Next)
	}
	// Who names the servers is told of those that don't answer, whatever the bucket.
	named := strings.Join([]string{nodes[0].URL(), nodes[1].URL(), nodes[2].URL()}, ",")
	doctorUntil(t, named, "nats", statusWarning, "of 3 servers that were named, nobody answers at "+strings.TrimPrefix(nodes[2].URL(), "nats://"))
	nodes[1].Close()
	doctorUntil(t, nodes[0].URL(), "bucket", statusFailed, "more than half")
}

func TestTheDoctorKnowsThatTheOnlyNodeWithTheBucketIsGone(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("NATS_URL", "")
	nodes := threeNodes(t, 1)
	nc, err := nodes[0].Connect("test")
	check(t, err)
	js, err := jetstream.New(nc)
	check(t, err)
	s, err := js.Stream(t.Context(), "KV_helium_registry")
	check(t, err)
	keeper := s.CachedInfo().Cluster.Leader
	var left *broker.Broker
	for _, b := range nodes {
		if b.Name() == keeper {
			b.Close()
		} else {
			left = b
		}
	}
	c := doctorUntil(t, left.URL(), "bucket", statusFailed, "")
	if !strings.Contains(c.Next, "start") {
		t.Errorf("got %q, next %q; want what to start", c.Found, c.Next)
	}
}

func TestTheDoctorKnowsABucketThatTakesNoMoreRecords(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	nc, err := b.Connect("test")
	check(t, err)
	defer nc.Close()
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(t.Context(), binder.Record{Service: "math", Instance: "i1", Version: "1.0.0"})
	check(t, err)
	js, err := jetstream.New(nc)
	check(t, err)
	edit := func(how func(*jetstream.StreamConfig)) {
		stream, err := js.Stream(t.Context(), "KV_helium_registry")
		check(t, err)
		cfg := stream.CachedInfo().Config
		how(&cfg)
		_, err = js.UpdateStream(t.Context(), cfg)
		check(t, err)
	}
	edit(func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 })
	doctorUntil(t, url, "bucket", statusWarning, "it is full")
	edit(func(c *jetstream.StreamConfig) { c.MaxMsgs, c.MaxBytes = -1, 10 })
	if c := doctorUntil(t, url, "bucket", statusWarning, "it is full"); !strings.Contains(c.Next, "--max-bytes -1") {
		t.Errorf("got %q, want the limit to raise", c.Next)
	}
	edit(func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld })
	doctorUntil(t, url, "bucket", statusWarning, "drops its oldest records")
	edit(func(c *jetstream.StreamConfig) { c.Sealed = true })
	doctorUntil(t, url, "bucket", statusFailed, "is sealed")
}
