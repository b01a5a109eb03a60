package node_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// accounts is a NATS server with the accounts of a service and of its callers, and a
// binder.
func accounts(t *testing.T, responseType, permissions string) (url string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	conf := fmt.Sprintf(`
listen: "127.0.0.1:-1"
jetstream: {store_dir: %q}
accounts: {
	S: {
		jetstream: enabled
		users: [{user: root, password: pw}, {user: words, password: pw%s}]
		exports: [{service: "helium.>"%s}]
	}
	C: {users: [{user: caller, password: pw}], imports: [{service: {account: S, subject: "helium.>"}}]}
}`, dir, permissions, responseType)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	srv, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	reg, err := binder.Start(t.Context(), connectTo(t, srv.ClientURL(), "root"), binder.Config{Logger: quiet, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reg.Close)
	return srv.ClientURL()
}

func connectTo(t *testing.T, url, user string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.UserInfo(user, "pw"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// warningsOf returns what the record of the service says, to whoever asks as that user.
func warningsOf(t *testing.T, nc *nats.Conn) []binder.Warning {
	t.Helper()
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	entry, err := registry.Lookup(ctx, "words")
	if err != nil {
		t.Fatal(err)
	}
	return entry.Records[0].Warnings
}

func TestAServiceInNodeThatAnswersByAllowResponsesSaysSoBeforeAnybodyCalls(t *testing.T) {
	url := accounts(t, "", `, permissions: {publish: ["helium.binder.>"], allow_responses: true}`)
	program := startServiceAs(t, url, "words")
	got := warningsOf(t, connectTo(t, url, "root"))
	if len(got) != 1 || got[0].Reason != rpcserver.WarningAnswersLimited || !strings.Contains(got[0].Message, `"_INBOX.>"`) {
		t.Errorf("its record warns of %+v, want of its permissions", got)
	}
	if n := strings.Count(program.said.String(), "helium.answers_limited"); n != 1 {
		t.Errorf("it says what to set %d times, want once:\n%s", n, program.said)
	}
	// Of the answers to calls that share a message, NATS refuses all but one.
	nc := connectTo(t, url, "root")
	together(t, nc, 5)
	if err := program.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says how many were refused", func() bool {
		return strings.Contains(program.said.String(), "lost 4 answers refused, 0 dropped")
	})
}

// together sends one message of several calls of words.upper, and waits for one answer.
func together(t *testing.T, nc *nats.Conn, calls int) {
	t.Helper()
	inbox, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	data := []byte{0xc1, 0x01}
	for i := range calls {
		data = append(data, 0x95, 0x01, byte(i+1), 0xcd, 0x75, 0x30, 0xc0, 0xc4, 3, 0x91, 0xa1, 'x') // [1, seq, 30000, nil, bin(["x"])]
	}
	if err := nc.PublishRequest("helium.call.words.upper", inbox.Subject, data); err != nil {
		t.Fatal(err)
	}
	if _, err := inbox.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
}

func TestAServiceInNodeTellsOfAnExportThatDropsItsAnswers(t *testing.T) {
	for responseType, want := range map[string]int{"": 1, ", response_type: stream": 0} {
		t.Run("export"+responseType, func(t *testing.T) {
			url := accounts(t, responseType, "")
			program := startServiceAs(t, url, "words")
			caller := connectTo(t, url, "caller")
			if got := warningsOf(t, caller); len(got) != 0 {
				t.Fatalf("it warns of %v before anybody has called", got)
			}
			c, err := rpcclient.New(caller, rpcclient.Config{Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got, err := rpcclient.Call[string](t.Context(), c, "words.upper", "x"); got != "X" || err != nil {
				t.Fatalf("words.upper = %q, %v; want X", got, err)
			}
			if want > 0 {
				eventually(t, "its record warns", func() bool {
					got := warningsOf(t, caller)
					return len(got) == 1 && got[0].Reason == "helium.answers_dropped" && strings.Contains(got[0].Message, "response_type: stream")
				})
			}
			together(t, caller, 5)
			if err := program.stdin.Close(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it has ended", func() bool { return strings.Contains(program.said.String(), "left after") })
			lost := "lost 0 answers refused, 4 dropped"
			if said := program.said.String(); strings.Contains(said, lost) != (want > 0) || strings.Count(said, "response_type: stream") != want {
				t.Errorf("it says:\n%s\nwant %d warnings, and %q: %t", said, want, lost, want > 0)
			}
		})
	}
}
