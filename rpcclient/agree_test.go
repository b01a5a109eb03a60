package rpcclient_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// agree checks that every way of calling gives the result.
func agree[R, F any](t *testing.T, c *rpcclient.Client, name string, want R, invoke func(F) (R, error), args ...any) {
	t.Helper()
	for _, way := range everyWay(t.Context(), c, name, invoke, args...) {
		got, err := way.call()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s of %s%v = %#v, %v; want %#v, nil", way.name, name, args, got, err, want)
		}
	}
}

func TestEveryWayOfCallingGivesTheSameResults(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		c, ctx := env.Client, t.Context()
		serveOver(t, over, env, c, rpcserver.Config{}, "shapes", newShapes())

		agree(t, c, "shapes.nothing", none{}, func(f func() error) (none, error) { return none{}, f() })
		agree(t, c, "shapes.version", "1.2.3", func(f func() (string, error)) (string, error) { return f() })
		agree(t, c, "shapes.version", "1.2.3", func(f func(context.Context) (string, error)) (string, error) { return f(ctx) })
		agree(t, c, "shapes.version", none{}, func(f func(context.Context) error) (none, error) { return none{}, f(ctx) }) // discarded
		agree(t, c, "shapes.touch", none{}, func(f func(context.Context) error) (none, error) { return none{}, f(ctx) })

		add := func(f func(context.Context, float64, float64) (float64, error)) (float64, error) { return f(ctx, 2, 3) }
		agree(t, c, "shapes.add", 5, add, 2.0, 3.0)
		// Numbers of any width fit each other.
		agree(t, c, "shapes.add", 5, func(f func(context.Context, int, uint8) (int32, error)) (int32, error) { return f(ctx, 2, 3) }, 2, uint8(3))

		sum := func(numbers ...int64) func(func(context.Context, ...int64) (int64, error)) (int64, error) {
			return func(f func(context.Context, ...int64) (int64, error)) (int64, error) { return f(ctx, numbers...) }
		}
		agree(t, c, "shapes.sum", 0, sum())
		agree(t, c, "shapes.sum", 6, sum(1, 2, 3), 1, 2, 3)
		agree(t, c, "shapes.sum", 3, func(f func(context.Context, int64, int64) (int64, error)) (int64, error) { return f(ctx, 1, 2) }, 1, 2)
		agree(t, c, "shapes.join", "a-b", func(f func(string, ...string) (string, error)) (string, error) { return f("-", "a", "b") }, "-", "a", "b")

		move := func(by *Point) func(func(context.Context, Point, *Point) (*Point, error)) (*Point, error) {
			return func(f func(context.Context, Point, *Point) (*Point, error)) (*Point, error) {
				return f(ctx, Point{1, 2}, by)
			}
		}
		agree(t, c, "shapes.move", &Point{4, 6}, move(&Point{3, 4}), Point{1, 2}, &Point{3, 4})
		agree(t, c, "shapes.move", nil, move(nil), Point{1, 2}, nil)

		tree := Tree{Name: "root", Children: []*Tree{{Name: "leaf", Next: &Point{1, 2}}}, Marks: map[string]Point{"here": {3, 4}}}
		grown := Tree{Name: "root", Children: []*Tree{tree.Children[0], {Name: "root'", Marks: tree.Marks}}, Marks: tree.Marks}
		agree(t, c, "shapes.grow", grown, func(f func(context.Context, Tree) (Tree, error)) (Tree, error) { return f(ctx, tree) }, tree)

		words := []string{"a", "b", "a"}
		agree(t, c, "shapes.count", map[string]int{"a": 2, "b": 1}, func(f func(context.Context, []string) (map[string]int, error)) (map[string]int, error) {
			return f(ctx, words)
		}, words)
		data := []byte{0, 0xC1, 255}
		agree(t, c, "shapes.reverse", []byte{255, 0xC1, 0}, func(f func(context.Context, []byte) ([]byte, error)) ([]byte, error) { return f(ctx, data) }, data)

		at := time.Date(2030, 1, 2, 3, 4, 5, 678, time.UTC)
		agree(t, c, "shapes.later", at.Add(time.Minute), func(f func(context.Context, time.Time, int) (time.Time, error)) (time.Time, error) {
			return f(ctx, at, 60)
		}, at, 60)

		for _, v := range []any{nil, true, "text", 1.5, []any{"a", "b"}, map[string]any{"k": "v"}} {
			agree(t, c, "shapes.echo", v, func(f func(context.Context, any) (any, error)) (any, error) { return f(ctx, v) }, v)
		}
	})
}

// failure is how a call is expected to fail.
type failure struct {
	is      error // what errors.Is recognises
	isNot   error
	code    helium.Code
	outcome helium.Outcome
	says    []string // in the message
}

