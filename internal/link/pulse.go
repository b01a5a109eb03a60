package link

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// pulse tells whether the client's own connection works both ways, so that a NATS server that
// stands still isn't taken for instances that do.
type pulse struct {
	// echo returns once the NATS server has answered.
	echo func(context.Context) error

	beaten  atomic.Uint64 // the latest beat in which an echo that came was asked for
	waiting atomic.Bool
	life    context.Context // ends with stop
	end     context.CancelFunc
	running sync.WaitGroup
}

// echoTime bounds the wait for one.
const echoTime = 5 * time.Second

func newPulse(echo func(context.Context) error) *pulse {
	p := &pulse{echo: echo}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// feel asks for an echo in a beat, unless one is awaited.
func (p *pulse) feel(beat uint64) {
	if p.life.Err() != nil || !p.waiting.CompareAndSwap(false, true) {
		return
	}
	p.running.Go(func() {
		defer p.waiting.Store(false)
		ctx, cancel := context.WithTimeout(p.life, echoTime)
		defer cancel()
		if p.echo(ctx) == nil {
			p.beaten.Store(beat)
		}
	})
}

// since reports whether there was one in a beat or later.
func (p *pulse) since(beat uint64) bool { return p.beaten.Load() >= beat }

// stop ends it, once nobody calls feel any more.
func (p *pulse) stop() {
	p.end()
	p.running.Wait()
}
