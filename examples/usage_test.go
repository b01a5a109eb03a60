package examples_test

import (
	"strings"
	"testing"
	"time"
)

func TestATakenPortIsExplained(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder().await("Binder Online")

	second := at.startBinder()
	second.awaitExit(1)
	second.complained(at.address+" is in use", "take another port")
}

func TestPort0TakesAFreePortAndTellsWhich(t *testing.T) {
	t.Parallel()
	binder := start(t, "binder", "-listen", "127.0.0.1:0")
	url := binder.await(`Binder Online at (nats://127\.0\.0\.1:[1-9]\d*)\n`)
	start(t, "server", "-url", url).await(online)
	client := start(t, "client", "-url", url, "-wait", patience.String(), "1 + 2")
	client.awaitExit(0)
	client.wrote("1 + 2 = 3\n")
}

func TestAClientGivesUpAndSaysWhatToStart(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	client := start(t, "client", "-url", at.url(), "-wait", "300ms")
	client.awaitExit(1)
	client.complained("no broker within 300ms", "go run ./examples/binder")

	at.startBinder().await("Binder Online")
	wait := 300 * time.Millisecond
	for {
		client = start(t, "client", "-url", at.url(), "-wait", wait.String(), "1 + 2", "3 + 4")
		client.awaitExit(1)
		if !strings.Contains(client.stderr.String(), "no broker within") || wait > patience {
			break
		}
		wait *= 3 // a busy machine took as long to connect
	}
	client.complained("1 + 2: column 3: ", "within "+wait.String(), "go run ./examples/server")
	if got := client.stderr.String(); strings.Contains(got, "3 + 4") {
		t.Errorf("got %q, want an end once nobody came for the first expression", got)
	}
}

func TestWrongUseIsRefusedBeforeAnythingStarts(t *testing.T) {
	for _, c := range []struct {
		args []string // the program first
		code int
		part string
	}{
		{[]string{"binder", "-listne", ":1"}, 2, "not defined: -listne"},
		{[]string{"binder", "4222"}, 2, "takes no arguments"},
		{[]string{"binder", "-listen", "nowhere"}, 1, "write host:port"},
		{[]string{"server", "math"}, 2, "takes no arguments"},
		{[]string{"server", "-delay", "soon"}, 2, "invalid value \"soon\""},
		{[]string{"client", "-7 / 2"}, 2, "-- is for expressions that begin with a minus sign"},
		{[]string{"client", "1 + x"}, 1, "1 + x: column 5: x is no number"},
		{[]string{"demo", "1 + 2", "1 % 3"}, 1, "1 % 3: column 3: no operator %"},
		{[]string{"client", "-h"}, 0, "default $NATS_URL"},
		{[]string{"server", "-h"}, 0, "default $NATS_URL"},
		{[]string{"binder", "-h"}, 0, "127.0.0.1:4222"},
	} {
		p := start(t, c.args[0], c.args[1:]...)
		p.awaitExit(c.code)
		p.complained(c.part)
		p.wrote("")
	}
}
