package standstill_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/standstill"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// calls is a message of calls that was begun when its sender's clock showed so much.
func calls(reading time.Duration) []byte {
	m := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindSender, Seq: 7, Time: uint64(reading / time.Microsecond), Abilities: wire.Heartbeats})
	return wire.AppendFrame(m, &wire.Frame{Kind: wire.KindCall, Seq: 9, Time: 1000, Body: []byte("\r\nPUB a 1\r\n")})
}

func published(subject string, message []byte) []byte {
	return fmt.Appendf(nil, "PUB %s reply %d\r\n%s\r\n", subject, len(message), message)
}

func TestOnlyTheClocksOfSendersAreSetBackHoweverWhatTheySendIsCut(t *testing.T) {
	const by = time.Hour
	others := "CONNECT {}\r\nPING\r\nSUB a 1\r\nPUB a 3\r\nabc\r\nHPUB a 12 15\r\nNATS/1.0\r\n\r\nabc\r\nPUB a reply 0\r\n\r\n"
	answer := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindInstance, Body: []byte("i")})
	sent := append(append(published("a", calls(2*by)), others...), published("b", answer)...)
	want := append(append(published("a", calls(by)), others...), published("b", answer)...)
	for size := 1; size <= len(sent); size++ {
		rewriter := standstill.New()
		var got []byte
		for part := range slices.Chunk(sent, size) {
			got = append(got, rewriter.Rewrite(part, proxy.Conditions{Behind: by})...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("in parts of %d bytes: got %q, want %q", size, got, want)
		}
	}
}

func TestNothingIsSetBackWhereNoClockStoodStill(t *testing.T) {
	sent := published("a", calls(time.Hour))
	if got := standstill.New().Rewrite(sent, proxy.Conditions{}); !bytes.Equal(got, sent) {
		t.Errorf("got %q, want what was sent, %q", got, sent)
	}
}