// agreeOnFailure checks that every way of calling fails in the same way.
func agreeOnFailure[R, F any](t *testing.T, ctx context.Context, c *rpcclient.Client, name string, want failure, invoke func(F) (R, error), args ...any) {
	t.Helper()
	for _, way := range everyWay(ctx, c, name, invoke, args...) {
		_, err := way.call()
		checkFailure(t, way.name+" of "+name, err, want)
	}
}

func checkFailure(t *testing.T, what string, err error, want failure) {
	t.Helper()
	if err == nil {
		t.Errorf("%s succeeded, want %v", what, want.code)
		return
	}
	if code, outcome := helium.CodeOf(err), helium.OutcomeOf(err); code != want.code || outcome != want.outcome {
		t.Errorf("%s failed with %v (%v, %v), want %v, %v", what, err, code, outcome, want.code, want.outcome)
	}
	if want.is != nil && !errors.Is(err, want.is) {
		t.Errorf("%s failed with %v, and errors.Is doesn't find %v", what, err, want.is)
	}
	if want.isNot != nil && errors.Is(err, want.isNot) {
		t.Errorf("%s failed with %v, which errors.Is takes for %v", what, err, want.isNot)
	}
	for _, part := range want.says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s failed with %q, want %q in it", what, err, part)
		}
	}
}

func TestEveryWayOfCallingGivesTheServicesOwnErrors(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		serveOver(t, over, env, env.Client, rpcserver.Config{Logger: quiet}, "shapes", newShapes())

		for how, want := range map[string]failure{
			"sentinel": {is: errEmpty, isNot: errOther, code: helium.CodeFailedPrecondition, outcome: helium.Executed, says: []string{"shapes.fail", "nothing is there"}},
			"wrapped":  {is: errEmpty, isNot: errOther, code: helium.CodeFailedPrecondition, outcome: helium.Executed, says: []string{"looking for wrapped: nothing is there"}},
			"plain":    {isNot: errEmpty, code: helium.CodeUnknown, outcome: helium.Executed, says: []string{"no particular reason"}},
			"code":     {code: helium.CodeAlreadyExists, outcome: helium.Executed, says: []string{"there is one"}},
			"panic":    {is: helium.ErrPanic, code: helium.CodeInternal, outcome: helium.Executed},
			"exit":     {is: helium.ErrPanic, code: helium.CodeInternal, outcome: helium.Executed},
		} {
			fail := func(f func(context.Context, string) (string, error)) (string, error) {
				lost, err := f(t.Context(), how)
				if lost != "" {
					t.Errorf("a stub of fail(%q) returned %q beside its error, want the zero value", how, lost)
				}
				return lost, err
			}
			agreeOnFailure(t, t.Context(), env.Client, "shapes.fail", want, fail, how)
		}
		err := env.Client.Call(t.Context(), "shapes.fail", nil, "wrapped")
		if e := helium.AsError(err); e.Details["where"] != "here" || e.Instance == "" || e.Method != "fail" {
			t.Errorf("error = %+v, want the detail where=here, the instance and the method", e)
		}
	})
}

func TestEveryWayOfCallingRefusesWhatCannotFitBeforeAnythingIsSent(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		c, ctx := env.Client, t.Context()
		srv := serveOver(t, over, env, c, rpcserver.Config{}, "shapes", newShapes())
		remote := "add(float64, float64) float64"
		tooFew := failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"1 argument", remote}}
		agreeOnFailure(t, ctx, c, "shapes.add", tooFew, func(f func(context.Context, float64) (float64, error)) (float64, error) { return f(ctx, 1) }, 1.0)
		tooMany := failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"3 arguments", remote}}
		agreeOnFailure(t, ctx, c, "shapes.add", tooMany, func(f func(context.Context, float64, float64, float64) (float64, error)) (float64, error) {
			return f(ctx, 1, 2, 3)
		}, 1.0, 2.0, 3.0)
		wrongResult := failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"add(float64, float64) string", remote}}
		agreeOnFailure(t, ctx, c, "shapes.add", wrongResult, func(f func(context.Context, float64, float64) (string, error)) (string, error) { return f(ctx, 1, 2) }, 1.0, 2.0)
		missing := failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"join("}}
		agreeOnFailure(t, ctx, c, "shapes.join", missing, func(f func() (string, error)) (string, error) { return f() })
		if calls := srv.Stats().Calls; calls != 0 {
			t.Errorf("the server had %d calls, want none", calls)
		}

		// Without a stub only the server can tell the types of arguments; nothing runs either.
		wrongArgument := failure{code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"add(float64, float64) float64"}}
		agreeOnFailure(t, ctx, c, "shapes.add", wrongArgument, func(f func(context.Context, string, float64) (float64, error)) (float64, error) {
			return f(ctx, "two", 3)
		}, "two", 3.0)
	})
}

