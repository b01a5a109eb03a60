package main

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// endless is a service whose streams and calls last until their callers give up.
type endless struct{ began chan struct{} }

func (e endless) Wait(ctx context.Context) { e.wait(ctx) }

func (e endless) Count(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			e.wait(ctx)
		}
	}
}

func (e endless) Sum(ctx context.Context, xs iter.Seq2[int, error]) (sum int) {
	e.began <- struct{}{}
	for x := range xs {
		sum += x
	}
	return sum
}

func (e endless) wait(ctx context.Context) {
	e.began <- struct{}{}
	<-ctx.Done()
}

func TestWhatIsStoppedSaysSoInOneSentence(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	service := endless{make(chan struct{}, 8)}
	serve(t, b, "endless", service)
	looked := make(chan struct{}, 1000)
	nc, err := b.Connect("hears")
	check(t, err)
	defer nc.Close()
	_, err = nc.Subscribe("$SRV.STATS", func(*nats.Msg) { looked <- struct{}{} })
	check(t, err)
	check(t, nc.Flush())
	for _, c := range []struct {
		line    string
		outcome string // that is told
	}{
		{"call endless.wait", "unknown"},
		{"call endless.wait --all", ""},
		{"call endless.wait --each -d []", ""},
		{"call endless.count", "unknown"},
		{"call endless.sum", "unknown"},
		{"top --once --interval 10m", ""},
		{"top -o ndjson --interval 100ms", ""},
	} {
		for _, stop := range []struct {
			by   os.Signal
			exit int
			says string
		}{{os.Interrupt, cli.ExitInterrupted, "interrupted before it was done"}, {syscall.SIGTERM, cli.ExitTerminated, "terminated before it was done"}} {
			for _, form := range []string{"table", "json"} {
				words := append(strings.Fields(c.line), "-s", url)
				live := strings.Contains(c.line, "ndjson")
				if !live {
					words = append(words, "-o", form)
				}
				if strings.HasPrefix(c.line, "call") {
					words = append(words, "--timeout", "10m")
				}
				reader, input, err := os.Pipe() // of what is sent there is no end
				check(t, err)
				p := startProcessWith(t, reader, words...)
				switch {
				case live:
					eventually(t, "rows are printed", func() bool { return strings.Contains(p.out.String(), "\n") }, p)
				case strings.HasPrefix(c.line, "top"):
					await(t, "it looks", looked)
				default:
					await(t, "the call is in flight", service.began)
				}
				check(t, p.cmd.Process.Signal(stop.by))
				exit := p.exit(t)
				input.Close()
				reader.Close()
				said := p.err.String()
				message, outcome := "", ""
				if live || form == "json" {
					var told struct{ Error cli.Report }
					if err := json.Unmarshal([]byte(said), &told); err != nil {
						t.Errorf("helium %q: stderr is no JSON: %v\n%s", words, err, said)
					}
					message, outcome = told.Error.Message, told.Error.Outcome
				} else {
					first, rest, _ := strings.Cut(said, "\n")
					message = strings.TrimPrefix(first, "helium: ")
					if _, behind, found := strings.Cut(rest, "  outcome   "); found {
						outcome, _, _ = strings.Cut(behind, "\n")
					}
				}
				if exit != stop.exit || message != stop.says || outcome != c.outcome || strings.Contains(said, "context") {
					t.Errorf("helium %q after %v: got exit %d, %q and outcome %q; want %d, %q and %q:\n%s", words, stop.by, exit, message, outcome, stop.exit, stop.says, c.outcome, said)
				}
			}
		}
	}
}
