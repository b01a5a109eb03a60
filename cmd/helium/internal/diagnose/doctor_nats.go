package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	slowRoundTrip = 50 * time.Millisecond
	// Binders tell watchers of expiries by markers, which this version has first.
	oldestServer = "2.11"
	// Records may be 64 KiB, and a message of calls as long.
	leastPayload = 128 << 10
	// NATS itself advises against more than 8 MB.
	mostPayload = 8 << 20
)

// natsChecks look at the connection and its server.
type natsChecks struct{ *access }

// server connects.
func (e natsChecks) server(ctx context.Context) finding {
	if err := e.connect(ctx); err != nil {
		// Others are sent to the doctor first; what else helps stands behind it.
		next := strings.TrimPrefix(strings.TrimPrefix(cli.ConnectHint(err), "helium doctor"), "; or ")
		if next == "" {
			next = "--server nats://host:4222, of a server that answers"
		}
		return failed(cli.ExitNoBus, next, err)
	}
	if err := e.openProber(); err != nil {
		return failed(cli.ExitUsage, "--prefix of names and dots", err)
	}
	nc := e.nc
	rtt, err := quickestRTT(ctx, nc)
	if err != nil {
		return failed(cli.ExitNoBus, "look at the server's log", fmt.Errorf("connected to %s, and then no answer: %w", nc.ConnectedUrlRedacted(), err))
	}
	text := fmt.Sprintf("%s at %s, version %s, round trip %v", nc.ConnectedServerName(), nc.ConnectedUrlRedacted(), nc.ConnectedServerVersion(), amount.Time(rtt))
	if cluster := nc.ConnectedClusterName(); cluster != "" {
		text += fmt.Sprintf(", cluster %s of %s", cluster, amount.Of(len(nc.Servers()), "address"))
	}
	switch {
	case olderThan(nc.ConnectedServerVersion(), oldestServer):
		return failed(cli.ExitNoBus, "install nats-server "+oldestServer+" or newer", fmt.Errorf("%s; the registry needs %s", text, oldestServer))
	case rtt > slowRoundTrip:
		return advised("connect to a server nearby", "%s, and each call takes that twice", text)
	}
	if f, gone := serversGone(ctx, nc, text); gone {
		return f
	}
	return found("%s", text)
}

// quickestRTT returns how far the server is: the first round trip that isn't slow, or the
// quickest of some. One that is slow may have met a busy moment of either machine.
func quickestRTT(ctx context.Context, nc *nats.Conn) (quickest time.Duration, err error) {
	const tries = 10
	for try := range tries {
		rtt, err := roundTrip(ctx, nc)
		if err != nil {
			return 0, err
		}
		if try == 0 || rtt < quickest {
			quickest = rtt
		}
		if quickest <= slowRoundTrip || ctx.Err() != nil {
			break
		}
	}
	return quickest, nil
}

// roundTrip returns how far the server is. Unlike nats.Conn.RTT, it waits no longer than a check may take.
func roundTrip(ctx context.Context, nc *nats.Conn) (time.Duration, error) {
	began := time.Now()
	err := nc.FlushWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nats.ErrTimeout
	}
	return time.Since(began), err
}

// olderThan compares versions by their first two numbers; what can't be read is new.
func olderThan(version, least string) bool {
	number := func(text string) (n int) {
		parts := strings.SplitN(text, ".", 3)
		if len(parts) < 2 {
			return 1 << 30
		}
		major, err1 := strconv.Atoi(parts[0])
		minor, err2 := strconv.Atoi(parts[1])
		if err1 != nil || err2 != nil {
			return 1 << 30
		}
		return major<<16 + minor
	}
	return number(version) < number(least)
}

// maxPayload looks how large a message may be.
func (e natsChecks) maxPayload(context.Context) finding {
	if e.nc == nil {
		return unreachable()
	}
	n := e.nc.MaxPayload()
	text := fmt.Sprintf("%d KiB", n>>10)
	switch {
	case n < leastPayload:
		return advised("raise max_payload in the server's configuration to 1MB", "%s: no record can be larger, larger arguments and results travel in chunks, and calls can't share messages as they should", text)
	case n > mostPayload:
		return advised("lower max_payload to 8MB or less", "%s: large messages hold up the small ones behind them", text)
	}
	return found("%s; larger arguments and results travel in chunks", text)
}

// inboxes finds out whether answers can come.
func (e natsChecks) inboxes(ctx context.Context) finding {
	if e.prober == nil {
		return unreachable()
	}
	inbox, denied, err := e.prober.MayReceive(ctx)
	switch {
	case err != nil:
		return e.lost(err)
	case denied != nil:
		return failed(cli.ExitNoBus, "allow the user to subscribe to "+inbox, helium.ErrNotPermitted.WithMessage("this user may not receive answers: it may not subscribe to %s", inbox))
	case !wire.AllowedReply(strings.TrimSuffix(inbox, ">") + "x"):
		return failed(cli.ExitUsage, "give the context an inbox prefix such as _INBOX.me", fmt.Errorf("answers are wanted on %s; Helium's servers answer on subjects that begin with \"_INBOX.\" alone", inbox))
	}
	e.inbox = true
	return found("answers come on %s", inbox)
}
