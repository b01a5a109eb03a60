package direct

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/helium-rpc/helium"
)

const (
	// unusedTime is how long a link stays that nobody uses.
	unusedTime = time.Minute
	// renewEvery is how often a right is renewed, and keepFor for how long it is used when that is
	// refused.
	renewEvery = time.Minute
	keepFor    = 80 * time.Second
	// renewPause is how long it waits at most after a failure to renew a right.
	renewPause = 4 * time.Second
	// firstPause is how long a client waits after a failure to get a link, at first, and lastPause
	// after many.
	firstPause = 250 * time.Millisecond
	lastPause  = time.Minute
)

// peer is an instance as a client's links know it. Its client's mu guards it.
type peer struct {
	instance, cluster string
	services          map[string]*wanted // by name

	link      *clientLink // nil: there is none
	wasLinked bool        // there was one, now or before
	working   bool        // a ticket is asked for or used
	pause     time.Duration
	retry     time.Time // not before

	// What people want to know:
	stage  Stage
	reason error // why it went no further; nil: it is on its way, or linked
}

// wanted is a service that the client may call at a peer.
type wanted struct {
	offered bool // the registry has it
	has     func(method string) bool

	linked bool      // calls go by the link
	renew  time.Time // when the right is renewed
	ends   time.Time // when it ends if that is refused

	sent uint64    // how many calls of it there were
	used time.Time // when there was another one
}

// step does what is to be done at a peer now. It returns the link if that is to be closed, and the
// service for which a ticket is to be asked for, if any.
func (p *peer) step(now time.Time, chosen bool, links Links) (over *clientLink, work string) {
	needed := false
	busy := p.link != nil && links.Busy(p.link.receiver)
	for service, w := range p.services {
		if n := links.SentTo(service); n != w.sent || busy && w.linked {
			w.sent, w.used = n, now
		}
		if p.link == nil {
			w.linked = false
		}
		if w.linked && now.After(w.ends) {
			p.link.leave(service)
		}
		w.linked = w.linked && p.link.takes(service) // the server may have ended the right
		if !w.offered && !w.linked {
			delete(p.services, service)
			continue
		}
		wants := chosen && now.Sub(w.used) < unusedTime
		needed = needed || wants
		if wants && !p.working && !now.Before(p.retry) && work == "" && (!w.linked || !now.Before(w.renew)) {
			work = service
		}
	}
	if !needed && p.link != nil && !p.working && !busy {
		over = p.link
	}
	return over, work
}

// isOver reports whether there is nothing to be done any more.
func (p *peer) isOver() bool { return len(p.services) == 0 && p.link == nil && !p.working }

// worked takes in what became of asking for a ticket.
func (p *peer) worked(service string, err error, now time.Time) {
	w := p.services[service]
	if err == nil {
		p.stage, p.reason, p.pause, p.retry = StageLinked, nil, firstPause, time.Time{}
		if w != nil {
			w.linked = true
			w.renew, w.ends = now.Add(renewEvery-rand.N(renewEvery/6)), now.Add(keepFor)
		}
		return
	}
	if w != nil && w.linked {
		p.pause = min(p.pause, renewPause) // a right ends soon
		if !isRefusal(err) {
			w.ends = now.Add(keepFor) // the server ends the right, unless it can't be asked itself
		}
	}
	if p.link == nil {
		p.stage, p.reason = stageOf(err), err
	}
	p.retry = now.Add(p.pause/2 + rand.N(p.pause))
	p.pause = min(2*p.pause, lastPause)
}

// isRefusal reports whether an error says that the client may not call any more, or whom it asked isn't
// who is at the other end of the link. Others say only that nobody was asked: as this client, or the
// server, has no connection to NATS.
func isRefusal(err error) bool {
	return errors.Is(err, helium.ErrNotPermitted) || errors.Is(err, errWrongKey)
}

// lost takes in that the link has ended.
func (p *peer) lost(reason error, now time.Time) {
	p.link = nil
	p.stage, p.reason = StageTicket, reason
	p.retry = now.Add(rand.N(firstPause))
}
