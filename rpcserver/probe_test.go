package rpcserver_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium"
)

// probe is a service whose methods do what can go well or wrong in one.
type probe struct {
	entered chan context.Context // gets the context of each Block that begins
	release chan struct{}        // ends one Block for each value, all when closed
	free    sync.Once
	calls   atomic.Int64 // calls of Echo, Count and Block that began
}

func newProbe() *probe {
	return &probe{entered: make(chan context.Context, 10_000), release: make(chan struct{})}
}

func (p *probe) releaseAll() { p.free.Do(func() { close(p.release) }) }

func (p *probe) Echo(text string) string {
	p.calls.Add(1)
	return text
}

// Count adds one to the calls seen.
func (p *probe) Count() { p.calls.Add(1) }

// Block waits until it is released, whatever becomes of its context.
func (p *probe) Block(ctx context.Context) {
	p.calls.Add(1)
	p.entered <- ctx
	<-p.release
}

// Wait waits for the end of its context and returns why it ended.
func (p *probe) Wait(ctx context.Context) error {
	p.entered <- ctx
	<-ctx.Done()
	return ctx.Err()
}

func (p *probe) Panic(text string) { panic(text) }

func (p *probe) Exit() { runtime.Goexit() }

// Index panics in the runtime.
func (p *probe) Index() {
	var nothing []int
	_ = nothing[p.calls.Load()]
}

// Bytes returns so many bytes.
func (p *probe) Bytes(n int) []byte { return make([]byte, n) }

// Text returns so many bytes of text that take six times their size in JSON.
func (p *probe) Text(n int) string { return string(make([]byte, n)) }

// Channel returns what can't be sent.
func (p *probe) Channel() any { return make(chan int) }

// Ratio returns what JSON has no form for.
func (p *probe) Ratio(a, b float64) float64 { return a / b }

// Sum is variadic.
func (p *probe) Sum(first int, rest ...int) int {
	for _, x := range rest {
		first += x
	}
	return first
}

var errTeapot = helium.NewError(helium.CodeFailedPrecondition, "probe.teapot", "I am a teapot")

// Fail returns an error of a kind.
func (p *probe) Fail(kind string) error {
	switch kind {
	case "teapot":
		return errTeapot.WithDetail("size", "short")
	case "plain":
		return errors.New("just so")
	case "huge message":
		return helium.Errorf(helium.CodeNotFound, "%s", make([]byte, 3<<20))
	case "huge details":
		return errTeapot.WithDetail("much", string(make([]byte, 3<<20)))
	case "many details":
		err := errTeapot
		for i := range 1000 {
			err = err.WithDetail(string(rune('a'+i)), "x")
		}
		return err
	case "huge reason":
		return &helium.Error{Code: helium.CodeNotFound, Reason: string(make([]byte, 3<<20)), Message: "m"}
	case "bad code":
		return &helium.Error{Code: 99, Message: "m"}
	case "panicking":
		return panickingError{}
	case "nil":
		return (*helium.Error)(nil)
	}
	return nil
}

type panickingError struct{}

func (panickingError) Error() string { panic("an error that panics") }
