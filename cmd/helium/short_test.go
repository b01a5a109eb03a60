package main

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// blame is what is said against who didn't answer, though there was the time to.
var blame = regexp.MustCompile(`frozen|they hang|nats-server|was lost|context deadline|didn't finish|silent|"next":"helium (why|doctor)( [a-z.]*)?"`)

// saysTooShort runs a command that has no time to ask anybody.
func saysTooShort(t *testing.T, what string, line string, url string) {
	t.Helper()
	r := heliumRun(t, append(strings.Fields(line), "-s", url, "-o", "json")...)
	if r.exit != cli.ExitDeadline || !strings.Contains(r.err, "the time was") || !strings.Contains(r.err, "--timeout 1") {
		t.Errorf("%s: helium %s: got exit %d, want %d, that the time was too short, and a longer --timeout:\n%s%s", what, line, r.exit, cli.ExitDeadline, r.out, r.err)
	}
	if word := blame.FindString(r.out + r.err); word != "" {
		t.Errorf("%s: helium %s: it blames somebody, by %q:\n%s%s", what, line, word, r.out, r.err)
	}
}

func TestWithoutTimeToAskNobodyIsBlamed(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer mute.Close()
	for _, line := range []string{"ls", "describe diary", "call diary.one 1", "bench diary.one 1", "ping", "ping diary", "why diary.one", "doctor", "top --once", "gen ts diary"} {
		saysTooShort(t, "NATS says nothing", line+" --timeout 50ms", "nats://"+mute.Addr().String())
	}

	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0"})
	check(t, err)
	t.Cleanup(b.Close)
	nc, err := b.Connect("binder")
	check(t, err)
	t.Cleanup(nc.Close)
	_, err = nc.Subscribe("helium.binder.>", func(*nats.Msg) {})
	check(t, err)
	check(t, nc.Flush())
	for _, line := range []string{"ls", "describe diary", "call diary.one 1", "bench diary.one 1", "ping", "ping diary", "why diary.one"} {
		saysTooShort(t, "the binder says nothing", line+" --timeout 300ms", b.URL())
	}
}

func TestAnInstanceThatHadNoTimeToAnswerIsNotCalledSilent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	whenAsked(t, b, func() {})
	for _, line := range []string{"why diary.one", "ping diary", "doctor", "top diary --once --interval 100ms"} {
		saysTooShort(t, "an instance that says nothing", line+" --timeout 400ms", url)
	}
	r := heliumRun(t, "top", "--once", "--interval", "100ms", "--timeout", "400ms", "-s", url)
	if want := "the time was too short to tell: 1 instance had no time to answer; give a longer --timeout\n"; r.exit != cli.ExitOK || r.err != want {
		t.Errorf("helium top: got exit %d and %q, want %d and %q", r.exit, r.err, cli.ExitOK, want)
	}
}
