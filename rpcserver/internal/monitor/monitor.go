// Package monitor answers what NATS's own tools ask. NATS has a convention for services (ADR-32): whoever
// asks on $SRV.PING, $SRV.INFO or $SRV.STATS hears from every instance of every service. Tools and
// dashboards for NATS services live by it, so a server answers too, once for each of its services:
//
//	$SRV.<verb>   $SRV.<verb>.<service>   $SRV.<verb>.<service>.<instance>
//
// It stands apart from calls: it has a goroutine and subscriptions of its own, and a server whose user
// may not have them serves all the same.
//
//   - monitor.go: hears the questions
//   - answers.go: what it says
package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
)

// Monitor answers what is asked on NATS's control subjects of services.
type Monitor struct {
	NC         *nats.Conn
	Log        *slog.Logger
	Instance   string
	MaxMessage func() int // in bytes
	Answers    Answers
	Refusals   *answers.Refusals
	Exports    *answers.Exports
	BadReplies *atomic.Uint64 // counts questions whose answer may not go where they want it

	services []Service // as opened
	inbound  chan *nats.Msg
	done     chan struct{}        // closed when run has returned; nil if it never ran
	subs     []*nats.Subscription // Open's own, then Close's
}

const (
	// maxQuestions is how many questions may wait. They are those of people and
	// dashboards; whoever asks faster than that hears less.
	maxQuestions = 1024
	// joinTime is how long Open waits to hear whether questions may be received.
	joinTime = 10 * time.Second
)

// verbs are what is asked, each in three ways.
var verbs = []micro.Verb{micro.PingVerb, micro.InfoVerb, micro.StatsVerb}

// Open begins to answer for services. Where it may not, the log says so and the server goes
// on.
func (m *Monitor) Open(ctx context.Context, services []Service) {
	m.services = services
	m.inbound = make(chan *nats.Msg, maxQuestions)
	m.done = make(chan struct{})
	go m.run()
	// One subject first: a user who may not have it gets one refusal, not a dozen.
	subjects := m.subjects()
	denied := m.join(ctx, subjects[:1])
	switch {
	case denied != nil:
		m.leave()
	default:
		denied = m.join(ctx, subjects[1:])
	}
	switch {
	case errors.Is(denied, nats.ErrMaxSubscriptionsExceeded):
		m.leave() // after a reconnect they could take the place of those that calls come by
		m.Log.Warn("tools for NATS services can't see this server, as its connection may have no more subscriptions; raise max_subscriptions, or set Config.NoMonitoring", "reason", denied)
	case denied != nil:
		m.Log.Warn("tools for NATS services can't see all of this server; allow its user to subscribe to $SRV.>, or set Config.NoMonitoring", "reason", denied)
	}
}

// subjects are those that concern this server, the one that all servers have first.
func (m *Monitor) subjects() (subjects []string) {
	add := func(service, instance string) {
		for _, verb := range verbs {
			subject, err := micro.ControlSubject(verb, service, instance)
			if err == nil { // as it is, but for an instance of no service
				subjects = append(subjects, subject)
			}
		}
	}
	add("", "")
	for _, svc := range m.services {
		add(svc.Record.Service, "")
		add(svc.Record.Service, m.Instance)
	}
	return subjects
}

// join subscribes, without a queue group as everyone is asked, and returns why it may
// not if the NATS server says so.
func (m *Monitor) join(ctx context.Context, subjects []string) (denied error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	ours := func(subject string) bool { return slices.Contains(subjects, subject) }
	// If it isn't confirmed, the connection is down; the subscriptions return with it. Of
	// a connection that is closed the server tells.
	denied, _ = natsperm.Confirm(ctx, m.NC, ours, func() error {
		for _, subject := range subjects {
			sub, err := m.NC.ChanSubscribe(subject, m.inbound)
			if err != nil {
				return err
			}
			m.subs = append(m.subs, sub)
		}
		return nil
	})
	return denied
}

func (m *Monitor) leave() {
	for _, sub := range m.subs {
		_ = sub.Unsubscribe() // fails only if the connection is closed, and the subscription with it
	}
	m.subs = nil
}

// Close stops answering.
func (m *Monitor) Close() {
	if m.done == nil {
		return
	}
	m.leave()
	m.inbound <- nil
	<-m.done
}

// run answers until a nil message comes.
func (m *Monitor) run() {
	defer close(m.done)
	for msg := range m.inbound {
		if msg == nil {
			return
		}
		if wire.AllowedReply(msg.Reply) {
			m.answer(msg)
		} else if msg.Reply != "" {
			m.BadReplies.Add(1)
		}
	}
}

// answer answers for each of the services that a question concerns.
func (m *Monitor) answer(msg *nats.Msg) {
	tokens := strings.Split(msg.Subject, ".") // $SRV, the verb, perhaps a service and an instance
	m.Refusals.Meet(msg.Reply)
	sent := 0
	for i := range m.services {
		svc := &m.services[i]
		if len(tokens) > 2 && tokens[2] != svc.Record.Service {
			continue
		}
		reply := nats.NewMsg(msg.Reply)
		reply.Data = m.text(tokens[1], svc)
		if limit := m.MaxMessage(); len(reply.Data) > limit {
			fault := "the answer of " + strconv.Itoa(len(reply.Data)) + " bytes doesn't fit a message of " + strconv.Itoa(limit)
			reply.Data = nil
			reply.Header.Set(wire.ErrorHeader, fault)
			reply.Header.Set(wire.ErrorCodeHeader, "500")
		}
		_ = m.Refusals.Publish(reply) // fails if the connection is down, and then nobody waits
		if sent++; answers.IsExported(msg.Reply) {
			m.Exports.Answered(answers.Control, msg.Reply, 0, sent, len(tokens) > 2 || i == len(m.services)-1)
		}
	}
}

// text returns what to say of a service, at length if that fits a message.
func (m *Monitor) text(verb string, svc *Service) (text []byte) {
	for _, atLength := range []bool{true, false} {
		text, _ = json.Marshal(m.Answers.to(verb, svc, atLength)) // numbers and texts always can be
		if len(text) <= m.MaxMessage() {
			break
		}
	}
	return text
}