func TestEveryWayOfCallingKnowsWhatIsNotThere(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "shapes", newShapes())
	ctx := t.Context()
	touch := func(f func(context.Context) error) (none, error) { return none{}, f(ctx) }

	agreeOnFailure(t, ctx, env.Client, "shapse.touch", failure{
		is: helium.ErrUnknownService, code: helium.CodeNotFound, outcome: helium.NotExecuted, says: []string{"shapes"},
	}, touch)
	agreeOnFailure(t, ctx, env.Client, "shapes.tuoch", failure{
		is: helium.ErrUnknownMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{"touch"},
	}, touch)
	agreeOnFailure(t, ctx, env.Client, "shapes.to>ch", failure{
		is: helium.ErrBadName, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"to>ch"},
	}, touch)
}

func TestEveryWayOfCallingKeepsTheDeadlineAndCanBeCancelled(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		g := newGate()
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "gate", g)
		if err := env.Client.Call(t.Context(), "gate.free", nil, 0); err != nil {
			t.Fatal(err)
		}
		ways := func(ctx context.Context, n int) []way[int] {
			return everyWay(ctx, env.Client, "gate.pass", func(f func(context.Context, int) (int, error)) (int, error) { return f(ctx, n) }, n)
		}
		n := 0
		for i := range ways(t.Context(), n) {
			// A call whose time is over before its handler begins shows less; the next one has more.
			for left := 50 * time.Millisecond; ; left *= 2 {
				n++
				ctx, cancel := context.WithTimeout(t.Context(), left)
				way := ways(ctx, n)[i]
				_, err := way.call()
				cancel()
				if err == nil || !errors.Is(err, context.DeadlineExceeded) || helium.CodeOf(err) != helium.CodeDeadlineExceeded {
					t.Errorf("%s at its deadline: %v, want DeadlineExceeded", way.name, err)
				}
				if g.handlerOf(n) != nil {
					break
				}
				if left > patience {
					t.Fatalf("%s reached no handler within %v", way.name, left)
				}
			}

			n++
			ctx, cancel := context.WithCancel(t.Context())
			way := ways(ctx, n)[i]
			done := make(chan error, 1)
			go func() {
				_, err := way.call()
				done <- err
			}()
			eventually(t, func() error {
				if g.handlerOf(n) == nil {
					return errors.New("the call doesn't arrive")
				}
				return nil
			})
			cancel()
			checkFailure(t, way.name+" when it is cancelled", within(t, done, "end of the call"), failure{is: context.Canceled, code: helium.CodeCanceled, outcome: helium.Unknown})

			_, err := way.call()
			checkFailure(t, way.name+" when it was cancelled before", err, failure{is: context.Canceled, code: helium.CodeCanceled, outcome: helium.NotExecuted})
		}
	})
}

func TestEveryWayOfCallingHearsOfOverload(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
		g := newGate()
		srv := serveOver(t, over, env, env.Client, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}, "gate", g)
		first := make(chan error, 1)
		go func() { first <- env.Client.Call(t.Context(), "gate.pass", nil, 1) }()
		within(t, g.entered, "first call")

		agreeOnFailure(t, t.Context(), env.Client, "gate.pass", failure{
			is: helium.ErrOverloaded, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted,
		}, func(f func(context.Context, int) (int, error)) (int, error) { return f(t.Context(), 2) }, 2)
		if ran := len(g.entered); ran != 0 {
			t.Errorf("%d refused calls ran", ran)
		}
		close(g.leave)
		if err := within(t, first, "answer"); err != nil {
			t.Errorf("the first call failed: %v", err)
		}
		if refused := srv.Stats().Refused; refused < 5 {
			t.Errorf("the server refused %d calls, want at least one each way", refused)
		}
	})
}

func TestEveryWayOfCallingNoticesThatNobodyIsThere(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	registry, err := binder.NewClient(env.Conn("ghost"), "")
	if err != nil {
		t.Fatal(err)
	}
	ghost := binder.Record{Service: "ghost", Instance: "i1", Methods: []binder.Method{{Name: "boo", Signature: "boo()"}}}
	if _, err := registry.Register(t.Context(), ghost); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	agreeOnFailure(t, t.Context(), env.Client, "ghost.boo", failure{
		is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted,
	}, func(f func(context.Context) error) (none, error) { return none{}, f(t.Context()) })
	inTime(t, began, "noticing it")
}

func TestAResultThatDoesNotFitIsAnErrorOfACallThatRan(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "shapes", newShapes())
		agreeOnFailure(t, t.Context(), env.Client, "shapes.large", failure{
			is: helium.ErrBadResult, code: helium.CodeInternal, outcome: helium.Executed, says: []string{"shapes.large", "int8"},
		}, func(f func(context.Context) (int8, error)) (int8, error) { return f(t.Context()) })
	})
}
