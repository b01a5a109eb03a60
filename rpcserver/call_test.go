package rpcserver_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// logBook keeps what is logged, as text.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// lines returns the lines that hold a word.
func (b *logBook) lines(word string) (lines []string) {
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, word) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (b *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func TestAPanicIsItsCallersInternalAndNobodyElsesProblem(t *testing.T) {
	var log logBook
	_, srv, p, c := start(t, rpcserver.Config{MaxInFlight: 2, Logger: log.logger()})
	ctx := testContext(t)
	done := make(chan error, 1)
	go func() { done <- c.Call(ctx, "probe.block", nil) }()
	receive(t, "the other call", p.entered)

	calls := map[string][]any{"probe.panic": {"secret of the handler"}, "probe.index": nil, "probe.exit": nil, "probe.fail": {"panicking"}}
	for range 3 { // more often than there are workers
		for method, args := range calls {
			err := c.Call(ctx, method, nil, args...)
			e := helium.AsError(err)
			if !errors.Is(err, helium.ErrPanic) || e.Code != helium.CodeInternal || e.Outcome != helium.Executed || e.Instance != srv.Instance() {
				t.Errorf("%s: got %+v, want ErrPanic, internal, executed, by %s", method, e, srv.Instance())
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), ".go:") {
				t.Errorf("%s: the caller got %q, want nothing of the handler's inside", method, err)
			}
		}
	}
	if got := srv.Stats().Panics; got != 12 {
		t.Errorf("Panics = %d, want 12", got)
	}
	for _, want := range []string{"secret of the handler", "probe_test.go", "method=probe.panic", "Goexit"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	p.releaseAll()
	if err := receive(t, "the other call", done); err != nil {
		t.Errorf("the other call = %v, want nil", err)
	}
}

func TestAHandlersErrorReachesItsCaller(t *testing.T) {
	_, srv, _, c := start(t, rpcserver.Config{})
	ctx := testContext(t)
	for kind, want := range map[string]struct {
		code    helium.Code
		message string
	}{
		"teapot":   {helium.CodeFailedPrecondition, "I am a teapot"},
		"plain":    {helium.CodeUnknown, "just so"},
		"bad code": {helium.CodeUnknown, "m"},
		"nil":      {helium.CodeInternal, "panicked"},
	} {
		e := helium.AsError(c.Call(ctx, "probe.fail", nil, kind))
		if e == nil || e.Code != want.code || !strings.Contains(e.Message, want.message) || e.Outcome != helium.Executed || e.Instance != srv.Instance() {
			t.Errorf("%s: got %+v, want %v %q, executed", kind, e, want.code, want.message)
		}
	}
	err := c.Call(ctx, "probe.fail", nil, "teapot")
	if !errors.Is(err, errTeapot) || helium.AsError(err).Details["size"] != "short" {
		t.Errorf("got %v, details %v; want errTeapot with its detail", err, helium.AsError(err).Details)
	}
	if err := c.Call(ctx, "probe.fail", nil, ""); err != nil {
		t.Errorf("no error came back as %v", err)
	}
}

func TestAnErrorAlwaysFitsAMessage(t *testing.T) {
	t.Parallel()
	for _, maxPayload := range []int{0, 4 << 10} {
		w := newWorld(t, broker.Config{MaxPayload: maxPayload})
		w.startBinder(binder.Config{})
		w.serve(rpcserver.Config{})
		c := w.client(rpcclient.Config{})
		for kind, want := range map[string]helium.Code{
			"huge message": helium.CodeNotFound,
			"huge details": helium.CodeFailedPrecondition,
			"many details": helium.CodeFailedPrecondition,
			"huge reason":  helium.CodeNotFound,
		} {
			e := helium.AsError(c.Call(testContext(t), "probe.fail", nil, kind))
			if e == nil || e.Code != want || e.Outcome != helium.Executed {
				t.Errorf("max payload %d, %s: got %.200v, want %v, executed", maxPayload, kind, e, want)
			}
		}
		e := helium.AsError(c.Call(testContext(t), "probe.fail", nil, "huge details"))
		if !errors.Is(e, errTeapot) || !strings.Contains(e.Details["helium.details"], "left out") {
			t.Errorf("max payload %d: got %.200v, details %.200v; want errTeapot, details left out", maxPayload, e, e.Details)
		}
	}
}

func TestAResultThatCannotBeSentIsASmallError(t *testing.T) {
	t.Parallel()
	for _, maxPayload := range []int{0, 4 << 10} {
		limit := maxPayload
		if limit == 0 {
			limit = 1 << 20
		}
		w := newWorld(t, broker.Config{MaxPayload: maxPayload})
		w.startBinder(binder.Config{})
		w.serve(rpcserver.Config{MaxValue: 1, Interceptors: []rpcserver.Interceptor{tagReplies}}) // none travels in chunks
		c := w.client(rpcclient.Config{})
		for _, call := range []struct {
			method string
			args   []any
			want   error
		}{
			{"probe.bytes", []any{limit}, helium.ErrResultTooLarge},
			{"probe.bytes", []any{3 << 20}, helium.ErrResultTooLarge},
			{"probe.channel", nil, helium.ErrBadResult},
			{"probe.text", []any{limit - 300}, helium.ErrResultTooLarge}, // with its metadata
		} {
			err := c.Call(helium.WithMetadata(testContext(t), helium.Metadata{"tag": strings.Repeat("x", 500)}), call.method, nil, call.args...)
			if e := helium.AsError(err); !errors.Is(err, call.want) || !strings.Contains(e.Message, call.method+" ran") || e.Outcome != helium.Executed {
				t.Errorf("max payload %d, %s%v: got %v, want %v, with the method, executed", maxPayload, call.method, call.args, err, call.want)
			}
		}
		// As much as fits does go through.
		var got []byte
		if err := c.Call(testContext(t), "probe.bytes", &got, limit-100); err != nil || len(got) != limit-100 {
			t.Errorf("max payload %d: %d bytes, %v; want %d, nil", maxPayload, len(got), err, limit-100)
		}
	}
}

// tagReplies sends the metadata of a call back with its reply.
func tagReplies(next rpcserver.Handler) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		call.ReplyMetadata = helium.MetadataFrom(ctx)
		return next(ctx, call)
	}
}

func TestVariadicArgumentsArriveOneByOne(t *testing.T) {
	w, _, _, c := start(t, rpcserver.Config{})
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(srv, "var", variadic{}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(testContext(t))
	for _, call := range []struct {
		method string
		args   []any
		want   string
	}{
		{"var.bytes", []any{1, 2, 255}, "[1 2 255]"},
		{"var.bytes", nil, "nil"},
		{"var.texts", []any{"p", "a", "b"}, "p[a b]"},
		{"var.texts", []any{"p"}, "pnil"},
		{"var.lists", []any{[]int{1}, nil, []int{2, 3}}, "[[1] [] [2 3]]"},
	} {
		got, err := rpcclient.Call[string](testContext(t), c, call.method, call.args...)
		if got != call.want || err != nil {
			t.Errorf("%s%v = %q, %v; want %q, nil", call.method, call.args, got, err, call.want)
		}
	}
	err := c.Call(testContext(t), "var.texts", nil, "p", "a", 5)
	if !errors.Is(err, helium.ErrBadArgument) || !strings.Contains(err.Error(), "argument 2") || !strings.Contains(err.Error(), "[1]") {
		t.Errorf("got %v, want a bad argument 2, in it [1]", err)
	}
}
