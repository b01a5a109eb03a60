package binder

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// binders stand for those behind NATS: each ask gets the next answer.
type binders struct {
	answers []askedBinder // the last one counts for all later asks

	mu    sync.Mutex
	began time.Time
	asked []time.Duration // since began; guarded by mu
}

// askedBinder says what one does with a request, after a while. One without an answer and an
// error is frozen.
type askedBinder struct {
	after  time.Duration
	err    error         // of the ask itself
	answer *helium.Error // what the answer carries
	good   bool
}

var frozen = askedBinder{after: time.Hour}

func (b *binders) repeater(paid *reserve) *repeater {
	b.began = time.Now()
	results := make(map[*nats.Msg]*helium.Error)
	return &repeater{
		reserve: paid,
		ask: func(ctx context.Context) (*nats.Msg, bool, error) {
			ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
			defer cancel()
			b.mu.Lock()
			one := b.answers[min(len(b.asked), len(b.answers)-1)]
			b.asked = append(b.asked, time.Since(b.began))
			b.mu.Unlock()
			select {
			case <-time.After(one.after):
			case <-ctx.Done():
				return nil, false, ctx.Err()
			}
			if one.err != nil {
				return nil, false, one.err
			}
			m := new(nats.Msg)
			b.mu.Lock()
			defer b.mu.Unlock()
			results[m] = one.answer
			return m, false, nil
		},
		read: func(m *nats.Msg) *helium.Error {
			b.mu.Lock()
			defer b.mu.Unlock()
			return results[m]
		},
	}
}

func TestTheNextBinderIsAskedWhileTheFirstIsStillAwaited(t *testing.T) {
	const ms = time.Millisecond
	prompt := askedBinder{after: ms, good: true}
	slow := func(after time.Duration) askedBinder { return askedBinder{after: after, good: true} }
	fails := func(after time.Duration, e *helium.Error) askedBinder { return askedBinder{after: after, answer: e} }
	nobody := askedBinder{after: ms, err: nats.ErrNoResponders}
	unreachable, unknown, tooLarge := helium.ErrStoreUnavailable, helium.ErrUnknownService, helium.ErrRecordTooLarge
	for name, c := range map[string]struct {
		answers []askedBinder
		took    time.Duration
		err     error
		open    bool
		asked   []time.Duration
	}{
		"a prompt answer":               {[]askedBinder{prompt}, 1 * ms, nil, false, []time.Duration{0}},
		"one frozen":                    {[]askedBinder{frozen, prompt}, 251 * ms, nil, true, []time.Duration{0, 250 * ms}},
		"several frozen":                {[]askedBinder{frozen, frozen, frozen, prompt}, 451 * ms, nil, true, []time.Duration{0, 250 * ms, 350 * ms, 450 * ms}},
		"the first is only slow":        {[]askedBinder{slow(300 * ms), frozen}, 300 * ms, nil, true, []time.Duration{0, 250 * ms}},
		"a final no":                    {[]askedBinder{frozen, fails(ms, unknown)}, 251 * ms, unknown, true, []time.Duration{0, 250 * ms}},
		"nobody listens":                {[]askedBinder{nobody}, 1 * ms, nats.ErrNoResponders, false, []time.Duration{0}},
		"nobody listens any more":       {[]askedBinder{frozen, nobody}, 351 * ms, nats.ErrNoResponders, true, []time.Duration{0, 250 * ms, 350 * ms}},
		"one without its store":         {[]askedBinder{fails(ms, unreachable)}, 1 * ms, unreachable, false, []time.Duration{0}},
		"one frozen, one without store": {[]askedBinder{frozen, fails(ms, unreachable), prompt}, 351 * ms, nil, true, []time.Duration{0, 250 * ms, 350 * ms}},
		"without store, then a no":      {[]askedBinder{fails(300*ms, unreachable), fails(80*ms, tooLarge)}, 330 * ms, tooLarge, true, []time.Duration{0, 250 * ms}},
		"nobody, then a no":             {[]askedBinder{fails(300*ms, tooLarge), nobody}, 300 * ms, tooLarge, false, []time.Duration{0, 250 * ms}},
		"all others without store":      {[]askedBinder{frozen, fails(ms, unreachable)}, 351 * ms, unreachable, true, []time.Duration{0, 250 * ms, 350 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &binders{answers: c.answers}
				r := b.repeater(new(reserve))
				_, open, err := r.run(t.Context())
				if took := time.Since(b.began); took != c.took || !errors.Is(err, c.err) || open != c.open {
					t.Errorf("got %v, open %t, after %v; want %v, open %t, after %v", err, open, took, c.err, c.open, c.took)
				}
				if !slices.Equal(b.asked, c.asked) {
					t.Errorf("asked after %v, want %v", b.asked, c.asked)
				}
			})
		})
	}
}

