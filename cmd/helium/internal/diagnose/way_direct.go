package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/direct"
)

// wayStraight are the checks of direct links. What fails there is no failure of the way: calls go by
// NATS then, and that is what the checks say, and why.
type wayStraight struct {
	*way
	opener *probe.Straights
	tried  []*probe.Straight // of the instances that offer links, by name
}

// checks are those to make.
func (w *wayStraight) checks() []check {
	return []check{{"offered", w.offered}, {"ticket", w.ticket}, {"reachable", w.reachable}, {"tls", w.tls}}
}

// offered looks who offers direct links.
func (w *wayStraight) offered(context.Context) finding {
	if len(w.records) == 0 {
		return skipped("no record")
	}
	offer := lookup.OfferDirect(w.records)
	switch n := len(offer); {
	case n == 0 && slices.ContainsFunc(w.records, func(r binder.Record) bool { return r.PerMethod }):
		return skipped("no instance offers direct links, which servers that are PerMethod don't, so calls go by NATS")
	case n == 0:
		return skipped("no instance offers direct links, so calls go by NATS")
	case w.unheard() != "":
		return skipped("%s", w.unheard())
	}
	slices.Sort(offer)
	for _, instance := range offer[:min(len(offer), maxInstances)] {
		w.tried = append(w.tried, probe.Unasked(instance))
	}
	text := "by " + amount.OfAll(len(offer), len(w.records), "instance")
	if len(offer) < len(w.records) {
		text += "; the others get calls by NATS alone, which spreads what goes by it over all"
	}
	return found("%s", text)
}

// ticket asks each for one.
func (w *wayStraight) ticket(ctx context.Context) finding {
	if w.tried == nil {
		return skipped("none is offered")
	}
	var err error
	if w.opener, err = w.prober.Straight(); err != nil {
		return skipped("%v", err)
	}
	probe.EachOf(w.tried, func(s *probe.Straight) { *s = *w.opener.Ask(ctx, w.service, s.Instance()) })
	without := w.those(func(s *probe.Straight) bool { return s.NoTicket != nil })
	if len(without) > 0 {
		next := "look at the instance's log"
		if without[0].Denied {
			next = "allow the user to publish to " + w.prober.Subjects().ServiceAt(w.service, "*") + ", if it may call every method of " + w.service + ": that allows all of them"
		}
		return w.byNATS(without, next)
	}
	return found("given by %s", amount.OfAll(len(w.tried), len(w.tried), "instance"))
}

// reachable dials, and opens the links; what came of TLS is told by the next check.
func (w *wayStraight) reachable(ctx context.Context) finding {
	with := w.those(func(s *probe.Straight) bool { return s.NoTicket == nil })
	if len(with) == 0 || w.opener == nil {
		return skipped("no ticket")
	}
	probe.EachOf(with, func(s *probe.Straight) { w.opener.Open(ctx, s) })
	if out := w.those(func(s *probe.Straight) bool { return s.NoTicket == nil && s.Stage == direct.StageReachable }); len(out) > 0 {
		return w.byNATS(out, "open the way there; or have the server --advertise an address by which it can be reached from here")
	}
	first := with[0]
	if !first.Linked() {
		return found("%s is there", first.Address)
	}
	return found("%s in %v", first.Address, amount.Time(first.RoundTrip))
}

// tls tells what came of opening where somebody was reached.
func (w *wayStraight) tls(context.Context) finding {
	reached := w.those(func(s *probe.Straight) bool {
		return s.NoTicket == nil && s.Stage != direct.StageTicket && s.Stage != direct.StageReachable
	})
	if len(reached) == 0 {
		return skipped("nobody was reached")
	}
	if out := w.those(func(s *probe.Straight) bool { return s.Stage == direct.StageTLS || s.Stage == direct.StageProof }); len(out) > 0 {
		return w.byNATS(out, "look at the server's log; somebody else may listen at its address")
	}
	if plain := w.those(func(s *probe.Straight) bool { return s.Linked() && !s.Encrypted }); len(plain) > 0 {
		if strings.HasPrefix(plain[0].Address, "plain:") {
			return found("none, as %s is to be plain; both ends have proved who they are", plain[0].Address)
		}
		return found("none on one host; both ends have proved who they are")
	}
	return found("1.3; both ends have proved who they are")
}

// byNATS is the finding that calls to some instances go by NATS.
func (w *wayStraight) byNATS(out []*probe.Straight, next string) finding {
	return advised(next, "calls go by NATS to %s: %v", amount.OfAll(len(out), len(w.tried), "instance")+" such as "+out[0].Instance(), out[0].Reason())
}

func (w *wayStraight) those(are func(*probe.Straight) bool) (some []*probe.Straight) {
	for _, s := range w.tried {
		if are(s) {
			some = append(some, s)
		}
	}
	return some
}

// whyLink is by which link calls to an instance go, once the client has opened those it can.
type whyLink struct {
	Instance  string  `json:"instance"`
	Link      string  `json:"link"`              // "bus" or "direct"
	Address   string  `json:"address,omitempty"` // that is dialed
	Encrypted bool    `json:"encrypted,omitempty"`
	PingMS    float64 `json:"ping_ms,omitempty"` // there and back
	Stage     string  `json:"stage,omitempty"`   // at which a direct link failed
	Reason    string  `json:"reason,omitempty"`  // why calls go by the bus
}

// links tells by which links calls go.
func (w *wayStraight) links() (all []whyLink) {
	for i := range w.records {
		r := &w.records[i]
		l := whyLink{Instance: r.Instance, Link: lookup.ByBus, Stage: "offered", Reason: "it offers no direct links"}
		if r.PerMethod {
			l.Reason = "it offers no direct links, as its server is PerMethod"
		}
		if lookup.OffersDirect(r) {
			l.Reason = "it wasn't looked at"
		}
		for _, s := range w.tried {
			switch {
			case s.Instance() != r.Instance || s.Asked == 0:
			case s.Linked() && s.Stage == direct.StageLinked:
				l = whyLink{Instance: r.Instance, Link: lookup.ByDirectLink, Address: s.Address, Encrypted: s.Encrypted, PingMS: amount.InMS(s.RoundTrip)}
			case s.Reason() != nil:
				l.Stage, l.Reason, l.Address = string(s.Stage), fmt.Sprint(s.Reason()), s.Address
			}
		}
		all = append(all, l)
	}
	return all
}

// said is how a link is told of to people.
func (l *whyLink) said() string {
	if l.Link == lookup.ByDirectLink {
		return "by a direct link"
	}
	return "by the bus: " + l.Reason
}

// linksInWords says by which links calls go, in a line for all instances, or where they differ in one
// for each.
func linksInWords(links []whyLink) (lines []string) {
	if len(links) == 0 {
		return nil
	}
	if !slices.ContainsFunc(links, func(l whyLink) bool { return l.said() != links[0].said() }) {
		return []string{"calls go " + links[0].said()}
	}
	for _, l := range links[:min(len(links), maxInstances)] {
		lines = append(lines, "calls to "+l.Instance+" go "+l.said())
	}
	if more := len(links) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more instances; -o json has all of them", more))
	}
	return lines
}
