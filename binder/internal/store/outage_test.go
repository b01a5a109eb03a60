package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// blocking is a log whose first line takes until it is released.
type blocking struct {
	slog.Handler
	first   sync.Once
	reached chan struct{}
	release chan struct{}
}

func (b *blocking) Handle(ctx context.Context, r slog.Record) error {
	b.first.Do(func() {
		close(b.reached)
		<-b.release
	})
	return b.Handler.Handle(ctx, r)
}

func TestALogThatIsSlowHoldsUpOnlyTheFirstAndKeepsTheOrder(t *testing.T) {
	var text bytes.Buffer
	log := &blocking{Handler: slog.NewTextHandler(&text, nil), reached: make(chan struct{}), release: make(chan struct{})}
	o := &outage{logger: slog.New(log), bucket: "b"}
	var first sync.WaitGroup
	begin := func(what string) { o.begin(what, errors.New("full"), 0, time.Now()) }
	first.Go(func() { begin("began") })
	<-log.reached
	o.over("over", 0, time.Now()) // returns, though the log stands still
	begin("again")                // as does this
	begin("not told")             // nothing new
	close(log.release)
	first.Wait()
	var told []string
	for line := range strings.Lines(text.String()) {
		_, words, _ := strings.Cut(line, "msg=")
		words, _, _ = strings.Cut(words, " ")
		told = append(told, words)
	}
	if got, want := strings.Join(told, " "), "began over again"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

func TestWhatWasBegunBeforeAnOutageDoesntEndItNorBeginItAnew(t *testing.T) {
	o := &outage{logger: slog.New(slog.DiscardHandler), bucket: "b"}
	before := time.Now()
	o.begin("full", errors.New("full"), 0, time.Now())
	during := time.Now()
	if o.over("over", 0, before); o.began.IsZero() {
		t.Error("what was begun before has ended it")
	}
	if o.over("over", 0, time.Now()); !o.began.IsZero() {
		t.Error("what was begun later hasn't ended it")
	}
	if o.begin("full", errors.New("full"), 0, during); !o.began.IsZero() {
		t.Error("what was begun before its end has begun it anew")
	}
	if o.begin("full", errors.New("full"), 0, time.Now()); o.began.IsZero() {
		t.Error("what was begun after its end hasn't begun it anew")
	}
}