func TestWhereAllBindersAreSlowTheyAreNotAskedAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// As long as a binder waits for a store that is out of reach.
		slow := &binders{answers: []askedBinder{{after: 3 * time.Second, answer: helium.ErrStoreUnavailable}}}
		r := slow.repeater(new(reserve))
		const requests = 1000
		var all sync.WaitGroup
		for range requests {
			all.Go(func() { _, _, _ = r.run(t.Context()) })
		}
		all.Wait()
		if got := len(slow.asked); got != requests+mostUnpaid {
			t.Errorf("%d requests were asked %d times, want %d more at most", requests, got, mostUnpaid)
		}
		// It comes back with good answers.
		prompt := &binders{answers: []askedBinder{{good: true}}}
		quick := prompt.repeater(r.reserve)
		for range mostUnpaid {
			_, _, _ = quick.run(t.Context())
		}
		one := &binders{answers: []askedBinder{frozen, {good: true}}}
		if _, _, err := one.repeater(r.reserve).run(t.Context()); err != nil || len(one.asked) != 2 {
			t.Errorf("with all paid for, a request was asked %d times, error %v; want 2 times", len(one.asked), err)
		}
	})
}

func TestARequestOfWhichNothingIsHeardIsAskedTwentyOneTimesInTenSecondsAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &binders{answers: []askedBinder{frozen}}
		ctx, cancel := context.WithTimeout(t.Context(), requestTimeout)
		defer cancel()
		_, open, err := b.repeater(new(reserve)).run(ctx)
		if took := time.Since(b.began); took != requestTimeout || !errors.Is(err, context.DeadlineExceeded) || !open {
			t.Errorf("got %v, open %t, after %v; want %v, open, after %v", err, open, took, context.DeadlineExceeded, requestTimeout)
		}
		if len(b.asked) != 21 {
			t.Errorf("asked after %v, want 21 times", b.asked)
		}
	})
}

func TestPausesBetweenAsksGrowToWhatOneIsWaitedForAndStayThere(t *testing.T) {
	if got := askPause(1); got != askAgainAfter {
		t.Errorf("the first pause is %v, want %v", got, askAgainAfter)
	}
	before := askPause(2)
	if before != quickPause {
		t.Errorf("the next one is %v, want %v", before, quickPause)
	}
	for n := 3; n < 1000; n++ {
		pause := askPause(n)
		if pause < before || n > 2*quickAsks && pause != attemptTimeout {
			t.Fatalf("pause %d is %v behind one of %v; want no shorter ones, and %v in the end", n, pause, before, attemptTimeout)
		}
		before = pause
	}
}

func TestARequestEndsWithItsContextThoughTheConnectionIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{}) // such as nats.go's lock, which a reconnect holds
		r := &repeater{reserve: new(reserve), ask: func(context.Context) (*nats.Msg, bool, error) {
			<-stuck
			return nil, false, nats.ErrConnectionClosed
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, _, err := r.run(ctx)
		if took := time.Since(began); took != 100*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v, want %v after 100ms", err, took, context.DeadlineExceeded)
		}
		close(stuck)
	})
}
