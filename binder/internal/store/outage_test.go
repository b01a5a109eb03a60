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
	first.Go(func() { o.begin("began", errors.New("full"), 0) })
	<-log.reached
	o.over("over", 0, time.Now())              // returns, though the log stands still
	o.begin("again", errors.New("full"), 0)    // as does this
	o.begin("not told", errors.New("full"), 0) // nothing new
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

func TestWhatWasBegunBeforeAnOutageDoesntEndIt(t *testing.T) {
	o := &outage{logger: slog.New(slog.DiscardHandler), bucket: "b"}
	before := time.Now()
	o.begin("began", errors.New("full"), 0)
	o.over("over", 0, before)
	if o.began.IsZero() {
		t.Error("it is over, want that only what is begun later ends it")
	}
	o.over("over", 0, time.Now())
	if !o.began.IsZero() {
		t.Error("it isn't over")
	}
}
