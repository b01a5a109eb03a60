package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"
)

// Actor is what a child runs.
type Actor interface {
	// Ready is what the parent is told at the start.
	Ready() any
	// Do carries out a command of the parent's. Several may be under way at once.
	Do(ctx context.Context, command json.RawMessage) (answer any, err error)
	// Close ends it.
	Close()
}

// startTimeout bounds what a child does before it is ready.
const startTimeout = time.Minute

// Main does nothing in a process that is no child. In a child it plays the role that act
// makes of the setup, and never returns. It belongs at the top of main, and of TestMain.
func Main(act func(ctx context.Context, setup json.RawMessage) (Actor, error)) {
	text, isChild := os.LookupEnv(environment)
	if !isChild {
		return
	}
	// What interrupts the parent from a terminal interrupts its children as well; when these
	// end is the parent's business.
	signal.Ignore(os.Interrupt)
	if err := runChild(text, os.Stdin, os.Stdout, act); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(text string, stdin io.Reader, stdout io.Writer, act func(context.Context, json.RawMessage) (Actor, error)) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Errorf("%s isn't for people; it says %q: %w", environment, text, err)
	}
	time.AfterFunc(r.Limit, func() {
		fmt.Fprintf(os.Stderr, "the time is up: %v\n", r.Limit)
		os.Exit(3)
	})
	out := &answers{out: json.NewEncoder(markedLines{stdout})}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	actor, err := act(ctx, r.Setup)
	cancel()
	if err != nil {
		return errors.Join(out.give(0, nil, err), err)
	}
	// Whoever asks waits no longer than this process lasts, so commands need no context
	// that ends before.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	if err := out.give(0, actor.Ready(), nil); err != nil {
		return err
	}
	for in := json.NewDecoder(bufio.NewReader(stdin)); ; {
		var q request
		if err := in.Decode(&q); err != nil {
			actor.Close()
			return nil
		}
		go func() {
			answer, err := actor.Do(ctx, q.Command)
			_ = out.give(q.Number, answer, err) // a parent that is gone needs none
		}()
	}
}

// answers writes to the parent.
type answers struct {
	mu  sync.Mutex
	out *json.Encoder // guarded by mu
}

func (a *answers) give(number int, answer any, failure error) error {
	r := reply{Number: number}
	if failure != nil {
		r.Error = failure.Error()
	} else if answer != nil {
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		r.Answer = text
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.out.Encode(r)
}

// markedLines marks each line, of which json.Encoder writes one at a time.
type markedLines struct{ io.Writer }

func (m markedLines) Write(b []byte) (int, error) {
	if _, err := m.Writer.Write(append([]byte(marker), b...)); err != nil {
		return 0, err
	}
	return len(b), nil
}
