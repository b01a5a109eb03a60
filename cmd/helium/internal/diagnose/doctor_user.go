package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
)

// userChecks look at the user of the connection.
type userChecks struct {
	*access
	about *aboutUser // what the server says of this user; nil: nothing
}

// mostClockSkew bounds how far clocks may be apart. Credentials and certificates, which go by
// the clock, leave some room.
const mostClockSkew = 2 * time.Second

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
func (e *userChecks) askUser(ctx context.Context) (*aboutUser, error) {
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
func (e *userChecks) user(ctx context.Context) finding {
	switch {
	case e.prober == nil:
		return unreachable()
	case !e.inbox:
		return skipped("answers can't come")
	}
	about, err := e.askUser(ctx)
	if err != nil {
		if f, limited := e.limitedServer(ctx); limited {
			return f
		}
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
func (e *userChecks) clock(context.Context) finding {
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

// permissions finds out what the user may do beside calling, which "helium why" tells
// for each method.
func (e *userChecks) permissions(ctx context.Context) finding {
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
	case strings.HasPrefix(missing[0], "publish to "+subjects.Lookup("")) && e.isServers(ctx):
		return advised("allow the user to publish to "+subjects.Lookup(">")+", if it calls", "fit for a server, which needs none of what this user may not: %s; it can't call by name", strings.Join(missing, ", nor "))
	case strings.HasPrefix(missing[0], "publish to "+subjects.Lookup("")):
		return failed(cli.ExitNoBus, "allow the user to publish to "+subjects.Lookup(">"), helium.ErrRegistryNotPermitted.WithMessage("this user can't call by name: it may not %s", strings.Join(missing, ", nor ")))
	}
	return advised("allow it, if this user needs it", "may look up; may not %s", strings.Join(missing, ", nor "))
}

// isServers reports whether this seems to be a server's user: it may answer whoever asks, or be asked
// by tools, and not hear of what clients want to hear.
func (e *userChecks) isServers(ctx context.Context) bool {
	if denied, err := e.prober.MaySubscribe(ctx, e.prober.Subjects().Event("*")); denied == nil || err != nil {
		return false
	}
	if denied, err := e.prober.MayPublish(ctx, "_INBOX."+wire.NewInstance()); denied == nil && err == nil {
		return true
	}
	denied, err := e.prober.MaySubscribe(ctx, "$SRV.PING")
	return denied == nil && err == nil
}

// limitedServer tells of a server's user, of whom the NATS server may not be asked, that it may answer by
// allow_responses at best.
func (e *userChecks) limitedServer(ctx context.Context) (f finding, limited bool) {
	if !e.isServers(ctx) {
		return f, false
	}
	for _, inbox := range answerInboxes() {
		denied, err := e.prober.MayPublish(ctx, inbox)
		if err != nil {
			return e.lost(err), true
		}
		if denied != nil {
			return advised(recipe, "this user may not publish to callers' inboxes; as a server's user it answers as far as allow_responses permits: not at all, or the calls of a message together only, which is slower"), true
		}
	}
	return f, false
}

// answerInboxes are made-up inboxes such as callers have.
func answerInboxes() (inboxes []string) {
	for _, depth := range []string{"", ".+", ".x.+"} {
		inboxes = append(inboxes, "_INBOX."+wire.NewInstance()+depth)
	}
	return inboxes
}

// limited tells of a user who, as a server's, would have to answer the calls of a message
// together: one who may answer, and not more than allow_responses permits.
func (e *userChecks) limited(ctx context.Context) (f finding, limited bool) {
	responses := e.about.Data.Permissions.Responses
	if responses == nil {
		return f, false
	}
	for _, inbox := range answerInboxes() {
		denied, err := e.prober.MayPublish(ctx, inbox)
		if err != nil {
			return e.lost(err), true
		}
		if denied != nil {
			return advised(recipe, "this user may answer only as allow_responses permits, %s; as a server's user it answers the calls of a message together only, which is slower", responses), true
		}
	}
	return f, false
}

// responses is what NATS permits a user to answer.
type responses struct {
	Max int `json:"max"`
}

func (r *responses) String() string {
	if r.Max < 0 {
		return "any number a request, for which NATS keeps every reply subject and looks through them again and again"
	}
	return amount.Of(max(r.Max, 1), "message") + " a request"
}
