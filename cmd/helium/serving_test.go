package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestABinderThatCantStartSaysWhyAndPrintsNoEvents(t *testing.T) {
	b, url := newBusWithoutBinder(t, broker.Config{Users: []broker.User{
		{Name: "all", Password: "pw"},
		{Name: "deaf", Password: "pw", Subscribe: broker.Subjects{Deny: []string{"helium.binder.>"}}},
	}})
	nc := connectTo(t, strings.Replace(b.URL(), "://", "://all:pw@", 1))
	js, err := jetstream.New(nc)
	check(t, err)
	heliumRun(t, "binder", "-s", url, "--user", "deaf", "--password", "pw") // makes the bucket
	// Each of them is an event, whenever the binder has read what there is.
	ctx, stop := context.WithCancel(t.Context())
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		for version := "1"; ctx.Err() == nil; version += "1" {
			if len(version) > 100 {
				version = ""
			}
			_, _ = js.Publish(ctx, "$KV.helium_registry.math.i1", []byte(`{"service":"math","instance":"i1","version":"`+version+`","methods":[]}`))
		}
	}()
	defer func() { stop(); <-wrote }()
	for range 5 { // in one or two of them there is an event before it is clear
		r := heliumRun(t, "binder", "-s", url, "--user", "deaf", "--password", "pw")
		if r.exit == cli.ExitOK || r.out != "" || !strings.Contains(r.err, "must be allowed to subscribe") {
			t.Errorf("got exit %d and %q, want an error and nothing else; it says:\n%s", r.exit, r.out, r.err)
		}
	}
}

func TestABinderThatIsStoppedBeforeItGreetsLeavesNoEventWaiting(t *testing.T) {
	b, _ := newBusWithoutBinder(t, broker.Config{})
	nc := connectTo(t, b.URL())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out lockedBuffer
	env := cli.NewEnv(strings.NewReader(""), &out, io.Discard, func(error) {})
	reg, _, err := startBinder(ctx, env, nc, binder.Config{Memory: true})
	check(t, err)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(ctx, binder.Record{Service: "math", Instance: "i1"})
	check(t, err)
	stop()
	reg.Close() // a goroutine that waits on is found when all tests are done
	if out.String() != "" {
		t.Errorf("it printed %q before the greeting, want nothing", out.String())
	}
}

// refusedAfter passes bytes on to a NATS server and back, until it is told to give the client
// an error for which nats.go closes its connection.
func refusedAfter(t *testing.T, to string) (url string, refuse chan<- struct{}) {
	now := make(chan struct{})
	return relay(t, to, func(client, server net.Conn) {
		go func() { _, _ = io.Copy(server, client) }()
		passed := make(chan struct{})
		go func() {
			defer close(passed)
			_, _ = io.Copy(client, server)
		}()
		<-now
		_ = server.SetReadDeadline(time.Unix(1, 0))
		<-passed
		_, _ = io.WriteString(client, "-ERR 'Made Up'\r\n")
		_, _ = io.Copy(io.Discard, client)
	}), now
}

func TestWhatServesEndsWhenItsConnectionIsClosedForGood(t *testing.T) {
	for _, test := range []struct{ words, online string }{
		{"binder", "Binder Online"},
		{"serve math", "Server Online"},
	} {
		_, url := newBus(t, broker.Config{})
		between, refuse := refusedAfter(t, url)
		var out, errs lockedBuffer
		ctx, stop := context.WithTimeout(t.Context(), testPatience)
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, append(strings.Fields(test.words), "-s", between), strings.NewReader(""), &out, &errs)
		}()
		for !strings.Contains(out.String(), test.online) && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		close(refuse)
		if exit := <-ended; exit != cli.ExitNoBus || !strings.Contains(errs.String(), "closed for good") || !strings.Contains(errs.String(), "Made Up") {
			t.Errorf("helium %s: got exit %d, want %d and why; it says:\n%s", test.words, exit, cli.ExitNoBus, errs.String())
		}
		stop()
	}
}
