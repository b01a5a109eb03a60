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
	// after many; what breaks soon after it was opened is a failure, too.
	firstPause = 250 * time.Millisecond
	lastPause  = time.Minute
	// livedTime is how long a link has stood that is worth being opened again at once.
	livedTime = time.Minute
)

// errUnused is why a link is closed that isn't needed any more.
var errUnused = errors.New("nobody used the link")

// peer is an instance as a client's links know it. Its client's mu guards it.
type peer struct {
	instance, cluster string
	services          map[string]*wanted // by name

	link      *clientLink // nil: there is none
	since     time.Time   // when it was opened
	wasLinked bool        // there was one, now or before
	working   bool        // a ticket is asked for or used
	opening   backoff     // of links

	// What people want to know:
	stage  Stage
	reason error // why there is no link; nil: it is on its way, or linked
}

// wanted is a service that the client may call at a peer.
type wanted struct {
	offered bool // the registry has it
	has     func(method string) bool

	linked bool      // calls go by the link
	renew  time.Time // when the right is renewed
	ends   time.Time // when it ends if that is refused
	asking backoff   // for the right
	reason error     // why there is none; nil: it is on its way, or linked

	refused bool  // NATS has refused to have it asked for, and hold says when it is again
	hold    *hold // of the service

	sent uint64    // how many calls of it there were
	used time.Time // when there was another one
}

// hold is until when nobody is asked for a right to a service of those for whom NATS has refused that: it permits
// that for all instances, or for none, and tells each refusal in its log. Then one of them is asked.
type hold struct{ until time.Time }

// step does what is to be done at a peer now. It returns the link if that is to be closed once no calls go by it, and the
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
		if wants && !p.working && p.waits(w, now) == 0 && (!w.linked || !now.Before(w.renew)) && (work == "" || w.asking.until.Before(p.services[work].asking.until)) {
			work = service // whose turn came first
		}
	}
	if w := p.services[work]; w != nil && w.refused {
		w.hold.until = now.Add(lastPause) // for the others
	}
	if !needed && p.link != nil && !p.working && !busy {
		over = p.link
	}
	return over, work
}

// isUsed reports whether a service of it was called lately.
func (p *peer) isUsed(now time.Time) bool {
	for _, w := range p.services {
		if now.Sub(w.used) < unusedTime {
			return true
		}
	}
	return false
}

// isOver reports whether there is nothing to be done any more.
func (p *peer) isOver() bool { return len(p.services) == 0 && p.link == nil && !p.working }

// waits returns how long it is until a service may be asked for.
func (p *peer) waits(w *wanted, now time.Time) time.Duration {
	until := w.asking.until
	if w.refused {
		until = w.hold.until
	}
	if p.link == nil && p.opening.until.After(until) {
		until = p.opening.until
	}
	return max(0, until.Sub(now))
}

// soonest returns how long it is until any service may be asked for.
func (p *peer) soonest(now time.Time) time.Duration {
	least := lastPause
	for _, w := range p.services {
		least = min(least, p.waits(w, now))
	}
	return least
}

// worked takes in what became of asking for a ticket.
func (p *peer) worked(service string, err error, now time.Time) {
	w := p.services[service]
	if w == nil {
		return
	}
	if err == nil {
		if p.link != nil { // it hasn't broken meanwhile
			p.stage, p.reason = StageLinked, nil
		}
		if w.refused {
			w.refused, w.hold.until = false, time.Time{} // so the others are asked, too
		}
		w.linked, w.asking, w.reason = true, backoff{}, nil
		w.renew, w.ends = now.Add(renewEvery-rand.N(renewEvery/6)), now.Add(keepFor)
		return
	}
	w.reason = err
	if w.refused = !w.linked && errors.Is(err, helium.ErrNotPermitted); w.refused {
		w.hold.until = now.Add(lastPause/2 + rand.N(lastPause))
	}
	most := lastPause
	if w.linked {
		most = renewPause // the right ends soon
		if !isRefusal(err) {
			w.ends = now.Add(keepFor) // the server ends the right, unless it can't be asked itself
		}
	}
	if p.link == nil {
		p.stage, p.reason = stageOf(err), err
	}
	if p.link == nil && p.stage != StageTicket {
		p.opening.failed(now, most) // for all services
	} else {
		w.asking.failed(now, most)
	}
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
	if now.Sub(p.since) >= livedTime || errors.Is(reason, errUnused) {
		p.opening = backoff{until: now.Add(rand.N(firstPause))}
	} else { // and opening it again may not be the end of it
		p.opening.failed(now, lastPause)
	}
}

// backoff is the growing pauses between what fails again and again.
type backoff struct {
	pause time.Duration // the next one; 0: the first
	until time.Time     // not before
}

// failed begins a pause, and lets the next one be longer.
func (b *backoff) failed(now time.Time, most time.Duration) {
	pause := min(max(b.pause, firstPause), most)
	b.until = now.Add(pause/2 + rand.N(pause))
	b.pause = min(2*pause, lastPause)
}
