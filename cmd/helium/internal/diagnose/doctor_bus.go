package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
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
	// Credentials and certificates, which go by the clock, leave some room.
	mostClockSkew = 2 * time.Second
)

// nats connects.
func (e *examination) nats(ctx context.Context) finding {
	nc, err := e.env.Dial(ctx)
	if err != nil {
		// Others are sent to the doctor first; what else helps stands behind it.
		next := strings.TrimPrefix(strings.TrimPrefix(cli.ConnectHint(err), "helium doctor"), "; or ")
		if next == "" {
			next = "--server nats://host:4222, of a server that answers"
		}
		return failed(cli.ExitNoBus, next, err)
	}
	nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}) // told where it is looked for
	e.nc = nc
	if e.prober, err = probe.New(nc, e.env.Connection.Prefix); err != nil {
		return failed(cli.ExitUsage, "--prefix of names and dots", err)
	}
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
	if f, gone := e.serversGone(ctx, text); gone {
		return f
	}
	return found("%s", text)
}

// quickestRTT returns how far the server is: the first round trip that isn't slow, or the
// quickest of some. One that is slow may have met a busy moment of either machine.
func quickestRTT(ctx context.Context, nc *nats.Conn) (quickest time.Duration, err error) {
	const tries = 10
	for try := range tries {
		rtt, err := nc.RTT()
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

// unreachable is the finding where there is no connection.
func unreachable() finding { return skipped("no connection") }

// aboutUser is what a NATS server tells a user of itself.
type aboutUser struct {
	Server struct {
		Time time.Time `json:"time"`
	} `json:"server"`
	Data struct {
		User    string        `json:"user"`
		Account string        `json:"account"`
		Expires time.Duration `json:"expires"` // left

		Permissions struct {
			Responses *responses `json:"responses"` // nil: it may answer nothing, or whatever it likes
		} `json:"permissions"`
	} `json:"data"`
	took time.Duration // the question
	skew time.Duration // how far this machine's clock is ahead
}

// askUser asks the server who this connection is.
func (e *examination) askUser(ctx context.Context) (*aboutUser, error) {
	const subject = "$SYS.REQ.USER.INFO"
	denied, err := e.prober.MayPublish(ctx, subject)
	if denied != nil {
		return nil, errors.New("this user may not ask " + subject)
	}
	if err != nil {
		return nil, err
	}
	began := time.Now()
	msg, err := e.nc.RequestWithContext(ctx, subject, nil)
	if err != nil {
		return nil, err
	}
	about := &aboutUser{took: time.Since(began)}
	if err := json.Unmarshal(msg.Data, about); err != nil {
		return nil, err
	}
	// The server looked at its clock somewhere on the way there and back.
	about.skew = began.Add(about.took / 2).Sub(about.Server.Time)
	return about, nil
}

// user tells as whom it is connected.
func (e *examination) user(ctx context.Context) finding {
	switch {
	case e.prober == nil:
		return unreachable()
	case !e.inbox:
		return skipped("answers can't come")
	}
	about, err := e.askUser(ctx)
	if err != nil {
		return skipped("%v", err)
	}
	e.about = about
	text := "nobody in particular"
	if about.Data.User != "" {
		text = about.Data.User
	}
	if about.Data.Account != "" {
		text += ", account " + about.Data.Account
	}
	if f, limited := e.limited(ctx); limited {
		return f
	}
	switch left := about.Data.Expires; {
	case left <= 0:
		return found("%s", text)
	case left < 24*time.Hour:
		return advised("renew the credentials", "%s, whose credentials end in %s", text, amount.Exact(left.Round(time.Second)))
	default:
		return found("%s, for another %s", text, amount.Of(int(left.Hours()/24), "day"))
	}
}

// clock compares this machine's clock with the server's. Calls don't go by clocks;
// credentials, certificates and what people read in logs do.
func (e *examination) clock(context.Context) finding {
	switch {
	case e.prober == nil:
		return unreachable()
	case e.about == nil || e.about.Server.Time.IsZero():
		return skipped("the server doesn't tell its time")
	}
	skew, took := e.about.skew, e.about.took
	switch {
	case skew.Abs() <= mostClockSkew+took:
		return found("within %s of the server's", amount.Exact(max(skew.Abs(), took, time.Millisecond).Round(time.Millisecond)))
	case skew > 0:
		return advised("set both clocks by NTP", "%s ahead of the server's; deadlines don't mind, credentials and certificates do", amount.Exact(skew.Round(time.Millisecond)))
	}
	return advised("set both clocks by NTP", "%s behind the server's; deadlines don't mind, credentials and certificates do", amount.Exact(-skew.Round(time.Millisecond)))
}

// maxPayload looks how large a message may be.
func (e *examination) maxPayload(context.Context) finding {
	if e.nc == nil {
		return unreachable()
	}
	n := e.nc.MaxPayload()
	text := fmt.Sprintf("%d KiB", n>>10)
	switch {
	case n < leastPayload:
		return advised("raise max_payload in the server's configuration to 1MB", "%s: no argument, result or record can be larger, and calls can't share messages as they should", text)
	case n > mostPayload:
		return advised("lower max_payload to 8MB or less", "%s: large messages hold up the small ones behind them", text)
	}
	return found("%s; no argument or result can be larger", text)
}

// inboxes finds out whether answers can come.
func (e *examination) inboxes(ctx context.Context) finding {
	if e.prober == nil {
		return unreachable()
	}
	inbox, denied, err := e.prober.MayReceive(ctx)
	switch {
	case err != nil:
		return e.lost(err)
	case denied != nil:
		return failed(cli.ExitNoBus, "allow the user to subscribe to "+inbox, errors.New("this user may not receive answers: it may not subscribe to "+inbox))
	case !wire.AllowedReply(strings.TrimSuffix(inbox, ">") + "x"):
		return failed(cli.ExitUsage, "give the context an inbox prefix such as _INBOX.me", fmt.Errorf("answers are wanted on %s; Helium's servers answer on subjects that begin with \"_INBOX.\" alone", inbox))
	}
	e.inbox = true
	return found("answers come on %s", inbox)
}

func (e *examination) lost(err error) finding {
	return failed(cli.ExitNoBus, "look at the server's log", fmt.Errorf("the connection was lost: %w", err))
}

// permissions finds out what the user may do beside calling, which "helium why" tells
// for each method.
func (e *examination) permissions(ctx context.Context) finding {
	if e.prober == nil {
		return unreachable()
	}
	subjects := e.prober.Subjects()
	var missing []string
	for _, publish := range []string{subjects.Lookup("helium-doctor"), subjects.List()} {
		denied, err := e.prober.MayPublish(ctx, publish)
		if err != nil {
			return e.lost(err)
		}
		if denied != nil {
			missing = append(missing, "publish to "+publish)
		}
	}
	events := subjects.Event("*")
	denied, err := e.prober.MaySubscribe(ctx, events)
	if err != nil {
		return e.lost(err)
	}
	if denied != nil {
		missing = append(missing, "subscribe to "+events)
	}
	switch {
	case missing == nil:
		return found("may look up, list, and hear of changes")
	case strings.HasPrefix(missing[0], "publish to "+subjects.Lookup("")):
		return failed(cli.ExitNoBus, "allow the user to publish to "+subjects.Lookup(">"), fmt.Errorf("this user can't call by name: it may not %s", strings.Join(missing, ", nor ")))
	}
	return advised("allow it, if this user needs it", "may look up; may not %s", strings.Join(missing, ", nor "))
}
